//! Accounts from the command line, and the whole walk in a real browser: sign up, confirm, watch, be told, unsubscribe, delete.
//!
//! The walk is skipped with a message where there is no Chromium. With `CLAUSEWATCH_TEST_SHOTS` set to a folder, it leaves a picture of
//! each page there, to be looked at.
#[path = "../../alerts/tests/common/smtp.rs"]
#[allow(dead_code, reason = "a part of it is used")]
mod smtp;

mod common;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use alerts::{Delivery, Links, MailServer, Mailer, Teller};
use archive::instant::HOUR_MS;
use atlas::accounts::{NewInvitation, Role};
use atlas::ids::DocumentId;
use atlas::records::{NewCapture, NewDocument, Platform};
use atlas::{Atlas, KeyPlace, Location, LogConfig};
use common::browser::{Browser, Ending, chromium};
use provisions::Reader;
use serde_json::{Value, json};
use smtp::{Mail, Smtp};
use tracker::history::{History, Observation};

const ADA: &str = "ada@example.org";
const PASSWORD: &str = "violet anchor seldom 9";

fn terms(more: &str) -> String {
    format!(
        "# Plum Terms\n\nThese terms bind you and Plum Limited of Port Vesper.\n\n## Fees\n\nYou must pay 5 crowns a month for the plan \
         that you chose.\n\n## Disputes\n\nThe law of Norland governs these terms and the use of the service by you.\n{more}"
    )
}

const ARBITRATION: &str = "\nYou and Plum agree that any dispute arising out of these terms will be resolved exclusively by final and binding \
                           individual arbitration, and not in a court of law.\n";

#[expect(clippy::disallowed_methods, reason = "the program lives by the clock of the machine")]
fn now_ms() -> i64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64
}

async fn store(folder: &Path) -> Atlas {
    let log = LogConfig { origin: "clausewatch".into(), fresh_seed: [7; 32] };
    let data = folder.join("data");
    let key = KeyPlace::in_folder(&data, [5; 32]);
    Atlas::open(&Location::Sqlite(data), &log, &key).await.unwrap()
}

/// Sees a text of the document at an instant, twice.
async fn see(atlas: &Atlas, document: DocumentId, text: &str, at_ms: i64) {
    let mut history = History::resume(Reader::embedded(), document, atlas.history(document).await.unwrap());
    let url = Some("https://plum.example/terms".into());
    let capture = NewCapture { at_ms, url, status: 200, headers: vec![], body: text.as_bytes().to_vec(), origin: None };
    history.observe(Observation { capture, text: text.into(), recorded: false, technical: None });
    atlas.record(history.take_batch("test 1", at_ms, None)).await.unwrap();
    atlas.verified(document, at_ms).await.unwrap();
}

async fn plum(atlas: &Atlas) -> DocumentId {
    let platform = Platform { slug: "plum".into(), name: "Plum".into(), homepage: None, sector: None, country: None };
    atlas.put_platform(&platform).await.unwrap();
    let new = NewDocument {
        platform: "plum".into(),
        kind: "Terms of Service".into(),
        title: "Plum Terms".into(),
        urls: vec!["https://plum.example/terms".into()],
        language: Some("en".into()),
        select: vec![],
        remove: vec![],
    };
    atlas.put_document(&new).await.unwrap()
}

/// The address in the only mail that came since the last time, which begins like this below the site.
fn link_in(smtp: &Smtp, site: &str, path: &str) -> String {
    let mut mails: Vec<Mail> = Vec::new();
    for _ in 0..600 {
        mails = std::mem::take(&mut *smtp.mails.lock().unwrap());
        if !mails.is_empty() {
            break;
        }
        #[expect(clippy::disallowed_methods, reason = "the program lives by the clock of the machine")]
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(mails.len(), 1, "{mails:?}");
    let body = mails[0].body.replace("=\r\n", "").replace("=3D", "=");
    let start = body.find(&format!("{site}{path}")).unwrap_or_else(|| panic!("{path} is not in {body}"));
    body[start..].chars().take_while(|c| !c.is_whitespace() && !"\"<>".contains(*c)).collect()
}

fn mail_server(smtp: &Smtp) -> String {
    format!("smtp://127.0.0.1:{}", smtp.port)
}

/// The program that serves the site with accounts, until it is dropped, and the site's address.
fn serve(folder: &Path, smtp: &Smtp) -> (Ending, String) {
    serve_as(folder, smtp, "127.0.0.1")
}

/// The same, reached under one of the names of this machine.
fn serve_as(folder: &Path, smtp: &Smtp, name: &str) -> (Ending, String) {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let listen = format!("127.0.0.1:{port}");
    let site = format!("http://{name}:{port}");
    let arguments = ["serve", "--data", "data", "--listen", &listen, "--accounts", "--public-url", &site];
    let mail = ["--mail-server", &mail_server(smtp), "--mail-from", "Clausewatch <accounts@record.example>"];
    let mut command = common::program(folder);
    let mut serve = Ending(command.args(arguments).args(mail).stdout(Stdio::piped()).spawn().unwrap());
    BufReader::new(serve.0.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    (serve, site)
}

#[test]
fn sign_up_confirm_watch_be_told_unsubscribe_delete() {
    let Some(chromium) = chromium() else {
        return println!("skipped: no Chromium; install it, or name it with CLAUSEWATCH_TEST_CHROMIUM");
    };
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (atlas, document, smtp) = runtime.block_on(async {
        let atlas = store(folder.path()).await;
        let document = plum(&atlas).await;
        see(&atlas, document, &terms(""), now_ms() - 48 * HOUR_MS).await;
        (atlas, document, Smtp::start().await)
    });
    let (_serve, site) = serve(folder.path(), &smtp);
    let mut browser = Browser::start(&chromium, &folder.path().join("profile"));

    // A visitor presses “Watch”, signs up, and confirms.
    browser.open(&format!("{site}/platforms/plum"));
    browser.press("form.watch button");
    browser.picture("sign-up");
    assert!(browser.text().contains("You will be told of changes to Plum"), "signing up from “Watch”");
    browser.fill("input[name=address]", ADA);
    browser.press("form.settings button");
    browser.picture("sent");
    assert!(browser.text().contains("Look into your mailbox"), "the address is given");
    browser.open(&link_in(&smtp, &site, "/account/link/"));
    browser.picture("confirm");
    browser.fill("input[name=password]", PASSWORD);
    browser.press("form.settings button");
    assert_eq!(browser.value("location.pathname"), "/platforms/plum", "confirmed, and back at the page");
    assert!(browser.text().contains("Stop watching"), "the watch is made");
    assert_eq!(browser.value("document.cookie"), "", "no script sees the session");

    // What changes is mailed, and stands in the inbox.
    let told_ms = now_ms() + 2 * HOUR_MS;
    runtime.block_on(async {
        see(&atlas, document, &terms(ARBITRATION), now_ms() + 1000).await;
        let clock: alerts::Clock = Arc::new(move || told_ms);
        Teller::new(atlas.clone(), Arc::clone(&clock)).round().await.unwrap();
        let server =
            MailServer { url: mail_server(&smtp), from: "alerts@record.example".into(), ..MailServer::default() };
        let poster =
            fetch::Poster::new("test", Duration::from_secs(1), Vec::new(), &fetch::Outbound::default()).unwrap();
        let mailer = Some(Mailer::new(&server).unwrap());
        let delivered = Delivery::new(atlas.clone(), clock, Links::below(&site), mailer, poster).round().await.unwrap();
        assert_eq!(delivered.sent, 1, "the change is mailed");
    });
    let unsubscribe = link_in(&smtp, &site, "/unsubscribe/");
    browser.open(&format!("{site}/inbox"));
    browser.picture("inbox");
    assert!(browser.text().contains("1 message is unread") && browser.text().contains("arbitration"), "the inbox");
    browser.open(&format!("{site}/watchlist"));
    browser.picture("watchlist");

    // The link in the mail ends it, signed in or not.
    browser.open(&unsubscribe);
    browser.picture("unsubscribe");
    browser.press("button[name=unsubscribe]");
    assert!(browser.text().contains("You are unsubscribed"), "by the link in the mail");

    // Out and in again, with the password.
    browser.open(&format!("{site}/account"));
    browser.picture("account");
    assert!(browser.text().contains(ADA), "the account is shown before signing out");
    browser.press("form[action='/account/sign-out'] button");
    browser.open(&format!("{site}/watchlist"));
    browser.picture("sign-in");
    browser.fill("input[name=address]", ADA);
    browser.fill("input[name=password]", "not it at all");
    browser.press("form.settings button");
    browser.picture("wrong");
    assert!(browser.text().contains("do not go together"), "signing in with a wrong password");
    browser.fill("input[name=password]", PASSWORD);
    browser.press("form.settings button");
    assert_eq!(browser.value("location.pathname"), "/watchlist", "signed in again, and back at the page");

    // A token, shown once.
    browser.open(&format!("{site}/account"));
    browser.value("document.querySelectorAll('details').forEach(details => details.open = true)");
    browser.fill("input[name=name]", "laptop");
    browser.press("form[action='/account/tokens'] p button");
    browser.picture("token");
    assert!(browser.text().contains("It is not shown again"), "a token is made");

    // The beginning of a second factor, which asks for nothing until its first code was given.
    browser.press("form[action='/account/second-factor'] button");
    browser.picture("second-factor");
    assert!(browser.text().contains("Scan this with your app for codes (TOTP)"), "a second factor is begun");
    assert_eq!(browser.value("document.querySelectorAll('svg.qr path').length"), 2, "its code");

    // Deleted, and gone.
    browser.value("document.querySelectorAll('details').forEach(details => details.open = true)");
    browser.fill("input[name=sure]", "delete");
    browser.press("form[action='/account/delete'] button");
    assert_eq!(browser.value("location.pathname"), "/", "the account is deleted");
    browser.open(&format!("{site}/account"));
    assert_eq!(browser.value("location.pathname"), "/account/sign-in", "nobody is signed in after that");
    runtime.block_on(async { assert!(atlas.account_at(ADA).await.unwrap().is_none(), "the store has no account") });
}

/// How often an authenticator of the browser's signed with each of its passkeys.
fn counts(browser: &mut Browser, authenticator: &Value) -> Vec<i64> {
    let kept = browser.ask("WebAuthn.getCredentials", json!({"authenticatorId": authenticator}));
    kept["credentials"].as_array().unwrap().iter().map(|kept| kept["signCount"].as_i64().unwrap()).collect()
}

/// What a script does without leaving the page, once it is seen in its text.
fn comes_to_say(browser: &mut Browser, words: &str) {
    for _ in 0..200 {
        if browser.text().contains(words) {
            return;
        }
        #[expect(clippy::disallowed_methods, reason = "the browser lives by the clock of the machine")]
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("{words} is not in {}", browser.text());
}

#[test]
fn add_a_passkey_sign_in_with_it_prove_with_it_remove_it() {
    let Some(chromium) = chromium() else {
        return println!("skipped: no Chromium; install it, or name it with CLAUSEWATCH_TEST_CHROMIUM");
    };
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (atlas, smtp) = runtime.block_on(async { (store(folder.path()).await, Smtp::start().await) });
    let (_serve, site) = serve_as(folder.path(), &smtp, "localhost");
    let mut browser = somebody(&chromium, folder.path(), &smtp, &site, ADA);
    browser.ask("WebAuthn.enable", json!({}));
    let options = json!({"protocol": "ctap2", "ctap2Version": "ctap2_1", "transport": "internal", "hasResidentKey": true,
        "hasUserVerification": true, "isUserVerified": true, "automaticPresenceSimulation": true});
    let added = browser.ask("WebAuthn.addVirtualAuthenticator", json!({"options": options}));
    let authenticator = added["authenticatorId"].clone();

    // Added under the name of the browser, by a script that the page's policy lets in.
    browser.open(&format!("{site}/account"));
    unfold(&mut browser);
    browser.picture("passkeys");
    assert!(!browser.text().contains("Your browser has no passkeys"));
    assert_eq!(browser.value("document.querySelector('[data-passkey=create] [name=name]').value"), "Chrome on Linux");
    browser.fill("[data-passkey=create] [name=name]", "Ada’s laptop");
    browser.press("[data-passkey=create] .settings-end button");
    assert!(browser.text().contains("Your passkey is added"), "{}", browser.text());
    assert!(browser.text().contains("Ada’s laptop") && browser.text().contains("never used"));
    unfold(&mut browser);
    browser.picture("passkey-added");
    assert_eq!(counts(&mut browser, &authenticator).len(), 1);
    // On the same device there is no second one.
    browser.value("document.querySelector('[data-passkey=create] .settings-end button').click()");
    comes_to_say(&mut browser, "There is a passkey for your account on this device already.");
    browser.picture("passkey-there");

    // Out, and in with it alone; what is called off is said.
    browser.press("form[action='/account/sign-out'] button");
    browser.open(&format!("{site}/watchlist"));
    browser.picture("sign-in-with-passkey");
    let unverified = json!({"authenticatorId": authenticator, "isUserVerified": false});
    browser.ask("WebAuthn.setUserVerified", unverified);
    browser.value("document.querySelector('[data-passkey=get] button').click()");
    comes_to_say(&mut browser, "No passkey was used");
    browser.picture("passkey-called-off");
    browser.ask("WebAuthn.setUserVerified", json!({"authenticatorId": authenticator, "isUserVerified": true}));
    let before = counts(&mut browser, &authenticator);
    browser.press("[data-passkey=get] button");
    assert_eq!(browser.value("location.pathname"), "/watchlist");
    assert!(counts(&mut browser, &authenticator) > before);
    assert_eq!(browser.value("document.cookie"), "", "no script sees the session or the ceremony");

    // Who lost the app for codes ends the second factor with it.
    let ada = runtime.block_on(async { atlas.account_at(ADA).await.unwrap().unwrap().person });
    runtime.block_on(async {
        atlas.put_factor(ada, &[7; 20]).await.unwrap();
        assert!(atlas.confirm_factor(ada, &[], 1).await.unwrap());
    });
    browser.open(&format!("{site}/account"));
    unfold(&mut browser);
    browser.picture("passkey-ends-second-factor");
    browser.press("[data-passkey=get] button");
    assert!(browser.text().contains("Your second factor is ended."), "{}", browser.text());
    runtime.block_on(async { assert!(atlas.factor(ada).await.unwrap().is_none()) });

    // After a quarter of an hour it proves who she is, and removes itself.
    let secret = "5".repeat(64);
    runtime.block_on(async {
        let session = atlas.sessions(ada).await.unwrap().remove(0);
        assert!(atlas.renew_session(session.id, &secret, now_ms() - HOUR_MS).await.unwrap());
    });
    let cookie = json!({"name": "clausewatch-session", "value": secret, "url": site, "httpOnly": true});
    browser.ask("Network.setCookie", cookie);
    browser.open(&format!("{site}/account"));
    unfold(&mut browser);
    browser.picture("passkey-proves");
    assert!(browser.text().contains("Show with a passkey that it is you"), "{}", browser.text());
    let before = counts(&mut browser, &authenticator);
    browser.value("document.querySelector('#passkeys ~ ul [data-passkey=prove] button').click()");
    comes_to_say(&mut browser, "Your passkey has shown that it is you.");
    browser.picture("passkey-proven");
    assert!(!browser.text().contains("Show with a passkey"), "one proof is good for all forms");
    browser.press("#passkeys ~ ul .settings-end button");
    assert!(browser.text().contains("The passkey is removed"), "{}", browser.text());
    assert!(counts(&mut browser, &authenticator) > before);
    runtime.block_on(async { assert!(atlas.passkeys(ada).await.unwrap().is_empty()) });

    // The authenticator has it still; the site does not.
    browser.press("form[action='/account/sign-out'] button");
    browser.open(&format!("{site}/account/sign-in"));
    browser.press("[data-passkey=get] button");
    browser.picture("passkey-unknown");
    assert!(browser.text().contains("This passkey was not accepted"), "{}", browser.text());

    // Without scripts nothing of it stands in the way.
    browser.ask("Emulation.setScriptExecutionDisabled", json!({"value": true}));
    browser.open(&format!("{site}/account/sign-in"));
    assert!(!browser.text().contains("passkey"), "{}", browser.text());
}

/// A browser in which somebody made an account by the link in a mail.
fn somebody(chromium: &Path, folder: &Path, smtp: &Smtp, site: &str, address: &str) -> Browser {
    let mut browser = Browser::start(chromium, &folder.join(address));
    browser.open(&format!("{site}/account/sign-up"));
    browser.fill("input[name=address]", address);
    browser.press("form.settings button");
    browser.open(&link_in(smtp, site, "/account/link/"));
    browser.press("form.settings button");
    browser
}

fn unfold(browser: &mut Browser) {
    browser.value("document.querySelectorAll('details').forEach(details => details.open = true)");
}

#[test]
fn found_invite_accept_watch_together_demote_leave() {
    let Some(chromium) = chromium() else {
        return println!("skipped: no Chromium; install it, or name it with CLAUSEWATCH_TEST_CHROMIUM");
    };
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let smtp = runtime.block_on(async {
        let atlas = store(folder.path()).await;
        let document = plum(&atlas).await;
        see(&atlas, document, &terms(""), now_ms() - 48 * HOUR_MS).await;
        Smtp::start().await
    });
    let (_serve, site) = serve(folder.path(), &smtp);
    let mut ada = somebody(&chromium, folder.path(), &smtp, &site, ADA);

    // Founded, and somebody is invited who has no account.
    ada.open(&format!("{site}/organisations"));
    ada.picture("organisations");
    ada.fill("input[name=name]", "Plum Legal");
    ada.press("form.settings button");
    let place = ada.value("location.pathname").as_str().unwrap().to_string();
    ada.fill("input[name=address]", "bob@example.org");
    ada.value("document.querySelector('#invite ~ form select').value = 'editor'");
    ada.press("#invite ~ form button");
    ada.picture("invited");
    assert!(ada.text().contains("A mail is on its way to bob@example.org"));
    let invitation = link_in(&smtp, &site, "/account/link/");

    // The invited one accepts, and watches for all from the page of a record.
    let mut bob = Browser::start(&chromium, &folder.path().join("bob"));
    bob.open(&invitation);
    bob.picture("invitation");
    assert!(bob.text().contains("ada@example.org invites bob@example.org"));
    bob.fill("input[name=password]", PASSWORD);
    bob.press("form.settings button");
    assert_eq!(bob.value("location.pathname"), format!("{place}/watchlist"));
    bob.open(&format!("{site}/platforms/plum"));
    bob.picture("watch-for-whom");
    bob.press(".watch-several form:nth-child(2) button");
    bob.picture("watched-together");
    assert!(bob.text().contains("Stop watching"));
    bob.open(&format!("{site}/watchlist"));
    assert!(bob.text().contains("Nothing is watched yet"), "what is his own is another list");
    bob.press(".whose li:nth-child(2) a");
    bob.picture("organisation-watchlist");
    assert!(bob.text().contains("Watchlist of Plum Legal") && bob.text().contains("You change it as editor"));
    ada.open(&format!("{site}{place}/watchlist"));
    assert!(ada.text().contains("1 watch") && ada.text().contains("Plum"));

    // As a reader he sees it and changes nothing.
    ada.open(&format!("{site}{place}"));
    unfold(&mut ada);
    ada.value("document.querySelectorAll('#members ~ ul select')[1].value = 'reader'");
    ada.press("#members ~ ul li:nth-child(2) form button");
    ada.picture("organisation");
    assert!(ada.text().contains("ada@example.org made bob@example.org reader"));
    bob.open(&format!("{site}{place}/watchlist"));
    bob.picture("reader");
    assert!(
        bob.text().contains("You see it as reader") && bob.value("document.querySelectorAll('main form').length") == 0
    );
    bob.open(&format!("{site}/platforms/plum"));
    assert!(!bob.text().contains("Plum Legal"));

    // He leaves; the last owner cannot.
    bob.open(&format!("{site}{place}"));
    bob.picture("member");
    bob.press("#leave ~ form button");
    assert_eq!(bob.value("location.pathname"), "/organisations");
    ada.open(&format!("{site}{place}"));
    ada.press("#leave ~ form button");
    ada.picture("last-owner");
    assert!(ada.text().contains("make another member an owner first"));
}

#[test]
fn what_accounts_need_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let run = |more: &[&str]| {
        let arguments = [&["serve", "--listen", "127.0.0.1:0", "--accounts"], more].concat();
        common::run(folder.path(), &arguments, b"")
    };
    let ran = run(&[]);
    assert!(ran.status == Some(1) && ran.err.contains("--public-url https://"), "{}", ran.err);
    let ran = run(&["--public-url", "http://terms.example"]);
    assert!(ran.status == Some(1) && ran.err.contains("over TLS"), "{}", ran.err);
    let ran = run(&["--public-url", "https://terms.example"]);
    assert!(ran.status == Some(1) && ran.err.contains("--mail-server"), "{}", ran.err);
    let ran = run(&["--public-url", "https://terms.example", "--mail-server", "smtps://mail.example"]);
    assert!(ran.status == Some(1) && ran.err.contains("--mail-from"), "{}", ran.err);
    let all = [
        "--public-url",
        "https://terms.example",
        "--mail-server",
        "smtps://mail.example",
        "--mail-from",
        "a@b.example",
    ];
    let ran = run(&[&all[..], &["--accounts-key", "short"]].concat());
    assert!(ran.status == Some(1) && ran.err.contains("64 hexadecimal digits"), "{}", ran.err);
}

#[test]
fn an_operator_is_made_and_accounts_are_closed_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let admin = |arguments: &[&str]| common::run(folder.path(), &[&["admin"], arguments].concat(), b"");
    assert_eq!(admin(&["list"]).status, Some(1), "no store is made by looking");
    let made = admin(&["create-operator", ADA]);
    assert!(made.status == Some(0) && made.out.contains("ada@example.org is an operator"), "{made:?}");
    let listed = admin(&["list"]).out;
    assert!(listed.starts_with("2\tada@example.org\t") && listed.trim_end().ends_with("\toperator"), "{listed}");
    assert_eq!(admin(&["disable", "ADA@example.org"]).status, Some(0));
    assert!(admin(&["list"]).out.contains("operator, closed since 20"));
    for verb in ["enable", "revoke", "grant", "sign-out", "end-second-factor", "remove-passkeys"] {
        assert_eq!(admin(&[verb, ADA]).status, Some(0), "{verb}");
    }
    let none = admin(&["end-second-factor", ADA]);
    assert!(none.out.contains("has no second factor; nothing was changed"), "{none:?}");
    let none = admin(&["remove-passkeys", ADA]);
    assert!(none.out.contains("has no passkey; nothing was changed"), "{none:?}");
    let unknown = admin(&["grant", "bob@example.org"]);
    assert!(unknown.status == Some(1) && unknown.err.contains("there is no account at bob@example.org"), "{unknown:?}");
    assert_eq!(admin(&["create-operator", "no address"]).status, Some(1));
    let audit = admin(&["audit"]).out;
    for event in ["operator-granted", "account-disabled", "account-enabled", "operator-revoked", "access-ended"] {
        assert!(audit.contains(&format!("\t2\t{event}\tcommand line\t")), "{event} is not in {audit}");
    }
    for none in ["second-factor-ended", "passkeys-removed"] {
        assert!(!audit.contains(none), "there was none: {audit}");
    }
}

#[test]
fn a_store_whose_key_is_lost_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| common::run(folder.path(), arguments, b"");
    let key = folder.path().join("clausewatch-data/accounts.key");
    assert_eq!(run(&["admin", "forget-secrets", "--lost-for-good"]).status, Some(1), "there is no store");
    assert!(!key.exists());
    run(&["admin", "create-operator", ADA]);
    run(&["channels", "add-webhook", "https://hooks.example/secret"]);
    let has = run(&["admin", "forget-secrets", "--lost-for-good"]);
    assert!(has.status == Some(1) && has.out.contains("the key opens this store; nothing was changed"), "{has:?}");
    let lost = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    let shut = run(&["channels", "list"]);
    assert!(shut.status == Some(1) && shut.err.contains("clausewatch admin forget-secrets"), "{shut:?}");
    let said = run(&["admin", "forget-secrets"]);
    assert!(said.status == Some(1) && said.out.contains("--lost-for-good") && !key.exists(), "{said:?}");
    let done = run(&["admin", "forget-secrets", "--lost-for-good"]);
    assert_eq!(done.status, Some(0), "{done:?}");
    assert!(done.out.contains("dropped: webhooks 1, feeds 0, mail addresses 1,"), "{}", done.out);
    assert!(
        done.out.contains("the log's key is now clausewatch+") && done.out.contains("under the old one"),
        "{}",
        done.out
    );
    assert_ne!(std::fs::read(&key).unwrap(), lost);
    let listed = run(&["channels", "list"]);
    assert!(listed.out.contains("failed: the key of this site was lost"), "{listed:?}");
    assert_eq!(run(&["channels", "resume", "4"]).status, Some(1));
    assert!(run(&["admin", "audit"]).out.contains("secrets-forgotten\tcommand line\twebhooks 1,"));
    assert_eq!(run(&["doctor"]).status, Some(0), "the store is sound");
}

#[test]
fn an_organisation_is_listed_and_handed_over_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let admin =
        |arguments: &[&str]| common::run(folder.path(), &[&["admin", "--data", "data"], arguments].concat(), b"");
    for address in [ADA, "bob@example.org", "eve@example.org"] {
        assert_eq!(admin(&["create-operator", address]).status, Some(0));
    }
    assert_eq!(admin(&["organisations"]).out, "");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let of = runtime.block_on(async {
        let atlas = store(folder.path()).await;
        let ada = atlas.account_at(ADA).await.unwrap().unwrap().person;
        let bob = atlas.account_at("bob@example.org").await.unwrap().unwrap().person;
        let of = atlas.found_organisation(ada, "Plum Legal", 5, 0).await.unwrap().unwrap();
        let (address, key, role) = ("bob@example.org", "bob@example.org", Role::Reader);
        let new = NewInvitation { organisation: of, address, key, role, by: ada, expires_ms: 1 };
        let id = atlas.invite(&new, 0).await.unwrap().unwrap();
        let invitation = atlas.invitation(id, 0).await.unwrap().unwrap();
        assert!(atlas.accept_invitation(&invitation, bob, 9, 0).await.unwrap());
        of.to_string()
    });
    assert_eq!(admin(&["disable", ADA]).status, Some(0));
    assert_eq!(admin(&["hand-over", &of, "bob@example.org"]).status, Some(0));
    let listed = admin(&["organisations"]).out;
    let expected = format!("{of}\tPlum Legal\t1970-01-01\tada@example.org (owner), bob@example.org (owner)\n");
    assert_eq!(listed, expected);
    assert!(admin(&["audit"]).out.contains(&format!("\t{of}\trole-changed\tcommand line\towner\tto 3")));
    for (organisation, address) in
        [(of.as_str(), "eve@example.org"), ("999", ADA), ("x", ADA), ("2", "bob@example.org")]
    {
        assert_ne!(admin(&["hand-over", organisation, address]).status, Some(0), "{organisation} {address}");
    }
}

/// The table in docs/security.md names tests; each is one.
#[test]
fn the_tests_that_the_documentation_names_are_there() {
    fn sources(folder: &Path, all: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.extension() {
                _ if path.is_dir() => sources(&path, all),
                Some(ending) if ending == "rs" => *all += &std::fs::read_to_string(&path).unwrap(),
                _ => {}
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut all = String::new();
    let folders =
        ["accounts/src", "accounts/tests", "alerts/tests", "atlas/src", "atlas/tests", "web/src", "web/tests"];
    for folder in folders.into_iter().chain(["clausewatch/tests"]) {
        sources(&root.join("crates").join(folder), &mut all);
    }
    let page = std::fs::read_to_string(root.join("docs/security.md")).unwrap();
    let mut named = 0;
    for line in page.lines().filter(|line| line.starts_with("| ")) {
        let test = line.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        for name in test.split('`').skip(1).step_by(2).filter(|name| name.contains('_')) {
            assert!(all.contains(&format!("fn {name}()")), "{name} is no test");
            named += 1;
        }
    }
    assert!(named > 40, "only {named} are named");
}
