//! The page of one's own account, and its forms.
use accounts::{AccountError, Enrolment, Scope};
use askama::Template;
use atlas::accounts::{AuditEntry, Belonging, Passkey, Session, Token};
use atlas::watching::{Channel, Message, MessageFilter, PersonId};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde_json::json;

use super::told;
use crate::error::Failure;
use crate::links;
use crate::owner::{Member, Proof, cookie};
use crate::page::Head;
use crate::qr;
use crate::query::Query;
use crate::saved::saved;
use crate::site::Site;
use crate::words;

/// Entries of the log that the page shows.
const LOG: i64 = 20;
/// What is said when the second factor is ended, by a code or with a passkey.
pub(super) const FACTOR_ENDED: &str = "Your second factor is ended.";
/// What is typed to delete an account or an organisation.
pub(in crate::pages) const DELETE: &str = "delete";

#[derive(Template)]
#[template(path = "pages/account/show.html")]
struct AccountPage {
    head: Head,
    member: Member,
    sessions: Vec<Session>,
    tokens: Vec<Token>,
    passkeys: Vec<Passkey>,
    /// Whether there can be passkeys on this site.
    takes_passkeys: bool,
    proof: Proof,
    log: Vec<AuditEntry>,
    organisations: Vec<Belonging>,
    /// Invitations that wait for an answer.
    invited: usize,
    error: Option<String>,
    done: Option<&'static str>,
    /// A token that was just made.
    token: Option<String>,
    /// Whether a second factor is in use, and how many recovery codes are left.
    factor: Option<i64>,
    /// A second factor that was just begun.
    enrolment: Option<Enrolment>,
    /// Recovery codes that were just made.
    codes: Vec<String>,
}

impl AccountPage {
    fn is_this(&self, session: &Session) -> bool {
        session.id == self.member.visitor.session.id
    }

    fn has_password(&self) -> bool {
        self.member.visitor.account.password.is_some()
    }

    fn browser(&self, session: &Session) -> String {
        browser(&session.agent)
    }

    /// What a passkey is called unless the person calls it otherwise.
    fn this_browser(&self) -> String {
        words::clip(&self.browser(&self.member.visitor.session), 60)
    }

    /// The secret of a second factor as a QR code.
    fn qr(&self, enrolment: &Enrolment) -> Option<String> {
        qr::svg(&enrolment.url, "QR code of the secret below")
    }

    /// "Signed in", of `signed-in`.
    fn event(&self, entry: &AuditEntry) -> String {
        words::sentence(entry.event.replace('-', " ")).trim_end_matches('.').to_string()
    }
}

/// "Firefox on Linux", of what a browser calls itself. All of them claim to be others too, so the order counts.
fn browser(agent: &str) -> String {
    let first =
        |names: &[(&str, &'static str)]| names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    let browsers =
        [("Edg", "Edge"), ("Firefox", "Firefox"), ("OPR", "Opera"), ("Chrom", "Chrome"), ("Safari", "Safari")];
    let systems = [
        ("Android", "Android"),
        ("iPhone", "an iPhone"),
        ("iPad", "an iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "a Mac"),
        ("Linux", "Linux"),
    ];
    match (first(&browsers), first(&systems)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        _ if agent.is_empty() => "A browser that does not say its name".into(),
        _ => words::clip(agent, 90),
    }
}

/// What a form came to.
#[derive(Default)]
pub(super) struct Outcome {
    status: StatusCode,
    error: Option<String>,
    done: Option<&'static str>,
    token: Option<String>,
    enrolment: Option<Enrolment>,
    codes: Vec<String>,
}

impl Outcome {
    pub fn done(words: &'static str) -> Outcome {
        Outcome { done: Some(words), ..Outcome::default() }
    }
}

async fn page(site: &Site, member: Member, outcome: Outcome) -> Result<Response, Failure> {
    let (atlas, person) = (&site.atlas, member.visitor.account.person);
    let factor = match member.accounts.has_factor(&member.visitor.account).await? {
        true => Some(atlas.recovery_codes(person).await?),
        false => None,
    };
    let takes_passkeys = member.accounts.takes_passkeys();
    let page = AccountPage {
        head: site.head("Account", links::ACCOUNT).here("Account").unlisted().no_json().passkeys(takes_passkeys),
        passkeys: member.accounts.passkeys(&member.visitor).await?,
        takes_passkeys,
        proof: member.proof().await?,
        sessions: atlas.sessions(person).await?,
        tokens: atlas.tokens(person).await?,
        log: atlas.audit(Some(person), 0, LOG).await?,
        organisations: atlas.belongings(person).await?,
        invited: member.accounts.invitations(&member.visitor).await?.len(),
        member,
        error: outcome.error,
        done: outcome.done,
        token: outcome.token,
        factor,
        enrolment: outcome.enrolment,
        codes: outcome.codes,
    };
    Ok((outcome.status, Html(page.render()?)).into_response())
}

/// The page with what a form came to.
pub(super) async fn after(
    site: &Site,
    member: Member,
    done: Result<Outcome, AccountError>,
) -> Result<Response, Failure> {
    let outcome = match done {
        Ok(outcome) => outcome,
        Err(wrong) => {
            let (status, words) = told(wrong)?;
            Outcome { status, error: Some(words), ..Outcome::default() }
        }
    };
    page(site, member, outcome).await
}

/// Has the person prove who they are with the password in a form, unless they did of late.
pub(in crate::pages) async fn prove(member: &Member, form: &Query) -> Result<(), AccountError> {
    member.accounts.prove(&member.visitor, form.exact("proof"), &member.caller).await
}

pub(super) async fn show(member: Member, State(site): State<Site>) -> Result<Response, Failure> {
    page(&site, member, Outcome::default()).await
}

pub(super) async fn password(member: Member, State(site): State<Site>, body: String) -> Result<Response, Failure> {
    let form = Query::parse(&body);
    let new = form.exact("password").unwrap_or("");
    let (current, end_tokens) = (form.exact("current"), form.text("tokens") == Some("end"));
    let set = member.accounts.set_password(&member.visitor, current, new, end_tokens, &member.caller).await;
    let words = match end_tokens {
        true => "Your password is set; all other browsers are signed out, and the tokens of programs are ended.",
        false => "Your password is set; all other browsers are signed out.",
    };
    after(&site, member, set.map(|()| Outcome::done(words))).await
}

pub(super) async fn address(member: Member, State(site): State<Site>, body: String) -> Result<Response, Failure> {
    let form = Query::parse(&body);
    let asked = async {
        prove(&member, &form).await?;
        member.accounts.ask_for_address(&member.visitor, form.text("address").unwrap_or(""), &member.caller).await
    };
    let asked = asked.await;
    let words =
        "A link was mailed to the new address. Your address stays until it is followed, which it can be for an hour.";
    after(&site, member, asked.map(|()| Outcome::done(words))).await
}

pub(super) async fn sessions(member: Member, body: String) -> Result<Response, Failure> {
    let form = Query::parse(&body);
    match form.text("end") {
        Some("others") => {
            member.accounts.end_other_sessions(&member.visitor, &member.caller).await?;
        }
        said => {
            let missing = || Failure::missing("session of yours with this number");
            let id = said.and_then(|said| said.parse().ok()).ok_or_else(missing)?;
            if !member.accounts.end_session(&member.visitor, id, &member.caller).await? {
                return Err(missing());
            }
        }
    }
    Ok(Redirect::to(&format!("{}#sessions", links::ACCOUNT)).into_response())
}

pub(super) async fn tokens(member: Member, State(site): State<Site>, body: String) -> Result<Response, Failure> {
    let form = Query::parse(&body);
    if let Some(said) = form.text("end") {
        let missing = || Failure::missing("token of yours with this number");
        let id = said.parse().map_err(|_| missing())?;
        return match member.accounts.end_token(&member.visitor, id, &member.caller).await? {
            true => Ok(Redirect::to(&format!("{}#tokens", links::ACCOUNT)).into_response()),
            false => Err(missing()),
        };
    }
    let made = async {
        prove(&member, &form).await?;
        let chosen = |scope: &Scope| form.all("scope").any(|said| said == scope.name());
        let scopes: Vec<Scope> = Scope::ALL.into_iter().filter(chosen).collect();
        let days = form.text("days").and_then(|days| days.parse().ok()).unwrap_or(0);
        let name = form.text("name").unwrap_or("");
        member.accounts.add_token(&member.visitor, name, &scopes, days, &member.caller).await
    };
    let made = made.await;
    after(&site, member, made.map(|token| Outcome { token: Some(token), ..Outcome::default() })).await
}

/// Begins, confirms or ends the second factor, or makes its recovery codes anew.
pub(super) async fn second_factor(member: Member, State(site): State<Site>, body: String) -> Result<Response, Failure> {
    let form = Query::parse(&body);
    let code = form.text("code").unwrap_or("");
    let (accounts, visitor, caller) = (&member.accounts, &member.visitor, &member.caller);
    let done = async {
        prove(&member, &form).await?;
        match form.text("do") {
            Some("confirm") => {
                let codes = accounts.confirm_factor(visitor, code, caller).await?;
                let words = "Your second factor is in use, and all other browsers are signed out.";
                Ok(Outcome { codes, ..Outcome::done(words) })
            }
            Some("codes") => {
                let codes = accounts.renew_codes(visitor, code, caller).await?;
                Ok(Outcome {
                    codes,
                    ..Outcome::done("Your recovery codes are new; those that you had are worth nothing.")
                })
            }
            Some("end") => {
                accounts.end_factor(visitor, code, caller).await?;
                Ok(Outcome::done(FACTOR_ENDED))
            }
            _ => Ok(Outcome { enrolment: Some(accounts.begin_factor(visitor).await?), ..Outcome::default() }),
        }
    };
    match done.await {
        // Who mistypes the first code goes on with the secret that their app has.
        Err(wrong @ AccountError::Wrong) if form.text("do") == Some("confirm") => {
            let enrolment = accounts.begun_factor(visitor).await?;
            let (status, words) = told(wrong)?;
            let outcome = Outcome { status, error: Some(words), enrolment, ..Outcome::default() };
            page(&site, member, outcome).await
        }
        done => after(&site, member, done).await,
    }
}

/// A message without what only the program needs.
fn exported(message: &Message) -> serde_json::Value {
    let items: Vec<_> = message
        .items
        .iter()
        .map(|item| json!({"document": item.document.to_string(), "at_ms": item.at_ms, "why": item.why}))
        .collect();
    json!({"id": message.id, "channel": message.channel, "kind": message.kind, "made_ms": message.made_ms,
        "state": message.state, "read_ms": message.read_ms, "items": items})
}

/// What a person or an organisation watches and was told, to be exported.
pub(in crate::pages) async fn all_of(site: &Site, person: PersonId) -> Result<serde_json::Value, Failure> {
    let atlas = &site.atlas;
    let everything = MessageFilter { limit: i64::MAX, ..MessageFilter::default() };
    let channels: Vec<Channel> = atlas.channels(person).await?;
    let messages: Vec<_> = atlas.messages(person, &everything).await?.iter().map(exported).collect();
    Ok(json!({"person": atlas.person(person).await?, "watches": atlas.watches(person).await?,
        "channels": channels, "messages": messages}))
}

pub(super) async fn export(member: Member, State(site): State<Site>, body: String) -> Result<Response, Failure> {
    if let Err(wrong) = prove(&member, &Query::parse(&body)).await {
        return after(&site, member, Err(wrong)).await;
    }
    let mut all = all_of(&site, member.visitor.account.person).await?;
    all["account"] = serde_json::to_value(member.accounts.export(&member.visitor, &member.caller).await?)?;
    Ok(saved("clausewatch-account.json", "application/json", serde_json::to_vec_pretty(&all)?))
}

pub(super) async fn delete(member: Member, State(site): State<Site>, body: String) -> Result<Response, Failure> {
    let form = Query::parse(&body);
    let erased = async {
        if form.text("sure") != Some(DELETE) {
            return Err(AccountError::Input(format!("type “{DELETE}” to delete your account")));
        }
        prove(&member, &form).await?;
        member.accounts.erase(&member.visitor, &member.caller).await
    };
    match erased.await {
        Ok(()) => Ok(([cookie(&site.config, None)], Redirect::to(links::HOME)).into_response()),
        Err(wrong) => after(&site, member, Err(wrong)).await,
    }
}

#[cfg(test)]
mod tests {
    use super::browser;

    #[test]
    fn browsers_are_named_for_what_they_are() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0";
        assert_eq!(browser(edge), "Edge on Windows");
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/604.1";
        assert_eq!(browser(phone), "Safari on an iPhone");
        assert_eq!(browser("curl/8.5"), "curl/8.5");
        assert_eq!(browser(""), "A browser that does not say its name");
    }
}
