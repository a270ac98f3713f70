//! What is announced on top of every page.
use archive::instant::DAY_MS;
use atlas::operate::Urgency;
use axum::extract::{Path, State};
use axum::response::Redirect;

use crate::error::Failure;
use crate::owner::Operator;
use crate::query::Query;
use crate::site::Site;
use crate::{links, words};

const URGENCIES: [(&str, Urgency); 3] =
    [("information", Urgency::Information), ("warning", Urgency::Warning), ("critical", Urgency::Critical)];
/// Longest announcement, in characters.
const LONGEST: usize = 280;

/// Announces something from the beginning of a day, or now, to the end of another.
pub(super) async fn add(
    Operator(person): Operator,
    State(site): State<Site>,
    body: String,
) -> Result<Redirect, Failure> {
    let (form, now_ms) = (Query::parse(&body), site.now_ms());
    let text = form.text("text").ok_or_else(|| Failure::input("text", "", "say what is announced"))?;
    if text.chars().count() > LONGEST {
        return Err(Failure::input("text", text, format!("it must be at most {LONGEST} characters long")));
    }
    let urgency = form.choice("urgency", &URGENCIES)?.unwrap_or(Urgency::Information);
    let from_ms = form.day("from")?.unwrap_or(now_ms).max(now_ms);
    let last =
        form.day("until")?.ok_or_else(|| Failure::input("until", "", "name the last day on which it is shown"))?;
    let until_ms = last + DAY_MS;
    if until_ms <= from_ms {
        return Err(Failure::input("until", words::iso_day(&last), "it must not end before it begins"));
    }
    site.atlas.announce(text, urgency, (from_ms, until_ms), person, now_ms).await?;
    site.announced_anew();
    Ok(Redirect::to(&format!("{}#announcements", links::OPERATE)))
}

/// Ends an announcement.
pub(super) async fn end(_: Operator, State(site): State<Site>, Path(id): Path<String>) -> Result<Redirect, Failure> {
    let missing = || Failure::missing(format!("announcement {:?}", words::clip(&id, 40)));
    site.atlas.end_announcement(id.parse().map_err(|_| missing())?, site.now_ms()).await?;
    site.announced_anew();
    Ok(Redirect::to(&format!("{}#announcements", links::OPERATE)))
}
