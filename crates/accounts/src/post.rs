//! Sending the mail about accounts, and clearing away what is over.
use alerts::{Foot, Handed, Letter, Mailer, Rest};
use archive::instant::{DAY_MS, SECOND_MS};
use atlas::accounts::{AccountMail, MailOutcome, Role};

use crate::organisations::{Notice, notice_of};
use crate::session::{IDLE_MS, LONGEST_MS};
use crate::{AccountError, Accounts, Invited, MailKind, role_name};

/// Most mails of a round. They are taken one by one: each is the round's for as long as sending it may take.
const TAKEN: usize = 16;
/// The first pause after the mail server could not be spoken to; doubled each time.
const FIRST_PAUSE_MS: i64 = 5 * SECOND_MS;
/// The longest: a link is good for ten minutes.
const LONGEST_PAUSE_MS: i64 = 60 * SECOND_MS;
/// Waits after each failed attempt, as long as the link is good: a link that arrives late is of no use.
const WAITS_MS: [i64; 6] =
    [5 * SECOND_MS, 15 * SECOND_MS, 60 * SECOND_MS, 120 * SECOND_MS, 600 * SECOND_MS, 3600 * SECOND_MS];
/// How long it is known what happened to accounts.
const AUDIT_MS: i64 = 180 * DAY_MS;

/// Sends the mail about accounts.
pub struct Post {
    accounts: Accounts,
    mailer: Mailer,
    /// The mail server's.
    rest: Rest,
}

/// A mail's words, and what its button is called.
type Words = (String, String, &'static str);

/// What a role lets its member do.
fn may(role: Role) -> &'static str {
    match role {
        Role::Reader => "see what it watches and what changed",
        Role::Editor => "see and change what it watches",
        Role::Owner => "see and change what it watches, and who belongs to it",
    }
}

/// The words of an invitation.
fn invites(invited: &Invited, site: &str) -> Words {
    let Invited { organisation, role, by, .. } = invited;
    let who = by.as_deref().unwrap_or("A member");
    let may = may(*role);
    (
        format!("You are invited to an organisation at {site}"),
        format!(
            "{who} invites you to the organisation “{organisation}” at {site}, where its members watch the terms and policies of platforms \
             together. You could {may}. The link lets you accept or decline, within seven days. If you do not know what this is, do nothing."
        ),
        "Look at the invitation",
    )
}

/// The words of a notice about a membership; none if the mail is none.
fn membership(kind: MailKind, notice: &Notice, site: &str) -> Option<Words> {
    let Notice { name, role, by, .. } = notice;
    let (subject, lead) = match (kind, role) {
        (MailKind::RoleChanged, Some(role)) => (
            format!("Your role in an organisation at {site} is {} now", role_name(*role)),
            format!(
                "{by} gave you another role in the organisation “{name}” at {site}: you are {} {} of it now, and can {}. If that is not what \
                 was agreed, ask an owner of it.",
                if *role == Role::Reader { "a" } else { "an" },
                role_name(*role),
                may(*role)
            ),
        ),
        (MailKind::MemberRemoved, _) => (
            format!("You are no member of an organisation at {site} any more"),
            format!(
                "{by} removed you from the organisation “{name}” at {site}. Its watchlist and inbox are closed to you, and it mails nothing to \
                 this address any more. Your account and what you watch yourself stay as they are."
            ),
        ),
        (MailKind::OrganisationDeleted, _) => (
            format!("An organisation at {site} is deleted"),
            format!(
                "{by} deleted the organisation “{name}” at {site}, of which you were a member, with its watchlist and inbox. Your account and \
                 what you watch yourself stay as they are."
            ),
        ),
        _ => return None,
    };
    Some((subject, lead, ""))
}

/// The words of any other mail; none for an invitation and a notice about a membership, which have their own.
fn words(kind: MailKind, site: &str) -> Option<Words> {
    let words = match kind {
        MailKind::SignUp => (
            "Please confirm your address".to_string(),
            format!("Somebody, you we hope, wants an account at {site} with this address. The link makes it, within a day. If it was not you, do nothing."),
            "Confirm this address",
        ),
        MailKind::SignIn => (
            format!("Sign in to {site}"),
            format!("There is an account at {site} with this address. The link signs you in, once, within ten minutes. If you did not ask for it, do nothing."),
            "Sign in",
        ),
        MailKind::Reset => (
            format!("Set a new password at {site}"),
            "The link lets you set a new password, once, within ten minutes; whoever is signed in to your account is signed out. If you did not ask for it, do nothing: your password stays.".into(),
            "Set a new password",
        ),
        MailKind::ChangeAddress => (
            "Please confirm your new address".into(),
            format!("Somebody, you we hope, wants this to be the address of their account at {site}. The link does that, within an hour. If it was not you, do nothing."),
            "Use this address",
        ),
        MailKind::NoAccount => (
            format!("No account at {site} with this address"),
            format!("Somebody, you perhaps, wants to sign in to {site} with this address, but there is no account with it that can be used. If you have one, it is with another address. If it was not you, do nothing."),
            "",
        ),
        MailKind::Taken => (
            format!("An address of {site}"),
            format!("Somebody, you perhaps, wants to give this address to their account at {site}, but there is an account with it already. Nothing was changed."),
            "",
        ),
        MailKind::PasswordChanged => (
            format!("Your password at {site} was changed"),
            "Your password was changed, and all other browsers were signed out. If it was not you, set a new one at once: choose “Forgot the password” where you sign in.".into(),
            "",
        ),
        MailKind::AddressChanged => (
            format!("Your address at {site} was changed"),
            "Your account has another address now; this one is not used any more. If it was not you, write to whoever operates the site.".into(),
            "",
        ),
        MailKind::Deleted => (
            format!("Your account at {site} is deleted"),
            "Your account, your watchlist and all that you were told are deleted. This is the last mail to you.".into(),
            "",
        ),
        MailKind::FactorAdded => (
            format!("A second factor at {site} is in use"),
            "Signing in to your account needs a code of an app now, and all other browsers were signed out. If it was not you, somebody was in your account: write to whoever operates the site.".into(),
            "",
        ),
        MailKind::FactorEnded => (
            format!("Your second factor at {site} is ended"),
            "Signing in to your account needs no code any more. If it was not you, set a new password at once: choose “Forgot the password” where you sign in; then set up a second factor anew.".into(),
            "",
        ),
        MailKind::EndFactor => (
            format!("End your second factor at {site}"),
            format!("Whoever operates {site} was told that you lost the app for your codes. The link ends your second factor, once, within an hour; your password is asked for if you have one. If you did not ask for it, do nothing: your second factor stays."),
            "End the second factor",
        ),
        MailKind::CodesRenewed => (
            format!("Your recovery codes at {site} are new"),
            "New recovery codes were made for your account; those that you had before are worth nothing. If it was not you, set a new password at once: choose “Forgot the password” where you sign in.".into(),
            "",
        ),
        MailKind::PasskeyAdded => (
            format!("A passkey was added at {site}"),
            "Your account has a new passkey: whoever has it signs in with it alone. All other browsers were signed out. If it was not you, somebody was in your account: set a new password at once (choose “Forgot the password” where you sign in), then remove the passkey on the page of your account.".into(),
            "",
        ),
        MailKind::PasskeyRemoved => (
            format!("A passkey was removed at {site}"),
            "A passkey was removed from your account, and signs in no more; the page of your account lists those that are left. If it was not you, set a new password at once: choose “Forgot the password” where you sign in.".into(),
            "",
        ),
        MailKind::Invitation | MailKind::RoleChanged | MailKind::MemberRemoved | MailKind::OrganisationDeleted => {
            return None;
        }
    };
    Some(words)
}

impl Post {
    /// Sends over a mailer.
    pub fn new(accounts: Accounts, mailer: Mailer) -> Post {
        Post { accounts, mailer, rest: Rest::new(FIRST_PAUSE_MS, LONGEST_PAUSE_MS) }
    }

    /// Sends what is due; how many mails the server took, and why others wait. A server that cannot be spoken to ends the round, costs no mail
    /// an attempt, and is left alone for a while.
    pub async fn round(&self) -> Result<(usize, Option<String>), AccountError> {
        let (atlas, mut sent, mut trouble) = (self.accounts.atlas(), 0, None);
        if self.accounts.now_ms() < self.rest.until_ms() {
            return Ok((0, None));
        }
        for _ in 0..TAKEN {
            let claimed = atlas.claim_account_mails(self.accounts.now_ms(), 1).await?;
            let (Some(id), begun_ms) = (claimed.first().copied(), self.accounts.now_ms()) else { break };
            let Some(mail) = atlas.account_mail(id).await? else { continue };
            let outcome = match self.send(&mail).await {
                Handed::Over => {
                    self.rest.over();
                    sent += 1;
                    MailOutcome::Sent
                }
                Handed::Never { reason, .. } => {
                    trouble = Some(reason);
                    MailOutcome::Dead
                }
                Handed::Later(reason) => {
                    trouble = Some(reason);
                    self.again(&mail)
                }
                Handed::NoServer(reason) => {
                    let again_ms = self.rest.begin(begun_ms, self.accounts.now_ms());
                    atlas.settle_account_mail(id, MailOutcome::Released(again_ms)).await?;
                    return Ok((sent, Some(reason)));
                }
            };
            atlas.settle_account_mail(id, outcome).await?;
        }
        Ok((sent, trouble))
    }

    async fn send(&self, mail: &AccountMail) -> Handed {
        let Some(kind) = MailKind::of(mail) else {
            return Handed::Never { reason: "nothing is known of such mail".into(), nobody: false };
        };
        if self.accounts.now_ms() >= mail.expires_ms {
            return Handed::Never { reason: "its link is over".into(), nobody: false };
        }
        match self.is_closed(mail).await {
            // That there is no account that can be used, who asks to sign in is told also of one that is closed.
            Ok(true) if kind != MailKind::NoAccount => {
                return Handed::Never { reason: "the account at the address is closed".into(), nobody: false };
            }
            Ok(_) => {}
            Err(error) => return Handed::Later(error.to_string()),
        }
        let (subject, lead, button) = match self.words(kind, mail).await {
            Ok(Some(words)) => words,
            Ok(None) => return Handed::Never { reason: "what it is about is over".into(), nobody: false },
            Err(error) => return Handed::Later(error.to_string()),
        };
        let url = self.accounts.parts.links.account_link(&self.accounts.token_of(mail));
        let action = kind.acts().then(|| (button.to_string(), url));
        let watchlist = notice_of(mail).filter(|_| kind == MailKind::RoleChanged).map(|notice| {
            let url = self.accounts.parts.links.watchlist(Some(notice.organisation));
            (format!("Watchlist of {}", notice.name), url)
        });
        let (letter, foot) =
            (Letter { subject, lead, parts: Vec::new() }, Foot { action, watchlist, ..Foot::default() });
        let name = format!("account-{}-{}", mail.id, archive::hex(&mail.nonce[..mail.nonce.len().min(6)]));
        self.mailer.send_letter(&mail.address, &name, &letter, &foot, self.accounts.now_ms()).await
    }

    /// Whether the account at the address of a mail is closed.
    async fn is_closed(&self, mail: &AccountMail) -> Result<bool, AccountError> {
        let account = self.accounts.find(&mail.address).await?;
        Ok(account.is_some_and(|account| account.disabled_ms.is_some()))
    }

    /// The words of a mail; none if it is about an invitation that is over, or cannot be read.
    async fn words(&self, kind: MailKind, mail: &AccountMail) -> Result<Option<Words>, AccountError> {
        let site = &self.accounts.parts.settings.site;
        if kind == MailKind::Invitation {
            return Ok(match self.accounts.invitation_of(mail).await? {
                Some(invitation) => Some(invites(&self.accounts.shown(&invitation).await?, site)),
                None => None,
            });
        }
        Ok(words(kind, site).or_else(|| membership(kind, &notice_of(mail)?, site)))
    }

    /// When to try again, if a link would still be good then.
    fn again(&self, mail: &AccountMail) -> MailOutcome {
        let attempt = usize::try_from(mail.attempts).unwrap_or(0).min(WAITS_MS.len() - 1);
        let at_ms = self.accounts.now_ms() + WAITS_MS[attempt];
        if at_ms < mail.expires_ms { MailOutcome::Again(at_ms) } else { MailOutcome::Dead }
    }

    /// Clears away sessions, links, invitations, ceremonies, tries and audit entries that are over.
    pub async fn sweep(&self) -> Result<(), AccountError> {
        let (atlas, now_ms) = (self.accounts.atlas(), self.accounts.now_ms());
        atlas.end_old_sessions(now_ms - IDLE_MS, now_ms - LONGEST_MS).await?;
        atlas.forget_account_mails(now_ms - DAY_MS).await?;
        atlas.forget_invitations(now_ms).await?;
        atlas.forget_ceremonies(now_ms).await?;
        Ok(atlas.forget_audit(now_ms - AUDIT_MS, now_ms - DAY_MS).await?)
    }
}
