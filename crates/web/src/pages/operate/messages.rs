//! Messages that were given up.
use atlas::watching::{ChannelId, MessageId};
use axum::extract::State;
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
