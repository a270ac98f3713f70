//! Messages that were given up.
use atlas::watching::MessageId;
use axum::extract::State;
use axum::response::Redirect;

use crate::error::Failure;
use crate::links;
use crate::owner::Operator;
use crate::query::Query;
use crate::site::Site;

/// Messages that one press of a button sends again.
const MOST: i64 = 500;

/// Sends a message once more, or all that were given up.
pub(super) async fn again(_: Operator, State(site): State<Site>, body: String) -> Result<Redirect, Failure> {
    let form = Query::parse(&body);
    let ids: Vec<MessageId> = match form.text("message") {
        Some("all") => site.atlas.dead_letters(0, MOST).await?.into_iter().map(|message| message.id).collect(),
        said => {
            let said = said.unwrap_or("");
            vec![
                said.parse()
                    .map_err(|_| Failure::input("message", said, "it must be the number of a message, or all"))?,
            ]
        }
    };
    for id in ids {
        site.atlas.redeliver_of_anybody(id).await?;
    }
    Ok(Redirect::to(&format!("{}#messages", links::OPERATE)))
}
