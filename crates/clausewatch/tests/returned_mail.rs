//! Mail that comes back, as a mail server hands it over: by a pipe, as files, in a Maildir.
mod common;
#[path = "../../alerts/tests/common/smtp.rs"]
#[allow(dead_code, reason = "a part of it is used here")]
mod smtp;

use std::path::Path;

use common::{Ran, run};
use smtp::Smtp;

/// Runs the program while this runtime serves its mail.
async fn ran(folder: &Path, args: &[&str], input: &str) -> Ran {
    let (folder, input) = (folder.to_path_buf(), input.to_string());
    let args: Vec<String> = args.iter().map(|arg| (*arg).to_string()).collect();
    let work = move || run(&folder, &args.iter().map(String::as_str).collect::<Vec<_>>(), input.as_bytes());
    tokio::task::spawn_blocking(work).await.unwrap()
}

/// A report that there is nobody at the address to which a mail went that comes back here.
fn report(back: &str) -> String {
    format!(
        "To: {back}\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nNo.\n--b\n\
         Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nAction: failed\nStatus: 5.1.1\n--b--\n"
    )
}

/// A channel to an address to which a test was sent: where that comes back to.
async fn tested(folder: &Path, smtp: &Smtp, address: &str) -> String {
    let added = ran(folder, &["channels", "add-mail", address], "").await;
    let number = added.out.split_whitespace().next().unwrap().to_string();
    let server = format!("smtp://127.0.0.1:{}", smtp.port);
    let flags =
        ["--mail-server", &server, "--mail-from", "a@record.example", "--mail-return", "bounces@record.example"];
    let sent = ran(folder, &[&["channels", "test", &number][..], &flags].concat(), "").await;
    assert_eq!(sent.status, Some(0), "{}", sent.err);
    smtp.taken().pop().unwrap().from
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_pipes_what_came_back_and_the_channel_stops() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let early = ran(folder, &["returned-mail"], &report("bounces@record.example")).await;
    assert_eq!(early.status, Some(75), "a mail server tries again later: {}", early.err);
    assert!(early.err.contains("hand it over again later") && early.err.contains("there is no store"), "{}", early.err);
    let smtp = Smtp::start().await;
    let back = tested(folder, &smtp, "ada@example.org").await;
    let forged = ran(folder, &["returned-mail"], &report(&back.replace("bounces+r", "bounces+r1"))).await;
    assert_eq!(forged.status, Some(0), "it would be no better the second time: {}", forged.err);
    assert!(forged.out.starts_with("-: ignored: its token is not one of ours"), "{}", forged.out);
    let taken = ran(folder, &["returned-mail", "-"], &report(&back)).await;
    assert_eq!(taken.status, Some(0), "{}", taken.err);
    assert!(taken.out.contains("the channel is out of use") && !taken.out.contains("ada"), "{}", taken.out);
    let list = ran(folder, &["channels", "list"], "").await.out;
    assert!(list.contains("ada@example.org  failed: the mail came back: 5.1.1"), "{list}");
    let log = ran(folder, &["admin", "audit"], "").await.out;
    assert!(log.contains("mail-returned\treturned mail\tchannel "), "{log}");
    // More than is read does not make the server's pipe break.
    let long = format!("To: {back}\n\n{}", "a long letter\n".repeat(300_000));
    assert_eq!(ran(folder, &["returned-mail"], &long).await.status, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn new_mail_of_a_maildir_is_taken_and_moved() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let smtp = Smtp::start().await;
    let (ada, bob) = (tested(folder, &smtp, "ada@example.org").await, tested(folder, &smtp, "bob@example.org").await);
    let names = |of: &str| {
        let entries = std::fs::read_dir(folder.join("bounces").join(of)).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        names
    };
    let new = folder.join("bounces/new");
    std::fs::create_dir_all(&new).unwrap();
    for (name, text) in [
        ("1.a", report(&ada)),
        ("2.b", "To: bounces@record.example\n\nWho are you?\n".into()),
        (".hidden", report(&bob)),
    ] {
        std::fs::write(new.join(name), text).unwrap();
    }
    std::os::unix::fs::symlink(folder.join("bounces/new/1.a"), new.join("3.link")).unwrap();
    let taken = ran(folder, &["returned-mail", "bounces"], "").await;
    assert_eq!(taken.status, Some(0), "{}", taken.err);
    assert_eq!(taken.out.lines().count(), 2, "{}", taken.out);
    assert!(taken.out.contains("2.b: ignored: no report, but an ordinary mail"), "{}", taken.out);
    assert_eq!(names("cur"), ["1.a:2,S", "2.b:2,"], "a letter stays unread for a person");
    assert_eq!(names("new"), [".hidden", "3.link"]);
    assert_eq!(ran(folder, &["returned-mail", "bounces"], "").await.out, "");
    // A file is one mail, and a folder that is no Maildir is named.
    std::fs::write(folder.join("bob.eml"), report(&bob)).unwrap();
    let taken = ran(folder, &["returned-mail", "bob.eml"], "").await;
    assert!(taken.out.starts_with("bob.eml: message "), "{}", taken.out);
    let list = ran(folder, &["channels", "list"], "").await.out;
    assert_eq!(list.matches("failed: the mail came back").count(), 2, "{list}");
    for (wrong, said) in [("clausewatch-data", "is no Maildir"), ("absent.eml", "absent.eml")] {
        let taken = ran(folder, &["returned-mail", wrong], "").await;
        assert!(taken.status == Some(1) && taken.err.contains(said), "{}", taken.err);
    }
}
