//! One record and the buttons that judge it.
use askama::Template;
use atlas::ids::{ChangeId, ProvisionId};
use atlas::records::{Change, Materiality, Provision};
use atlas::review::{Judged, Judgement, Proposal, Ruling};
use axum::extract::{Path, State};
use axum::response::{Redirect, Response};
use provisions::{Category, ClauseType, Explanation, Facts, Severity, taxonomy};
use serde_json::json;

use super::{QUEUE, following, record, why};
use crate::error::Failure;
use crate::negotiate::Wants;
use crate::owner::Operator;
use crate::page::Head;
use crate::pages::provision::{Words, explanation};
use crate::pages::{changes, documents};
use crate::query::Query;
use crate::redline::Redline;
use crate::site::Site;
use crate::{links, words};

const VERDICTS: [(&str, Materiality); 5] = [
    ("material", Materiality::Material),
    ("minor", Materiality::Minor),
    ("cosmetic", Materiality::Cosmetic),
    ("returning", Materiality::Returning),
    ("defective", Materiality::Defective),
];
/// In the list of clause types, that the clause states none of them.
const NONE: &str = "-";
/// Longest reason and longest headline, in characters.
const REASON: usize = 1_000;

/// What both kinds of records have.
struct Item {
    /// Why it is proposed, if it is.
    why: Option<&'static str>,
    /// Where "Skip" leads.
    next: String,
    /// What was said of it, newest first.
    judgements: Vec<Judgement>,
}

impl Item {
    async fn of(site: &Site, of: Judged) -> Result<Item, Failure> {
        let queue = site.atlas.review_queue(QUEUE).await?;
        let proposed = |proposal: &&Proposal| proposal.record == of;
        let mut judgements = site.atlas.judgements(of).await?;
        judgements.reverse();
        let why = queue.iter().find(proposed).map(|proposal| why(proposal.why));
        Ok(Item { why, next: following(&queue, Some(of)), judgements })
    }

    /// Whether a judgement stands that can be taken back.
    fn stands(&self) -> bool {
        self.judgements.first().is_some_and(|judgement| judgement.ruling != Ruling::Withdrawn)
    }

    /// What the button says that confirms what the reader found: where an editor put something in its place, that is undone with it.
    fn confirm(&self) -> &'static str {
        match self.judgements.first().map(|judgement| &judgement.ruling) {
            Some(Ruling::Corrected { .. } | Ruling::Verdict { .. } | Ruling::Hidden) => "The reader was right",
            Some(Ruling::Confirmed | Ruling::Withdrawn) | None => "Confirm",
        }
    }
}

#[derive(Template)]
#[template(path = "pages/review/provision.html")]
struct ProvisionPage {
    head: Head,
    item: Item,
    provision: Provision,
    /// What the reader itself found: type and severity.
    read: (String, Severity),
    words: Option<Words>,
    explanation: Explanation,
    /// Everything found in the clause, the surest first, each with whether it is shown.
    found: Vec<(Provision, bool)>,
}

impl ProvisionPage {
    fn groups(&self) -> impl Iterator<Item = (&'static Category, Vec<&'static ClauseType>)> {
        taxonomy().categories().iter().map(|category| {
            let of = taxonomy().types().iter().filter(|kind| kind.category == category.id);
            (category, of.collect())
        })
    }

    fn is_type(&self, id: &str) -> bool {
        self.provision.clause_type == id
    }

    fn is_severity(&self, level: &Severity) -> bool {
        self.provision.severity == *level
    }
}

#[derive(Template)]
#[template(path = "pages/review/change.html")]
struct ChangePage {
    head: Head,
    item: Item,
    of: Change,
    redline: Option<Redline>,
    /// Path of the page that shows the newer text.
    newer: String,
}

impl ChangePage {
    fn is_verdict(&self, verdict: &Materiality) -> bool {
        self.of.change.materiality == *verdict
    }
}

pub(super) async fn show(
    _: Operator,
    State(site): State<Site>,
    wants: Wants,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let of = record(&id)?;
    let item = Item::of(&site, of).await?;
    let head = site
        .head(format!("Review of {of}"), links::review(of))
        .crumb("Review", links::REVIEW)
        .here(of.to_string())
        .unlisted();
    match of {
        Judged::Provision(id) => provision(&site, wants, head, item, id).await,
        Judged::Change(id) => change(&site, wants, head, item, id).await,
    }
}

async fn provision(site: &Site, wants: Wants, head: Head, item: Item, id: ProvisionId) -> Result<Response, Failure> {
    let provision = site.atlas.provision_or_hidden(id).await?;
    let provision = provision.ok_or_else(|| Failure::missing(format!("provision {id}")))?;
    let document = site.atlas.document(provision.document).await?;
    let document = document.ok_or_else(|| Failure::Internal(format!("{} is not stored", provision.document)))?;
    let text = site.atlas.version_text(document.id, provision.last_version).await?.unwrap_or_default();
    let words = Words::find(&provision, &document, &text, &document::structure(&text));
    let facts: Facts = serde_json::from_value(provision.facts.clone()).unwrap_or_default();
    let explanation = explanation(taxonomy().get(&provision.clause_type), &provision, &facts);
    let found = site.atlas.clause_provisions(document.id, provision.lineage).await?;
    let shown = (provision.clause_type.clone(), provision.severity);
    let read = provision.corrected.as_ref().map_or(shown, |read| (read.clause_type.clone(), read.severity));
    let page = ProvisionPage { head, item, provision, read, words, explanation, found };
    wants.record(&page, || {
        let found = page.found.iter().map(|(provision, shown)| json!({"provision": provision, "shown": shown}));
        json!({"provision": page.provision, "why": page.item.why, "found": found.collect::<Vec<_>>(), "judgements": page.item.judgements})
    })
}

async fn change(site: &Site, wants: Wants, head: Head, item: Item, id: ChangeId) -> Result<Response, Failure> {
    let of = site.atlas.change(id).await?.ok_or_else(|| Failure::missing(format!("change {id}")))?;
    let base = documents::sound(site, of.document, of.change.from_version).await?;
    let (redline, _) = changes::compare(site, &of, base).await?;
    let newer = links::version(&of.document, &of.change.to_version);
    let page = ChangePage { head, item, of, redline, newer };
    wants.record(&page, || json!({"change": page.of, "why": page.item.why, "judgements": page.item.judgements}))
}

/// Judges the record and goes on to the next one.
pub(super) async fn judge(
    Operator(person): Operator,
    State(site): State<Site>,
    Path(id): Path<String>,
    body: String,
) -> Result<Redirect, Failure> {
    let (of, form) = (record(&id)?, Query::parse(&body));
    let next = following(&site.atlas.review_queue(QUEUE).await?, Some(of));
    let ruling = ruling(of, &form)?;
    let reason = words::clip(form.text("reason").unwrap_or(""), REASON);
    site.atlas.judge(of, &ruling, &reason, person, site.now_ms()).await?;
    // Search follows at once, whether or not anybody tracks.
    tokio::spawn(async move {
        if let Err(error) = site.atlas.index_pending().await {
            eprintln!("clausewatch: {error}");
        }
    });
    Ok(Redirect::to(&next))
}

fn ruling(of: Judged, form: &Query) -> Result<Ruling, Failure> {
    let kinds = "it must be confirm, correct, hide or withdraw";
    Ok(match (form.text("do"), of) {
        (Some("confirm"), _) => Ruling::Confirmed,
        (Some("withdraw"), _) => Ruling::Withdrawn,
        (Some("hide"), Judged::Provision(_)) => Ruling::Hidden,
        (Some("correct"), Judged::Provision(_)) => {
            let severity = form.choice("severity", &words::SEVERITIES)?;
            Ruling::Corrected {
                clause_type: form.owned("type").filter(|kind| kind != NONE),
                severity: severity.ok_or_else(|| Failure::input("severity", "", "choose one"))?,
            }
        }
        (Some("correct"), Judged::Change(_)) => {
            let materiality = form.choice("verdict", &VERDICTS)?;
            Ruling::Verdict {
                materiality: materiality.ok_or_else(|| Failure::input("verdict", "", "choose one"))?,
                headline: form.text("headline").map(|line| words::clip(line, REASON)),
            }
        }
        (other, _) => return Err(Failure::input("do", other.unwrap_or(""), kinds)),
    })
}
