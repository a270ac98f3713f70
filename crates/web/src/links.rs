//! All addresses of the site in one place.
use atlas::ids::{ChangeId, DocumentId, ProvisionId};
use atlas::watching::PersonId;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The front page.
pub(crate) const HOME: &str = "/";
/// All platforms.
pub(crate) const PLATFORMS: &str = "/platforms";
/// The latest changes.
pub(crate) const CHANGES: &str = "/changes";
/// All clause types.
pub(crate) const TYPES: &str = "/types";
/// Platforms side by side.
pub(crate) const COMPARE: &str = "/compare";
/// All regulations.
pub(crate) const REGULATIONS: &str = "/regulations";
/// Search.
pub(crate) const SEARCH: &str = "/search";
/// Check a document of one's own.
pub(crate) const CHECK: &str = "/check";
/// How it is done and how well.
pub(crate) const METHODOLOGY: &str = "/methodology";
/// Check evidence.
pub(crate) const VERIFY: &str = "/verify";
/// How tracking goes.
pub(crate) const STATUS: &str = "/status";
/// The same for Prometheus.
pub(crate) const METRICS: &str = "/metrics";
/// The interface for programs.
pub(crate) const API: &str = "/api";
/// The feed of all material changes.
pub(crate) const FEED: &str = "/feed.atom";

/// The organisations that a person belongs to.
pub(crate) const ORGANISATIONS: &str = "/organisations";
/// What the addresses of one begin with, and of its watchlist.
pub(crate) const OF_ORGANISATION: &str = "/organisations/{organisation}";
/// What the part of an address is called that names an organisation.
pub(crate) const ORGANISATION_PART: &str = "organisation";

/// Where the buttons that watch a record go.
pub(crate) const WATCH: &str = "/watch";
/// What the owner watches.
pub(crate) const WATCHLIST: &str = "/watchlist";
/// What changed in it over a period.
pub(crate) const REPORT: &str = "/watchlist/report";
/// What the owner was told.
pub(crate) const INBOX: &str = "/inbox";

/// What the links in messages that end something begin with. Mail programs post to them (RFC 8058), and their tokens are all they need.
pub(crate) const UNSUBSCRIBE: &str = "/unsubscribe/";
/// The person's account.
pub(crate) const ACCOUNT: &str = "/account";
/// Where who has no account gets one.
pub(crate) const SIGN_UP: &str = "/account/sign-up";
/// Their codes of an app.
pub(crate) const SECOND_FACTOR: &str = "/account/second-factor";
/// Their passkeys.
pub(crate) const PASSKEYS: &str = "/account/passkeys";
/// Where who has a passkey signs in with it.
pub(crate) const PASSKEY_SIGN_IN: &str = "/account/passkeys/sign-in";
/// Where who has a passkey ends the second factor with it.
pub(crate) const PASSKEY_END_FACTOR: &str = "/account/passkeys/end-second-factor";
/// Where who has an account signs in.
pub(crate) const SIGN_IN: &str = "/account/sign-in";
/// Where a session is ended.
pub(crate) const SIGN_OUT: &str = "/account/sign-out";
/// Where who forgot their password asks for another one.
pub(crate) const FORGOT: &str = "/account/forgot";
/// What an operator looks after.
pub(crate) const OPERATE: &str = "/operate";
/// Where an operator adds a document by its address.
pub(crate) const ADD: &str = "/operate/add";
/// Who has an account, for an operator.
pub(crate) const OPERATE_USERS: &str = "/operate/users";
/// Which organisations there are, for an operator.
pub(crate) const OPERATE_ORGANISATIONS: &str = "/operate/organisations";
/// How much plans are in use, for an operator.
pub(crate) const OPERATE_PLANS: &str = "/operate/plans";
/// What can be watched, and how soon changes are told.
pub(crate) const PLANS: &str = "/plans";
/// What waits for an editor's judgement.
pub(crate) const REVIEW: &str = "/review";
/// What editors judged.
pub(crate) const REVIEW_HISTORY: &str = "/review/history";

/// A platform's file for the catalog.
pub(crate) fn catalog_file(slug: &str) -> String {
    format!("{OPERATE}/catalog/{}.toml", segment(slug))
}

/// An organisation: who belongs to it.
pub(crate) fn organisation(id: &PersonId) -> String {
    format!("{ORGANISATIONS}/{id}")
}

/// A page of an organisation's watchlist, of the path that it has for one's own.
pub(crate) fn of_organisation(id: &PersonId, own: &str) -> String {
    format!("{}{own}", organisation(id))
}

/// A page of an organisation's watchlist, or of one's own if there is none.
pub(crate) fn held(organisation: Option<PersonId>, own: &str) -> String {
    organisation.map_or_else(|| own.to_string(), |id| of_organisation(&id, own))
}

/// The page on which a record is judged.
pub(crate) fn review(record: impl std::fmt::Display) -> String {
    format!("{REVIEW}/{record}")
}

/// What may stand unescaped in a segment of a path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A text as one segment of a path.
pub(crate) fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// A text as a value of a query.
pub(crate) fn value(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Whether a path is one on which a second factor is set up: open to who has none where one is required.
pub(crate) fn sets_up_factor(path: &str) -> bool {
    path == ACCOUNT || path == SECOND_FACTOR || path.starts_with(PASSKEYS)
}

/// Whether a path leads to a page of ours: a browser cannot take it for another site's address, and it can stand in a header.
pub(crate) fn is_local(path: &str) -> bool {
    path.starts_with('/') && !path.starts_with("//") && !path.contains(|c: char| c == '\\' || c.is_control())
}

/// Whether an address from outside is one that a browser may follow: a page, not a script.
pub(crate) fn is_web(url: &str) -> bool {
    let lower = url.trim_start().to_ascii_lowercase();
    lower.starts_with("https://") || lower.starts_with("http://")
}

/// A platform.
pub(crate) fn platform(slug: &str) -> String {
    format!("/platforms/{}", segment(slug))
}

/// The feed of a platform's changes.
pub(crate) fn platform_feed(slug: &str) -> String {
    format!("/platforms/{}/feed.atom", segment(slug))
}

/// A document: its latest text.
pub(crate) fn document(id: &DocumentId) -> String {
    format!("/documents/{id}")
}

/// A clause at its place in a document's latest text; `clause` is its index in the structure.
pub(crate) fn clause(id: &DocumentId, clause: &usize) -> String {
    format!("/documents/{id}#c-{clause}")
}

/// An older version of a document.
pub(crate) fn version(id: &DocumentId, number: &i64) -> String {
    format!("/documents/{id}/versions/{number}")
}

/// All versions of a document.
pub(crate) fn versions(id: &DocumentId) -> String {
    format!("/documents/{id}/versions")
}

/// Where the form that compares any two versions goes.
pub(crate) fn compare(id: &DocumentId) -> String {
    format!("/documents/{id}/compare")
}

/// Two versions of a document compared.
pub(crate) fn compare_versions(id: &DocumentId, from: &i64, to: &i64) -> String {
    format!("/documents/{id}/compare/{from}/{to}")
}

/// What proves that a version was held: a bundle to download.
pub(crate) fn evidence(id: &DocumentId, number: &i64) -> String {
    format!("/documents/{id}/versions/{number}/evidence.zip")
}

/// A change.
pub(crate) fn change(id: &ChangeId) -> String {
    format!("/changes/{id}")
}

/// A provision.
pub(crate) fn provision(id: &ProvisionId) -> String {
    format!("/provisions/{id}")
}

/// A provision as PDF.
pub(crate) fn provision_pdf(id: &ProvisionId) -> String {
    format!("/provisions/{id}.pdf")
}

/// What proves that a provision stood in its version: a bundle to download.
pub(crate) fn provision_evidence(id: &ProvisionId) -> String {
    format!("/provisions/{id}/evidence.zip")
}

/// A clause type.
pub(crate) fn clause_type(id: &str) -> String {
    format!("/types/{}", segment(id))
}

/// The feed of changes that touch a clause of a type.
pub(crate) fn type_feed(id: &str) -> String {
    format!("/types/{}/feed.atom", segment(id))
}

/// A record's timeline as CSV; `path` is the record's own.
pub(crate) fn timeline(path: impl AsRef<str>) -> String {
    format!("{}/timeline.csv", path.as_ref())
}

/// Who took up a clause type when, as CSV.
pub(crate) fn adoption(id: &str) -> String {
    format!("/types/{}/adoption.csv", segment(id))
}

/// A regulation.
pub(crate) fn regulation(id: &str) -> String {
    format!("/regulations/{}", segment(id))
}

/// The same address as JSON.
pub(crate) fn json(path: &str) -> String {
    let (path, query) = match path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path, None),
    };
    let path = if path == HOME { "/index" } else { path };
    query.map_or_else(|| format!("{path}.json"), |query| format!("{path}.json?{query}"))
}

/// The one address of what a path names: IDs in capitals with their leading zeros, at the place where their record lies, no slash at
/// the end. None if the path is that address.
pub(crate) fn canonical(path: &str) -> Option<String> {
    // A browser would read a backslash as a slash, and a second slash as the beginning of a host: neither is ever sent back.
    if path.contains('\\') {
        return None;
    }
    let segments: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(canonical_segment).collect();
    let mut wanted = format!("/{}", segments.join("/"));
    // A record's ID alone is a short address of it.
    if let [only] = segments.as_slice() {
        let (id, ending) = split_ending(only);
        let homes = [("CW-P-", "/provisions/"), ("CW-D-", "/documents/"), ("CW-C-", "/changes/")];
        if let Some((_, folder)) = homes.iter().find(|(prefix, _)| id.starts_with(prefix)) {
            wanted = format!("{folder}{id}{ending}");
        }
    }
    (wanted != path).then_some(wanted)
}

/// A name and its ending (`.json`, `.pdf`).
fn split_ending(segment: &str) -> (&str, &str) {
    segment.find('.').map_or((segment, ""), |dot| segment.split_at(dot))
}

fn canonical_segment(segment: &str) -> String {
    let (id, ending) = split_ending(segment);
    let id = None
        .or_else(|| id.parse::<ProvisionId>().ok().map(|id| id.to_string()))
        .or_else(|| id.parse::<DocumentId>().ok().map(|id| id.to_string()))
        .or_else(|| id.parse::<ChangeId>().ok().map(|id| id.to_string()));
    id.map_or_else(|| segment.to_string(), |id| format!("{id}{ending}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_for_each_record() {
        for (path, wanted) in [
            ("/documents/cw-d-7", Some("/documents/CW-D-00007")),
            ("/provisions/cw-p-12.json", Some("/provisions/CW-P-000012.json")),
            ("/documents/CW-D-00007/versions/2", None),
            ("/platforms/", Some("/platforms")),
            ("/CW-P-10578", Some("/provisions/CW-P-010578")),
            ("/cw-d-1.json", Some("/documents/CW-D-00001.json")),
            ("/", None),
            ("//", Some("/")),
            ("//host.example/", Some("/host.example")),
            ("/\\host.example/", None),
            ("/documents/CW-D-", None),
        ] {
            assert_eq!(canonical(path).as_deref(), wanted, "{path}");
        }
    }

    #[test]
    fn names_cannot_leave_their_segment() {
        assert_eq!(platform("a/../b?c#d"), "/platforms/a%2F..%2Fb%3Fc%23d");
        assert_eq!(json("/search?q=a"), "/search.json?q=a");
        assert_eq!(json("/"), "/index.json");
    }
}
