//! What stands beside a document on its page: menus, language pickers, forms for feedback, questions about cookies.
use document::{Clause, ClauseKind, Structure};

/// Most words of a menu entry.
const ENTRY: usize = 8;
/// Most bytes of one: some scripts part no words.
const ENTRY_BYTES: usize = 90;
/// Most words of a clause of a widget, and most clauses.
const WIDGET: (usize, usize) = (40, 15);
/// Most words of a line of the page's own.
const LINE: usize = 15;

/// So many named values make a clause the page's own state rather than words.
const STATE: usize = 3;

/// How a widget begins; it goes on to the next heading of a page or section.
const WIDGETS: &[&str] = &[
    "was this helpful",
    "was this page helpful",
    "was this article helpful",
    "how can we improve it",
    "accept cookies from",
    "help us make",
];

/// How a line begins that a site puts on any page.
const LINES: &[&str] = &[
    "translate this page",
    "copy link",
    "skip to ",
    "skip navigation",
    "see contributors",
    "page last update",
    "follow us",
];

/// Which clauses stand beside the document: a few words that nothing introduces, no sentence, nothing that the reader knows (`known`).
pub(crate) fn asides(text: &str, structure: &Structure, known: &dyn Fn(usize) -> bool) -> Vec<bool> {
    let clause = |index: usize| text[structure.clauses[index].range.clone()].trim_end();
    // What a list's introduction makes part of the document; a language menu has one too.
    let introduces = |index: usize| clause(index).ends_with(':') && !clause(index).to_lowercase().contains("language");
    let is_aside = |(index, kind): (usize, &Clause)| {
        let text = clause(index);
        matches!(kind.kind, ClauseKind::Paragraph | ClauseKind::Item(_))
            && !known(index)
            && !kind.lead_in.is_some_and(introduces)
            && (is_entry(text) || is_glued(text))
            && !text.ends_with(['.', ':', ';', '!', '?', '。', '：', '；', '！', '？'])
    };
    structure.clauses.iter().enumerate().map(is_aside).collect()
}

/// Whether a line is short enough for a menu and says nothing that somebody may need: an address, the name of a cookie.
fn is_entry(text: &str) -> bool {
    let count = text.split_whitespace().count();
    let lower = text.to_lowercase();
    let of_account = ["sign in", "log in", "sign up"].iter().any(|cue| lower.contains(cue));
    count <= if of_account { LINE } else { ENTRY } && text.len() <= ENTRY_BYTES && !text.contains(['@', '_'])
}

/// Whether a line is a row of links whose texts run into each other ("Sign UpLog InHelp").
fn is_glued(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    let joints = letters.windows(2).filter(|two| two[0].is_lowercase() && two[1].is_uppercase()).count();
    joints >= 3 && joints * 4 >= text.split_whitespace().count() && !text.contains(". ")
}

/// Which clauses mean what a list or table makes of them.
pub(crate) fn listed(text: &str, structure: &Structure) -> Vec<bool> {
    let introduces = |index: usize| text[structure.clauses[index].range.clone()].trim_end().ends_with(':');
    let is_listed = |clause: &Clause| match clause.kind {
        ClauseKind::Row => true,
        ClauseKind::Item(depth) => depth > 0 || clause.lead_in.is_some_and(introduces),
        _ => false,
    };
    structure.clauses.iter().map(is_listed).collect()
}

/// Which clauses belong to widgets, whatever they say.
pub(crate) fn widgets(text: &str, structure: &Structure) -> Vec<bool> {
    let mut left = 0;
    let within = |clause: &Clause| {
        let words = text[clause.range.clone()].to_lowercase();
        let begins = |cues: &[&str]| cues.iter().any(|cue| words.starts_with(cue));
        let ends =
            matches!(clause.kind, ClauseKind::Heading(1 | 2)) || words.split_whitespace().nth(WIDGET.0).is_some();
        left = if begins(WIDGETS) && !ends {
            WIDGET.1
        } else if ends {
            0
        } else {
            left.saturating_sub(1)
        };
        left > 0
            || begins(LINES) && words.split_whitespace().nth(LINE).is_none()
            || words.matches("\":").count() >= STATE
    };
    structure.clauses.iter().map(within).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn menus_stand_beside_the_document() {
        let text = "Home\n\nWe may end it.\n\nYou may not:\n\n- resell it\n\nSign UpLog InPlumPayPlumMapsAbout\n";
        let structure = document::structure(text);
        assert_eq!(asides(text, &structure, &|_| false), [true, false, false, false, true]);
        assert!(!asides(text, &structure, &|index| index == 0)[0]);
    }

    #[test]
    fn what_says_something_is_no_menu_entry() {
        let text = "plum_id\n\nhelp@plum.example\n\n我们可能会将您的个人信息提供给我们的合作伙伴用于营销和广告目的\n\n{\"a\":1,\"b\":2,\"c\":3}\n";
        let structure = document::structure(text);
        assert_eq!(asides(text, &structure, &|_| false)[..3], [false; 3]);
        assert_eq!(widgets(text, &structure), [false, false, false, true]);
    }

    #[test]
    fn a_widget_ends_with_the_next_page() {
        let text =
            "# Rules\n\nBe kind.\n\nWas this helpful?\n\nThis form is for feedback only.\n\n# Fees\n\nYou pay.\n";
        let structure = document::structure(text);
        assert_eq!(widgets(text, &structure), [false, false, true, true, false, false]);
    }
}
