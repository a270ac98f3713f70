//! `clausewatch admin`: the accounts and organisations of an instance that has them.
use std::io::Write;

use accounts::{Accounts, Hand, Required, role_name};
use anyhow::Context;
use atlas::accounts::{Account, Organisation};
use atlas::watching::PersonId;
use atlas::{Atlas, AtlasError};

use crate::instance::Place;
use crate::members::opened;
use crate::paint::{day, plain};

/// Accounts, organisations and entries of the log read at a time.
const LISTED: i64 = 1000;

/// Make operators; list, close and open accounts; list organisations, of an instance that has them
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Make the account at a mail address, new or there, that of an operator, who signs in by a mailed link
    CreateOperator(Address),
    /// List accounts: number, address, since when, what is special
    List,
    /// Make somebody an operator
    Grant(Address),
    /// Make an operator an ordinary person
    Revoke(Address),
    /// Close an account to its person; sessions and tokens end
    Disable(Address),
    /// Open a closed account
    Enable(Address),
    /// Sign a person out everywhere and end their tokens
    SignOut(Address),
    /// Mail a person who lost their second factor a link that ends it; their password is asked for too, if they have one
    EndSecondFactor(Address),
    /// Remove the passkeys of a person who lost them; see to it that it is them who ask
    RemovePasskeys(Address),
    /// List organisations: number, name, since when, members with their roles
    Organisations,
    /// Make a member of an organisation its owner, because its owners are gone; see to it that it is theirs
    HandOver(HandOver),
    /// Go on with a store whose key (accounts.key) is lost: what was sealed with it is dropped. Says first what that is, and changes nothing
    ForgetSecrets(ForgetSecrets),
    /// Show what happened to accounts and organisations, the latest first: when, whose number, what, from where, more; of an organisation, by
    /// whom and to whom
    Audit,
}

#[derive(Debug, clap::Args)]
struct ForgetSecrets {
    /// Do it: the key is lost for good, and all other processes of this instance are stopped
    #[arg(long)]
    lost_for_good: bool,
}

#[derive(Debug, clap::Args)]
struct HandOver {
    /// Number of the organisation, as `clausewatch admin organisations` lists it
    organisation: PersonId,
    /// Mail address of the member's account
    address: String,
}

#[derive(Debug, clap::Args)]
struct Address {
    /// Mail address of the account
    address: String,
}

/// Does it, and says so.
pub async fn run(place: &Place, args: Args) -> crate::Answer {
    if let Verb::ForgetSecrets(ForgetSecrets { lost_for_good }) = args.verb {
        return forget_secrets(place, lost_for_good).await;
    }
    let creates = matches!(args.verb, Verb::CreateOperator(_));
    let atlas = if creates { place.open().await? } else { place.open_existing().await? };
    // No link is made here, so no address is needed.
    let accounts = opened(&atlas, "", None, Required::OfNobody)?;
    match args.verb {
        Verb::CreateOperator(Address { address }) => create_operator(&accounts, &address).await?,
        Verb::List => list(&atlas).await?,
        Verb::Grant(who) => grant(&accounts, &who, true).await?,
        Verb::Revoke(who) => grant(&accounts, &who, false).await?,
        Verb::Disable(who) => disable(&accounts, &who, true).await?,
        Verb::Enable(who) => disable(&accounts, &who, false).await?,
        Verb::SignOut(who) => sign_out(&accounts, &who).await?,
        Verb::EndSecondFactor(who) => end_second_factor(&accounts, &who).await?,
        Verb::RemovePasskeys(who) => remove_passkeys(&accounts, &who).await?,
        Verb::Organisations => organisations(&atlas).await?,
        Verb::HandOver(HandOver { organisation, address }) => {
            hand_over(&accounts, organisation, &Address { address }).await?;
        }
        // Done before: such a store cannot be opened.
        Verb::ForgetSecrets(_) => {}
        Verb::Audit => audit(&atlas).await?,
    }
    Ok(true)
}

/// Says what was done to an account.
fn told(account: &Account, what: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{} {what}", plain(&account.address))?)
}

async fn create_operator(accounts: &Accounts, address: &str) -> anyhow::Result<()> {
    let account = accounts.create_operator(address).await?;
    told(&account, "is an operator; a link to sign in is mailed from the page Account, “Sign in”")
}

async fn list(atlas: &Atlas) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    for account in all(async |offset| atlas.accounts(offset, LISTED).await).await? {
        writeln!(out, "{}", line(&account))?;
    }
    Ok(())
}

async fn grant(accounts: &Accounts, who: &Address, operator: bool) -> anyhow::Result<()> {
    let account = found(accounts, who).await?;
    accounts.grant(&account, operator, Hand::CommandLine).await?;
    told(&account, if operator { "is an operator" } else { "is no operator any more" })
}

async fn disable(accounts: &Accounts, who: &Address, closed: bool) -> anyhow::Result<()> {
    let account = found(accounts, who).await?;
    accounts.disable(&account, closed, Hand::CommandLine).await?;
    told(&account, if closed { "is closed" } else { "is open" })
}

async fn sign_out(accounts: &Accounts, who: &Address) -> anyhow::Result<()> {
    let account = found(accounts, who).await?;
    accounts.end_all_access(&account, Hand::CommandLine).await?;
    told(&account, "is signed out everywhere")
}

async fn end_second_factor(accounts: &Accounts, who: &Address) -> anyhow::Result<()> {
    let account = found(accounts, who).await?;
    match accounts.send_end_of_factor(&account).await? {
        true => told(&account, "is mailed a link, good for an hour, that ends the second factor"),
        false => told(&account, "has no second factor; nothing was changed"),
    }
}

async fn remove_passkeys(accounts: &Accounts, who: &Address) -> anyhow::Result<()> {
    let account = found(accounts, who).await?;
    match accounts.drop_passkeys(&account).await? {
        true => told(&account, "has no passkey any more"),
        false => told(&account, "has no passkey; nothing was changed"),
    }
}

async fn organisations(atlas: &Atlas) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    for organisation in all(async |offset| atlas.organisations(offset, LISTED).await).await? {
        let Organisation { id, name, made_ms, .. } = organisation;
        let (name, members) = (plain(&name), plain(&members(atlas, id).await?));
        writeln!(out, "{id}\t{name}\t{}\t{members}", day(made_ms))?;
    }
    Ok(())
}

async fn hand_over(accounts: &Accounts, organisation: PersonId, who: &Address) -> anyhow::Result<()> {
    let account = found(accounts, who).await?;
    accounts.hand_over(organisation, &account, Hand::CommandLine).await?;
    told(&account, &format!("is an owner of organisation {organisation}"))
}

async fn audit(atlas: &Atlas) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    for entry in atlas.audit(None, 0, LISTED).await? {
        let person = entry.person.map_or_else(|| "-".into(), |person| person.to_string());
        let at = archive::instant::format(entry.at_ms);
        let who = |what: &str, who: Option<PersonId>| who.map(|who| format!("\t{what} {who}")).unwrap_or_default();
        let (by, to) = (who("by", entry.by), who("to", entry.member));
        let (source, detail) = (plain(&entry.source), plain(&entry.detail));
        writeln!(out, "{at}\t{person}\t{}\t{source}\t{detail}{by}{to}", entry.event)?;
    }
    Ok(())
}

/// All of a list that is read in parts, each of which begins after so many.
async fn all<T>(part: impl AsyncFn(i64) -> Result<Vec<T>, AtlasError>) -> Result<Vec<T>, AtlasError> {
    let mut all = Vec::new();
    loop {
        let listed = part(all.len() as i64).await?;
        let last = (listed.len() as i64) < LISTED;
        all.extend(listed);
        if last {
            return Ok(all);
        }
    }
}

/// What is lost with a key.
const FORGETTING: &str = "\
The key of a store is in accounts.key of the data folder, or in CLAUSEWATCH_ACCOUNTS_KEY. Look for it first: in backups, and on the other machines
that share the database. Nobody can open without it what it sealed; if it is lost for good, this drops exactly that, under a new key:
- webhooks stop, since their addresses are lost: their persons add them again, and give their receivers the new secret;
- private feeds have other addresses, and shared watchlists are closed;
- second factors end: their persons sign in with what else they have, are mailed that, and set one up again;
- links in mails that were sent end: to sign in, to confirm, to unsubscribe;
- the log of captures goes on with the same entries and name, signed with a new key. Publish it beside the old one: evidence that was given out
  stays good under the old one. Feed readers show entries of public feeds once more.
Documents, versions, accounts, passwords, watchlists, mail addresses and messages stay. Stop all processes of this instance, make a backup, and do it
with: clausewatch admin forget-secrets --lost-for-good
Afterwards give every machine that shares the database the new key.";

/// Drops what a lost key sealed, or says what that would be.
async fn forget_secrets(place: &Place, lost_for_good: bool) -> crate::Answer {
    let mut out = std::io::stdout();
    if !lost_for_good {
        writeln!(out, "{FORGETTING}")?;
        return Ok(false);
    }
    let Some(forgotten) = place.forget_secrets().await? else {
        writeln!(out, "the key opens this store; nothing was changed")?;
        return Ok(false);
    };
    let atlas = place.open().await?;
    opened(&atlas, "", None, Required::OfNobody)?.factors_are_lost(&forgotten.factors).await?;
    writeln!(out, "dropped: {forgotten}")?;
    if let Some(checkpoint) = &forgotten.checkpoint {
        writeln!(out, "the log's key is now {}", atlas.log_key())?;
        writeln!(out, "the last checkpoint under the old one, to be published with it:\n\n{checkpoint}")?;
    }
    Ok(true)
}

/// "ada@example.org (owner), bob@example.org (reader)".
async fn members(atlas: &Atlas, organisation: PersonId) -> anyhow::Result<String> {
    let members = atlas.members(organisation).await?;
    let named = members.iter().map(|member| format!("{} ({})", member.address, role_name(member.role)));
    Ok(named.collect::<Vec<_>>().join(", "))
}

async fn found(accounts: &Accounts, Address { address }: &Address) -> anyhow::Result<Account> {
    let account = accounts.find(address).await?;
    account.with_context(|| format!("there is no account at {address}; `clausewatch admin list` lists them"))
}

fn line(account: &Account) -> String {
    let operator = if account.operator { "operator" } else { "" };
    let closed = account.disabled_ms.map(|at_ms| format!("closed since {}", day(at_ms))).unwrap_or_default();
    let special = [operator, &closed].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(", ");
    format!("{}\t{}\t{}\t{special}", account.person, plain(&account.address), day(account.made_ms))
}
