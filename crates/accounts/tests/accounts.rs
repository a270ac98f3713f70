//! Accounts as their persons, and those who are not their persons, meet them: on every engine, over a mail server, with a clock moved by
//! hand.
#[path = "accounts/authenticator.rs"]
mod authenticator;
#[path = "../../alerts/tests/common/mod.rs"]
mod common;
#[path = "accounts/organisations.rs"]
mod organisations;
#[path = "accounts/passkeys.rs"]
mod passkeys;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use accounts::session::{IDLE_MS, LONGEST_MS, PROOF_MS};
use accounts::*;
use alerts::{MailServer, Mailer};
use atlas::accounts::Role;
use atlas::plans::{NewSubscription, Trial, Trials};
use atlas::watching::{ChannelKind, ChannelState, NewWatch, Subject};
use common::smtp::{Mail, Smtp};
use common::{Stage, stages};
use sha1::{Digest, Sha1};

const ADA: &str = "ada@example.org";
const BOB: &str = "bob@example.org";
const PASSWORD: &str = "violet anchor seldom 9";
const OTHER: &str = "copper lantern mostly 4";
const MINUTE: i64 = 60_000;

/// A store with accounts, a mail server, and what was asked of both.
struct Hall {
    stage: Stage,
    accounts: Accounts,
    post: Post,
    smtp: Smtp,
}

fn caller(from: &str) -> Caller {
    Caller { from: from.parse().unwrap(), agent: "A browser\r\nof ours".into() }
}

/// Random enough: each is another one.
fn secrets() -> Secrets {
    let next = AtomicU64::new(1);
    Arc::new(move || archive::Sha256Digest::of(&next.fetch_add(1, Ordering::Relaxed).to_be_bytes()).0)
}

/// Accounts as most tests have them.
fn settings() -> Settings {
    Settings {
        site: "Clausewatch".into(),
        base_url: "https://clausewatch.example/".into(),
        key: [5; 32],
        cost: Cost { memory: 64, passes: 1 },
        breached: None,
        required: Required::OfNobody,
    }
}

async fn halls() -> Vec<Hall> {
    let mut halls = Vec::new();
    for stage in stages().await {
        let smtp = Smtp::start().await;
        let accounts = Accounts::new(stage.atlas.clone(), settings(), stage.clock(), secrets()).unwrap();
        let server = MailServer {
            url: format!("smtp://127.0.0.1:{}", smtp.port),
            from: "Clausewatch <accounts@clausewatch.example>".into(),
            ..MailServer::default()
        };
        let post = Post::new(accounts.clone(), Mailer::new(&server).unwrap());
        halls.push(Hall { stage, accounts, post, smtp });
    }
    halls
}

impl Hall {
    fn here(&self) -> Caller {
        caller("192.0.2.1")
    }

    /// The accounts of the same store, as a site with other settings has them.
    fn run_with(&self, settings: Settings) -> Accounts {
        Accounts::new(self.stage.atlas.clone(), settings, self.stage.clock(), secrets()).unwrap()
    }

    /// The mails that were sent since the last time.
    async fn mails(&self) -> Vec<Mail> {
        while self.post.round().await.unwrap().0 > 0 {}
        std::mem::take(&mut *self.smtp.mails.lock().unwrap())
    }

    /// The only mail that was sent since the last time.
    async fn mail(&self) -> Mail {
        let mut mails = self.mails().await;
        assert_eq!(mails.len(), 1, "{}: {mails:?}", self.stage.engine);
        mails.remove(0)
    }

    /// The token of the link in the only mail that was sent since the last time.
    async fn link(&self) -> String {
        token(&self.mail().await)
    }

    /// Somebody with an account and a password, just signed in.
    async fn person(&self, address: &str) -> SignedIn {
        self.accounts.sign_up(address, &Wish::default(), &self.here()).await.unwrap();
        let link = self.link().await;
        self.follow(&link, Some(PASSWORD)).await
    }

    async fn follow(&self, token: &str, password: Option<&str>) -> SignedIn {
        match self.accounts.follow(token, password, None, &self.here()).await.unwrap() {
            Followed::In(signed_in, _) => signed_in,
            _ => panic!("a link that signs in"),
        }
    }

    /// Somebody signed in by a mailed link.
    async fn enter_by_link(&self, address: &str) -> SignedIn {
        self.accounts.mail_sign_in(address, &Wish::default(), &self.here()).await.unwrap();
        let link = self.link().await;
        self.follow(&link, None).await
    }

    async fn visitor(&self, signed_in: &SignedIn) -> Visitor {
        self.accounts.visitor(&signed_in.secret).await.unwrap().expect("a session")
    }

    /// Somebody with the secret that their session was given when they proved who they are.
    fn renewed(&self, signed_in: &SignedIn, visitor: &Visitor) -> SignedIn {
        let secret = visitor.renewed.secret().expect("another secret").to_string();
        assert_ne!(secret, signed_in.secret);
        SignedIn { secret, ..signed_in.clone() }
    }

    async fn is_in(&self, signed_in: &SignedIn) -> bool {
        self.accounts.visitor(&signed_in.secret).await.unwrap().is_some()
    }
}

/// A body without what quoted-printable adds.
fn plain(mail: &Mail) -> String {
    mail.body.replace("=\r\n", "").replace("=3D", "=")
}

fn token(mail: &Mail) -> String {
    let body = plain(mail);
    let (_, rest) = body.split_once("https://clausewatch.example/account/link/").unwrap_or_else(|| panic!("{body}"));
    rest.chars().take_while(|c| c.is_ascii_hexdigit() || *c == '-').collect()
}

#[tokio::test]
async fn an_account_is_made_by_who_reads_the_mailbox() {
    for hall in halls().await {
        let (accounts, atlas) = (&hall.accounts, &hall.stage.atlas);
        let wish = Wish { watch: Some("{}".into()), back: Some("/types".into()) };
        accounts.sign_up(" Ada@Example.ORG ", &wish, &hall.here()).await.unwrap();
        assert!(accounts.find(ADA).await.unwrap().is_none(), "nothing is made before the mail is read");
        let mail = hall.mail().await;
        assert_eq!(mail.to, ["Ada@example.org"]);
        assert_eq!(mail.header("Subject"), "Please confirm your address");
        assert_eq!(mail.header("From"), "Clausewatch <accounts@clausewatch.example>");
        assert!(plain(&mail).contains("wants an account at Clausewatch"));
        let link = token(&mail);
        let shown = accounts.link(&link).await.unwrap();
        assert_eq!((shown.kind, shown.wish), (MailKind::SignUp, wish.clone()), "looking uses nothing up");
        let weak = accounts.follow(&link, Some("password12"), None, &hall.here()).await;
        assert!(matches!(weak, Err(AccountError::Password(PasswordError::Common))), "and neither does a weak password");
        let Followed::In(ada, wished) = accounts.follow(&link, Some(PASSWORD), None, &hall.here()).await.unwrap()
        else {
            panic!("not signed in")
        };
        assert_eq!(wished, wish);
        assert!(hall.is_in(&ada).await);
        assert!(
            matches!(accounts.follow(&link, None, None, &hall.here()).await, Err(AccountError::Link)),
            "it works once"
        );
        let channels = atlas.channels(ada.account.person).await.unwrap();
        let kinds: Vec<_> =
            channels.iter().map(|channel| (channel.kind, channel.state, channel.address.as_str())).collect();
        let expected = [
            (ChannelKind::Inbox, ChannelState::InUse, ""),
            (ChannelKind::Mail, ChannelState::InUse, "Ada@example.org"),
        ];
        assert_eq!(kinds, expected);
        assert!(!ada.account.operator);
        let again = accounts.sign_in("ADA@example.org", PASSWORD, None, &hall.here()).await.unwrap();
        assert_eq!(again.account.person, ada.account.person);
        assert_ne!(again.secret, ada.secret);
        let agent = &hall.visitor(&again).await.session.agent;
        assert_eq!(agent, "A browser of ours", "one line");
        let events: Vec<String> =
            atlas.audit(Some(ada.account.person), 0, 9).await.unwrap().into_iter().map(|entry| entry.event).collect();
        assert_eq!(events, ["signed-in", "signed-in", "signed-up"]);
    }
}

#[tokio::test]
async fn nobody_learns_who_has_an_account() {
    for hall in halls().await {
        let accounts = &hall.accounts;
        hall.person(ADA).await;
        // Each is answered alike and writes one mail, which says different things to different readers.
        accounts.sign_up(ADA, &Wish::default(), &hall.here()).await.unwrap();
        assert_eq!(hall.mail().await.header("Subject"), "Sign in to Clausewatch");
        for (address, subject) in
            [(ADA, "Set a new password at Clausewatch"), (BOB, "No account at Clausewatch with this address")]
        {
            accounts.mail_reset(address, &hall.here()).await.unwrap();
            assert_eq!(hall.mail().await.header("Subject"), subject);
        }
        for (address, subject) in
            [(ADA, "Sign in to Clausewatch"), (BOB, "No account at Clausewatch with this address")]
        {
            accounts.mail_sign_in(address, &Wish::default(), &hall.here()).await.unwrap();
            assert_eq!(hall.mail().await.header("Subject"), subject);
        }
        let known = accounts.sign_in(ADA, OTHER, None, &hall.here()).await.err().unwrap().to_string();
        assert_eq!(known, accounts.sign_in(BOB, OTHER, None, &hall.here()).await.err().unwrap().to_string());
        // An account that is out of use is not told from none either.
        let ada = accounts.find(ADA).await.unwrap().unwrap();
        accounts.disable(&ada, true, Hand::CommandLine).await.unwrap();
        assert_eq!(accounts.sign_in(ADA, PASSWORD, None, &hall.here()).await.err().unwrap().to_string(), known);
        accounts.mail_sign_in(ADA, &Wish::default(), &hall.here()).await.unwrap();
        assert_eq!(hall.mail().await.header("Subject"), "No account at Clausewatch with this address");
    }
}

/// How much longer one takes than the other is measured in turns, so that what else the machine does falls on both.
#[tokio::test]
async fn an_unknown_address_takes_as_long_as_a_known_one() {
    let stage = stages().await.remove(0);
    let costly = Settings { cost: Cost { memory: 8 * 1024, passes: 2 }, ..settings() };
    let accounts = Accounts::new(stage.atlas.clone(), costly, stage.clock(), secrets()).unwrap();
    let ada = accounts.create_operator(ADA).await.unwrap();
    // The hash of nothing that is known, at the cost of these accounts.
    let hash = format!("$argon2id$v=19$m=8192,t=2,p=1${}${}", "A".repeat(22), "A".repeat(43));
    stage.atlas.set_password(ada.person, Some(hash)).await.unwrap();
    let mut ratio = 0.0;
    for _ in 0..5 {
        let mut took = [0.0, 0.0];
        for round in 0..4 {
            let from = caller(&format!("192.0.2.{round}"));
            for (spent, address) in took.iter_mut().zip([ADA, BOB]) {
                let start = std::time::Instant::now();
                assert!(matches!(accounts.sign_in(address, OTHER, None, &from).await, Err(AccountError::Wrong)));
                *spent += start.elapsed().as_secs_f64();
            }
        }
        ratio = took[0] / took[1];
        if (0.67..1.5).contains(&ratio) {
            return;
        }
        stage.pass(60 * MINUTE);
    }
    panic!("a known address takes {ratio} times as long");
}

#[tokio::test]
async fn guessing_is_slowed() {
    for hall in halls().await {
        let accounts = &hall.accounts;
        hall.person(ADA).await;
        for address in [ADA, BOB] {
            for guess in 0..limits::PASSWORDS_OF_ADDRESS.tries {
                let from = caller(&format!("198.51.100.{guess}"));
                let wrong = accounts.sign_in(address, OTHER, None, &from).await;
                assert!(matches!(wrong, Err(AccountError::Wrong)), "{address} {guess}");
            }
            // From wherever, and the right one as well.
            let refused = accounts.sign_in(address, PASSWORD, None, &caller("203.0.113.1")).await;
            let Err(AccountError::TooOften { wait_ms }) = refused else { panic!("{address} can be guessed on") };
            assert_eq!(wait_ms, limits::PASSWORDS_OF_ADDRESS.window_ms);
        }
        // Whoever guesses does not keep the person out.
        accounts.mail_sign_in(ADA, &Wish::default(), &hall.here()).await.unwrap();
        let link = hall.link().await;
        hall.follow(&link, None).await;
        hall.stage.pass(limits::PASSWORDS_OF_ADDRESS.window_ms);
        accounts.sign_in(ADA, PASSWORD, None, &hall.here()).await.unwrap();
        // The right one makes the count begin anew.
        for _ in 0..limits::PASSWORDS_OF_ADDRESS.tries - 1 {
            assert!(matches!(accounts.sign_in(ADA, OTHER, None, &hall.here()).await, Err(AccountError::Wrong)));
        }
        accounts.sign_in(ADA, PASSWORD, None, &hall.here()).await.unwrap();
        assert!(matches!(accounts.sign_in(ADA, OTHER, None, &hall.here()).await, Err(AccountError::Wrong)));
        // One network address that tries many accounts is slowed too, and no other.
        let spraying = caller("203.0.113.9");
        for at in 0..limits::PASSWORDS_FROM.tries {
            let wrong = accounts.sign_in(&format!("p{at}@example.org"), OTHER, None, &spraying).await;
            assert!(matches!(wrong, Err(AccountError::Wrong)), "{at}");
        }
        assert!(matches!(accounts.sign_in(ADA, PASSWORD, None, &spraying).await, Err(AccountError::TooOften { .. })));
        accounts.sign_in(ADA, PASSWORD, None, &hall.here()).await.unwrap();
    }
}

#[tokio::test]
async fn who_has_many_networks_is_slowed_as_a_site() {
    for hall in halls().await {
        let accounts = &hall.accounts;
        hall.person(ADA).await;
        let mut at = 0;
        let mut next = || {
            at += 1;
            (format!("p{at}@example.org"), caller(&format!("2001:db8:7:{at:x}::1")))
        };
        for _ in 0..limits::PASSWORDS_FROM_SITE.tries {
            let (address, from) = next();
            let wrong = accounts.sign_in(&address, OTHER, None, &from).await;
            assert!(matches!(wrong, Err(AccountError::Wrong)), "{address}");
        }
        let slowed = accounts.sign_in(ADA, PASSWORD, None, &next().1).await;
        assert!(matches!(slowed, Err(AccountError::TooOften { .. })), "from a network that tried nothing yet");
        accounts.sign_in(ADA, PASSWORD, None, &caller("2001:db8:8:1::1")).await.expect("another site");
        for _ in 0..limits::MAILS_FROM_SITE.tries {
            let (address, from) = next();
            accounts.sign_up(&address, &Wish::default(), &from).await.unwrap();
        }
        let (address, from) = next();
        let slowed = accounts.sign_up(&address, &Wish::default(), &from).await;
        assert!(matches!(slowed, Err(AccountError::TooOften { .. })));
        accounts.sign_up(&address, &Wish::default(), &caller("2001:db8:8:1::1")).await.expect("another site");
    }
}

#[tokio::test]
async fn nobody_is_flooded_with_mail() {
    for hall in halls().await {
        let accounts = &hall.accounts;
        for _ in 0..limits::MAILS_TO.tries + 3 {
            accounts.sign_up(ADA, &Wish::default(), &hall.here()).await.unwrap();
        }
        assert_eq!(hall.mails().await.len() as i64, limits::MAILS_TO.tries, "who asks is told the same");
        hall.stage.pass(limits::MAILS_TO.window_ms);
        for at in 0..limits::MAILS_FROM.tries {
            accounts.sign_up(&format!("p{at}@example.org"), &Wish::default(), &hall.here()).await.unwrap();
        }
        let refused = accounts.sign_up("q@example.org", &Wish::default(), &hall.here()).await;
        assert!(matches!(refused, Err(AccountError::TooOften { .. })));
    }
}

#[tokio::test]
async fn a_link_works_once_shortly_and_for_what_it_says() {
    for hall in halls().await {
        let accounts = &hall.accounts;
        hall.person(ADA).await;
        hall.person(BOB).await;
        accounts.mail_sign_in(ADA, &Wish::default(), &hall.here()).await.unwrap();
        let first = hall.link().await;
        accounts.mail_sign_in(BOB, &Wish::default(), &hall.here()).await.unwrap();
        let second = hall.link().await;
        let (number, mac) = first.split_once('-').unwrap();
        let (other_number, other_mac) = second.split_once('-').unwrap();
        for forged in [
            "",
            "-",
            number,
            &format!("{number}-"),
            &format!("{number}-{other_mac}"),
            &format!("{other_number}-{mac}"),
            &format!("{number}-{}", "0".repeat(64)),
            &format!("{number}-{}", mac.to_uppercase()),
            &format!("0{number}-{mac}"),
            &format!("{first}0"),
        ] {
            assert!(matches!(accounts.link(forged).await, Err(AccountError::Link)), "{forged}");
            assert!(accounts.follow(forged, Some(PASSWORD), None, &hall.here()).await.is_err(), "{forged}");
        }
        let here = hall.here();
        let (a, b, c) = tokio::join!(
            accounts.follow(&first, None, None, &here),
            accounts.follow(&first, None, None, &here),
            accounts.follow(&first, None, None, &here)
        );
        assert_eq!([a.is_ok(), b.is_ok(), c.is_ok()].iter().filter(|ok| **ok).count(), 1, "of three at once, one");
        hall.stage.pass(10 * MINUTE);
        assert!(matches!(accounts.link(&second).await, Err(AccountError::Link)), "ten minutes are over");
        // Another instance's key makes other links.
        let others = hall.run_with(Settings { key: [6; 32], ..settings() });
        accounts.mail_sign_in(BOB, &Wish::default(), &hall.here()).await.unwrap();
        let third = hall.link().await;
        assert!(accounts.link(&third).await.is_ok());
        assert!(matches!(others.link(&third).await, Err(AccountError::Link)));
    }
}

#[tokio::test]
async fn a_link_ends_with_what_it_was_for() {
    for hall in halls().await {
        let (accounts, here) = (&hall.accounts, hall.here());
        // One that makes an account is good for a day, and signs in to none.
        accounts.sign_up(ADA, &Wish::default(), &here).await.unwrap();
        let late = hall.link().await;
        let ada = hall.person(ADA).await;
        assert!(matches!(accounts.link(&late).await, Err(AccountError::Link)));
        assert!(matches!(accounts.follow(&late, Some(OTHER), None, &here).await, Err(AccountError::Link)));
        accounts.sign_in(ADA, PASSWORD, None, &here).await.expect("the password is as before");
        // One that signs in is for the address that it was sent to.
        accounts.mail_sign_in(ADA, &Wish::default(), &here).await.unwrap();
        let before = hall.link().await;
        let person = ada.account.person;
        hall.stage.atlas.set_account_address(person, "Ada@plum.example", "ada@plum.example").await.unwrap();
        assert!(matches!(accounts.follow(&before, None, None, &here).await, Err(AccountError::Link)));
        // What an operator ends, links do not outlive.
        for closes in [false, true] {
            let visitor = hall.visitor(&ada).await;
            accounts.ask_for_address(&visitor, BOB, &here).await.unwrap();
            let asked = hall.link().await;
            match closes {
                false => accounts.end_all_access(&visitor.account, Hand::CommandLine).await.unwrap(),
                true => {
                    accounts.disable(&visitor.account, true, Hand::CommandLine).await.unwrap();
                    accounts.disable(&visitor.account, false, Hand::CommandLine).await.unwrap();
                }
            }
            assert!(matches!(accounts.link(&asked).await, Err(AccountError::Link)), "closes: {closes}");
            hall.stage.atlas.begin_session(person, &ada.secret, "", hall.stage.now()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_reset_throws_everybody_out() {
    for hall in halls().await {
        let accounts = &hall.accounts;
        let ada = hall.person(ADA).await;
        let visitor = hall.visitor(&ada).await;
        let program = accounts.add_token(&visitor, "laptop", &[Scope::Read], 30, &hall.here()).await.unwrap();
        accounts.mail_sign_in(ADA, &Wish::default(), &hall.here()).await.unwrap();
        let waiting = hall.link().await;
        accounts.mail_reset(ADA, &hall.here()).await.unwrap();
        let reset = hall.link().await;
        assert!(matches!(accounts.follow(&reset, None, None, &hall.here()).await, Err(AccountError::Password(_))));
        let back = hall.follow(&reset, Some(OTHER)).await;
        assert!(hall.is_in(&back).await && !hall.is_in(&ada).await);
        assert!(accounts.program(&program).await.unwrap().is_none());
        assert!(matches!(accounts.link(&waiting).await, Err(AccountError::Link)));
        assert!(matches!(accounts.sign_in(ADA, PASSWORD, None, &hall.here()).await, Err(AccountError::Wrong)));
        accounts.sign_in(ADA, OTHER, None, &hall.here()).await.unwrap();
        assert_eq!(hall.mail().await.header("Subject"), "Your password at Clausewatch was changed");
    }
}

#[tokio::test]
async fn a_password_that_is_known_from_a_breach_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("pwned.txt");
    let hash: String = Sha1::digest(PASSWORD).iter().map(|byte| format!("{byte:02X}")).collect();
    std::fs::write(&list, format!("{}:3\r\n{hash}:14\r\n{}:1", "0".repeat(40), "F".repeat(40))).unwrap();
    for hall in halls().await {
        let breached = Some(Arc::new(Breached::open(&list).unwrap()));
        let strict = hall.run_with(Settings { breached, ..settings() });
        strict.sign_up(ADA, &Wish::default(), &hall.here()).await.unwrap();
        let link = hall.link().await;
        let refused = strict.follow(&link, Some(PASSWORD), None, &hall.here()).await.err().unwrap();
        assert!(matches!(refused, AccountError::Password(PasswordError::Breached)), "{refused}");
        assert!(
            strict.follow(&link, Some(OTHER), None, &hall.here()).await.is_ok(),
            "the link is good for another one"
        );
    }
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it() {
    for hall in halls().await {
        let accounts = &hall.accounts;
        let ada = hall.person(ADA).await;
        let elsewhere = accounts.sign_in(ADA, PASSWORD, None, &hall.here()).await.unwrap();
        let visitor = hall.visitor(&ada).await;
        for current in [None, Some(""), Some(OTHER)] {
            let refused = accounts.set_password(&visitor, current, OTHER, false, &hall.here()).await;
            assert!(matches!(refused, Err(AccountError::Wrong)), "{current:?}");
        }
        let weak = accounts.set_password(&visitor, Some(PASSWORD), "ada@example.org", false, &hall.here()).await;
        assert!(matches!(weak, Err(AccountError::Password(PasswordError::Common))));
        accounts.set_password(&visitor, Some(PASSWORD), OTHER, false, &hall.here()).await.unwrap();
        assert!(hall.is_in(&hall.renewed(&ada, &visitor)).await, "who changed it stays signed in");
        assert!(!hall.is_in(&ada).await && !hall.is_in(&elsewhere).await, "with another secret");
        assert_eq!(hall.mail().await.header("Subject"), "Your password at Clausewatch was changed");
    }
}

#[tokio::test]
async fn a_new_password_ends_tokens_if_the_person_wants_that() {
    for hall in halls().await {
        let accounts = &hall.accounts;
        let mut ada = hall.person(ADA).await;
        let visitor = hall.visitor(&ada).await;
        let token = accounts.add_token(&visitor, "laptop", &Scope::ALL, 30, &hall.here()).await.unwrap();
        for (current, new, end_tokens) in [(PASSWORD, OTHER, false), (OTHER, PASSWORD, true)] {
            let visitor = hall.visitor(&ada).await;
            accounts.set_password(&visitor, Some(current), new, end_tokens, &hall.here()).await.unwrap();
            assert_eq!(accounts.program(&token).await.unwrap().is_none(), end_tokens);
            ada = hall.renewed(&ada, &visitor);
        }
        let log = hall.stage.atlas.audit(Some(ada.account.person), 0, 9).await.unwrap();
        assert!(log.iter().any(|entry| entry.event == "password-set" && entry.detail == "tokens ended"), "{log:?}");
    }
}

#[tokio::test]
async fn who_was_away_proves_who_they_are() {
    for hall in halls().await {
        let accounts = &hall.accounts;
        let ada = hall.person(ADA).await;
        let fresh = hall.visitor(&ada).await;
        accounts.prove(&fresh, None, &hall.here()).await.unwrap();
        assert_eq!(fresh.renewed.secret(), None, "nothing was proved anew");
        hall.stage.pass(PROOF_MS + 1);
        let stale = hall.visitor(&ada).await;
        assert!(matches!(accounts.prove(&stale, None, &hall.here()).await, Err(AccountError::Unproven)));
        assert!(matches!(accounts.prove(&stale, Some(OTHER), &hall.here()).await, Err(AccountError::Wrong)));
        assert!(stale.renewed.secret().is_none() && hall.is_in(&ada).await);
        accounts.prove(&stale, Some(PASSWORD), &hall.here()).await.unwrap();
        let proven = hall.renewed(&ada, &stale);
        assert!(!hall.is_in(&ada).await, "a secret that somebody learnt before is worth nothing");
        assert_eq!(hall.visitor(&proven).await.session.id, stale.session.id);
        assert!(accounts.is_proven(&hall.visitor(&proven).await));
        assert!(!format!("{stale:?}").contains(&proven.secret));
        // Who has no password signs in anew; there is nothing that could be given instead.
        accounts.sign_up(BOB, &Wish::default(), &hall.here()).await.unwrap();
        let link = hall.link().await;
        let bob = hall.follow(&link, None).await;
        hall.stage.pass(PROOF_MS + 1);
        let bob = hall.visitor(&bob).await;
        for given in [None, Some(""), Some(PASSWORD)] {
            assert!(matches!(accounts.prove(&bob, given, &hall.here()).await, Err(AccountError::Unproven)));
        }
        assert!(matches!(accounts.sign_in(BOB, "", None, &hall.here()).await, Err(AccountError::Wrong)));
    }
}

#[tokio::test]
async fn an_address_is_changed_by_who_reads_both() {
    for hall in halls().await {
        let (accounts, atlas) = (&hall.accounts, &hall.stage.atlas);
        let ada = hall.person(ADA).await;
        let bob = hall.person(BOB).await;
        let visitor = hall.visitor(&ada).await;
        accounts.ask_for_address(&visitor, BOB, &hall.here()).await.unwrap();
        let taken = hall.mail().await;
        assert_eq!((taken.to[0].as_str(), taken.header("Subject")), (BOB, "An address of Clausewatch"));
        accounts.mail_sign_in(ADA, &Wish::default(), &hall.here()).await.unwrap();
        let old = hall.link().await;
        accounts.ask_for_address(&visitor, "byron@example.org", &hall.here()).await.unwrap();
        let mail = hall.mail().await;
        assert_eq!(mail.to, ["byron@example.org"]);
        assert!(accounts.find(ADA).await.unwrap().is_some(), "it stays until the link is followed");
        let Followed::Readdressed(address) = accounts.follow(&token(&mail), None, None, &hall.here()).await.unwrap()
        else {
            panic!("signed in by a link that is for something else")
        };
        assert_eq!(address, "byron@example.org");
        assert!(accounts.find(ADA).await.unwrap().is_none());
        assert!(matches!(accounts.link(&old).await, Err(AccountError::Link)), "links to the old address end");
        let notice = hall.mail().await;
        assert_eq!((notice.to[0].as_str(), notice.header("Subject")), (ADA, "Your address at Clausewatch was changed"));
        let channels = atlas.channels(ada.account.person).await.unwrap();
        assert_eq!(channels[1].address, "byron@example.org");
        assert!(hall.is_in(&bob).await);
        // An address that somebody takes meanwhile is theirs.
        accounts.ask_for_address(&visitor, "carol@example.org", &hall.here()).await.unwrap();
        let late = hall.link().await;
        hall.person("carol@example.org").await;
        assert!(matches!(accounts.follow(&late, None, None, &hall.here()).await, Err(AccountError::Taken)));
    }
}

#[tokio::test]
async fn sessions_end() {
    for hall in halls().await {
        let accounts = &hall.accounts;
        let ada = hall.person(ADA).await;
        let (one, two) = (
            accounts.sign_in(ADA, PASSWORD, None, &hall.here()).await.unwrap(),
            accounts.sign_in(ADA, PASSWORD, None, &hall.here()).await.unwrap(),
        );
        accounts.sign_out(&one.secret, &hall.here()).await.unwrap();
        assert!(!hall.is_in(&one).await && hall.is_in(&two).await);
        let visitor = hall.visitor(&ada).await;
        let second = hall.visitor(&two).await.session.id;
        assert!(accounts.end_session(&visitor, second, &hall.here()).await.unwrap());
        assert!(!hall.is_in(&two).await);
        // A session of somebody else cannot be ended, nor found to be there.
        let bob = hall.person(BOB).await;
        let theirs = hall.visitor(&bob).await.session.id;
        assert!(!accounts.end_session(&visitor, theirs, &hall.here()).await.unwrap());
        assert!(hall.is_in(&bob).await);
        // In use it lasts, but not for ever.
        for _ in 0..2 {
            hall.stage.pass(IDLE_MS - MINUTE);
            assert!(hall.is_in(&ada).await);
        }
        hall.stage.pass(LONGEST_MS - 2 * IDLE_MS + 3 * MINUTE);
        assert!(!hall.is_in(&ada).await, "the longest time is over");
        let idle = accounts.sign_in(ADA, PASSWORD, None, &hall.here()).await.unwrap();
        hall.stage.pass(IDLE_MS + 1);
        assert!(!hall.is_in(&idle).await, "it was not used");
        // A closed account is out of everything at once.
        let ada = accounts.sign_in(ADA, PASSWORD, None, &hall.here()).await.unwrap();
        let program =
            accounts.add_token(&hall.visitor(&ada).await, "laptop", &[Scope::Read], 30, &hall.here()).await.unwrap();
        accounts.disable(&ada.account, true, Hand::CommandLine).await.unwrap();
        assert!(!hall.is_in(&ada).await && accounts.program(&program).await.unwrap().is_none());
        hall.post.sweep().await.unwrap();
    }
}

#[tokio::test]
async fn nothing_is_sent_to_a_closed_account() {
    for hall in halls().await {
        let (accounts, atlas, now) = (&hall.accounts, &hall.stage.atlas, hall.stage.now());
        let (ada, bob) = (hall.person(ADA).await, hall.person(BOB).await);
        let (own, other) = (ada.account.person, bob.account.person);
        let company = accounts.found_organisation(&hall.visitor(&bob).await, "Byron", &hall.here()).await.unwrap();
        let webhook = hall.stage.webhook(own, "http://127.0.0.1:9/", atlas::watching::Template::Plain).await;
        let theirs = hall.stage.mail(company, "Ada@Example.org").await;
        let mail = |channels: Vec<atlas::watching::Channel>| {
            channels.into_iter().find(|channel| channel.kind == ChannelKind::Mail).unwrap().id
        };
        let to_ada = mail(atlas.channels(own).await.unwrap());
        let to_bob = mail(atlas.channels(other).await.unwrap());
        accounts.disable(&ada.account, true, Hand::CommandLine).await.unwrap();
        let mut sent = Vec::new();
        for (holder, channel) in [(own, to_ada), (own, webhook.id), (company, theirs.id), (other, to_bob)] {
            let kind = atlas::watching::MessageKind::Test;
            sent.push(atlas.post_note(holder, channel, kind, "a test", now).await.unwrap());
        }
        let claimed = async || {
            let mut claimed = atlas.claim_messages(ChannelKind::Mail, now, 99).await.unwrap();
            claimed.extend(atlas.claim_messages(ChannelKind::Webhook, now, 99).await.unwrap());
            claimed.sort_unstable();
            claimed
        };
        assert_eq!(claimed().await, [sent[3]], "{}: but others are told", hall.stage.engine);
        accounts.invite(&hall.visitor(&bob).await, company, ADA, Role::Reader, &hall.here()).await.unwrap();
        assert_eq!(hall.mails().await.len(), 0, "nobody invites them either");
        accounts.disable(&ada.account, false, Hand::CommandLine).await.unwrap();
        assert_eq!(claimed().await, sent[..3], "it waited");
    }
}

#[tokio::test]
async fn what_waited_while_an_account_was_closed_is_summed_up() {
    for hall in halls().await {
        let (accounts, stage) = (&hall.accounts, &hall.stage);
        let ada = hall.person(ADA).await;
        let own = ada.account.person;
        let document = common::document(&stage.atlas, "Plum", "Terms").await;
        stage.see(document, &common::terms(30, &[])).await;
        stage.watch(own, Subject::Document(document)).await;
        accounts.disable(&ada.account, true, Hand::CommandLine).await.unwrap();
        for at in 0..24 {
            stage.pass(common::DAY);
            stage.see(document, &common::terms(at, &[])).await;
            stage.tell().await;
        }
        stage.delivery(Some(&hall.smtp)).round().await.unwrap();
        assert!(hall.mails().await.is_empty(), "{}", stage.engine);
        accounts.disable(&ada.account, false, Hand::CommandLine).await.unwrap();
        stage.delivery(Some(&hall.smtp)).round().await.unwrap();
        let mut mails = hall.mails().await;
        mails.sort_by_key(|mail| mail.header("Subject").to_string());
        let subjects: Vec<&str> = mails.iter().map(|mail| mail.header("Subject")).collect();
        assert_eq!(mails.len(), 2, "{}: {subjects:?}", stage.engine);
        assert_eq!(subjects[0], "23 changes while your account was closed");
        let words = plain(&mails[0]).replace("\r\n", " ");
        assert!(words.contains("The latest 20 are here, and all of them stand in the inbox."), "{words}");
        assert_eq!(words.matches("All clauses, before and after: ").count(), 20, "in words");
        assert!(words.contains("Notice: 21 days") && !words.contains("Notice: 1 days"), "the latest: {words}");
        assert!(!subjects[1].contains("closed"), "what is younger than a day is sent as it is: {subjects:?}");
        assert_eq!(stage.inbox(own).await.len(), 24);
        // Nothing is sent twice, and nothing waits.
        stage.pass(common::DAY);
        stage.delivery(Some(&hall.smtp)).round().await.unwrap();
        assert!(hall.mails().await.is_empty());
    }
}

#[tokio::test]
async fn a_token_does_what_it_was_given_for_and_ends() {
    for hall in halls().await {
        let accounts = &hall.accounts;
        let ada = hall.person(ADA).await;
        let visitor = hall.visitor(&ada).await;
        for (name, scopes, days) in
            [("", &[Scope::Read][..], 30), ("x", &[], 30), ("x", &[Scope::Read], 0), ("x", &[Scope::Read], 367)]
        {
            let refused = accounts.add_token(&visitor, name, scopes, days, &hall.here()).await;
            assert!(matches!(refused, Err(AccountError::Input(_))), "{name:?} {days}");
        }
        let reads = accounts.add_token(&visitor, "a\r\nb", &[Scope::Read], 30, &hall.here()).await.unwrap();
        assert!(reads.starts_with("cwt_") && reads.len() == 68);
        let program = accounts.program(&reads).await.unwrap().unwrap();
        assert!(program.may(Scope::Read) && !program.may(Scope::Write));
        assert_eq!(hall.stage.atlas.tokens(ada.account.person).await.unwrap()[0].name, "a b");
        for other in ["", "cwt_", &reads[..67], &ada.secret] {
            assert!(accounts.program(other).await.unwrap().is_none(), "{other}");
        }
        assert!(accounts.visitor(&reads).await.unwrap().is_none(), "a token is no session");
        hall.stage.pass(30 * common::DAY);
        assert!(accounts.program(&reads).await.unwrap().is_none(), "its days are over");
    }
}

#[tokio::test]
async fn what_is_deleted_is_gone() {
    for hall in halls().await {
        let (accounts, atlas) = (&hall.accounts, &hall.stage.atlas);
        accounts.sign_up("ADA@Example.org", &Wish::default(), &hall.here()).await.unwrap();
        hall.mail().await;
        let ada = hall.person(ADA).await;
        let bob = hall.person(BOB).await;
        let person = ada.account.person;
        hall.stage.watch(person, Subject::Platform("plum".into())).await;
        atlas.put_watch(bob.account.person, &NewWatch::on(Subject::Platform("plum".into())), 0).await.unwrap();
        let id = common::document(atlas, "Plum", "Terms").await;
        hall.stage.see(id, &common::terms(30, &[])).await;
        hall.stage.pass(common::HOUR);
        hall.stage.see(id, &common::terms(7, &[common::ARBITRATION])).await;
        hall.stage.tell().await;
        assert_eq!(hall.stage.inbox(person).await.len(), 1);
        let visitor = hall.visitor(&ada).await;
        accounts.add_token(&visitor, "laptop", &Scope::ALL, 30, &hall.here()).await.unwrap();
        let trial = Trial { plan: "monitor".into(), since_ms: 1, until_ms: 2 };
        atlas.begin_trial(person, &trial).await.unwrap();
        let paid = NewSubscription { id: "sub_1".into(), person, plan: "compliance".into() };
        atlas.subscribed(&paid, hall.stage.now()).await.unwrap();
        let export = accounts.export(&visitor, &hall.here()).await.unwrap();
        assert_eq!((export.sessions.len(), export.tokens.len(), export.account.address.as_str()), (1, 1, ADA));
        assert_eq!((export.trials.last.as_ref(), export.subscriptions[0].id.as_str()), (Some(&trial), "sub_1"));
        let json = serde_json::to_string(&export).unwrap();
        assert!(!json.contains("argon2") && !json.contains(&ada.secret), "no secret is exported: {json}");
        // Who pays would go on to be charged.
        let refused = accounts.erase(&visitor, &hall.here()).await;
        assert!(matches!(refused, Err(AccountError::Paying)) && hall.is_in(&ada).await, "{}", hall.stage.engine);
        assert_eq!(hall.stage.inbox(person).await.len(), 1, "nothing is deleted by halves");
        atlas.unsubscribed("sub_1", hall.stage.now()).await.unwrap();
        accounts.erase(&visitor, &hall.here()).await.unwrap();
        assert_eq!(atlas.subscriptions(person).await.unwrap(), [], "what was paid for is nobody's");
        assert_eq!(atlas.trials(person).await.unwrap(), Trials::default());
        assert!(!atlas.subscribed(&paid, hall.stage.now()).await.unwrap(), "an event that comes late changes nothing");
        assert!(!hall.is_in(&ada).await && accounts.find(ADA).await.unwrap().is_none());
        assert_eq!(hall.mail().await.header("Subject"), "Your account at Clausewatch is deleted");
        left_of(&hall.stage, person.0).await;
        if let Some(mut connection) = sqlite(&hall.stage).await {
            let mails = "SELECT COUNT(*) FROM account_mails WHERE LOWER(address) = 'ada@example.org'";
            let left: i64 = sqlx::Row::get(&sqlx::Executor::fetch_one(&mut connection, mails).await.unwrap(), 0);
            assert_eq!(left, 1, "the mail that says so, and none from before");
        }
        assert_eq!(hall.stage.inbox(bob.account.person).await.len(), 1, "others keep what is theirs");
        // The address can be used again, by somebody new.
        assert_ne!(hall.person(ADA).await.account.person, person);
    }
}

/// The file behind a store on SQLite.
async fn sqlite(stage: &Stage) -> Option<sqlx::SqliteConnection> {
    use sqlx::Connection;
    let atlas::Location::Sqlite(folder) = &stage.location else { return None };
    let url = format!("sqlite://{}", folder.join("clausewatch.db").display());
    Some(sqlx::SqliteConnection::connect(&url).await.unwrap())
}

/// Looks for rows of a person, or of an organisation, in every table that knows them.
async fn left_of(stage: &Stage, person: i64) {
    use sqlx::{AssertSqlSafe, Executor, Row};
    let Some(mut connection) = sqlite(stage).await else { return };
    let sql = "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c
        WHERE m.type = 'table' AND c.name IN ('person_id', 'organisation_id')";
    let rows = connection.fetch_all(sql).await.unwrap();
    let places: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert!(places.len() >= 15, "{places:?}");
    for (table, column) in places {
        let sql = format!("SELECT COUNT(*) FROM {table} WHERE {column} = {person}");
        let rows: i64 = connection.fetch_one(AssertSqlSafe(sql)).await.unwrap().get(0);
        assert_eq!(rows, 0, "{table} still has rows of the person");
    }
}

#[tokio::test]
async fn what_the_store_holds_opens_nothing() {
    use sqlx::{Connection, Executor, Row, SqliteConnection};
    let hall = halls().await.remove(0);
    let ada = hall.person(ADA).await;
    let program =
        hall.accounts.add_token(&hall.visitor(&ada).await, "laptop", &[Scope::Read], 30, &hall.here()).await.unwrap();
    hall.accounts.mail_reset(ADA, &hall.here()).await.unwrap();
    let link = hall.link().await;
    let atlas::Location::Sqlite(folder) = &hall.stage.location else { panic!("the first engine is SQLite") };
    let url = format!("sqlite://{}", folder.join("clausewatch.db").display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
    let hashes: i64 = connection.fetch_one("SELECT COUNT(*) FROM sessions").await.unwrap().get(0);
    assert_eq!(hashes, 1);
    let bytes = std::fs::read(folder.join("clausewatch.db")).unwrap();
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(ADA), "the file is the one that is looked at");
    for secret in [PASSWORD, &ada.secret, &program, &program[4..], &link, link.split_once('-').unwrap().1] {
        assert!(!holds(secret), "{secret} is in the store");
    }
}

#[tokio::test]
async fn no_address_can_write_headers() {
    let hall = halls().await.remove(0);
    for address in [
        "ada@example.org\r\nBcc: victim@example.org",
        "ada@example.org\nSubject: x",
        "ada@example.org%0d%0aBcc:x",
        "a, b@example.org",
    ] {
        let refused = hall.accounts.sign_up(address, &Wish::default(), &hall.here()).await;
        assert!(matches!(refused, Err(AccountError::Address(_))), "{address:?}");
    }
    let wish = Wish { watch: Some("x\r\nBcc: victim@example.org".into()), back: None };
    hall.accounts.sign_up(ADA, &wish, &hall.here()).await.unwrap();
    let mail = hall.mail().await;
    assert_eq!((mail.to.len(), mail.all("Bcc").len(), mail.all("Subject").len()), (1, 0, 1));
    assert!(!mail.body.contains("victim"), "what somebody wishes is in no mail");
}

#[tokio::test]
async fn mail_waits_for_the_server_but_not_beyond_its_link() {
    let hall = halls().await.remove(0);
    *hall.smtp.mood.lock().unwrap() = common::smtp::Mood::Closing;
    hall.accounts.sign_up(ADA, &Wish::default(), &hall.here()).await.unwrap();
    let (sent, trouble) = hall.post.round().await.unwrap();
    assert!(sent == 0 && trouble.is_some());
    assert_eq!(hall.post.round().await.unwrap(), (0, None), "it waits");
    hall.stage.pass(6_000);
    *hall.smtp.mood.lock().unwrap() = common::smtp::Mood::Well;
    assert_eq!(hall.mails().await.len(), 1);
    *hall.smtp.mood.lock().unwrap() = common::smtp::Mood::Closing;
    hall.accounts.mail_reset(ADA, &hall.here()).await.unwrap();
    hall.stage.pass(48 * common::HOUR);
    hall.post.round().await.unwrap();
    *hall.smtp.mood.lock().unwrap() = common::smtp::Mood::Well;
    hall.stage.pass(common::HOUR);
    assert_eq!(hall.mails().await.len(), 0, "a link that is over is not sent");
}

/// How many operators there are who can sign in.
async fn operators_left(atlas: &atlas::Atlas) -> usize {
    let accounts = atlas.accounts(0, i64::MAX).await.unwrap();
    accounts.iter().filter(|account| account.operator && account.disabled_ms.is_none()).count()
}

#[tokio::test]
async fn a_dead_server_ends_the_round_and_costs_no_attempt() {
    for hall in halls().await {
        *hall.smtp.mood.lock().unwrap() = common::smtp::Mood::Closing;
        for name in 0..12 {
            hall.accounts.sign_up(&format!("p{name}@example.org"), &Wish::default(), &hall.here()).await.unwrap();
        }
        // Without an end, for less time than a link lasts: each round asks the server once.
        for round in 0..6 {
            let connected = hall.smtp.pace.connected.load(Ordering::Relaxed);
            assert!(hall.post.round().await.unwrap().1.is_some(), "{}: round {round}", hall.stage.engine);
            assert_eq!(hall.smtp.pace.connected.load(Ordering::Relaxed) - connected, 1, "{}", hall.stage.engine);
            assert_eq!(hall.post.round().await.unwrap(), (0, None), "{}: it is left alone", hall.stage.engine);
            hall.stage.pass(MINUTE);
        }
        for id in 1..=12 {
            let mail = hall.stage.atlas.account_mail(id).await.unwrap().unwrap();
            assert_eq!(mail.attempts, 0, "{}: mail {id}", hall.stage.engine);
        }
        *hall.smtp.mood.lock().unwrap() = common::smtp::Mood::Well;
        assert_eq!(hall.mails().await.len(), 12, "{}", hall.stage.engine);
    }
}

#[tokio::test]
async fn who_asks_many_times_at_once_has_no_more_room() {
    for hall in halls().await {
        let ada = hall.person(ADA).await;
        let (mut tokens, mut organisations) = (tokio::task::JoinSet::new(), tokio::task::JoinSet::new());
        for _ in 0..25 {
            let (accounts, visitor, here) = (hall.accounts.clone(), hall.visitor(&ada).await, hall.here());
            tokens
                .spawn(async move { accounts.add_token(&visitor, "program", &[Scope::Read], 30, &here).await.is_ok() });
            let (accounts, visitor, here) = (hall.accounts.clone(), hall.visitor(&ada).await, hall.here());
            organisations.spawn(async move { accounts.found_organisation(&visitor, "Guild", &here).await.is_ok() });
        }
        let done = |all: Vec<bool>| all.into_iter().filter(|done| *done).count();
        let made = (done(tokens.join_all().await), done(organisations.join_all().await));
        assert_eq!(made, (20, 5), "{}", hall.stage.engine);
    }
}

#[tokio::test]
async fn a_link_is_made_of_bytes_that_no_release_changes() {
    use hmac::{Hmac, KeyInit, Mac};
    let hall = halls().await.remove(0);
    hall.accounts.sign_up(ADA, &Wish::default(), &hall.here()).await.unwrap();
    let mail = hall.stage.atlas.account_mail(1).await.unwrap().unwrap();
    let mut does = b"account link 2\n".to_vec();
    for field in [
        1_i64.to_be_bytes().to_vec(),
        0_i64.to_be_bytes().to_vec(),
        ADA.into(),
        0_i64.to_be_bytes().to_vec(),
        mail.nonce,
        b"{}".to_vec(),
        mail.expires_ms.to_be_bytes().to_vec(),
    ] {
        does.extend((field.len() as u64).to_be_bytes());
        does.extend(field);
    }
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&settings().key).unwrap();
    mac.update(&does);
    assert_eq!(hall.link().await, format!("1-{}", archive::hex(&mac.finalize().into_bytes())));
}

#[tokio::test]
async fn the_first_operator_is_made_from_the_command_line() {
    for hall in halls().await {
        let made = hall.accounts.create_operator(ADA).await.unwrap();
        assert!(made.operator && made.password.is_none());
        hall.accounts.mail_sign_in(ADA, &Wish::default(), &hall.here()).await.unwrap();
        let link = hall.link().await;
        assert!(hall.follow(&link, None).await.account.operator);
        let bob = hall.person(BOB).await;
        assert!(!bob.account.operator);
        hall.accounts.create_operator(BOB).await.unwrap();
        assert!(hall.visitor(&bob).await.account.operator, "an account that is there is kept");
        hall.accounts.grant(&bob.account, false, Hand::CommandLine).await.unwrap();
        assert!(!hall.visitor(&bob).await.account.operator);
        assert_eq!(operators_left(&hall.stage.atlas).await, 1);
        // The last one stays, whoever else goes.
        hall.accounts.mail_sign_in(ADA, &Wish::default(), &hall.here()).await.unwrap();
        let link = hall.link().await;
        let ada = hall.follow(&link, None).await;
        let ada = hall.visitor(&ada).await;
        assert!(matches!(hall.accounts.erase(&ada, &hall.here()).await, Err(AccountError::LastOperator)));
        hall.accounts.erase(&hall.visitor(&bob).await, &hall.here()).await.unwrap();
        assert_eq!(operators_left(&hall.stage.atlas).await, 1);
    }
}

/// The code that an app would show now for a secret as the page shows it.
fn code(hall: &Hall, secret: &str) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
    let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    totp.generate(u64::try_from(hall.stage.now() / 1000).unwrap()).to_string()
}

#[tokio::test]
async fn recovery_codes_are_made_anew_by_who_has_the_factor() {
    for hall in halls().await {
        let (accounts, atlas) = (&hall.accounts, &hall.stage.atlas);
        let ada = hall.person(ADA).await;
        let visitor = hall.visitor(&ada).await;
        let none = accounts.renew_codes(&visitor, "000000", &hall.here()).await;
        assert!(matches!(none, Err(AccountError::Input(_))), "there is no factor");
        let begun = accounts.begin_factor(&visitor).await.unwrap();
        assert!(!atlas.renew_recovery_codes(ada.account.person, &[]).await.unwrap(), "nor while it is not confirmed");
        let first = code(&hall, &begun.secret);
        let before = accounts.confirm_factor(&visitor, &first, &hall.here()).await.unwrap();
        hall.mails().await;
        let ada = hall.renewed(&ada, &visitor);
        let visitor = hall.visitor(&ada).await;
        for wrong in ["", "000000", first.as_str()] {
            let refused = accounts.renew_codes(&visitor, wrong, &hall.here()).await;
            assert!(matches!(refused, Err(AccountError::Wrong)), "{wrong:?}");
        }
        let codes = accounts.renew_codes(&visitor, &before[0], &hall.here()).await.unwrap();
        assert!(codes.len() == 10 && codes.iter().all(|code| !before.contains(code)));
        assert_eq!(atlas.recovery_codes(ada.account.person).await.unwrap(), 10);
        assert_eq!(hall.mail().await.header("Subject"), "Your recovery codes at Clausewatch are new");
        assert!(hall.is_in(&hall.renewed(&ada, &visitor)).await && !hall.is_in(&ada).await);
        assert!(
            accounts.sign_in(ADA, PASSWORD, Some(&before[1]), &hall.here()).await.is_err(),
            "the old ones are over"
        );
        accounts.sign_in(ADA, PASSWORD, Some(&codes[1]), &hall.here()).await.unwrap();
    }
}

#[tokio::test]
async fn a_lost_second_factor_is_ended_by_the_mailbox_and_the_password() {
    for hall in halls().await {
        let (accounts, atlas, here) = (&hall.accounts, &hall.stage.atlas, hall.here());
        let ada = hall.person(ADA).await;
        assert!(!accounts.send_end_of_factor(&ada.account).await.unwrap(), "there is none");
        let visitor = hall.visitor(&ada).await;
        let begun = accounts.begin_factor(&visitor).await.unwrap();
        accounts.confirm_factor(&visitor, &code(&hall, &begun.secret), &here).await.unwrap();
        hall.mails().await;
        // Nobody can ask for it but the operator, who ends nothing by it.
        assert!(accounts.send_end_of_factor(&ada.account).await.unwrap());
        let asked = hall.mail().await;
        assert_eq!(asked.header("Subject"), "End your second factor at Clausewatch");
        let link = token(&asked);
        let shown = accounts.link(&link).await.unwrap();
        assert!(shown.asks_password && !shown.asks_code);
        for wrong in [None, Some(""), Some(OTHER)] {
            let refused = accounts.follow(&link, wrong, None, &here).await;
            assert!(matches!(refused, Err(AccountError::Wrong)), "{wrong:?}");
        }
        assert!(accounts.sign_in(ADA, PASSWORD, None, &here).await.is_err(), "it is still in use");
        assert!(matches!(accounts.follow(&link, Some(PASSWORD), None, &here).await, Ok(Followed::FactorEnded)));
        assert_eq!(hall.mail().await.header("Subject"), "Your second factor at Clausewatch is ended");
        accounts.sign_in(ADA, PASSWORD, None, &here).await.unwrap();
        let again = accounts.follow(&link, Some(PASSWORD), None, &here).await;
        assert!(matches!(again, Err(AccountError::Link)), "it works once");
        // Who has no password had the mailbox alone at the beginning. After an hour, or for a factor that is ended, the link is over.
        atlas.set_password(ada.account.person, None).await.unwrap();
        for late in [true, false] {
            let visitor = hall.visitor(&hall.enter_by_link(ADA).await).await;
            hall.stage.pass(30_000);
            let begun = accounts.begin_factor(&visitor).await.unwrap();
            accounts.confirm_factor(&visitor, &code(&hall, &begun.secret), &here).await.unwrap();
            hall.mails().await;
            accounts.send_end_of_factor(&visitor.account).await.unwrap();
            let link = hall.link().await;
            assert!(!accounts.link(&link).await.unwrap().asks_password);
            if late {
                hall.stage.pass(60 * MINUTE);
                assert!(matches!(accounts.link(&link).await, Err(AccountError::Link)));
                atlas.drop_factor(visitor.account.person).await.unwrap();
            } else {
                assert!(matches!(accounts.follow(&link, None, None, &here).await, Ok(Followed::FactorEnded)));
                assert!(matches!(accounts.link(&link).await, Err(AccountError::Link)));
            }
        }
    }
}

#[tokio::test]
async fn who_lacks_a_second_factor_that_is_required_is_known() {
    for hall in halls().await {
        let here = hall.here();
        let ada = hall.person(ADA).await;
        let lax = hall.visitor(&ada).await;
        let of_operators = hall.run_with(Settings { required: Required::OfOperators, ..settings() });
        let lacks = async |accounts: &Accounts| accounts.visitor(&ada.secret).await.unwrap().unwrap().lacks_factor;
        assert!(!lax.lacks_factor && !lacks(&of_operators).await, "she operates nothing");
        hall.accounts.grant(&ada.account, true, Hand::CommandLine).await.unwrap();
        assert!(lacks(&of_operators).await && !lacks(&hall.accounts).await);
        let of_all = hall.run_with(Settings { required: Required::OfEverybody, ..settings() });
        let token = of_all.add_token(&lax, "script", &[Scope::Read], 30, &here).await.unwrap();
        assert!(of_all.program(&token).await.unwrap().unwrap().lacks_factor, "nor do programs");
        let begun = hall.accounts.begin_factor(&lax).await.unwrap();
        assert!(lacks(&of_all).await, "one that was only begun is none");
        hall.accounts.confirm_factor(&lax, &code(&hall, &begun.secret), &here).await.unwrap();
        let signed_in = hall.renewed(&ada, &lax);
        assert!(!of_all.visitor(&signed_in.secret).await.unwrap().unwrap().lacks_factor);
        assert!(!of_all.program(&token).await.unwrap().unwrap().lacks_factor);
    }
}

#[tokio::test]
async fn a_second_factor_is_asked_for_on_every_way_in() {
    for hall in halls().await {
        let (accounts, atlas) = (&hall.accounts, &hall.stage.atlas);
        let ada = hall.person(ADA).await;
        let visitor = hall.visitor(&ada).await;
        let begun = accounts.begin_factor(&visitor).await.unwrap();
        assert!(begun.url.starts_with("otpauth://totp/Clausewatch:ada%40example%2Eorg?secret="), "{}", begun.url);
        let wrong = accounts.confirm_factor(&visitor, "000000", &hall.here()).await;
        assert!(matches!(wrong, Err(AccountError::Wrong)));
        accounts.sign_in(ADA, PASSWORD, None, &hall.here()).await.expect("it is not in use before its first code");
        let first = code(&hall, &begun.secret);
        let codes = accounts.confirm_factor(&visitor, &first, &hall.here()).await.unwrap();
        assert_eq!(codes.len(), 10);
        assert_eq!(hall.mail().await.header("Subject"), "A second factor at Clausewatch is in use");
        let kept = atlas.factor(ada.account.person).await.unwrap().unwrap().secret;
        assert_eq!(kept, totp_rs::Secret::try_from_base32(&begun.secret).unwrap().as_bytes());
        // With the password.
        let no_code = accounts.sign_in(ADA, PASSWORD, None, &hall.here()).await.err().unwrap().to_string();
        let no_password = accounts.sign_in(ADA, OTHER, None, &hall.here()).await.err().unwrap().to_string();
        assert_eq!(no_code, no_password, "nobody learns that the password is right");
        let used = accounts.sign_in(ADA, PASSWORD, Some(&first), &hall.here()).await;
        assert!(matches!(used, Err(AccountError::Wrong)), "a code works once");
        hall.stage.pass(30_000);
        let second = code(&hall, &begun.secret);
        accounts.sign_in(ADA, PASSWORD, Some(&second), &hall.here()).await.unwrap();
        // By a mailed link, and when the password is set anew; the link stays good until there is a code.
        for reset in [false, true] {
            match reset {
                true => accounts.mail_reset(ADA, &hall.here()).await.unwrap(),
                false => accounts.mail_sign_in(ADA, &Wish::default(), &hall.here()).await.unwrap(),
            }
            let link = hall.link().await;
            assert!(accounts.link(&link).await.unwrap().asks_code);
            for given in [None, Some("000000"), Some(second.as_str())] {
                let refused = accounts.follow(&link, Some(OTHER), given, &hall.here()).await;
                assert!(matches!(refused, Err(AccountError::Code)), "{given:?}");
            }
            hall.stage.pass(30_000);
            let now = code(&hall, &begun.secret);
            assert!(accounts.follow(&link, Some(OTHER), Some(&now), &hall.here()).await.is_ok());
        }
        hall.mail().await;
        // A link of signing up that is followed when there is an account by then is no way around either.
        accounts.sign_up(BOB, &Wish::default(), &hall.here()).await.unwrap();
        let early = hall.link().await;
        let bob = hall.person(BOB).await;
        let visitor_bob = hall.visitor(&bob).await;
        let theirs = accounts.begin_factor(&visitor_bob).await.unwrap();
        let given = code(&hall, &theirs.secret);
        accounts.confirm_factor(&visitor_bob, &given, &hall.here()).await.unwrap();
        assert!(matches!(accounts.follow(&early, None, None, &hall.here()).await, Err(AccountError::Link)));
        // Recovery codes work once, however they are typed.
        hall.stage.pass(limits::PASSWORDS_OF_ADDRESS.window_ms);
        let typed = codes[3].to_uppercase().replace('-', " ");
        accounts.sign_in(ADA, OTHER, Some(&typed), &hall.here()).await.unwrap();
        assert!(accounts.sign_in(ADA, OTHER, Some(&typed), &hall.here()).await.is_err());
        assert_eq!(atlas.recovery_codes(ada.account.person).await.unwrap(), 9);
        // One of somebody else's is none.
        assert!(accounts.sign_in(BOB, PASSWORD, Some(&codes[4]), &hall.here()).await.is_err());
        // A code ends it; without one it stays.
        let back = accounts.sign_in(ADA, OTHER, Some(&codes[5]), &hall.here()).await.unwrap();
        let visitor = hall.visitor(&back).await;
        assert!(matches!(accounts.end_factor(&visitor, "000000", &hall.here()).await, Err(AccountError::Wrong)));
        hall.mails().await;
        accounts.end_factor(&visitor, &codes[6], &hall.here()).await.unwrap();
        let told = hall.mail().await;
        assert_eq!((told.to.clone(), plain(&told).contains("/account/link/")), (vec![ADA.to_string()], false));
        assert_eq!(told.header("Subject"), "Your second factor at Clausewatch is ended");
        // In another window there is nothing left to end, and nothing to tell.
        let again = accounts.end_factor(&visitor, &codes[7], &hall.here()).await;
        assert!(matches!(again, Err(AccountError::Input(_))), "{again:?}");
        assert!(hall.mails().await.is_empty());
        accounts.sign_in(ADA, OTHER, None, &hall.here()).await.unwrap();
        accounts.erase(&visitor_bob, &hall.here()).await.unwrap();
        left_of(&hall.stage, bob.account.person.0).await;
    }
}

#[tokio::test]
async fn who_knows_the_password_does_not_guess_codes_without_end() {
    let hall = halls().await.remove(0);
    let ada = hall.person(ADA).await;
    let visitor = hall.visitor(&ada).await;
    let begun = hall.accounts.begin_factor(&visitor).await.unwrap();
    hall.accounts.confirm_factor(&visitor, &code(&hall, &begun.secret), &hall.here()).await.unwrap();
    let mut guesses = 0;
    for at in 0..limits::PASSWORDS_OF_ADDRESS.tries {
        let from = caller(&format!("198.51.100.{at}"));
        // The right password in between does not make the count begin anew.
        let _ = hall.accounts.set_password(&visitor, Some(PASSWORD), PASSWORD, false, &from).await;
        let guess = hall.accounts.end_factor(&visitor, "000000", &from).await;
        guesses += i64::from(matches!(guess, Err(AccountError::Wrong)));
    }
    assert!((1..limits::PASSWORDS_OF_ADDRESS.tries / 2 + 1).contains(&guesses), "{guesses}");
}

#[tokio::test]
async fn of_two_windows_one_is_given_recovery_codes_that_are_kept() {
    for hall in halls().await {
        let ada = hall.person(ADA).await;
        let (visitor, here) = (hall.visitor(&ada).await, hall.here());
        let begun = hall.accounts.begin_factor(&visitor).await.unwrap();
        let first = code(&hall, &begun.secret);
        hall.stage.pass(30_000);
        let second = code(&hall, &begun.secret);
        let (a, b) = tokio::join!(
            hall.accounts.confirm_factor(&visitor, &first, &here),
            hall.accounts.confirm_factor(&visitor, &second, &here)
        );
        assert!(a.is_ok() != b.is_ok());
        let codes = a.or(b).unwrap();
        hall.accounts.sign_in(ADA, PASSWORD, Some(&codes[0]), &here).await.unwrap();
    }
}

#[tokio::test]
async fn codes_cannot_be_guessed() {
    let hall = halls().await.remove(0);
    let ada = hall.person(ADA).await;
    let visitor = hall.visitor(&ada).await;
    let begun = hall.accounts.begin_factor(&visitor).await.unwrap();
    hall.accounts.confirm_factor(&visitor, &code(&hall, &begun.secret), &hall.here()).await.unwrap();
    hall.mails().await;
    hall.accounts.mail_sign_in(ADA, &Wish::default(), &hall.here()).await.unwrap();
    let link = hall.link().await;
    let mut refused = 0;
    for guess in 0..limits::PASSWORDS_OF_ADDRESS.tries {
        let from = caller(&format!("198.51.100.{guess}"));
        let answer = hall.accounts.follow(&link, None, Some("000000"), &from).await;
        refused += i64::from(matches!(answer, Err(AccountError::TooOften { .. })));
    }
    assert_eq!(refused, 1, "the code that was right counts too");
}
