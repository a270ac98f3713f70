//! What a program may ask for, address by address.

/// An address and what is there.
pub(super) struct Address {
    /// Its path, with the names of its parts in braces.
    pub path: &'static str,
    /// What it answers.
    pub what: &'static str,
    /// The fields of its query, or of the form that is posted, each with what it means.
    pub fields: &'static [(&'static str, &'static str)],
    /// The media type of the answer.
    pub media: &'static str,
}

impl Address {
    const fn json(path: &'static str, what: &'static str, fields: &'static [(&'static str, &'static str)]) -> Address {
        Address { path, what, fields, media: "application/json" }
    }

    const fn form(path: &'static str, what: &'static str, fields: &'static [(&'static str, &'static str)]) -> Address {
        Address { path, what, fields, media: "text/html" }
    }

    const fn file(path: &'static str, what: &'static str, media: &'static str) -> Address {
        Address { path, what, fields: &[], media }
    }

    /// Whether a file is posted to it.
    pub fn takes_file(&self) -> bool {
        self.fields.iter().any(|(name, _)| *name == "file")
    }

    /// Whether it is there for an organisation too.
    pub fn is_shared(&self) -> bool {
        ["/watchlist", "/channels", "/inbox", "/messages"].iter().any(|start| self.path.starts_with(start))
    }

    /// The names of the parts of its path.
    pub fn parts(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('{').skip(1).filter_map(|part| part.split('}').next())
    }
}

/// What a part of a path is.
pub(super) fn part(name: &str) -> &'static str {
    match name {
        "platform" => "A platform by its slug, as /platforms.json gives it.",
        "document" => "A document by its ID, CW-D-00001.",
        "change" => "A change by its ID, CW-C-000001.",
        "provision" => "A provision by its ID, CW-P-000001.",
        "type" => "A clause type by its name, as /types.json gives it.",
        "regulation" => "A regulation by its name, as /regulations.json gives it.",
        "version" | "from" | "to" => "Number of a version, from 1.",
        "watch" | "channel" | "message" => "Its number, as /watchlist.json and /inbox.json give it.",
        "organisation" => "An organisation by its number, as /organisations.json gives it.",
        "token" => "The token in the address: whoever has it may do this.",
        "path" => "A path of tlog-tiles.",
        _ => "",
    }
}

const PERIOD: [(&str, &str); 2] = [
    ("from", "First day, YYYY-MM-DD (UTC); left out: 29 days before the last one."),
    ("to", "Last day; left out: today."),
];
const PAGE: (&str, &str) = ("page", "Page of the list, from 1.");

/// Addresses that answer with JSON.
pub(super) const RECORDS: &[Address] = &[
    Address::json("/index.json", "How much the record holds, the latest material changes, rising clause types.", &[]),
    Address::json(
        "/platforms.json",
        "Platforms.",
        &[
            ("q", "Only if the name contains this."),
            ("sector", "Only of this sector."),
            ("country", "Only of this country."),
            ("sort", "name, severity, changed, documents or provisions."),
        ],
    ),
    Address::json("/platforms/{platform}.json", "A platform: documents, profile, changes, timeline.", &[]),
    Address::json("/documents/{document}.json", "A document: versions, provisions.", &[]),
    Address::json("/documents/{document}/versions.json", "Every version, its change, the timeline.", &[PAGE]),
    Address::json("/documents/{document}/versions/{version}.json", "A version with its text and provisions.", &[]),
    Address::json("/documents/{document}/compare/{from}/{to}.json", "Two versions compared clause by clause.", &[]),
    Address::json(
        "/changes.json",
        "Changes, newest first. One with no confirmed_ms was seen once only.",
        &[
            ("materiality", "material, minor (both) or all; all also gives changes that were seen once."),
            ("platform", "Only of the platform with this slug."),
            PAGE,
        ],
    ),
    Address::json(
        "/changes/{change}.json",
        "A change with the provisions that it touches, and a language model's paragraph if there is one.",
        &[],
    ),
    Address::json(
        "/provisions/{provision}.json",
        "A provision: excerpt, ratings, explanation, lineage, other platforms, regulations, evidence, citations, a language model's answer if there is one.",
        &[],
    ),
    Address::json(
        "/types.json",
        "All clause types with the number of platforms on which each stands.",
        &[("q", "Only if the type speaks of these words.")],
    ),
    Address::json(
        "/types/{type}.json",
        "A clause type: definition, platforms, timeline, instances.",
        &[PAGE, ("removed", "1: removed instances too.")],
    ),
    Address::json(
        "/compare.json",
        "Two to four platforms side by side.",
        &[
            ("a", "Slug of a platform."),
            ("b", "Slug of another."),
            ("c", "Slug of a third."),
            ("d", "Slug of a fourth."),
            ("differing", "1: only where they differ."),
        ],
    ),
    Address::json("/regulations.json", "Regulations.", &[]),
    Address::json("/regulations/{regulation}.json", "A regulation with the clause types that refer to it.", &[]),
    Address::json("/search.json", "Clauses that hold all the words.", &[("q", "The words."), PAGE]),
    Address::json(
        "/status.json",
        "How tracking goes: documents by state, those that need attention and why, the log.",
        &[],
    ),
    Address::json("/methodology.json", "The analyser, and its measured accuracy.", &[]),
    Address::json(
        "/verify.json",
        "The key and the size of the log, and the records that have a hash.",
        &[("sha256", "The hash of a capture, a text or a file, in hexadecimal digits.")],
    ),
    Address::json("/plans.json", "What each plan allows; of a person, their plan and what of it is used.", &[]),
];

/// What belongs to a person and is read with their token, or in a session. What begins with their watchlist, channels, inbox and messages
/// is there for an organisation too, below [`crate::links::OF_ORGANISATION`].
pub(super) const OWN: &[Address] = &[
    Address::json("/organisations.json", "The organisations that you belong to.", &[]),
    Address::json("/watchlist.json", "What you watch, and the channels over which you are told.", &[]),
    Address::file("/watchlist.csv", "What you watch, as a table that can be imported.", CSV),
    Address::file("/watchlist.opml", "What you watch, for feed readers.", "text/x-opml"),
    Address::json("/watchlist/report.json", "What changed in what you watch, the most severe first.", &PERIOD),
    Address {
        path: "/watchlist/report.csv",
        what: "What changed in what you watch, as a table.",
        fields: &PERIOD,
        media: CSV,
    },
    Address::json(
        "/inbox.json",
        "Messages in your inbox, newest first; on the first page, those that could not be sent over other channels.",
        &[PAGE],
    ),
];

/// What is changed with a person's token, or in a session, by a form; the answer leads to the page that shows it.
pub(super) const FORMS: &[Address] = &[
    Address::form(
        "/watch",
        "Watches a record as one click does, or no longer.",
        &[
            ("subject", "JSON, as /watchlist.json gives it: {\"watches\":\"platform\",\"subject\":\"plum\"}."),
            ("for", "Number of an organisation whose watchlist is meant; left out: one's own."),
            ("end", "1: no longer."),
        ],
    ),
    Address::form(
        "/watchlist/{watch}",
        "Says which changes a watch tells, when and over which channels, or ends it. What is left out is taken as not wanted.",
        &[
            ("end", "1: the watch ends."),
            ("minor", "1: minor changes too."),
            ("severity", "Only if a provision of at least this severity is touched: medium, high or critical."),
            ("stricter", "1: only if something became stricter."),
            ("cadence", "at-once, day or week."),
            ("hour", "Of a digest: 0 to 23."),
            ("weekday", "Of a weekly digest: monday to sunday."),
            ("channel", "Number of a channel; several times for several."),
            ("note", "Your words."),
            ("tags", "Words parted by commas."),
        ],
    ),
    Address::form(
        "/watchlist/settings",
        "Sets your time zone, and opens or closes the read-only page of your watchlist.",
        &[("zone", "IANA name."), ("share", "open (an earlier address ends) or close.")],
    ),
    Address::json(
        "/watchlist/import",
        "Watches what a file names, CSV or OPML, and says what of it could not be. The file alone can be the body too.",
        &[("file", "The file; of CSV, only the column subject is needed.")],
    ),
    Address::form(
        "/channels",
        "Adds a channel.",
        &[
            ("kind", "mail, webhook or feed."),
            ("address", "Mail or web address."),
            ("template", "Of a webhook: plain, slack, teams or discord."),
        ],
    ),
    Address::form(
        "/channels/{channel}",
        "Tests, pauses, uses again, gives a new secret to, or removes a channel.",
        &[(
            "do",
            "test, pause, use, ask (a mail address that waits to be confirmed, or whose mail came back), renew or remove.",
        )],
    ),
    Address::form("/inbox", "Marks a message as read, or all.", &[("message", "Its number; left out: all.")]),
    Address::form("/messages/{message}", "Sends a message once more.", &[]),
    Address::form(
        "/unsubscribe/{token}",
        "Ends what a message came from, with the token of its link: one-click unsubscribing of RFC 8058. It needs no other token.",
        &[("all", "1: nothing more is sent over the channel at all.")],
    ),
];

const CSV: &str = "text/csv";
const ATOM: &str = "application/atom+xml";
const ZIP: &str = "application/zip";

/// Addresses that answer with files.
pub(super) const FILES: &[Address] = &[
    Address::file("/provisions/{provision}.pdf", "A provision as a tagged PDF.", "application/pdf"),
    Address::file("/provisions/{provision}/evidence.zip", "The evidence bundle of a provision.", ZIP),
    Address::file("/documents/{document}/versions/{version}/evidence.zip", "The evidence bundle of a version.", ZIP),
    Address::file("/types/{type}/timeline.csv", "On how many platforms a clause type stood, month by month.", CSV),
    Address::file("/types/{type}/adoption.csv", "Which platforms had a clause type, since when and until when.", CSV),
    Address::file("/platforms/{platform}/timeline.csv", "What stood on a platform, month by month.", CSV),
    Address::file("/documents/{document}/timeline.csv", "What stood in a document, month by month.", CSV),
    Address::file("/provisions/{provision}/timeline.csv", "When a provision came, changed and went.", CSV),
    Address::file("/feed.atom", "Material changes of all documents.", ATOM),
    Address::file("/platforms/{platform}/feed.atom", "Material and minor changes of a platform.", ATOM),
    Address::file("/types/{type}/feed.atom", "Changes that touch a clause of a type.", ATOM),
    Address::file(
        "/log/checkpoint",
        "The signed checkpoint of the log (C2SP tlog-checkpoint); its tiles lie under /log/tile/ (tlog-tiles).",
        "text/plain",
    ),
    Address::file("/metrics", "How tracking goes, as metrics in the text format of Prometheus.", "text/plain"),
    Address::file("/feeds/{token}", "A private feed: what a person was told.", ATOM),
    Address::file("/log/key", "The key that checkpoints are signed with.", "text/plain"),
];

/// What can be posted.
pub(super) const POSTS: &[Address] = &[
    Address::json(
        "/check.json",
        "The provisions of a document that you bring as text, file or address; nothing is kept.",
        &[("text", "The words."), ("file", "The file."), ("url", "Where it stands.")],
    ),
    Address::json(
        "/verify.json",
        "The report of the checks of an evidence bundle.",
        &[("bundle", "The file."), ("key", "Only this key of a log is believed.")],
    ),
];
