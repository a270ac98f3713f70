//! What holds for every alignment, whatever the texts.
use compare::{Alignment, Pair, PairKind, align};
use proptest::prelude::*;

/// Clauses that often have words in common, and often are the same.
fn clauses() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[a-e]{1,2}( [a-e]{1,2}){0,9}", 0..14)
}

/// Clauses of twelve words each, none of which stands in another.
fn unlike(count: impl Into<prop::collection::SizeRange>) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(any::<u8>(), count).prop_map(|seeds| {
        let word = |clause: usize, place: usize, seed: u8| format!("w{clause}x{place}y{seed}");
        let clause =
            |(at, seed): (usize, &u8)| (0..12).map(|place| word(at, place, *seed)).collect::<Vec<_>>().join(" ");
        seeds.iter().enumerate().map(clause).collect()
    })
}

fn texts(clauses: &[String]) -> Vec<&str> {
    clauses.iter().map(String::as_str).collect()
}

fn aligned(old: &[String], new: &[String]) -> Alignment {
    align(&texts(old), &texts(new))
}

/// What an alignment tells of a pair: old and new clauses, which are the same one, what happened, whether it is cosmetic.
type Told = (Vec<usize>, Vec<usize>, Option<(usize, usize)>, PairKind, bool);

/// What a pair is when old and new change places, and where the order of the pairs does not count.
fn mirrored(pair: &Pair) -> Told {
    let kind = match pair.kind {
        PairKind::Added => PairKind::Removed,
        PairKind::Removed => PairKind::Added,
        PairKind::Split => PairKind::Merged,
        PairKind::Merged => PairKind::Split,
        kind => kind,
    };
    (pair.new.clone(), pair.old.clone(), pair.main.map(|(old, new)| (new, old)), kind, pair.cosmetic)
}

fn sides(pair: &Pair) -> Told {
    (pair.old.clone(), pair.new.clone(), pair.main, pair.kind, pair.cosmetic)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_clause_occurs_once(old in clauses(), new in clauses()) {
        let alignment = aligned(&old, &new);
        let mut olds: Vec<usize> = alignment.pairs.iter().flat_map(|pair| pair.old.clone()).collect();
        let mut news: Vec<usize> = alignment.pairs.iter().flat_map(|pair| pair.new.clone()).collect();
        olds.sort_unstable();
        news.sort_unstable();
        prop_assert_eq!(olds, (0..old.len()).collect::<Vec<_>>());
        prop_assert_eq!(news, (0..new.len()).collect::<Vec<_>>());
    }

    #[test]
    fn a_pair_has_as_many_clauses_as_its_kind_says(old in clauses(), new in clauses()) {
        for pair in aligned(&old, &new).pairs {
            let fits = match pair.kind {
                PairKind::Same => pair.old.len() == 1 && pair.new.len() == 1 && old[pair.old[0]] == new[pair.new[0]],
                PairKind::Reworded | PairKind::Moved => pair.old.len() == 1 && pair.new.len() == 1,
                PairKind::Split => pair.old.len() == 1 && pair.new.len() > 1,
                PairKind::Merged => pair.old.len() > 1 && pair.new.len() == 1,
                PairKind::Added => pair.old.is_empty() && pair.new.len() == 1,
                PairKind::Removed => pair.old.len() == 1 && pair.new.is_empty(),
            };
            prop_assert!(fits, "{:?}", pair);
            let inside = |(from, to)| pair.old.contains(&from) && pair.new.contains(&to);
            prop_assert_eq!(pair.main.is_some_and(inside), !pair.old.is_empty() && !pair.new.is_empty());
        }
    }

    #[test]
    fn new_clauses_come_in_their_order(old in clauses(), new in clauses()) {
        let firsts: Vec<usize> = aligned(&old, &new).pairs.iter().filter_map(|pair| pair.new.first().copied()).collect();
        prop_assert!(firsts.is_sorted());
    }

    #[test]
    fn aligning_with_itself_is_identity(old in clauses()) {
        prop_assert!(aligned(&old, &old).pairs.iter().all(|pair| pair.kind == PairKind::Same));
    }

    #[test]
    fn backwards_is_the_mirror_image(old in clauses(), new in clauses()) {
        let mut there: Vec<_> = aligned(&old, &new).pairs.iter().map(mirrored).collect();
        let mut back: Vec<_> = aligned(&new, &old).pairs.iter().map(sides).collect();
        there.sort_by_key(|pair| (pair.0.clone(), pair.1.clone()));
        back.sort_by_key(|pair| (pair.0.clone(), pair.1.clone()));
        prop_assert_eq!(there, back);
    }

    #[test]
    fn a_moved_section_is_moved_and_nothing_else_is(old in unlike(8..20), length in 1..4usize, from in 0..20usize, jump in 4..16usize) {
        let from = from % (old.len() - length + 1);
        let mut new = old.clone();
        let section: Vec<String> = new.drain(from..from + length).collect();
        let to = (from + jump) % (new.len() + 1);
        // What it passes is longer than the section, so that it is the section that moved.
        prop_assume!(to.abs_diff(from) > length);
        new.splice(to..to, section);
        for pair in aligned(&old, &new).pairs {
            let moved = (from..from + length).contains(&pair.old[0]);
            prop_assert_eq!(pair.kind, if moved { PairKind::Moved } else { PairKind::Same });
            prop_assert!(pair.cosmetic && old[pair.old[0]] == new[pair.new[0]]);
        }
    }

    #[test]
    fn a_clause_divided_at_a_sentence_end_is_split(old in unlike(3..9), at in 0..9usize) {
        let at = at % old.len();
        let (first, second) = (format!("{}.", old[at]), "Another sentence follows it here.");
        let mut whole = old.clone();
        whole[at] = format!("{first} {second}");
        let mut parts = old.clone();
        parts.splice(at..=at, [first, second.to_string()]);
        for pair in aligned(&whole, &parts).pairs {
            let split = pair.old.contains(&at);
            prop_assert_eq!(pair.kind, if split { PairKind::Split } else { PairKind::Same });
            prop_assert!(pair.cosmetic && (!split || pair.new == [at, at + 1] && pair.main == Some((at, at))));
        }
    }

    #[test]
    fn renumbering_adds_and_removes_nothing(old in unlike(1..20), by in 1..5usize) {
        let numbered = |from: usize| {
            old.iter().enumerate().map(|(at, clause)| format!("{}. {clause}", at + from)).collect::<Vec<_>>()
        };
        for pair in aligned(&numbered(1), &numbered(1 + by)).pairs {
            prop_assert_eq!((pair.kind, pair.cosmetic, pair.main), (PairKind::Reworded, true, Some((pair.old[0], pair.old[0]))));
        }
    }
}
