//! A document's history as a fold: lineages and provisions over versions, and that it does not matter where it is cut.
mod common;

use std::collections::BTreeMap;

use atlas::ids::DocumentId;
use atlas::records::{Batch, EventKind, HistoryState, Materiality, NewCapture};
use common::{ARBITRATION, DAY, START, in_memory, plum, terms};
use provisions::Reader;
use tracker::history::{History, Observation, Observed};

fn seen(day: i64, text: &str) -> Observation {
    let body = format!("<p>{text}</p>").into_bytes();
    let capture = NewCapture { at_ms: START + day * DAY, url: None, status: 200, headers: vec![], body, origin: None };
    Observation { capture, text: text.into(), recorded: false, technical: None }
}

fn fold(texts: &[&str]) -> Batch {
    let mut history = History::resume(Reader::embedded(), DocumentId(1), None);
    for (day, text) in texts.iter().enumerate() {
        history.observe(seen(day as i64, text));
    }
    history.take_batch("test", START, None)
}

/// Lineages of a version by the words of its clauses.
fn lineages(batch: &Batch, number: i64) -> BTreeMap<String, u32> {
    let version = batch.entries.iter().filter_map(|entry| entry.version.as_ref()).find(|v| v.number == number).unwrap();
    let structure = document::structure(&version.text);
    let words = structure.clauses.iter().map(|clause| version.text[clause.range.clone()].to_string());
    words.zip(version.lineages.iter().copied()).collect()
}

fn verdicts(batch: &Batch) -> Vec<Materiality> {
    batch.entries.iter().filter_map(|entry| Some(entry.change.as_ref()?.materiality)).collect()
}

const A: &str = "# Terms\n\nThe keeper lights forty lamps at dusk and counts them twice.\n\nGuests leave their boots by the northern door of the house.\n\nThe auditor of district nine reads the visitors' book every spring.\n";

#[test]
fn lineages_survive_rewording_moving_removal_and_return() {
    let reworded = A.replace("forty lamps at dusk", "forty-one lamps at dawn");
    let boots = "Guests leave their boots by the northern door of the house.\n\n";
    let moved = A.replace(boots, "") + "\n" + boots.trim_end() + "\n";
    let removed = A.replace(boots, "");
    let batch = fold(&[A, &reworded, A, &moved, &removed, A]);
    let first = lineages(&batch, 1);
    let lamps = "The keeper lights forty lamps at dusk and counts them twice.";
    let boots = boots.trim_end();
    assert_eq!(lineages(&batch, 2)["The keeper lights forty-one lamps at dawn and counts them twice."], first[lamps]);
    assert_eq!(lineages(&batch, 4), first, "moved");
    assert!(!lineages(&batch, 5).contains_key(boots));
    assert_eq!(lineages(&batch, 6), first, "what returns word for word gets its number back");
    let wordings: Vec<_> = batch.wordings.iter().filter(|w| w.lineage == first[boots]).collect();
    let spans: Vec<_> = wordings.iter().map(|w| (w.from_version, w.to_version)).collect();
    assert_eq!(spans, [(1, Some(4)), (6, None)]);
    let wordings = batch.wordings.iter().filter(|w| w.lineage == first[lamps]);
    let spans: Vec<_> = wordings.map(|w| (w.from_version, w.to_version)).collect();
    assert_eq!(spans, [(1, Some(1)), (2, Some(2)), (3, None)]);
}

#[test]
fn parts_of_a_split_and_a_merged_clause_name_each_other() {
    let (lamps, boots) = (
        "The keeper lights forty lamps at dusk and counts them twice.",
        "Guests leave their boots by the northern door of the house.",
    );
    let together = A.replace("twice.\n\nGuests", "twice. Guests");
    let batch = fold(&[&together, A, &together]);
    let whole = lineages(&batch, 1)[&format!("{lamps} {boots}")];
    let parts = lineages(&batch, 2);
    assert!(parts[lamps] == whole && parts[boots] != whole, "the largest part keeps the number");
    let of_boots: Vec<_> = batch.wordings.iter().filter(|w| w.lineage == parts[boots]).collect();
    let [wording] = of_boots[..] else { panic!("{of_boots:?}") };
    assert_eq!((wording.from_version, wording.to_version), (2, Some(2)));
    assert_eq!((wording.split_from, wording.merged_into), (Some(whole), Some(whole)));
    assert_eq!(lineages(&batch, 3), lineages(&batch, 1));
    assert_eq!(verdicts(&batch), [Materiality::Cosmetic, Materiality::Returning]);
}

#[test]
fn the_lineage_goes_where_the_provision_goes() {
    let plain = "The keeper lights forty lamps at dusk, counts them twice, writes their number into the book of the house, and closes \
        the northern door before the guests have left their boots. In winter the lamps are lit an hour earlier, the stove in the hall \
        is filled with dry birch, bread and soup stand on the long table until midnight, and whoever comes late from the mountain \
        finds a blanket, a candle and a chair beside the window in the eastern room.";
    let whole = format!("# Terms\n\n{plain} {ARBITRATION}\n\nThe auditor reads the visitors' book every spring.\n");
    let parts = whole.replace(&format!("{plain} "), &format!("{plain}\n\n"));
    let batch = fold(&[&whole, &parts]);
    assert!(batch.events.iter().any(|event| event.version == 1), "there is a provision to follow");
    assert!(batch.events.iter().all(|event| event.version == 1), "{:?}", batch.events);
    assert_eq!(lineages(&batch, 2)[ARBITRATION], lineages(&batch, 1)[&format!("{plain} {ARBITRATION}")]);
}

#[test]
fn a_defective_version_keeps_the_base() {
    let long = terms("Plum", &(0..30).collect::<Vec<_>>());
    let batch = fold(&[
        &long,
        "# 403 Forbidden\n\nAccess denied. Verify you are human.\n",
        &long,
        &long.replace("one grey", "no grey"),
    ]);
    use Materiality::{Defective, Returning};
    assert_eq!(verdicts(&batch)[..2], [Defective, Returning]);
    assert!(lineages(&batch, 2).values().all(|lineage| *lineage == 0));
    assert_eq!(lineages(&batch, 3), lineages(&batch, 1));
    assert!(batch.events.iter().all(|event| event.version != 2), "nothing happens to provisions in it");
}

#[test]
fn small_edits_of_a_long_text_breed_no_lineages() {
    let before = terms("Plum", &(0..60).collect::<Vec<_>>());
    let after = before.replace("shown to nobody but", "kept from all but").replace("Part 7\n", "Part Seven\n");
    let batch = fold(&[&before, &after]);
    let before: Vec<u32> = lineages(&batch, 1).into_values().collect();
    let new = lineages(&batch, 2).into_values().filter(|lineage| !before.contains(lineage)).count();
    assert!(new == 0, "{new} of 60 clauses are not known by what stayed");
}

#[test]
fn observations_that_show_nothing_new() {
    let mut history = History::resume(Reader::embedded(), DocumentId(1), None);
    assert_eq!(history.observe(seen(0, A)), Observed::Version(1));
    assert_eq!(history.observe(seen(1, A)), Observed::SameBytes);
    let mut other = seen(2, A);
    other.capture.body.push(b' ');
    assert_eq!(history.observe(other), Observed::SameText);
    let mut recorded = seen(3, A);
    recorded.recorded = true;
    assert_eq!(history.observe(recorded), Observed::Version(2));
    let batch = history.take_batch("test", START, None);
    assert_eq!(verdicts(&batch), [Materiality::Cosmetic]);
}

#[test]
fn provisions_appear_are_reworded_go_and_return() {
    let with = format!("{A}\n{ARBITRATION}\n");
    let reworded = with.replace("Arbitration Association of Norland", "Arbitration Chamber of Sundmark");
    let batch = fold(&[A, &with, &reworded, A, &reworded]);
    let of = |kind: &str| -> Vec<(i64, EventKind)> {
        batch.events.iter().filter(|event| event.clause_type == kind).map(|event| (event.version, event.kind)).collect()
    };
    use EventKind::{Appeared, Removed, Returned, Reworded};
    assert_eq!(of("arbitration"), [(2, Appeared), (3, Reworded), (4, Removed), (5, Returned)]);
    let state = batch.provisions.iter().find(|state| state.clause_type == "arbitration").unwrap();
    assert_eq!((state.first_version, state.last_version, state.removed_version), (2, 5, None));
    assert!(state.excerpt.contains("Sundmark"));
    assert_eq!(reworded[state.excerpt_range.clone()], state.excerpt);
    let headlines: Vec<&str> =
        batch.entries.iter().filter_map(|entry| Some(entry.change.as_ref()?.headline.as_str())).collect();
    assert!(headlines[0].to_lowercase().contains("adds") && headlines[0].contains("arbitration"), "{headlines:?}");
}

/// What is recorded does not depend on where a history is cut into batches, in memory or through the store.
#[tokio::test(flavor = "multi_thread")]
async fn it_does_not_matter_where_a_history_is_cut() {
    let same = |n: u32| vec![3, 3, n, n + 1, 5, 3, n % 3, 7];
    let mut texts: Vec<String> = Vec::new();
    for n in 0..24u32 {
        let mut text = terms("Plum", &same(n % 7));
        if n % 4 > 1 {
            text += &format!("\n{ARBITRATION}\n");
        }
        if n % 9 == 8 {
            text = "Access denied.\n".into();
        }
        texts.push(text);
    }
    let mut fingerprints = Vec::new();
    for every in [24, 1, 5] {
        let atlas = in_memory().await;
        let id = plum(&atlas).await;
        for (part, texts) in texts.chunks(every).enumerate() {
            let state: Option<HistoryState> = atlas.history(id).await.unwrap();
            let mut history = History::resume(Reader::embedded(), id, state);
            for (day, text) in texts.iter().enumerate() {
                history.observe(seen((part * every + day) as i64, text));
            }
            atlas.record(history.take_batch("test", START, None)).await.unwrap();
        }
        assert_eq!(atlas.check().await.unwrap(), []);
        fingerprints.push(atlas.fingerprint().await.unwrap());
    }
    assert!(fingerprints.windows(2).all(|two| two[0] == two[1]), "{fingerprints:?}");
}
