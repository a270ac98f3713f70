//! Passkeys: credentials of WebAuthn that an authenticator keeps, and opens for a finger, a face or a PIN. One is two factors by itself, so
//! nothing else is asked of who signs in with it; it also proves in a session who one is, and ends the second
//! factor of who lost the app for codes.
//!
//! Each is a ceremony of two requests: what the authenticator is asked is kept in the store, and what it answers is checked against that. A
//! ceremony is answered once, within minutes, by the browser that began it, and in the session in which it was begun. Origin and relying
//! party are those of the site's own address, whatever a request says of itself.
use archive::instant::MINUTE_MS;
use atlas::accounts::{Account, Ceremony, Kept, NewPasskey, Passkey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey as Key, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential,
    Url, Uuid, Webauthn, WebauthnBuilder, WebauthnError,
};

use crate::{AccountError, Accounts, Caller, MailKind, SignedIn, Visitor, Wish, one_line};

/// How long a ceremony can be answered, in milliseconds: as long as browsers are advised to wait for a finger.
pub const CEREMONY_MS: i64 = 5 * MINUTE_MS;
/// Most passkeys of a person.
pub const MOST: i64 = 10;

/// A ceremony that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// What the browser asks the authenticator, as JSON: `PublicKeyCredentialCreationOptionsJSON` or `PublicKeyCredentialRequestOptionsJSON`.
    pub options: Value,
    /// What the browser keeps until it answers.
    pub secret: String,
}

/// What a ceremony is for. The numbers are stored: never change one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    SignIn = 0,
    Add = 1,
    Prove = 2,
    EndFactor = 3,
}

/// The relying party of a site that is reached at an address; none if there can be no passkeys there: an address that is no name, or
/// without TLS and not this machine, or nothing.
pub(crate) fn relying_party(base_url: &str, site: &str) -> Option<Webauthn> {
    let url = Url::parse(base_url).ok()?;
    let name = url.domain()?;
    if url.scheme() != "https" && name != "localhost" {
        return None;
    }
    // Passkeys are bound to this one host. Ports, hosts below it and pages in frames of others are not it.
    let origin = Url::parse(&url.origin().ascii_serialization()).ok()?;
    WebauthnBuilder::new(name, &origin).ok()?.rp_name(site).build().ok()
}

fn failed(error: impl std::fmt::Display) -> AccountError {
    AccountError::Internal(format!("a passkey: {error}"))
}

fn stored<T: DeserializeOwned>(json: &str) -> Result<T, AccountError> {
    serde_json::from_str(json).map_err(failed)
}

/// What a browser answered. The reason is not told: it is made by a program, not by the person.
fn answered<T: DeserializeOwned>(json: &str) -> Result<T, AccountError> {
    serde_json::from_str(json).map_err(|_| AccountError::Passkey)
}

/// The options in what is sent to a browser; how it is to go about it is the page's.
fn options(challenge: &impl Serialize) -> Result<Value, AccountError> {
    let mut challenge = serde_json::to_value(challenge).map_err(failed)?;
    Ok(challenge["publicKey"].take())
}

impl Accounts {
    /// Whether the site's address is one at which there can be passkeys: a name, over TLS or of this machine.
    pub fn takes_passkeys(&self) -> bool {
        self.parts.relying_party.is_some()
    }

    /// The person's passkeys, oldest first.
    pub async fn passkeys(&self, visitor: &Visitor) -> Result<Vec<Passkey>, AccountError> {
        Ok(self.atlas().passkeys(visitor.account.person).await?)
    }

    /// Whether an account has a passkey that can be used.
    pub(crate) async fn has_passkey(&self, account: &Account) -> Result<bool, AccountError> {
        Ok(self.takes_passkeys() && !self.atlas().passkeys(account.person).await?.is_empty())
    }

    fn relying_party(&self) -> Result<&Webauthn, AccountError> {
        let none = || AccountError::Input("there are no passkeys at the address of this site".into());
        self.parts.relying_party.as_ref().ok_or_else(none)
    }

    async fn begin_ceremony(
        &self,
        purpose: Purpose,
        visitor: Option<&Visitor>,
        state: &impl Serialize,
        options: Value,
    ) -> Result<Begun, AccountError> {
        let (secret, state) = (self.secret(""), serde_json::to_string(state).map_err(failed)?);
        let session = visitor.map(|visitor| visitor.session.id);
        let begun = Ceremony { kind: purpose as i64, session, state, expires_ms: self.now_ms() + CEREMONY_MS };
        self.atlas().begin_ceremony(&secret, &begun).await?;
        Ok(Begun { options, secret })
    }

    /// What the answer of a ceremony is checked against. Whatever comes of it, it was answered.
    async fn ceremony<T: DeserializeOwned>(
        &self,
        purpose: Purpose,
        visitor: Option<&Visitor>,
        secret: Option<&str>,
    ) -> Result<T, AccountError> {
        let begun = match secret {
            Some(secret) => self.atlas().take_ceremony(secret).await?,
            None => None,
        };
        let session = visitor.map(|visitor| visitor.session.id);
        let good = |begun: &Ceremony| {
            begun.kind == purpose as i64 && begun.session == session && self.now_ms() < begun.expires_ms
        };
        let begun = begun.filter(good).ok_or(AccountError::Ceremony)?;
        stored(&begun.state)
    }

    /// Begins to add a passkey. The person must have proved who they are.
    pub async fn begin_passkey(&self, visitor: &Visitor, caller: &Caller) -> Result<Begun, AccountError> {
        let relying_party = self.relying_party()?;
        if !self.is_proven(visitor) {
            return Err(AccountError::Unproven);
        }
        self.may_begin(caller).await?;
        let account = &visitor.account;
        let passkeys = self.atlas().passkeys(account.person).await?;
        if passkeys.len() as i64 >= MOST {
            return Err(full());
        }
        let handle = self.atlas().handle(account.person, &self.random()[..16]).await?;
        let handle = Uuid::from_slice(&handle).map_err(failed)?;
        let known = passkeys.into_iter().map(|passkey| passkey.credential).collect();
        let address = &account.address;
        let (challenge, state) =
            relying_party.start_passkey_registration(handle, address, address, Some(known)).map_err(failed)?;
        let mut options = options(&challenge)?;
        // The library leaves it to the authenticator whether the passkey is found without an address; signing in with it alone needs that.
        options["authenticatorSelection"]["residentKey"] = json!("required");
        options["authenticatorSelection"]["requireResidentKey"] = json!(true);
        self.begin_ceremony(Purpose::Add, Some(visitor), &state, options).await
    }

    /// Adds the passkey that an authenticator made, under a name.
    pub async fn add_passkey(
        &self,
        visitor: &Visitor,
        secret: Option<&str>,
        answer: &str,
        name: &str,
        caller: &Caller,
    ) -> Result<(), AccountError> {
        let name = one_line(name, 60);
        if name.is_empty() {
            return Err(AccountError::Input("give the passkey a name by which you will know it".into()));
        }
        let state: PasskeyRegistration = self.ceremony(Purpose::Add, Some(visitor), secret).await?;
        let answer: RegisterPublicKeyCredential = answered(answer)?;
        let (account, relying_party) = (&visitor.account, self.relying_party()?);
        let made = relying_party.finish_passkey_registration(&answer, &state).map_err(|_| AccountError::Passkey)?;
        let key = serde_json::to_string(&made).map_err(failed)?;
        let new = NewPasskey { credential: made.cred_id(), key: &key, name: &name };
        match self.atlas().add_passkey(account.person, &new, MOST, self.now_ms()).await? {
            Kept::Kept => {}
            Kept::Full => return Err(full()),
            // Of somebody else's they learn no more than that this one does not do.
            Kept::Known => return Err(AccountError::Passkey),
        }
        self.changed(visitor, "passkey-added", &name, MailKind::PasskeyAdded, caller).await
    }

    /// Removes a passkey of the person; false if they have none with this number. They must have proved who they are. Nobody is shut out by
    /// it: a mailed link signs in, with a code where there is an app for codes.
    pub async fn remove_passkey(&self, visitor: &Visitor, id: i64, caller: &Caller) -> Result<bool, AccountError> {
        let person = visitor.account.person;
        let passkeys = self.atlas().passkeys(person).await?;
        let Some(passkey) = passkeys.iter().find(|passkey| passkey.id == id) else { return Ok(false) };
        if !self.atlas().remove_passkey(person, id).await? {
            return Ok(false);
        }
        self.changed(visitor, "passkey-removed", &passkey.name, MailKind::PasskeyRemoved, caller).await?;
        Ok(true)
    }

    /// What follows a change of somebody's passkeys, as of any factor: other browsers are out, the change is noted, and the person is told.
    async fn changed(
        &self,
        visitor: &Visitor,
        event: &str,
        name: &str,
        kind: MailKind,
        caller: &Caller,
    ) -> Result<(), AccountError> {
        let account = &visitor.account;
        self.atlas().end_other_sessions(account.person, visitor.session.id).await?;
        self.renew(visitor).await?;
        self.note(Some(account.person), event, caller, name).await?;
        self.post(kind, &account.address, Some(account), &Wish::default()).await
    }

    /// Begins signing in with a passkey, whoever it is.
    pub async fn begin_passkey_sign_in(&self, caller: &Caller) -> Result<Begun, AccountError> {
        let relying_party = self.relying_party()?;
        self.may_begin(caller).await?;
        let (challenge, state) = relying_party.start_discoverable_authentication().map_err(failed)?;
        self.begin_ceremony(Purpose::SignIn, None, &state, options(&challenge)?).await
    }

    /// Signs in with a passkey. What fails, fails alike: one that is not known, that of an account out of use, an answer that is not right.
    pub async fn sign_in_with_passkey(
        &self,
        secret: Option<&str>,
        answer: &str,
        caller: &Caller,
    ) -> Result<SignedIn, AccountError> {
        let state = self.ceremony(Purpose::SignIn, None, secret).await?;
        let answer: PublicKeyCredential = answered(answer)?;
        let passkey = self.atlas().passkey(answer.get_credential_id()).await?;
        let Some(passkey) = passkey else {
            self.note(None, "sign-in-failed", caller, "with a passkey").await?;
            return Err(AccountError::Passkey);
        };
        let account = self.atlas().account(passkey.person).await?;
        let account = account.filter(|account| account.disabled_ms.is_none());
        // Nobody was named before, so the authenticator has to say whose it is.
        let says_whose = answer.get_user_unique_id().is_some();
        match (says_whose && self.check_passkey(&passkey, &answer, state, caller).await?, account) {
            (true, Some(account)) => self.begin(account, caller, "with a passkey").await,
            _ => {
                self.note(Some(passkey.person), "sign-in-failed", caller, "with a passkey").await?;
                Err(AccountError::Passkey)
            }
        }
    }

    /// Begins a ceremony of the person's own passkeys in their session.
    async fn begin_own(&self, purpose: Purpose, visitor: &Visitor, caller: &Caller) -> Result<Begun, AccountError> {
        let relying_party = self.relying_party()?;
        self.may_begin(caller).await?;
        let mut allowed = Vec::new();
        for passkey in self.atlas().passkeys(visitor.account.person).await? {
            allowed.push(json!({"type": "public-key", "id": URL_SAFE_NO_PAD.encode(&passkey.credential)}));
        }
        if allowed.is_empty() {
            return Err(AccountError::Input("you have no passkey; add one first".into()));
        }
        let (challenge, state) = relying_party.start_discoverable_authentication().map_err(failed)?;
        let mut options = options(&challenge)?;
        options["allowCredentials"] = allowed.into();
        self.begin_ceremony(purpose, Some(visitor), &state, options).await
    }

    /// Checks what a passkey of the person's own answered in a ceremony for this purpose, which was begun in this session.
    async fn check_own(
        &self,
        purpose: Purpose,
        visitor: &Visitor,
        secret: Option<&str>,
        answer: &str,
        caller: &Caller,
    ) -> Result<(), AccountError> {
        let state = self.ceremony(purpose, Some(visitor), secret).await?;
        let answer: PublicKeyCredential = answered(answer)?;
        let passkey = self.atlas().passkey(answer.get_credential_id()).await?;
        let passkey = passkey.filter(|passkey| passkey.person == visitor.account.person);
        let right = match &passkey {
            Some(passkey) => self.check_passkey(passkey, &answer, state, caller).await?,
            None => false,
        };
        if !right {
            self.note(Some(visitor.account.person), "proof-failed", caller, "with a passkey").await?;
            return Err(AccountError::Passkey);
        }
        Ok(())
    }

    /// Begins to prove with a passkey who one is.
    pub async fn begin_passkey_proof(&self, visitor: &Visitor, caller: &Caller) -> Result<Begun, AccountError> {
        self.begin_own(Purpose::Prove, visitor, caller).await
    }

    /// Has the person prove with a passkey of theirs who they are. Their session has another secret then ([`Visitor::renewed`]).
    pub async fn prove_with_passkey(
        &self,
        visitor: &Visitor,
        secret: Option<&str>,
        answer: &str,
        caller: &Caller,
    ) -> Result<(), AccountError> {
        self.check_own(Purpose::Prove, visitor, secret, answer, caller).await?;
        self.renew(visitor).await
    }

    /// Begins to end the second factor with a passkey, for who has both.
    pub async fn begin_factor_end(&self, visitor: &Visitor, caller: &Caller) -> Result<Begun, AccountError> {
        self.must_have_factor(&visitor.account).await?;
        self.begin_own(Purpose::EndFactor, visitor, caller).await
    }

    /// Ends the second factor with a passkey of the person in the place of a code. Only an answer that was asked for to this end does it: that
    /// they proved who they are does not, since the password proves it too. Their session has another secret then ([`Visitor::renewed`]).
    pub async fn end_factor_with_passkey(
        &self,
        visitor: &Visitor,
        secret: Option<&str>,
        answer: &str,
        caller: &Caller,
    ) -> Result<(), AccountError> {
        self.check_own(Purpose::EndFactor, visitor, secret, answer, caller).await?;
        // It may have been ended in another window meanwhile.
        self.must_have_factor(&visitor.account).await?;
        self.renew(visitor).await?;
        self.factor_ended(&visitor.account, "with a passkey", caller).await
    }

    /// Whether an answer is that of a passkey, to what was asked, for the person whose it is. It is used then.
    async fn check_passkey(
        &self,
        passkey: &Passkey,
        answer: &PublicKeyCredential,
        state: DiscoverableAuthentication,
        caller: &Caller,
    ) -> Result<bool, AccountError> {
        let mut key: Key = stored(&passkey.key)?;
        let handle = self.atlas().handle(passkey.person, &self.random()[..16]).await?;
        if answer.get_user_unique_id().is_some_and(|said| said != handle) {
            return Ok(false);
        }
        match self.relying_party()?.finish_discoverable_authentication_v2(answer, state, &key) {
            Ok(result) => {
                key.update_credential(&result);
                let key = serde_json::to_string(&key).map_err(failed)?;
                // Of two answers with one count, the later one finds it changed.
                Ok(self.atlas().passkey_used(passkey, &key, self.now_ms()).await?)
            }
            Err(WebauthnError::CredentialPossibleCompromise) => {
                // Somebody may have a copy of it: the person should know.
                let detail = format!("“{}” counts backwards; there may be a copy of it", passkey.name);
                self.note(Some(passkey.person), "passkey-refused", caller, &detail).await?;
                Ok(false)
            }
            Err(_) => Ok(false),
        }
    }

    /// Removes all passkeys of somebody who lost them, and of whom the operator knows who they are; false if they have none.
    pub async fn drop_passkeys(&self, account: &Account) -> Result<bool, AccountError> {
        if self.atlas().remove_passkeys(account.person).await? == 0 {
            return Ok(false);
        }
        self.post(MailKind::PasskeyRemoved, &account.address, Some(account), &Wish::default()).await?;
        self.operated(account, "passkeys-removed", crate::Hand::CommandLine).await?;
        Ok(true)
    }
}

fn full() -> AccountError {
    AccountError::Input(format!("you have {MOST} passkeys; remove one first"))
}

#[cfg(test)]
mod tests {
    use super::relying_party;

    #[test]
    fn passkeys_are_for_names_over_tls_and_for_this_machine() {
        let takes = |address: &str| relying_party(address, "Clausewatch").is_some();
        for address in ["https://terms.example", "https://terms.example:8443/", "http://localhost:8080"] {
            assert!(takes(address), "{address}");
        }
        for address in
            ["", "http://terms.example", "https://192.0.2.1", "http://127.0.0.1:8080", "https://[::1]", "terms.example"]
        {
            assert!(!takes(address), "{address}");
        }
    }
}
