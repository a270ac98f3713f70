//! What goes wrong with a message names addresses; who operates an instance needs to know the hosts alone.
use url::Url;

/// What ends an address in a text.
const ENDS: &str = "()<>\"“”,;";

/// Why a message was not taken, with the hosts alone of the web addresses in it and the domains alone of the mail addresses: the address of a
/// webhook is often all that is needed to write to somebody's rooms, and a mail address is a person's.
pub fn without_addresses(error: &str) -> String {
    let mut out = String::with_capacity(error.len());
    let mut rest = error;
    while let Some(at) = ["https://", "http://"].iter().filter_map(|scheme| rest.find(scheme)).min() {
        out.push_str(&without_mailboxes(&rest[..at]));
        let address = &rest[at..];
        let end = address.find(|c: char| c.is_whitespace() || c == '\'' || ENDS.contains(c)).unwrap_or(address.len());
        let (address, after) = address.split_at(end);
        let bare = address.trim_end_matches([':', '.']);
        let url = Url::parse(bare).ok();
        out.push_str(url.as_ref().and_then(Url::host_str).unwrap_or("an address"));
        out.push_str(&address[bare.len()..]);
        rest = after;
    }
    out + &without_mailboxes(rest)
}

/// A text without what stands before each `@`.
fn without_mailboxes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut parts = text.split('@').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            out.push_str(part);
            break;
        }
        // A quoted name may hold anything up to its other mark.
        let kept = match part.strip_suffix('"') {
            Some(quoted) => quoted.rfind('"').unwrap_or(0),
            None => {
                let begun = part.char_indices().rev().find(|(_, c)| c.is_whitespace() || ENDS.contains(*c));
                begun.map_or(0, |(at, c)| at + c.len_utf8())
            }
        };
        out.push_str(&part[..kept]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::without_addresses;

    #[test]
    fn of_addresses_the_host_is_shown() {
        for (error, shown) in [
            ("the receiver answered 500", "the receiver answered 500"),
            ("https://hooks.example/T1/secret: no answer in time", "hooks.example: no answer in time"),
            ("https://a:secret@hooks.example:8443/x?t=secret#y", "hooks.example"),
            ("tried (http://[::1]/secret), then https://b.example/secret.", "tried ([::1]), then b.example."),
            ("https://[/secret: no", "an address: no"),
            ("https://", "an address"),
            ("550 5.1.1 <ada.l+x@example.org>: user unknown", "550 5.1.1 <example.org>: user unknown"),
            ("ada@example.org, o'neil@b.example and mailto:c@d.example", "example.org, b.example and d.example"),
            ("to \"ada lovelace\"@example.org: no", "to example.org: no"),
            ("ada=example.org@relay.example", "relay.example"),
            ("née@ä.example refused; see https://b.example/ada@example.org", "ä.example refused; see b.example"),
            ("@", ""),
        ] {
            assert_eq!(without_addresses(error), shown);
        }
    }
}
