//! Messages that were given up.
use atlas::watching::{ChannelId, MessageId};
use axum::extract::State;
use axum::http::Uri;
use axum::response::Redirect;

use crate::error::Failure;
use crate::links;
use crate::owner::Operator;
use crate::query::Query;
use crate::site::Site;

/// Sends a message once more, all that were given up over its channel, or all that were given up.
pub(super) async fn again(_: Operator, State(site): State<Site>, body: String) -> Result<Redirect, Failure> {
    let form = Query::parse(&body);
    match (form.text("message"), form.text("channel")) {
        (Some("all"), _) => {
            site.atlas.redeliver_dead(None).await?;
        }
        (None, Some(said)) => {
            let channel: ChannelId =
                said.parse().map_err(|_| Failure::input("channel", said, "it must be the number of one"))?;
            site.atlas.redeliver_dead(Some(channel)).await?;
        }
        (said, _) => {
            let said = said.unwrap_or("");
            let rule = "it must be the number of a message, or all";
            let id: MessageId = said.parse().map_err(|_| Failure::input("message", said, rule))?;
            site.atlas.redeliver_of_anybody(id).await?;
        }
    }
    Ok(Redirect::to(&format!("{}#messages", links::OPERATE)))
}

/// Why a message was not taken, with the hosts alone of the addresses in it: the address of a webhook is often all that is needed to write to
/// somebody's rooms, and no operator needs it.
pub(super) fn without_addresses(error: &str) -> String {
    let mut out = String::with_capacity(error.len());
    let mut rest = error;
    while let Some(at) = ["https://", "http://"].iter().filter_map(|scheme| rest.find(scheme)).min() {
        out.push_str(&rest[..at]);
        let address = &rest[at..];
        let end = address.find(|c: char| c.is_whitespace() || "()<>\"'“”".contains(c)).unwrap_or(address.len());
        let (address, after) = address.split_at(end);
        let bare = address.trim_end_matches([':', '.', ',', ';']);
        out.push_str(bare.parse::<Uri>().ok().as_ref().and_then(Uri::host).unwrap_or("an address"));
        out.push_str(&address[bare.len()..]);
        rest = after;
    }
    out + rest
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
            ("https://\u{e4}/secret: no", "an address: no"),
            ("https://", "an address"),
        ] {
            assert_eq!(without_addresses(error), shown);
        }
    }
}
