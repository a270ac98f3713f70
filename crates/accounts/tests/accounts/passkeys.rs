//! Passkeys, with an authenticator in software that answers as it should, or does not.
use accounts::passkey::{CEREMONY_MS, MOST};
use atlas::accounts::Passkey;
use serde_json::Value;

use super::authenticator::Authenticator;
use super::*;

const ORIGIN: &str = "https://clausewatch.example";
const PARTY: &str = "clausewatch.example";

fn device() -> Authenticator {
    Authenticator::at(ORIGIN, PARTY)
}

impl Hall {
    async fn passkeys(&self, signed_in: &SignedIn) -> Vec<Passkey> {
        self.stage.atlas.passkeys(signed_in.account.person).await.unwrap()
    }

    /// Somebody with a passkey beside the password, signed in since it was added; all that was mailed is read.
    async fn with_passkey(&self, address: &str) -> (SignedIn, Authenticator) {
        let signed_in = self.person(address).await;
        let mut device = device();
        let added = self.add(&signed_in, &mut device, "Phone").await.unwrap();
        self.mails().await;
        (added, device)
    }

    /// Adds the passkey of a device; the person as they are signed in then.
    async fn add(&self, who: &SignedIn, device: &mut Authenticator, name: &str) -> Result<SignedIn, AccountError> {
        let visitor = self.visitor(who).await;
        let begun = self.accounts.begin_passkey(&visitor, &self.here()).await?;
        let answer = device.create(&begun.options);
        self.accounts.add_passkey(&visitor, Some(&begun.secret), &answer, name, &self.here()).await?;
        Ok(self.renewed(who, &visitor))
    }

    async fn enter(&self, device: &mut Authenticator) -> Result<SignedIn, AccountError> {
        let begun = self.accounts.begin_passkey_sign_in(&self.here()).await?;
        let answer = device.get(&begun.options);
        self.accounts.sign_in_with_passkey(Some(&begun.secret), &answer, &self.here()).await
    }

    /// What was written down about somebody, or nobody, the latest first.
    async fn noted(&self, who: Option<&SignedIn>) -> Vec<(String, String)> {
        let person = who.map(|who| who.account.person);
        let entries = self.stage.atlas.audit(person, 0, 100).await.unwrap();
        entries.into_iter().map(|entry| (entry.event, entry.detail)).collect()
    }
}

fn is_passkey<T>(done: &Result<T, AccountError>) -> bool {
    matches!(done, Err(AccountError::Passkey))
}

fn is_ceremony<T>(done: &Result<T, AccountError>) -> bool {
    matches!(done, Err(AccountError::Ceremony))
}

#[tokio::test]
async fn a_passkey_signs_in_by_itself() {
    for hall in halls().await {
        let accounts = &hall.accounts;
        let ada = hall.person(ADA).await;
        let elsewhere = accounts.sign_in(ADA, PASSWORD, None, &hall.here()).await.unwrap();
        let mut phone = device();
        // Added by who proved of late who they are, and gave it a name.
        hall.stage.pass(PROOF_MS + 1);
        assert!(matches!(hall.add(&ada, &mut phone, "Phone").await, Err(AccountError::Unproven)));
        let visitor = hall.visitor(&ada).await;
        accounts.prove(&visitor, Some(PASSWORD), &hall.here()).await.unwrap();
        let ada = hall.renewed(&ada, &visitor);
        assert!(matches!(hall.add(&ada, &mut phone, " \r\n").await, Err(AccountError::Input(_))));
        let options = accounts.begin_passkey(&hall.visitor(&ada).await, &hall.here()).await.unwrap().options;
        assert_eq!(options["rp"], serde_json::json!({"name": "Clausewatch", "id": PARTY}));
        let selection = &options["authenticatorSelection"];
        assert!(selection["residentKey"] == "required" && selection["userVerification"] == "required", "{options}");
        assert!(!options["user"]["id"].as_str().unwrap().contains("ada"));
        let ada = hall.add(&ada, &mut phone, "Ada’s\nphone").await.unwrap();
        let told = hall.mail().await;
        assert_eq!((told.to.clone(), told.header("Subject")), (vec![ADA.into()], "A passkey was added at Clausewatch"));
        assert_eq!(hall.noted(Some(&ada)).await[0], ("passkey-added".into(), "Ada’s phone".into()));
        assert!(hall.is_in(&ada).await && !hall.is_in(&elsewhere).await, "all other browsers are out");
        let kept = hall.passkeys(&ada).await;
        assert_eq!((kept.len(), kept[0].name.as_str(), kept[0].used_ms), (1, "Ada’s phone", None));

        // Where there is a second factor, it stands for both.
        let visitor = hall.visitor(&ada).await;
        let begun = accounts.begin_factor(&visitor).await.unwrap();
        accounts.confirm_factor(&visitor, &code(&hall, &begun.secret), &hall.here()).await.unwrap();
        assert!(accounts.sign_in(ADA, PASSWORD, None, &hall.here()).await.is_err());
        let options = accounts.begin_passkey_sign_in(&hall.here()).await.unwrap().options;
        assert_eq!((&options["userVerification"], &options["rpId"]), (&Value::from("required"), &Value::from(PARTY)));
        assert!(options["allowCredentials"].as_array().is_none_or(Vec::is_empty), "nobody is named: {options}");
        let back = hall.enter(&mut phone).await.unwrap();
        assert_eq!(back.account.address, ADA);
        assert!(accounts.is_proven(&hall.visitor(&back).await));
        assert_eq!(hall.noted(Some(&ada)).await[0], ("signed-in".into(), "with a passkey".into()));
        assert_eq!(hall.passkeys(&ada).await[0].used_ms, Some(hall.stage.now()));
        let exported = accounts.export(&hall.visitor(&back).await, &hall.here()).await.unwrap();
        let exported = serde_json::to_value(exported).unwrap();
        assert_eq!(exported["passkeys"][0]["name"], "Ada’s phone");

        // The same device is asked to make no second one, and a second one that it makes is not kept.
        let visitor = hall.visitor(&back).await;
        let options = accounts.begin_passkey(&visitor, &hall.here()).await.unwrap().options;
        let excluded = options["excludeCredentials"].as_array().unwrap();
        assert!(excluded.len() == 1 && excluded[0]["id"] == phone.id(), "{options}");
        assert!(is_passkey(&hall.add(&back, &mut phone, "again").await));
        hall.mails().await;
        let bob = hall.person(BOB).await;
        assert!(is_passkey(&hall.add(&bob, &mut phone, "of somebody else").await));
        assert_eq!((hall.passkeys(&ada).await.len(), hall.passkeys(&bob).await.len()), (1, 0));
    }
}

#[tokio::test]
async fn what_an_authenticator_answers_is_checked() {
    type Wrong = (&'static str, fn(&mut Authenticator));
    let wrongs: [Wrong; 9] = [
        ("another site", |device| device.origin = "https://clausewatch.example.evil.example".into()),
        ("a host below", |device| device.origin = "https://www.clausewatch.example".into()),
        ("another port", |device| device.origin = "https://clausewatch.example:8443".into()),
        ("without TLS", |device| device.origin = "http://clausewatch.example".into()),
        ("no site", |device| device.origin = "null".into()),
        ("another relying party", |device| device.relying_party = "evil.example".into()),
        ("the party above", |device| device.relying_party = "example".into()),
        ("nobody made sure of", |device| device.verifies = false),
        ("another passkey", |device| device.credential = vec![7; 32]),
    ];
    for hall in halls().await {
        let accounts = &hall.accounts;
        let (ada, mut phone) = hall.with_passkey(ADA).await;
        let refused = hall.enter(&mut device()).await.err().unwrap().to_string();
        for (name, wrong) in wrongs {
            let mut other = device();
            wrong(&mut other);
            if name != "another passkey" {
                assert!(is_passkey(&hall.add(&ada, &mut other, name).await), "adding: {name}");
            }
            let (origin, party, credential) =
                (phone.origin.clone(), phone.relying_party.clone(), phone.credential.clone());
            wrong(&mut phone);
            let tried = hall.enter(&mut phone).await.err().unwrap_or_else(|| panic!("signing in: {name}"));
            assert_eq!(tried.to_string(), refused, "{name} is told as a passkey that nobody has");
            (phone.origin, phone.relying_party, phone.credential, phone.verifies) = (origin, party, credential, true);
        }
        // The passkey of somebody else under this one's name; nobody's; somebody else's person.
        let mut forged = device();
        (forged.credential, forged.handle) = (phone.credential.clone(), phone.handle.clone());
        assert!(is_passkey(&hall.enter(&mut forged).await));
        let handle = phone.handle.take();
        assert!(is_passkey(&hall.enter(&mut phone).await), "who does not say whose it is");
        phone.handle = Some(vec![9; 16]);
        assert!(is_passkey(&hall.enter(&mut phone).await), "who says that it is somebody else’s");
        phone.handle = handle;
        // What is no answer at all, or one to another question.
        let begun = accounts.begin_passkey_sign_in(&hall.here()).await.unwrap();
        let made = phone.create(&begun_options(&hall, &ada).await);
        for answer in ["", "{}", "null", "[1]", "{\"id\":\"x\",\"rawId\":\"!\"}", &made, &"[".repeat(5000)] {
            let begun = accounts.begin_passkey_sign_in(&hall.here()).await.unwrap();
            let tried = accounts.sign_in_with_passkey(Some(&begun.secret), answer, &hall.here()).await;
            assert!(is_passkey(&tried), "{answer:.40}");
        }
        let stale = phone.get(&begun.options);
        let fresh = accounts.begin_passkey_sign_in(&hall.here()).await.unwrap();
        let tried = accounts.sign_in_with_passkey(Some(&fresh.secret), &stale, &hall.here()).await;
        assert!(is_passkey(&tried), "an answer to another challenge");
        assert_eq!(hall.noted(Some(&ada)).await[0].0, "sign-in-failed");
        // None of it spoilt the passkey.
        hall.enter(&mut phone).await.unwrap();
        assert_eq!(hall.passkeys(&ada).await.len(), 1);
    }
}

/// What an authenticator is asked that is to make a passkey.
async fn begun_options(hall: &Hall, who: &SignedIn) -> Value {
    hall.accounts.begin_passkey(&hall.visitor(who).await, &hall.here()).await.unwrap().options
}

#[tokio::test]
async fn a_ceremony_is_answered_once_soon_and_where_it_was_begun() {
    for hall in halls().await {
        let (accounts, here) = (&hall.accounts, hall.here());
        let (ada, mut phone) = hall.with_passkey(ADA).await;
        let visitor = hall.visitor(&ada).await;
        // Once, be it right or wrong.
        let begun = accounts.begin_passkey_sign_in(&here).await.unwrap();
        let answer = phone.get(&begun.options);
        accounts.sign_in_with_passkey(Some(&begun.secret), &answer, &here).await.unwrap();
        assert!(is_ceremony(&accounts.sign_in_with_passkey(Some(&begun.secret), &answer, &here).await), "a replay");
        let begun = accounts.begin_passkey_sign_in(&here).await.unwrap();
        assert!(is_passkey(&accounts.sign_in_with_passkey(Some(&begun.secret), "{}", &here).await));
        let answer = phone.get(&begun.options);
        assert!(is_ceremony(&accounts.sign_in_with_passkey(Some(&begun.secret), &answer, &here).await));
        // Of two at once, one.
        let begun = accounts.begin_passkey_sign_in(&here).await.unwrap();
        let answer = phone.get(&begun.options);
        let (a, b) = tokio::join!(
            accounts.sign_in_with_passkey(Some(&begun.secret), &answer, &here),
            accounts.sign_in_with_passkey(Some(&begun.secret), &answer, &here)
        );
        assert!(a.is_ok() != b.is_ok());
        // By the browser that began it.
        let begun = accounts.begin_passkey_sign_in(&here).await.unwrap();
        let answer = phone.get(&begun.options);
        for secret in [None, Some(""), Some("0000"), Some(ada.secret.as_str())] {
            assert!(is_ceremony(&accounts.sign_in_with_passkey(secret, &answer, &here).await), "{secret:?}");
        }
        // Soon; another process that shares the store answers it too.
        hall.stage.pass(CEREMONY_MS - 1);
        let again = hall.run_with(settings());
        again.sign_in_with_passkey(Some(&begun.secret), &answer, &here).await.unwrap();
        let begun = accounts.begin_passkey_sign_in(&here).await.unwrap();
        let answer = phone.get(&begun.options);
        hall.stage.pass(CEREMONY_MS);
        assert!(is_ceremony(&accounts.sign_in_with_passkey(Some(&begun.secret), &answer, &here).await), "too late");
        // In the session in which it was begun, and for what it was begun.
        let other = accounts.sign_in(ADA, PASSWORD, None, &here).await.unwrap();
        let other = hall.visitor(&other).await;
        let bob = hall.person(BOB).await;
        let bob = hall.visitor(&bob).await;
        for foreign in [&other, &bob] {
            let begun = accounts.begin_passkey_proof(&visitor, &here).await.unwrap();
            let answer = phone.get(&begun.options);
            assert!(is_ceremony(&accounts.prove_with_passkey(foreign, Some(&begun.secret), &answer, &here).await));
            let begun = accounts.begin_passkey(foreign, &here).await.unwrap();
            let answer = device().create(&begun.options);
            let added = accounts.add_passkey(&visitor, Some(&begun.secret), &answer, "x", &here).await;
            assert!(is_ceremony(&added));
        }
        let begun = accounts.begin_passkey_proof(&visitor, &here).await.unwrap();
        let answer = phone.get(&begun.options);
        assert!(is_ceremony(&accounts.sign_in_with_passkey(Some(&begun.secret), &answer, &here).await));
        let begun = accounts.begin_passkey_sign_in(&here).await.unwrap();
        let answer = phone.get(&begun.options);
        assert!(is_ceremony(&accounts.prove_with_passkey(&visitor, Some(&begun.secret), &answer, &here).await));
        // What is over is cleared away.
        accounts.begin_passkey_sign_in(&here).await.unwrap();
        hall.stage.pass(CEREMONY_MS + 1);
        hall.post.sweep().await.unwrap();
        assert_eq!(hall.stage.atlas.forget_ceremonies(i64::MAX).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn where_a_second_factor_is_required_a_password_is_not_enough_beside_a_passkey() {
    for hall in halls().await {
        let here = hall.here();
        let (ada, mut phone) = hall.with_passkey(ADA).await;
        let strict = hall.run_with(Settings { required: Required::OfEverybody, ..settings() });
        let lacks = async |secret: &str| strict.visitor(secret).await.unwrap().unwrap().lacks_factor;
        assert!(!lacks(&ada.secret).await);
        assert!(matches!(strict.sign_in(ADA, PASSWORD, None, &here).await, Err(AccountError::Wrong)));
        hall.accounts.sign_in(ADA, PASSWORD, None, &here).await.expect("it is where none is required");
        for reset in [false, true] {
            match reset {
                true => strict.mail_reset(ADA, &here).await.unwrap(),
                false => strict.mail_sign_in(ADA, &Wish::default(), &here).await.unwrap(),
            }
            let link = hall.link().await;
            let refused = strict.follow(&link, Some(PASSWORD), None, &here).await;
            assert!(matches!(refused, Err(AccountError::PasskeyOnly)));
        }
        let entered = hall.enter(&mut phone).await.unwrap();
        assert!(!lacks(&entered.secret).await);
        // Who lost it is let in to set up another one, and to nothing else.
        hall.accounts.drop_passkeys(&ada.account).await.unwrap();
        let entered = strict.sign_in(ADA, PASSWORD, None, &here).await.unwrap();
        assert!(lacks(&entered.secret).await);
    }
}

#[tokio::test]
async fn a_passkey_that_counts_backwards_is_refused() {
    for hall in halls().await {
        let (ada, mut phone) = hall.with_passkey(ADA).await;
        phone.count = 40;
        hall.enter(&mut phone).await.unwrap();
        for (count, step) in [(10, 1), (41, 0), (0, 0)] {
            (phone.count, phone.step) = (count, step);
            assert!(is_passkey(&hall.enter(&mut phone).await), "{count} after 41");
            let logged = hall.noted(Some(&ada)).await;
            let detail = "“Phone” counts backwards; there may be a copy of it".to_string();
            assert!(logged[..2].contains(&("passkey-refused".into(), detail)), "{logged:?}");
        }
        (phone.count, phone.step) = (41, 1);
        hall.enter(&mut phone).await.unwrap();
        // Most passkeys do not count at all.
        let (_, mut other) = hall.with_passkey(BOB).await;
        other.step = 0;
        for _ in 0..2 {
            hall.enter(&mut other).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_passkey_proves_who_somebody_is() {
    for hall in halls().await {
        let (accounts, here) = (&hall.accounts, hall.here());
        let (ada, mut phone) = hall.with_passkey(ADA).await;
        let (bob, mut theirs) = hall.with_passkey(BOB).await;
        hall.stage.pass(PROOF_MS + 1);
        let visitor = hall.visitor(&ada).await;
        assert!(!accounts.is_proven(&visitor));
        // The passkey of somebody else does not, whoever they say that they are.
        for handle in [theirs.handle.clone(), phone.handle.clone(), None] {
            theirs.handle = handle;
            let begun = accounts.begin_passkey_proof(&visitor, &here).await.unwrap();
            let named = serde_json::json!([{"type": "public-key", "id": phone.id()}]);
            assert_eq!(begun.options["allowCredentials"], named);
            let answer = theirs.get(&begun.options);
            assert!(is_passkey(&accounts.prove_with_passkey(&visitor, Some(&begun.secret), &answer, &here).await));
            assert_eq!(hall.noted(Some(&ada)).await[0], ("proof-failed".into(), "with a passkey".into()));
        }
        assert!(!accounts.is_proven(&visitor) && visitor.renewed.secret().is_none());
        // One's own does, also if the authenticator does not say whose it is, since it was named.
        phone.handle = None;
        let begun = accounts.begin_passkey_proof(&visitor, &here).await.unwrap();
        let answer = phone.get(&begun.options);
        accounts.prove_with_passkey(&visitor, Some(&begun.secret), &answer, &here).await.unwrap();
        assert!(accounts.is_proven(&visitor));
        let ada = hall.renewed(&ada, &visitor);
        let visitor = hall.visitor(&ada).await;
        accounts.set_password(&visitor, Some(PASSWORD), OTHER, false, &here).await.unwrap();
        // Who has none cannot begin.
        assert!(
            accounts.remove_passkey(&hall.visitor(&bob).await, hall.passkeys(&bob).await[0].id, &here).await.unwrap()
        );
        hall.mails().await;
        let eve = hall.person("eve@example.org").await;
        let none = accounts.begin_passkey_proof(&hall.visitor(&eve).await, &here).await;
        assert!(matches!(none, Err(AccountError::Input(_))));
    }
}

#[tokio::test]
async fn a_passkey_ends_the_second_factor_by_an_answer_of_its_own() {
    for hall in halls().await {
        let (accounts, here) = (&hall.accounts, hall.here());
        let (ada, mut phone) = hall.with_passkey(ADA).await;
        let (bob, mut theirs) = hall.with_passkey(BOB).await;
        let visitor = hall.visitor(&ada).await;
        assert!(matches!(accounts.begin_factor_end(&visitor, &here).await, Err(AccountError::Input(_))), "none yet");
        let begun = accounts.begin_factor(&visitor).await.unwrap();
        accounts.confirm_factor(&visitor, &code(&hall, &begun.secret), &here).await.unwrap();
        let ada = hall.renewed(&ada, &visitor);
        hall.mails().await;
        // That she proved of late who she is does not do, and no answer that was asked for to another end.
        let visitor = hall.visitor(&ada).await;
        assert!(accounts.is_proven(&visitor));
        let proof = accounts.begin_passkey_proof(&visitor, &here).await.unwrap();
        let sign_in = accounts.begin_passkey_sign_in(&here).await.unwrap();
        for begun in [proof, sign_in] {
            let answer = phone.get(&begun.options);
            let tried = accounts.end_factor_with_passkey(&visitor, Some(&begun.secret), &answer, &here).await;
            assert!(is_ceremony(&tried), "{tried:?}");
        }
        assert!(is_ceremony(&accounts.end_factor_with_passkey(&visitor, None, "{}", &here).await));
        // Nor is an answer that was asked for to this end good for another one, or in another session.
        let begun = accounts.begin_factor_end(&visitor, &here).await.unwrap();
        let answer = phone.get(&begun.options);
        assert!(is_ceremony(&accounts.prove_with_passkey(&visitor, Some(&begun.secret), &answer, &here).await));
        let entered = hall.enter(&mut phone).await.unwrap();
        let elsewhere = hall.visitor(&entered).await;
        let begun = accounts.begin_factor_end(&elsewhere, &here).await.unwrap();
        let answer = phone.get(&begun.options);
        let tried = accounts.end_factor_with_passkey(&visitor, Some(&begun.secret), &answer, &here).await;
        assert!(is_ceremony(&tried));
        // The passkey of somebody else does not, whoever they say that they are.
        for handle in [theirs.handle.clone(), phone.handle.clone(), None] {
            theirs.handle = handle;
            let begun = accounts.begin_factor_end(&visitor, &here).await.unwrap();
            let answer = theirs.get(&begun.options);
            let tried = accounts.end_factor_with_passkey(&visitor, Some(&begun.secret), &answer, &here).await;
            assert!(is_passkey(&tried), "{tried:?}");
            assert_eq!(hall.noted(Some(&ada)).await[0], ("proof-failed".into(), "with a passkey".into()));
        }
        assert!(accounts.has_factor(&ada.account).await.unwrap() && visitor.renewed.secret().is_none());
        assert!(hall.mails().await.is_empty());

        // Her own does, once, and also long after she signed in.
        hall.stage.pass(PROOF_MS + 1);
        let begun = accounts.begin_factor_end(&visitor, &here).await.unwrap();
        assert_eq!(begun.options["userVerification"], "required");
        assert_eq!(begun.options["allowCredentials"][0]["id"], phone.id());
        let answer = phone.get(&begun.options);
        accounts.end_factor_with_passkey(&visitor, Some(&begun.secret), &answer, &here).await.unwrap();
        assert!(!accounts.has_factor(&ada.account).await.unwrap());
        assert_eq!(hall.noted(Some(&ada)).await[0], ("second-factor-ended".into(), "with a passkey".into()));
        let told = hall.mail().await;
        assert_eq!(
            (told.to.clone(), told.header("Subject")),
            (vec![ADA.into()], "Your second factor at Clausewatch is ended")
        );
        let renewed = hall.renewed(&ada, &visitor);
        assert!(hall.is_in(&renewed).await && !hall.is_in(&ada).await, "the session has another secret");
        accounts.sign_in(ADA, PASSWORD, None, &here).await.expect("no code is asked for");

        // A used answer ends no factor that is set up since; one that comes when the factor is ended already finds none.
        let visitor = hall.visitor(&renewed).await;
        let again = accounts.begin_factor(&visitor).await.unwrap();
        accounts.confirm_factor(&visitor, &code(&hall, &again.secret), &here).await.unwrap();
        hall.mails().await;
        let replay = accounts.end_factor_with_passkey(&visitor, Some(&begun.secret), &answer, &here).await;
        assert!(is_ceremony(&replay) && accounts.has_factor(&ada.account).await.unwrap());
        let begun = accounts.begin_factor_end(&visitor, &here).await.unwrap();
        let answer = phone.get(&begun.options);
        hall.stage.atlas.drop_factor(ada.account.person).await.unwrap();
        let late = accounts.end_factor_with_passkey(&visitor, Some(&begun.secret), &answer, &here).await;
        assert!(matches!(late, Err(AccountError::Input(_))) && hall.mails().await.is_empty());
        // Who has a factor and no passkey cannot begin.
        let visitor = hall.visitor(&bob).await;
        let begun = accounts.begin_factor(&visitor).await.unwrap();
        accounts.confirm_factor(&visitor, &code(&hall, &begun.secret), &here).await.unwrap();
        accounts.drop_passkeys(&bob.account).await.unwrap();
        assert!(matches!(accounts.begin_factor_end(&visitor, &here).await, Err(AccountError::Input(_))));
    }
}

#[tokio::test]
async fn passkeys_are_removed_and_shut_nobody_out() {
    for hall in halls().await {
        let (accounts, here) = (&hall.accounts, hall.here());
        let (ada, mut phone) = hall.with_passkey(ADA).await;
        let (bob, mut theirs) = hall.with_passkey(BOB).await;
        let entered = hall.enter(&mut phone).await.unwrap();
        let visitor = hall.visitor(&ada).await;
        let foreign = hall.passkeys(&bob).await[0].id;
        for id in [foreign, 0, -1, 999] {
            assert!(!accounts.remove_passkey(&visitor, id, &here).await.unwrap(), "{id}");
        }
        let own = hall.passkeys(&ada).await[0].id;
        assert!(accounts.remove_passkey(&visitor, own, &here).await.unwrap());
        assert!(!hall.is_in(&entered).await, "who signed in with it is out");
        assert_eq!(hall.noted(Some(&ada)).await[0], ("passkey-removed".into(), "Phone".into()));
        assert_eq!(hall.mail().await.header("Subject"), "A passkey was removed at Clausewatch");
        assert!(is_passkey(&hall.enter(&mut phone).await));
        accounts.mail_sign_in(ADA, &Wish::default(), &here).await.unwrap();
        let link = hall.link().await;
        let ada = hall.follow(&link, None).await;
        assert!(hall.passkeys(&ada).await.is_empty(), "the mailbox is left");
        // The same device makes another one for the same person.
        let ada = hall.add(&ada, &mut phone, "Phone").await.unwrap();
        hall.mails().await;

        // An operator removes those of somebody who lost them; an account that is closed has none that signs in.
        assert!(accounts.drop_passkeys(&ada.account).await.unwrap());
        assert_eq!(hall.noted(Some(&ada)).await[0].0, "passkeys-removed");
        assert_eq!(hall.mail().await.header("Subject"), "A passkey was removed at Clausewatch");
        assert!(!accounts.drop_passkeys(&ada.account).await.unwrap(), "there is none any more");
        assert!(is_passkey(&hall.enter(&mut phone).await) && hall.mails().await.is_empty());
        accounts.disable(&bob.account, true, Hand::CommandLine).await.unwrap();
        assert!(is_passkey(&hall.enter(&mut theirs).await));
        accounts.disable(&bob.account, false, Hand::CommandLine).await.unwrap();
        let bob = hall.enter(&mut theirs).await.unwrap();

        // There is room for so many, and nothing is left of who is deleted.
        let mut ada = ada;
        for at in 0..MOST {
            hall.stage.pass(limits::PASSWORDS_FROM.window_ms / 5);
            let visitor = hall.visitor(&ada).await;
            if !accounts.is_proven(&visitor) {
                accounts.prove(&visitor, Some(PASSWORD), &here).await.unwrap();
                ada = hall.renewed(&ada, &visitor);
            }
            ada = hall.add(&ada, &mut device(), &format!("key {at}")).await.unwrap();
        }
        assert!(matches!(hall.add(&ada, &mut device(), "one more").await, Err(AccountError::Input(_))));
        accounts.begin_passkey_proof(&hall.visitor(&bob).await, &here).await.unwrap();
        accounts.erase(&hall.visitor(&bob).await, &here).await.unwrap();
        assert!(is_passkey(&hall.enter(&mut theirs).await));
        assert_eq!(hall.noted(None).await[0], ("sign-in-failed".into(), "with a passkey".into()));
        left_of(&hall.stage, bob.account.person.0).await;
    }
}

#[tokio::test]
async fn ceremonies_are_not_begun_without_end() {
    for hall in halls().await {
        let accounts = &hall.accounts;
        for _ in 0..limits::PASSWORDS_FROM.tries {
            accounts.begin_passkey_sign_in(&hall.here()).await.unwrap();
        }
        let slowed = accounts.begin_passkey_sign_in(&hall.here()).await;
        assert!(matches!(slowed, Err(AccountError::TooOften { .. })));
        accounts.begin_passkey_sign_in(&caller("198.51.100.7")).await.expect("from elsewhere");
        accounts.sign_up(ADA, &Wish::default(), &hall.here()).await.expect("other ways in are counted apart");
        hall.stage.pass(limits::PASSWORDS_FROM.window_ms);
        accounts.begin_passkey_sign_in(&hall.here()).await.unwrap();
    }
}
