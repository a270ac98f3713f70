//! What stands beside a document on its page: menus, language pickers, forms for feedback, questions about cookies.
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use compare::{informs, is_latin, speaks};
use document::{Clause, ClauseKind, Structure};

/// Most words of a menu entry.
const ENTRY: usize = 8;
/// Most bytes of one: some scripts part no words.
const ENTRY_BYTES: usize = 90;
/// Most words of an entry with a line that describes it, and of one that nothing can be read into.
const FRAME: (usize, usize) = (20, 5);
/// Most words of an entry of a menu of languages, which may name the page as well.
const LANGUAGE: usize = 30;
/// Fewest entries of a menu amid the document, and of one above or below it.
const MENU: (usize, usize) = (10, 3);
/// So many entries above or below the document are a menu, whatever they say.
const LONG: usize = 15;
/// The title is among so many clauses from the top.
const TITLE: usize = 12;
/// Digits of the shortest telephone number.
const TELEPHONE: usize = 7;
/// Most words of a heading.
const HEADING: usize = 10;
/// Most words of a line that promotes something above the document.
const PROMOTION: usize = 30;

/// What the menus of a site have; two of them make a run of entries one.
const ENTRIES: &[&str] = &[
    "about us",
    "all rights reserved",
    "accessibility",
    "blog",
    "careers",
    "contact us",
    "customer",
    "help",
    "home",
    "investors",
    "jobs",
    "log in",
    "newsroom",
    "news",
    "our story",
    "press",
    "privacy policy",
    "search",
    "sign in",
    "site map",
    "sitemap",
    "skip to",
    "support",
    "terms of",
    "find a",
    "about",
    "©",
];

/// What the buttons of a question about cookies say.
const CHOICES: &[&str] = &[
    "accept all",
    "reject all",
    "cookie settings",
    "cookies settings",
    "allow all",
    "accept cookies",
    "decline",
    "save settings",
];

/// How a question about cookies begins.
const QUESTIONS: &[&str] =
    &["we use cookies", "this site uses cookies", "this website uses cookies", "we and our partners", "we value your"];

/// Most words of a line of buttons, and how many clauses from an end of the page they are.
const BUTTONS: usize = 8;
const EDGE: usize = 12;

/// How a page promotes something.
const PROMOTIONS: &[&str] = &[
    "order by phone",
    "miss out",
    "register now",
    "in-store",
    "free delivery",
    "free shipping",
    "% off",
    "shop now",
    "click & collect",
    "click and collect",
];

/// Languages by their own names, as menus of languages have them; English is left out, as sentences in English begin with it.
const LANGUAGES: &[&str] = &[
    "bahasa indonesia",
    "čeština",
    "dansk",
    "deutsch",
    "eesti",
    "español",
    "français",
    "hrvatski",
    "italiano",
    "latviešu",
    "lietuvių",
    "magyar",
    "nederlands",
    "norsk",
    "polski",
    "português",
    "română",
    "slovenčina",
    "suomi",
    "svenska",
    "tiếng việt",
    "türkçe",
    "ελληνικά",
    "български",
    "русский",
    "українська",
    "עברית",
    "العربية",
    "हिन्दी",
    "ไทย",
    "한국어",
    "日本語",
    "简体中文",
    "繁體中文",
    "繁體字",
    "中文",
];

/// Most words of a clause of a widget, and most clauses.
const WIDGET: (usize, usize) = (40, 30);
/// Most words of a teaser, as long as it is no list of names.
const TEASER: usize = 80;
/// So many times the same words above or below the document are dialogs of the page.
const DIALOGS: usize = 3;
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
    "related articles",
    "related topics",
    "your browser is out of date",
];

/// How a line begins that a site puts on any page.
const LINES: &[&str] = &[
    "translate this page",
    "copy link",
    "copy .md",
    "skip to ",
    "skip navigation",
    "see contributors",
    "page last update",
    "follow us",
    "call now to order",
    "call to order",
];

/// What tells how to use a page.
const HINTS: &[&str] = &[
    "stay organized with collections",
    "no longer supports internet explorer",
    "no longer supports versions",
    "save this page to your",
    "close this message",
];

/// What stands beside a document in a text: for each clause, whether it is of such a kind.
pub(crate) struct Beside {
    /// Stands beside the document: a few words that nothing introduces, no sentence, nothing that the reader knows.
    pub asides: Vec<bool>,
    /// Belongs to a widget, whatever it says.
    pub widgets: Vec<bool>,
    /// May come or go without a change: the title, and headings that say nothing.
    pub titles: Vec<bool>,
    /// Means what a list or table makes of it.
    pub listed: Vec<bool>,
}

impl Beside {
    /// `known` says of which clauses the reader knows something.
    pub fn of(text: &str, structure: &Structure, known: &dyn Fn(usize) -> bool) -> Beside {
        let body = body(text, structure);
        let mut titles = titles(text, structure);
        for (title, bare) in titles.iter_mut().zip(bare_headings(text, structure)) {
            *title |= bare;
        }
        Beside {
            asides: asides(text, structure, &body, known),
            widgets: widgets(text, structure, &body),
            titles,
            listed: listed(text, structure),
        }
    }
}

fn asides(text: &str, structure: &Structure, body: &Range<usize>, known: &dyn Fn(usize) -> bool) -> Vec<bool> {
    let clause = |index: usize| text[structure.clauses[index].range.clone()].trim_end();
    // What a list's introduction makes part of the document, however deep in it; a language menu has one too.
    let introduces = |index: usize| {
        let mut above = std::iter::successors(Some(index), |&at| structure.clauses[at].lead_in);
        above.any(|at| clause(at).ends_with(':') && !clause(at).to_lowercase().contains("language"))
    };
    // What the reader finds in an entry below another one comes from that one.
    let below_entry = |kind: &Clause| {
        let lead_in = kind.lead_in.filter(|&at| matches!(structure.clauses[at].kind, ClauseKind::Item(_)));
        lead_in.is_some_and(|at| is_short(clause(at)) && !introduces(at))
    };
    let framed = framed(text, structure);
    let enumerated = enumerated(text, structure);
    // Of a sentence in another language it cannot be told what it says.
    let known_language =
        body.len() == structure.clauses.len() || document::language(text).is_none_or(|language| language == "en");
    let is_aside = |(index, kind): (usize, &Clause)| {
        let text = clause(index);
        let known = known(index) && !(is_short(text) && below_entry(kind));
        if enumerated[index] {
            return false;
        }
        if framed[index] && (!known || is_short(text)) || is_language(text) {
            return true;
        }
        if !body.contains(&index) && kind.kind != ClauseKind::Row && is_teaser(text, known_language) {
            return true;
        }
        matches!(kind.kind, ClauseKind::Paragraph | ClauseKind::Item(_))
            && !known
            && !kind.lead_in.is_some_and(introduces)
            && (is_entry(text) || is_glued(text))
            && !is_ended(text)
    };
    structure.clauses.iter().enumerate().map(is_aside).collect()
}

/// Which clauses are in a list that a sentence announces without a colon ("The following products are covered by these terms."), up to
/// the next heading.
fn enumerated(text: &str, structure: &Structure) -> Vec<bool> {
    let mut announced = false;
    let is_listed = |clause: &Clause| {
        let words = text[clause.range.clone()].trim_end();
        let lower = words.to_lowercase();
        let announces = lower.starts_with("the following") && lower.contains("covered by") && is_ended(words);
        announced = announces || announced && !clause.is_heading();
        announced && !announces
    };
    structure.clauses.iter().map(is_listed).collect()
}

/// Which clauses stand in the menus around a document: runs of entries above it, below it, or long ones amid it, headings included.
fn framed(text: &str, structure: &Structure) -> Vec<bool> {
    let clauses = &structure.clauses;
    let of = |index: usize| text[clauses[index].range.clone()].trim_end();
    let is_entry = |index: usize| {
        let introduced = clauses[index].lead_in.is_some_and(|lead_in| of(lead_in).ends_with(':'));
        clauses[index].kind != ClauseKind::Row && !introduced && is_frame(of(index))
    };
    let mut framed = vec![false; clauses.len()];
    let mut start = 0;
    while start < clauses.len() {
        let end = (start..clauses.len()).find(|&index| !is_entry(index)).unwrap_or(clauses.len());
        let at_edge = start == 0 || end == clauses.len();
        let least = if at_edge { MENU.1 } else { MENU.0 };
        let after_widget = |at: usize| WIDGETS.iter().any(|cue| of(at).to_lowercase().starts_with(cue));
        let ends_page = end == clauses.len() && (start.saturating_sub(1)..end).any(after_widget);
        let is_long = at_edge && end - start >= LONG;
        if ends_page || is_long || end - start >= least && is_menu((start..end).map(of)) {
            // The document's title, and headings of what follows, are the document's own.
            let run: Range<usize> = start..end - (start..end).rev().take_while(|&at| clauses[at].is_heading()).count();
            framed[run].fill(true);
        }
        start = end + 1;
    }
    framed
}

/// The stretch of a page that is the document: where the sentences are, without the menus and teasers above and below. All of it where
/// that is less than most of the text, as in a document of short lines.
fn body(text: &str, structure: &Structure) -> Range<usize> {
    let clauses = &structure.clauses;
    let of = |index: usize| text[clauses[index].range.clone()].trim_end();
    let introduced = |index: usize| clauses[index].lead_in.is_some_and(|at| of(at).ends_with(':'));
    let mut seen = HashSet::new();
    let (mut best, mut best_sum) = (0..0, 0);
    let (mut start, mut sum) = (0, 0);
    for (index, clause) in clauses.iter().enumerate() {
        let words = of(index);
        sum += match clause.kind {
            // What a page says twice is a dialog of its own.
            _ if is_sentence(words) && !seen.insert(words) => ENTRY_WEIGHT,
            _ if is_sentence(words) => sentence_weight(words),
            ClauseKind::Heading(_) | ClauseKind::Row => 0,
            _ if introduced(index) || is_ended(words) => 0,
            _ => ENTRY_WEIGHT,
        };
        if sum <= 0 {
            (start, sum) = (index + 1, 0);
        } else if sum > best_sum {
            (best, best_sum) = (start..index + 1, sum);
        }
    }
    // The headings above the first sentence are the document's.
    best.start -= clauses[..best.start].iter().rev().take_while(|clause| clause.is_heading()).count();
    let bytes = |range: &Range<usize>| clauses[range.clone()].iter().map(|clause| clause.range.len()).sum::<usize>();
    let all = 0..clauses.len();
    if bytes(&best) * 2 <= bytes(&all) && best_sum < DOCUMENT_WEIGHT {
        return all;
    }
    // Tables of which each cell is a line look like menus, but speak of people.
    let is_edge = |edge: Range<usize>| {
        let speaking = edge.clone().filter(|&index| speaks(of(index))).count();
        edge.len() <= FEW || speaking * 4 <= edge.len() || is_menu(edge.map(of))
    };
    let start = if is_edge(0..best.start) { best.start } else { 0 };
    let end = if is_edge(best.end..all.end) { best.end } else { all.end };
    start..end
}

/// What a menu entry takes from the stretch that it stands in, and the most that a sentence adds.
const ENTRY_WEIGHT: i64 = -8;
const SENTENCE_WEIGHT: usize = 40;
/// A stretch of so much weight (ten long sentences) is the document, however much stands beside it.
const DOCUMENT_WEIGHT: i64 = 400;
/// So few clauses above or below the document need not be a menu to stand beside it.
const FEW: usize = 20;

fn sentence_weight(text: &str) -> i64 {
    let count = word_count(text).min(SENTENCE_WEIGHT);
    let speaks = speaks(text) || text.chars().filter(|c| !c.is_ascii()).count() * 3 > text.len();
    (if speaks { count } else { 0 }) as i64
}

fn is_sentence(text: &str) -> bool {
    let count = word_count(text);
    count >= 12 && is_ended(text) || count >= 25 && !is_names(text)
}

/// Whether most words of a line are names, as where the entries of a menu stand in one line.
fn is_names(text: &str) -> bool {
    let words = text.split_whitespace().count();
    let named = text.split_whitespace().filter(|word| word.starts_with(|c: char| !c.is_lowercase())).count();
    !is_ended(text) && named * 3 >= words * 2
}

/// Words, or as many as the letters would make, of a script that parts none.
fn word_count(text: &str) -> usize {
    text.split_whitespace().count().max(text.len() / 24)
}

/// Whether a line above or below the document says nothing that somebody may need: no address, and nothing about the document.
fn is_teaser(text: &str, known_language: bool) -> bool {
    const DOCUMENTS: &[&str] = &["polic", "terms", "agreement", "notice", "conditions", "effect", "updat", "chang"];
    let digits = text.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() != 4).map(str::len).sum::<usize>();
    let about_documents = || {
        let lower = text.to_lowercase();
        DOCUMENTS.iter().any(|name| lower.contains(name))
    };
    // What a sentence says, in another language or amid one in English, cannot be told.
    let readable = known_language && is_latin(text);
    !text.contains(['@', '_'])
        && !informs(text)
        && digits < TELEPHONE
        && (!is_sentence(text) || !about_documents())
        && (readable || !is_ended(text) && !is_sentence(text))
        && (text.split_whitespace().nth(TEASER).is_none() || is_names(text))
}

/// Whether a line can be an entry of a menu, with or without a line that describes it.
fn is_frame(text: &str) -> bool {
    let long = text.split_whitespace().nth(FRAME.0).is_some() || !text.is_ascii() && text.len() > ENTRY_BYTES;
    !is_ended(text) && !long && !text.contains(['@', '_']) && (is_short(text) || !speaks(text))
}

/// Whether a line ends as a sentence does, or introduces one; "Rules >." does not.
fn is_ended(text: &str) -> bool {
    text.ends_with(['.', ':', ';', '!', '?', '。', '：', '；', '！', '？']) && !text.ends_with(">.")
}

/// Whether a line is too short to bind anybody, where it stands in a menu.
fn is_short(text: &str) -> bool {
    text.split_whitespace().nth(FRAME.1).is_none()
}

/// Whether lines have two entries that the menus of sites have.
fn is_menu<'t>(lines: impl Iterator<Item = &'t str>) -> bool {
    let found = |line: &str| {
        let line = line.to_lowercase();
        ENTRIES.iter().position(|entry| line.starts_with(entry))
    };
    let mut known = lines.filter_map(found);
    known.next().is_some_and(|first| known.any(|other| other != first))
}

/// Whether a line is one of a menu of languages: the name of one comes first.
fn is_language(text: &str) -> bool {
    let lower = text.to_lowercase();
    let named = LANGUAGES
        .iter()
        .any(|name| lower.strip_prefix(name).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric)));
    let several = |least: usize| LANGUAGES.iter().filter(|name| lower.contains(**name)).nth(least - 1).is_some();
    (named && (text.split_whitespace().nth(LANGUAGE).is_none() || several(3)) || several(5)) && !speaks(text)
}

/// Whether a line is short enough for a menu and says nothing that somebody may need: an address, a telephone number, the name
/// of a cookie.
fn is_entry(text: &str) -> bool {
    let count = text.split_whitespace().count();
    let lower = text.to_lowercase();
    let of_account = ["sign in", "log in", "sign up"].iter().any(|cue| lower.contains(cue));
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let says_where = text.contains(['@', '_']) || digits >= TELEPHONE && text.starts_with(char::is_alphabetic);
    count <= if of_account { LINE } else { ENTRY } && text.len() <= ENTRY_BYTES && !says_where
}

/// Whether a line is a row of links whose texts run into each other ("Sign UpLog InHelp").
fn is_glued(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    let joints = letters
        .windows(2)
        .filter(|two| (two[0].is_lowercase() || two[0].is_ascii_digit()) && two[1].is_uppercase())
        .count();
    joints >= 3 && joints * 4 >= text.split_whitespace().count() && !text.contains(". ")
}

/// Which clauses are the document's title, so that it may be left out or put there by whoever extracts the text.
fn titles(text: &str, structure: &Structure) -> Vec<bool> {
    let is_title = |clause: &Clause| {
        let words = text[clause.range.clone()].to_lowercase();
        clause.is_heading()
            && words.split_whitespace().nth(ENTRY).is_none()
            && ["policy", "terms", "agreement", "statement", "notice", "conditions", "guidelines"]
                .iter()
                .any(|name| words.contains(name))
    };
    let mut titles = vec![false; structure.clauses.len()];
    if let Some(at) = structure.clauses.iter().take(TITLE).position(is_title) {
        titles[at] = true;
    }
    titles
}

/// Which clauses are headings that say nothing of their own, whatever stands below them: it changes nothing when one comes or goes.
fn bare_headings(text: &str, structure: &Structure) -> Vec<bool> {
    let says_nothing = |clause: &Clause| {
        let words = &text[clause.range.clone()];
        clause.is_heading() && words.split_whitespace().nth(HEADING).is_none() && !speaks(words)
    };
    structure.clauses.iter().map(says_nothing).collect()
}

fn listed(text: &str, structure: &Structure) -> Vec<bool> {
    let introduces = |index: usize| text[structure.clauses[index].range.clone()].trim_end().ends_with(':');
    let is_listed = |clause: &Clause| match clause.kind {
        ClauseKind::Row => true,
        ClauseKind::Item(depth) => depth > 0 || clause.lead_in.is_some_and(introduces),
        _ => false,
    };
    structure.clauses.iter().map(is_listed).collect()
}

fn widgets(text: &str, structure: &Structure, body: &Range<usize>) -> Vec<bool> {
    let mut left = 0;
    let within = |(index, clause): (usize, &Clause)| {
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
            || index < 3 && is_promotion(&words)
            || is_markup(&words)
            || is_hint(&words)
            || begins(LINES) && words.split_whitespace().nth(LINE).is_none()
            || words.matches("\":").count() >= STATE
    };
    let mut widgets: Vec<bool> = structure.clauses.iter().enumerate().map(within).collect();
    for range in banners(text, structure) {
        widgets[range].fill(true);
    }
    // Dialogs that a page has for each of its links.
    if body.len() == widgets.len() {
        return widgets;
    }
    let mut times: HashMap<&str, usize> = HashMap::new();
    let of = |clause: &Clause| text[clause.range.clone()].trim_end();
    structure.clauses.iter().for_each(|clause| *times.entry(of(clause)).or_default() += 1);
    for (index, clause) in structure.clauses.iter().enumerate() {
        widgets[index] |= !body.contains(&index) && (times[of(clause)] >= DIALOGS || asks_consent(of(clause)));
    }
    widgets
}

/// Questions about cookies at the ends of a page: buttons, and what stands before them about cookies.
fn banners(text: &str, structure: &Structure) -> Vec<Range<usize>> {
    let clauses = &structure.clauses;
    let lower = |index: usize| text[clauses[index].range.clone()].to_lowercase();
    let buttons = |index: usize| {
        if text[clauses[index].range.clone()].split_whitespace().nth(BUTTONS).is_some() {
            return 0;
        }
        let words = lower(index);
        CHOICES.iter().filter(|choice| words.contains(**choice)).count()
    };
    let asks = |index: usize| {
        let words = lower(index);
        QUESTIONS.iter().any(|cue| words.starts_with(cue)) && words.contains("cookie")
    };
    let mut banners = Vec::new();
    let mut at = 0;
    while at < clauses.len() {
        let end = (at..clauses.len()).find(|&index| buttons(index) == 0).unwrap_or(clauses.len());
        let at_edge = end <= EDGE || at + EDGE >= clauses.len();
        if at_edge && (at..end).map(buttons).sum::<usize>() >= 2 {
            let begins = at - (0..at).rev().take(2).take_while(|&index| asks(index)).count();
            banners.push(begins..end);
        }
        at = end + 1;
    }
    banners
}

/// Whether a line in lower case promotes something of a shop.
fn is_promotion(text: &str) -> bool {
    PROMOTIONS.iter().any(|cue| text.contains(cue))
        && text.split_whitespace().nth(PROMOTION).is_none()
        && !["agree", "terms", "policy"].iter().any(|cue| text.contains(cue))
}

/// Whether a line takes going on as consent to cookies, as the notices do that a page shows above or below the document.
fn asks_consent(text: &str) -> bool {
    let lower = text.to_lowercase();
    let consents = ["by clicking", "by continuing", "continuing to use"].iter().any(|cue| lower.contains(cue));
    lower.contains("cookie") && consents && text.split_whitespace().nth(TEASER).is_none()
}

/// Whether a line in lower case tells how to use the page or the browser.
fn is_hint(text: &str) -> bool {
    HINTS.iter().any(|cue| text.contains(cue))
        && text.split_whitespace().nth(WIDGET.0).is_none()
        && !["agree", "terms", "policy"].iter().any(|cue| text.contains(cue))
}

/// Whether a clause is elements of a page that were left as they are, and hardly a word beside them.
fn is_markup(text: &str) -> bool {
    if !["<iframe", "<div", "<img", "<script", "<noscript", "<style"].iter().any(|tag| text.starts_with(tag)) {
        return false;
    }
    let outside = text.split('<').map(|part| part.split_once('>').map_or("", |(_, outside)| outside));
    let outside: Vec<&str> = outside.collect();
    let outside = outside.join(" ");
    !speaks(&outside) && outside.split_whitespace().nth(LINE).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn menus_stand_beside_the_document() {
        let text = "Home\n\nWe may end it.\n\nYou may not:\n\n- resell it\n\nSign UpLog InPlumPayPlumMapsAbout\n";
        let structure = document::structure(text);
        assert_eq!(Beside::of(text, &structure, &|_| false).asides, [true, false, false, false, true]);
        assert!(!Beside::of(text, &structure, &|index| index == 0).asides[0]);
    }

    #[test]
    fn telephone_numbers_and_headings() {
        let text = "# Plum Terms\n\nPhone: 01 541 3300\n\n64,102,500.25\n\n## More information\n\nWe may end it.\n\n## You must pay\n\nEach month.\n";
        let structure = document::structure(text);
        assert_eq!(Beside::of(text, &structure, &|_| false).asides[1..3], [false, true]);
        assert_eq!(bare_headings(text, &structure), [true, false, false, true, false, false, false]);
    }

    #[test]
    fn what_says_something_is_no_menu_entry() {
        let text = "plum_id\n\nhelp@plum.example\n\n我们可能会将您的个人信息提供给我们的合作伙伴用于营销和广告目的\n\n{\"a\":1,\"b\":2,\"c\":3}\n";
        let structure = document::structure(text);
        assert_eq!(Beside::of(text, &structure, &|_| false).asides[..3], [false; 3]);
        assert_eq!(Beside::of(text, &structure, &|_| false).widgets, [false, false, false, true]);
    }

    #[test]
    fn menus_around_the_document_have_longer_entries_and_headings() {
        let menu = "Home\n\n### Products\n\n- Plum Pay\n- Plum Blog Ideas from those who make plum jam\n- Careers\n- Set your location\n\n";
        let rules = "# Plum Terms\n\nWe may end it.\n\n## Prohibited\n\n- Weapons\n\nYou pay.\n";
        let text = format!("{menu}{rules}");
        let structure = document::structure(&text);
        // Of the entry with a description the reader knows nothing; what it finds in short ones, it reads into them.
        let flags = Beside::of(&text, &structure, &|index| index != 3).asides;
        assert_eq!(flags[..6], [true; 6]);
        // The title, the rules, and what the reader knows of them.
        assert_eq!(flags[6..], [false; 5]);
        let structure = document::structure(rules);
        assert!(Beside::of(rules, &structure, &|_| true).asides.iter().all(|aside| !aside));
        assert_eq!(titles(&text, &document::structure(&text)).iter().position(|title| *title), Some(6));
    }

    #[test]
    fn languages_promotions_and_markup_are_no_words_of_the_document() {
        let of = |line: &str| {
            let text = format!("{line}\n\nWe may end it.\n");
            let structure = document::structure(&text);
            (Beside::of(&text, &structure, &|_| true).asides[0], Beside::of(&text, &structure, &|_| false).widgets[0])
        };
        assert_eq!(of("| Tiếng Việt | Vietnamese | Chính sách |"), (true, false));
        assert_eq!(of("Deutsches Recht gilt"), (false, false));
        assert_eq!(of("Order by phone and get free delivery"), (false, true));
        assert_eq!(of("Order by phone and you agree to our terms"), (false, false));
        let page = "We may end it.\n\nWe use cookies to show ads.\n\nCookie Settings\n\nAccept All\n\nReject All\n";
        assert_eq!(Beside::of(page, &document::structure(page), &|_| false).widgets, [false, true, true, true, true]);
        let policy = "We use cookies to show ads.\n\nWe may end it.\n";
        assert_eq!(Beside::of(policy, &document::structure(policy), &|_| false).widgets, [false, false]);
        assert!(is_markup("<iframe src=\"https://plum.example\"></iframe>. home search"));
        assert!(!is_markup("<div>you may not resell it</div>"));
    }

    #[test]
    fn teasers_below_the_document_stand_beside_it() {
        let rules = "We may end the service at any time, and you may leave it whenever you want to.\n\n"
            .repeat(2)
            .replacen("end", "stop", 1);
        let menu = "Fruit\n\nTrees\n\nGardens\n\nShops\n\n";
        let teaser = "Pick plums with us this summer in each garden of Norland.\n";
        let text = format!("{rules}{menu}{teaser}");
        let structure = document::structure(&text);
        assert_eq!(body(&text, &structure), 0..2);
        assert!(Beside::of(&text, &structure, &|_| false).asides[6]);
        // A sentence that goes on with the document is none, nor is one about it, or in a language that is not known.
        assert_eq!(body(&rules, &document::structure(&rules)), 0..2);
        assert!(!is_teaser("Our terms will change in the autumn of this year, so please read them now.", true));
        assert!(!is_teaser("Nous allons utiliser vos cueillettes afin de choisir les prunes que vous verrez.", false));
    }

    #[test]
    fn hints_and_notices_of_cookies_stand_beside_the_document() {
        assert!(is_hint("plum.example no longer supports versions lower than browser 8."));
        assert!(!is_hint("if you agree to our terms, close this message."));
        assert!(asks_consent("By clicking OK or continuing to use our site, you agree that we can place cookies."));
        assert!(!asks_consent("We place cookies."));
        assert!(is_language("In other languages | Deutsch · español · français · italiano · polski"));
    }

    #[test]
    fn a_sentence_in_another_script_is_no_teaser() {
        assert!(!is_teaser("「動画作成機能」とは、登録されていない音楽を利用して動画を作成する機能をいいます。", true));
        assert!(is_teaser("動画作成", true));
    }

    #[test]
    fn products_that_a_sentence_announces_are_the_document_s() {
        let text = "The following products are covered by these terms.\n\nPlum Maps\n\n# More\n\nPlum Pay\n";
        let structure = document::structure(text);
        assert_eq!(enumerated(text, &structure), [false, true, false, false]);
        assert!(!Beside::of(text, &structure, &|_| false).asides[1]);
    }

    #[test]
    fn a_widget_ends_with_the_next_page() {
        let text =
            "# Rules\n\nBe kind.\n\nWas this helpful?\n\nThis form is for feedback only.\n\n# Fees\n\nYou pay.\n";
        let structure = document::structure(text);
        assert_eq!(Beside::of(text, &structure, &|_| false).widgets, [false, false, true, true, false, false]);
    }
}
