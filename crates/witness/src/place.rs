//! Addresses of captures in an archive, and whether two addresses name one page.
use archive::instant;
use atlas::witnesses::OutsideCapture;
use url::Url;

/// Longest address that is kept.
const LONGEST: usize = 4096;

/// The address of a capture, for people; with the mark `id_`, for the bytes as they were captured.
pub(crate) fn address(root: &Url, timestamp: &str, mark: &str, original: &str) -> String {
    format!("{root}web/{timestamp}{mark}/{original}")
}

/// The instant that 14 digits name, if they name one. What lies before the web is a mistake.
pub(crate) fn instant_of(timestamp: &str) -> Option<i64> {
    let digits = timestamp.len() == 14 && timestamp.bytes().all(|byte| byte.is_ascii_digit());
    instant::parse(timestamp).filter(|ms| digits && *ms > 0)
}

/// An address of a web page as it is kept and shown; none if it is something else, or longer than any that we keep.
pub(crate) fn page(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let is_page = matches!(url.scheme(), "http" | "https") && url.has_host();
    let text = String::from(url);
    (is_page && text.len() <= LONGEST).then_some(text)
}

/// Whether an address holds a name or a password, or cannot be read.
pub(crate) fn has_login(page: &str) -> bool {
    Url::parse(page).map_or(true, |url| !url.username().is_empty() || url.password().is_some())
}

/// Reads the address of a capture that an archive names. It has to lie in this archive, and be of the page that was asked about.
pub(crate) fn capture(root: &Url, text: &str, page_asked: &str) -> Option<OutsideCapture> {
    let named = Url::parse(text).ok()?;
    // The archive names itself with http as well; that is the same place.
    if named.host() != root.host() || named.port() != root.port() || !matches!(named.scheme(), "http" | "https") {
        return None;
    }
    let (_, rest) = text.split_once("://")?;
    let rest = rest[rest.find('/')?..].strip_prefix(root.path())?.strip_prefix("web/")?;
    let (timestamp, rest) = rest.split_at_checked(14)?;
    let (mark, original) = rest.split_once('/')?;
    let is_mark = mark.len() <= 4 && mark.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let at_ms = instant_of(timestamp).filter(|_| is_mark)?;
    at(root, timestamp, at_ms, original, page_asked)
}

/// A capture by its time and the address that was captured, if that is of the page that was asked about.
pub(crate) fn at(root: &Url, timestamp: &str, at_ms: i64, original: &str, page_asked: &str) -> Option<OutsideCapture> {
    let original = page(original).filter(|original| same_page(original, page_asked))?;
    Some(OutsideCapture { url: address(root, timestamp, "", &original), at_ms })
}

/// Whether two addresses name one page, as archives see it: scheme, `www`, the usual port, case, a final slash and the fragment do not count.
pub(crate) fn same_page(one: &str, other: &str) -> bool {
    matches!((key(one), key(other)), (Some(one), Some(other)) if one == other)
}

fn key(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let host = url.host_str()?.to_ascii_lowercase();
    let host = match host.split_once('.') {
        Some((first, rest)) if is_www(first) && rest.contains('.') => rest,
        _ => &host,
    };
    // Both usual ports are the usual port, as archives write `http://host:80/` and `https://host:443/`.
    let port = url.port().filter(|port| !matches!(port, 80 | 443)).map_or(String::new(), |port| format!(":{port}"));
    let path = url.path().trim_end_matches('/');
    let query = url.query().filter(|query| !query.is_empty()).map_or(String::new(), |query| format!("?{query}"));
    Some(format!("{host}{port}{path}{query}").to_lowercase())
}

fn is_www(label: &str) -> bool {
    label.strip_prefix("www").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "https://plum.example/terms";

    fn root() -> Url {
        Url::parse("https://web.archive.org/").unwrap()
    }

    #[test]
    fn captures_are_read_and_written_in_one_form() {
        let expected = OutsideCapture {
            url: "https://web.archive.org/web/20260503101500/http://www.plum.example/terms".into(),
            at_ms: 1_777_803_300_000,
        };
        for text in [
            "http://web.archive.org/web/20260503101500/http://www.plum.example:80/terms",
            "https://web.archive.org/web/20260503101500id_/http://www.plum.example/terms",
        ] {
            assert_eq!(capture(&root(), text, PAGE), Some(expected.clone()), "{text}");
        }
    }

    #[test]
    fn what_lies_elsewhere_or_is_of_another_page_is_no_capture() {
        for text in [
            "",
            "https://web.archive.org/",
            "https://web.archive.org.evil.example/web/20260503101500/https://plum.example/terms",
            "https://evil.example/web/20260503101500/https://plum.example/terms",
            "https://web.archive.org:8443/web/20260503101500/https://plum.example/terms",
            "javascript://web.archive.org/web/20260503101500/https://plum.example/terms",
            "https://web.archive.org/web/2026/https://plum.example/terms",
            "https://web.archive.org/web/20261303101500/https://plum.example/terms",
            "https://web.archive.org/web/20260503101500\"><script>/https://plum.example/terms",
            "https://web.archive.org/web/20260503101500/javascript:alert(1)",
            "https://web.archive.org/web/20260503101500/https://quince.example/terms",
            "https://web.archive.org/web/20260503101500/https://plum.example/privacy",
            "https://web.archive.org/web/20260503101500/https://plum.example/terms?id=2",
            "https://web.archive.org/web/00000503101500/https://plum.example/terms",
            "https://web.archive.org/web/２０260503101500/https://plum.example/terms",
        ] {
            assert_eq!(capture(&root(), text, PAGE), None, "{text}");
        }
        let long = format!("https://plum.example/{}", "a".repeat(5000));
        let text = format!("https://web.archive.org/web/20260503101500/{long}");
        assert_eq!(capture(&root(), &text, &long), None);
    }

    #[test]
    fn what_is_kept_of_an_address_can_stand_in_a_page() {
        let text = "https://web.archive.org/web/20260503101500/https://plum.example/a\"><b>?q=<c>";
        let found = capture(&root(), text, "https://plum.example/a\"><b>?q=<c>").unwrap();
        assert!(!found.url.contains(['"', '<', '>', ' ']), "{}", found.url);
    }

    #[test]
    fn one_page_has_many_addresses() {
        for other in
            ["http://plum.example:80/terms", "https://www.plum.example/terms/", "https://WWW2.Plum.example/Terms#x"]
        {
            assert!(same_page(PAGE, other), "{other}");
        }
        for other in
            ["https://plum.example/", "https://legal.plum.example/terms", "https://plum.example/terms?v=2", "x"]
        {
            assert!(!same_page(PAGE, other), "{other}");
        }
        assert!(!same_page("https://www.example/a", "https://example/a"), "a name of one part is no host of ours");
    }
}
