//! Watchlists as files: CSV for people and spreadsheets, OPML for feed readers; and a subject as one word or line.
use atlas::watching::{Cadence, NewWatch, SavedSearch, Subject, Threshold, Weekday};
use provisions::{Severity, taxonomy};

use crate::csv;

/// The columns of a watchlist.
const COLUMNS: [&str; 7] = ["subject", "changes", "least severity", "only stricter", "every", "note", "tags"];

/// A file that is no watchlist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeError {
    /// A line of a CSV file cannot be understood.
    #[error("line {line}: {reason}")]
    Line {
        /// Its number, from 1 on.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// The file is no OPML.
    #[error("the file is no OPML: {0}")]
    Opml(String),
}

/// A subject that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} cannot be watched; write platform:SLUG, CW-D-…, CW-P-…, type:ID, category:ID, regulation:ID or search:WORDS"
)]
pub struct SubjectError(String);

/// A subject in one line: `platform:plum`, `CW-D-00784`, `type:arbitration`, `search:"class action"`. A search with filters is written as in
/// the address of the search page: `search:?q=fees&platform=plum`.
pub fn written(subject: &Subject) -> String {
    match subject {
        Subject::Platform(slug) => format!("platform:{slug}"),
        Subject::Document(id) => id.to_string(),
        Subject::Provision(id) => id.to_string(),
        Subject::ClauseType(id) => format!("type:{id}"),
        Subject::Category(id) => format!("category:{id}"),
        Subject::Regulation(id) => format!("regulation:{id}"),
        Subject::Search(search) => format!("search:{}", search_line(search)),
    }
}

fn search_line(search: &SavedSearch) -> String {
    let severity = search.severity.map(|severity| severity.to_string().to_lowercase());
    let filters = [
        ("platform", search.platform.as_deref()),
        ("type", search.clause_type.as_deref()),
        ("severity", severity.as_deref()),
        ("kind", search.kind.as_deref()),
    ];
    let given: Vec<(&str, &str)> = filters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    if given.is_empty() && !search.words.starts_with('?') {
        return search.words.clone();
    }
    let mut query = form_urlencoded::Serializer::new(String::from("?"));
    query.append_pair("q", &search.words).extend_pairs(given);
    query.finish()
}

/// Reads what [`written`] wrote. A clause type, category or regulation has to be one of the taxonomy; whether a record is there is not
/// looked up.
pub fn read(line: &str) -> Result<Subject, SubjectError> {
    let wrong = || SubjectError(crate::compose::clip(line, 80));
    let line = line.trim();
    if let Ok(id) = line.parse() {
        return Ok(Subject::Document(id));
    }
    if let Ok(id) = line.parse() {
        return Ok(Subject::Provision(id));
    }
    let (what, rest) = line.split_once(':').ok_or_else(wrong)?;
    let id = rest.trim().to_string();
    match what.trim() {
        "platform" if !id.is_empty() => Ok(Subject::Platform(id)),
        "type" if taxonomy().get(&id).is_some() => Ok(Subject::ClauseType(id)),
        "category" if taxonomy().category(&id).is_some() => Ok(Subject::Category(id)),
        "regulation" if taxonomy().regulation(&id).is_some() => Ok(Subject::Regulation(id)),
        "search" if !id.is_empty() => search(&id).map(Subject::Search).ok_or_else(wrong),
        _ => Err(wrong()),
    }
}

fn search(line: &str) -> Option<SavedSearch> {
    let Some(query) = line.strip_prefix('?') else {
        return Some(SavedSearch { words: line.to_string(), ..SavedSearch::default() });
    };
    let mut search = SavedSearch::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let value = value.into_owned();
        match &*name {
            "q" => search.words = value,
            "platform" => search.platform = Some(value),
            "type" => search.clause_type = Some(value),
            "kind" => search.kind = Some(value),
            "severity" => search.severity = Some(Severity::parse(&value)?),
            _ => return None,
        }
    }
    (search != SavedSearch::default()).then_some(search)
}

/// A watchlist as CSV. Channels are not in it: they are of one instance.
pub fn to_csv<'w>(watches: impl Iterator<Item = &'w NewWatch>) -> String {
    let mut out = csv::line(&COLUMNS) + "\r\n";
    for watch in watches {
        let Threshold { minor, severity, stricter } = watch.threshold;
        let cells = [
            written(&watch.subject),
            if minor { "material and minor" } else { "material" }.to_string(),
            severity.map(|severity| severity.to_string()).unwrap_or_default(),
            if stricter { "yes" } else { "no" }.to_string(),
            every(watch.cadence),
            watch.note.clone(),
            watch.tags.join("; "),
        ];
        out += &(csv::line(&cells) + "\r\n");
    }
    out
}

/// A watchlist as a file says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// What is to be watched.
    pub watches: Vec<NewWatch>,
    /// The columns that the file has; what the others would say, it leaves open.
    columns: Vec<String>,
}

impl Listed {
    /// Reads a file of either form.
    ///
    /// # Errors
    /// If it is neither, or a line of it cannot be understood: nothing of it is taken then.
    pub fn read(text: &str) -> Result<Listed, ExchangeError> {
        let text = text.trim_start_matches('\u{feff}');
        match text.trim_start().starts_with('<') {
            true => Ok(Listed { watches: from_opml(text.trim_start())?, columns: Vec::new() }),
            false => from_csv(text),
        }
    }

    /// A watch of the file over the one that is there, or begins there: what the file leaves open stays as it is, and so do channels, which
    /// are of one instance.
    pub fn over(&self, new: &NewWatch, there: NewWatch) -> NewWatch {
        let says = |name: &str| self.columns.iter().any(|column| column == name);
        let mut watch = there;
        if says("changes") {
            watch.threshold.minor = new.threshold.minor;
        }
        if says("least severity") {
            watch.threshold.severity = new.threshold.severity;
        }
        if says("only stricter") {
            watch.threshold.stricter = new.threshold.stricter;
        }
        if says("every") {
            watch.cadence = new.cadence;
        }
        if says("note") {
            watch.note.clone_from(&new.note);
        }
        if says("tags") {
            watch.tags.clone_from(&new.tags);
        }
        watch
    }
}

/// Reads a watchlist from CSV: the columns of [`to_csv`] in any order; only `subject` is needed.
fn from_csv(text: &str) -> Result<Listed, ExchangeError> {
    let mut rows = csv::rows(text).into_iter();
    let (first, head) = rows.next().unwrap_or((1, Vec::new()));
    let head: Vec<String> = head.iter().map(|name| name.trim().to_lowercase()).collect();
    let column = |name: &str| head.iter().position(|known| known == name);
    if column("subject").is_none() {
        let reason = "the first line names the columns, and one of them has to be “subject”".to_string();
        return Err(ExchangeError::Line { line: first, reason });
    }
    let mut watches = Vec::new();
    for (line, row) in rows {
        let cell = |name: &str| column(name).and_then(|at| row.get(at)).map_or("", |cell| cell.trim());
        watches.push(watch(&cell).map_err(|reason| ExchangeError::Line { line, reason })?);
    }
    Ok(Listed { watches, columns: head })
}

fn watch<'c>(cell: &dyn Fn(&str) -> &'c str) -> Result<NewWatch, String> {
    let mut watch = NewWatch::on(read(cell("subject")).map_err(|error| error.to_string())?);
    watch.threshold.minor = match cell("changes").to_lowercase().as_str() {
        "" | "material" => false,
        "material and minor" | "minor" => true,
        other => return Err(format!("changes are “material” or “material and minor”, not “{other}”")),
    };
    watch.threshold.severity = match cell("least severity") {
        "" => None,
        name => Some(Severity::parse(name).ok_or_else(|| format!("“{name}” is no severity"))?),
    };
    watch.threshold.stricter = match cell("only stricter").to_lowercase().as_str() {
        "" | "no" => false,
        "yes" => true,
        other => return Err(format!("only stricter is “yes” or “no”, not “{other}”")),
    };
    watch.cadence = read_every(cell("every"))?;
    watch.note = cell("note").to_string();
    watch.tags = tags(cell("tags"));
    Ok(watch)
}

/// Tags separated by semicolons.
pub fn tags(text: &str) -> Vec<String> {
    text.split(';').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_string).collect()
}

/// A cadence in few words: `once it happens`, `day 8`, `monday 8`.
fn every(cadence: Cadence) -> String {
    match cadence {
        Cadence::AtOnce => "change".into(),
        Cadence::Day { hour } => format!("day {hour}"),
        Cadence::Week { weekday, hour } => format!("{weekday:?} {hour}").to_lowercase(),
    }
}

/// Reads a cadence: `change` (or nothing) for at once, `day` or a day of the week, with an hour or not (8).
pub fn read_every(text: &str) -> Result<Cadence, String> {
    let lower = text.trim().to_lowercase();
    let mut words = lower.split_whitespace();
    let day = words.next().unwrap_or("change");
    let wrong = || format!("“{text}” is no cadence; write “change”, “day 8” or “monday 8”");
    let hour = words.next().map_or(Ok(8), |hour| hour.trim_end_matches(":00").parse::<u8>().map_err(|_| wrong()))?;
    if hour > 23 || words.next().is_some() {
        return Err(wrong());
    }
    match day {
        "change" => Ok(Cadence::AtOnce),
        "day" => Ok(Cadence::Day { hour }),
        "week" => Ok(Cadence::Week { weekday: Weekday::Monday, hour }),
        day => {
            let weekday = serde_json::from_value::<Weekday>(day.into()).map_err(|_| wrong())?;
            Ok(Cadence::Week { weekday, hour })
        }
    }
}

/// A watchlist as OPML: an outline for each watch, which feed readers subscribe to where the site has a feed of its subject. `site` is the
/// address of the site.
pub fn to_opml<'w>(watches: impl Iterator<Item = (&'w NewWatch, String)>, site: &str) -> String {
    let site = site.trim_end_matches('/');
    let escape = crate::plain::escape;
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\">\n  <head><title>Clausewatch watchlist</title></head>\n  <body>\n",
    );
    for (watch, name) in watches {
        let feed = match &watch.subject {
            Subject::Platform(slug) => Some(format!("{site}/platforms/{slug}/feed.atom")),
            Subject::ClauseType(id) => Some(format!("{site}/types/{id}/feed.atom")),
            _ => None,
        };
        let feed = feed.map(|url| format!(" type=\"rss\" xmlUrl=\"{}\"", escape(&url))).unwrap_or_default();
        let (name, subject) = (escape(&crate::letter::one_line(&name, 200)), escape(&written(&watch.subject)));
        out += &format!("    <outline text=\"{name}\" subject=\"{subject}\"{feed}/>\n");
    }
    out + "  </body>\n</opml>\n"
}

/// Reads a watchlist from OPML: outlines that name a subject, or a feed of a platform or clause type. Others are left out.
fn from_opml(text: &str) -> Result<Vec<NewWatch>, ExchangeError> {
    let document = roxmltree::Document::parse(text).map_err(|error| ExchangeError::Opml(error.to_string()))?;
    if !document.root_element().has_tag_name("opml") {
        return Err(ExchangeError::Opml("it is of another kind".into()));
    }
    let outlines = document.descendants().filter(|node| node.has_tag_name("outline"));
    let subject = |node: roxmltree::Node<'_, '_>| {
        let named = node.attribute("subject").and_then(|line| read(line).ok());
        named.or_else(|| of_feed(node.attribute("xmlUrl")?))
    };
    Ok(outlines.filter_map(subject).map(NewWatch::on).collect())
}

fn of_feed(url: &str) -> Option<Subject> {
    let path = url.split_once("://")?.1.split_once('/')?.1.strip_suffix("/feed.atom")?;
    match path.rsplit_once('/')? {
        (above, slug) if above.ends_with("platforms") => Some(Subject::Platform(slug.to_string())),
        (above, id) if above.ends_with("types") => read(&format!("type:{id}")).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watchlist() -> Vec<NewWatch> {
        let search =
            SavedSearch { words: "a & \"b\"".into(), severity: Some(Severity::High), ..SavedSearch::default() };
        let subjects =
            ["platform:plum", "CW-D-00784", "CW-P-000012", "type:arbitration", "search:\"class action\" -fees"];
        let mut watches: Vec<NewWatch> = subjects.iter().map(|line| NewWatch::on(read(line).unwrap())).collect();
        watches.push(NewWatch::on(Subject::Search(search)));
        watches[1].threshold = Threshold { minor: true, severity: Some(Severity::Critical), stricter: true };
        watches[2].cadence = Cadence::Week { weekday: Weekday::Friday, hour: 17 };
        watches[3].cadence = Cadence::Day { hour: 0 };
        watches[3].note = "=1+1, \"quoted\"\nsecond line".into();
        watches[3].tags = vec!["vendors".into(), "eu".into()];
        watches
    }

    #[test]
    fn a_watchlist_is_read_as_written() {
        let watches = watchlist();
        let csv = Listed::read(&to_csv(watches.iter())).unwrap();
        assert_eq!(csv.watches, watches);
        let opml = to_opml(watches.iter().map(|watch| (watch, "<Plum> & co".to_string())), "https://c.example/");
        let back: Vec<Subject> = Listed::read(&opml).unwrap().watches.into_iter().map(|watch| watch.subject).collect();
        assert_eq!(back, watches.into_iter().map(|watch| watch.subject).collect::<Vec<_>>());
        assert!(opml.contains("xmlUrl=\"https://c.example/platforms/plum/feed.atom\""), "{opml}");
    }

    #[test]
    fn feeds_of_other_readers_are_understood() {
        let opml = "<opml version='1.0'><body><outline text='Law'><outline xmlUrl='https://x.example/platforms/pear/feed.atom'/>\
                    <outline xmlUrl='https://news.example/rss'/></outline></body></opml>";
        assert_eq!(Listed::read(opml).unwrap().watches, [NewWatch::on(Subject::Platform("pear".into()))]);
        assert!(Listed::read("<html/>").is_err() && Listed::read("no").is_err() && Listed::read("").is_err());
    }

    #[test]
    fn what_a_file_leaves_open_stays() {
        let there = watchlist()[3].clone();
        let over = |text: &str| {
            let listed = Listed::read(text).unwrap();
            listed.over(&listed.watches[0], there.clone())
        };
        assert_eq!(over("\u{feff}<opml><outline subject='type:arbitration'/></opml>"), there);
        assert_eq!(over("subject\ntype:arbitration"), there);
        let weekly = Cadence::Week { weekday: Weekday::Monday, hour: 8 };
        assert_eq!(over("subject,every\ntype:arbitration,week"), NewWatch { cadence: weekly, ..there.clone() });
        let emptied = NewWatch { note: String::new(), tags: vec!["x".into()], ..there.clone() };
        assert_eq!(over("tags,subject,note\nx,type:arbitration,"), emptied);
        let strict = Threshold { minor: true, severity: Some(Severity::High), stricter: true };
        let csv = "subject,changes,least severity,only stricter\ntype:arbitration,minor,high,yes";
        assert_eq!(over(csv), NewWatch { threshold: strict, ..there.clone() });
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let error = |text: &str| Listed::read(text).unwrap_err().to_string();
        assert!(error("name\nx").starts_with("line 1: the first line names the columns"));
        assert!(
            error("subject\nplatform:plum\n\"type:no\nsuch\"")
                .starts_with("line 3: \"type:no\\nsuch\" cannot be watched")
        );
        assert!(error("subject,every\nplatform:plum,never").contains("“never” is no cadence"));
        assert!(error("subject,least severity\nplatform:plum,dire").contains("“dire” is no severity"));
        for wrong in ["", "plum", "platform:", "type:nothing", "search:", "search:?x=1", "CW-C-000001"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert_eq!(read_every("Friday 17:00"), Ok(Cadence::Week { weekday: Weekday::Friday, hour: 17 }));
        assert!(read_every("day 24").is_err() && read_every("day 8 9").is_err());
    }
}
