//! Mail that comes back after the mail server took it, as the mail servers of receivers and their providers send it.
mod common;

use alerts::returned::{MOST_BYTES, Says, Taken, read, take};
use atlas::watching::*;
use common::smtp::Smtp;
use common::*;

const OWNER: PersonId = PersonId::OWNER;
const BOUNCES: &str = "bounces@clausewatch.example";
/// What a mail server says of a mailbox that is not there.
const NOBODY: &str = "smtp; 550 5.1.1 <ada@example.org>: there is nobody of this name";

/// A mail that was sent: who it went to, and the address that it comes back to.
struct Sent {
    channel: Channel,
    message: MessageId,
    back: String,
    unsubscribe: String,
}

/// A test message over a new channel, handed to a mail server.
async fn sent(stage: &Stage, smtp: &Smtp, to: &str) -> Sent {
    let channel = stage.mail(OWNER, to).await;
    let message = alerts::channels::test(&stage.atlas, OWNER, channel.id, stage.now()).await.unwrap();
    deliver(stage, smtp).await;
    let mail = smtp.taken().pop().unwrap();
    assert_eq!(mail.to, [to]);
    Sent { channel, message, back: mail.from.clone(), unsubscribe: mail.header("List-Unsubscribe").to_string() }
}

async fn deliver(stage: &Stage, smtp: &Smtp) {
    returning(&stage.atlas, stage.clock(), Some(smtp.port), Some(BOUNCES)).round().await.unwrap();
}

/// A report on the delivery of a mail (RFC 3464).
fn report(back: &str, action: &str, status: &str, said: &str) -> String {
    format!(
        "Return-Path: <>\nDelivered-To: {back}\nReceived: from mx.example.org by mail.clausewatch.example\n\
         From: Mail Delivery System <MAILER-DAEMON@mx.example.org>\nTo: {back}\nSubject: Undelivered Mail Returned to Sender\n\
         Auto-Submitted: auto-replied\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status;\n\tboundary=\"B1/mx.example.org\"\n\n\
         This is a MIME-encapsulated message.\n\n--B1/mx.example.org\nContent-Description: Notification\n\
         Content-Type: text/plain; charset=us-ascii\n\nWe are sorry: your message could not be delivered.\n\n\
         --B1/mx.example.org\nContent-Description: Delivery report\nContent-Type: message/delivery-status\n\n\
         Reporting-MTA: dns; mx.example.org\nArrival-Date: Mon,  2 Nov 2026 08:00:00 +0000 (UTC)\n\n\
         Final-Recipient: rfc822; ada@example.org\nAction: {action}\nStatus: {status}\nRemote-MTA: dns; mx.example.org\n\
         Diagnostic-Code: {said}\n\n\
         --B1/mx.example.org\nContent-Description: Undelivered Message\nContent-Type: text/rfc822-headers\n\n\
         From: Clausewatch <alerts@clausewatch.example>\nTo: ada@example.org\nSubject: A test message of Clausewatch\n\n\
         --B1/mx.example.org--\n"
    )
}

/// A complaint (RFC 5965), with the header of the message that it is about.
fn complaint(kind: &str, header: &str) -> String {
    format!(
        "From: <feedback@provider.example>\nTo: <abuse@clausewatch.example>\nSubject: FW: A test message\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=feedback-report; boundary=\"part1\"\n\n\
         --part1\nContent-Type: text/plain; charset=\"US-ASCII\"\nContent-Transfer-Encoding: 7bit\n\nThis is an abuse report.\n\n\
         --part1\nContent-Type: message/feedback-report\n\nFeedback-Type: {kind}\nUser-Agent: Feedback/0.1\nVersion: 1\n\n\
         --part1\nContent-Type: message/rfc822\nContent-Disposition: inline\n\n{header}From: <alerts@clausewatch.example>\n\
         To: <ada@example.org>\nSubject: A test message\n\nA message.\n\n--part1--\n"
    )
}

async fn taken(stage: &Stage, mail: &str) -> Taken {
    take(&stage.atlas, mail.as_bytes(), stage.now()).await.unwrap()
}

async fn channel(stage: &Stage, sent: &Sent) -> Channel {
    stage.atlas.channel(OWNER, sent.channel.id).await.unwrap().unwrap()
}

async fn message(stage: &Stage, sent: &Sent) -> Message {
    stage.atlas.message(OWNER, sent.message).await.unwrap().unwrap()
}

#[tokio::test]
async fn each_mail_comes_back_to_an_address_of_its_own() {
    let stage = stages().await.remove(0);
    let smtp = Smtp::start().await;
    let one = sent(&stage, &smtp, "ada@example.org").await;
    let other = sent(&stage, &smtp, "bob@example.org").await;
    assert_eq!(one.back, format!("bounces+{}@clausewatch.example", one.channel.return_token(one.message)));
    assert_ne!(one.back, other.back);
    let local = one.back.split_once('@').unwrap().0;
    assert!(local.len() <= 64 && local == local.to_ascii_lowercase(), "{local}");
    assert_eq!(smtp.taken()[0].header("From"), "Clausewatch <alerts@clausewatch.example>");
    // Without an address to come back to, it is the sender's.
    alerts::channels::test(&stage.atlas, OWNER, one.channel.id, stage.now()).await.unwrap();
    stage.delivery(Some(&smtp)).round().await.unwrap();
    let mail = smtp.taken().pop().unwrap();
    assert_eq!(mail.from, "alerts@clausewatch.example");
    assert!(!mail.header("List-Unsubscribe").contains("mailto"));
}

#[tokio::test]
async fn a_channel_stops_when_there_is_nobody_at_its_address() {
    for stage in stages().await {
        let smtp = Smtp::start().await;
        let sent = sent(&stage, &smtp, "ada@example.org").await;
        assert_eq!(message(&stage, &sent).await.state, MessageState::Sent, "{}", stage.engine);
        let report = report(&sent.back, "failed", "5.1.1", NOBODY);
        let Taken::Message(returned, _) = taken(&stage, &report).await else { panic!("it is ours") };
        assert_eq!((returned.message, returned.new, returned.stops), (sent.message, true, true));
        let failed = channel(&stage, &sent).await;
        assert_eq!(failed.state, ChannelState::Failed);
        assert!(failed.trouble.as_deref().unwrap().contains("5.1.1"), "{failed:?}");
        let dead = message(&stage, &sent).await;
        assert_eq!((dead.state, &dead.error), (MessageState::Dead, &failed.trouble));
        let log = stage.atlas.audit(Some(OWNER), 0, 10).await.unwrap();
        assert_eq!((log.len(), log[0].event.as_str(), log[0].source.as_str()), (1, "mail-returned", "returned mail"));
        assert!(log[0].detail.contains("example.org") && !log[0].detail.contains("ada"), "{}", log[0].detail);
        // The reader confirms the address anew, and a report that comes again stops nothing.
        assert!(stage.atlas.unconfirm_channel(&failed).await.unwrap());
        let asked = channel(&stage, &sent).await;
        assert_eq!((asked.state, &asked.trouble), (ChannelState::Unconfirmed, &None));
        stage.atlas.confirm_channel(&asked.confirmation_token()).await.unwrap().unwrap();
        let Taken::Message(again, _) = taken(&stage, &report).await else { panic!("it is ours") };
        assert!(!again.new && !again.stops);
        assert_eq!(channel(&stage, &sent).await.state, ChannelState::InUse);
    }
}

#[tokio::test]
async fn what_is_late_changes_nothing_and_what_is_refused_otherwise_ends_the_message_alone() {
    for stage in stages().await {
        let smtp = Smtp::start().await;
        let sent = sent(&stage, &smtp, "ada@example.org").await;
        for (action, status) in [
            ("delayed", "4.4.1"),
            ("delayed", "5.1.1"),
            ("delivered", "2.0.0"),
            ("failed", "2.1.5"),
            ("relayed", "2.0.0"),
        ] {
            let taken = taken(&stage, &report(&sent.back, action, status, "smtp; 250 ok")).await;
            assert!(taken.is_ignored(), "{action} {status}: {taken}");
        }
        assert_eq!(message(&stage, &sent).await.state, MessageState::Sent);
        let refused = report(&sent.back, "failed (for good)", "5.7.1 (spam)", "smtp; 554 5.7.1 not wanted");
        let Taken::Message(returned, _) = taken(&stage, &refused).await else { panic!("it is ours") };
        assert!(returned.new && !returned.stops, "one refused mail is not the end of an address");
        assert_eq!(message(&stage, &sent).await.state, MessageState::Dead);
        assert_eq!(channel(&stage, &sent).await.state, ChannelState::InUse);
        // The mail server gave up after days: so does the message, not the channel.
        assert!(stage.atlas.redeliver(OWNER, sent.message).await.unwrap());
        deliver(&stage, &smtp).await;
        let expired = report(&sent.back, "failed", "4.4.7", "smtp; 451 4.1.1 user unknown for now");
        let Taken::Message(returned, _) = taken(&stage, &expired).await else { panic!("it is ours") };
        assert!(returned.new && !returned.stops);
    }
}

#[tokio::test]
async fn an_old_server_says_the_reason_in_its_reply_alone() {
    let stage = stages().await.remove(0);
    let smtp = Smtp::start().await;
    let sent = sent(&stage, &smtp, "ada@example.org").await;
    let report = report(
        &sent.back,
        "failed",
        "5.0.0",
        "smtp; 550-5.1.1 The account that you tried to reach\n    550 5.1.1 does not exist",
    );
    let Taken::Message(returned, _) = taken(&stage, &report).await else { panic!("it is ours") };
    assert!(returned.stops);
}

#[tokio::test]
async fn a_complaint_ends_the_channel() {
    for stage in stages().await {
        let smtp = Smtp::start().await;
        // By the address that the message was to come back to, or by its link, where a provider leaves only that.
        for (to, by_link) in [("ada@example.org", false), ("bob@example.org", true)] {
            let sent = sent(&stage, &smtp, to).await;
            let header = match by_link {
                true => format!("List-Unsubscribe: {}\n", sent.unsubscribe.replace("bounces+l", "bounces+x")),
                false => format!("Return-Path: <{}>\n", sent.back),
            };
            assert!(taken(&stage, &complaint("not-spam", &header)).await.is_ignored());
            assert!(taken(&stage, &complaint("auth-failure", &header)).await.is_ignored());
            assert_eq!(channel(&stage, &sent).await.state, ChannelState::InUse, "{}", stage.engine);
            let Taken::Message(returned, _) = taken(&stage, &complaint("abuse", &header)).await else {
                panic!("it is ours")
            };
            assert_eq!((returned.message, returned.stops), (sent.message, true));
            let ended = channel(&stage, &sent).await;
            assert_eq!(ended.state, ChannelState::Failed);
            let message = message(&stage, &sent).await;
            assert_eq!((message.state, &message.error), (MessageState::Sent, &ended.trouble), "it arrived");
            let log = stage.atlas.audit(Some(OWNER), 0, 1).await.unwrap();
            assert_eq!(log[0].event, "mail-unwanted");
            let Taken::Message(again, _) = taken(&stage, &complaint("abuse", &header)).await else {
                panic!("it is ours")
            };
            assert!(!again.new);
        }
    }
}

#[tokio::test]
async fn mail_to_the_address_of_a_message_unsubscribes_what_it_came_from() {
    for stage in stages().await {
        let smtp = Smtp::start().await;
        let mail = stage.mail(OWNER, "ada@example.org").await;
        let id = document(&stage.atlas, "Plum", "Terms").await;
        stage.see(id, &terms(30, &[])).await;
        let watch = stage.watch(OWNER, Subject::Document(id)).await;
        stage.pass(DAY);
        stage.see(id, &terms(7, &[ARBITRATION])).await;
        stage.tell().await;
        deliver(&stage, &smtp).await;
        let header = smtp.taken()[0].header("List-Unsubscribe").to_string();
        let address = header.split_once("<mailto:").unwrap().1.split_once('?').unwrap().0.to_string();
        // A report is no wish, and a made-up token none of ours.
        let made_up = address.replace("+l", "+l1");
        let letter = |to: &str| format!("From: Ada <ada@example.org>\r\nTo: <{to}>\r\nSubject: unsubscribe\r\n\r\n");
        assert!(taken(&stage, &letter(&made_up)).await.is_ignored());
        assert!(taken(&stage, &letter(BOUNCES)).await.is_ignored());
        assert_eq!(taken(&stage, &letter(&address)).await, Taken::Left(mail.id), "{}", stage.engine);
        let watch = stage.atlas.watch(OWNER, watch.id).await.unwrap().unwrap();
        assert!(!watch.asks.channels.unwrap().contains(&mail.id));
        assert_eq!(stage.atlas.channel(OWNER, mail.id).await.unwrap().unwrap().state, ChannelState::InUse);
    }
}

#[tokio::test]
async fn what_is_forged_or_no_report_is_ignored_with_a_word() {
    let stage = stages().await.remove(0);
    let smtp = Smtp::start().await;
    let sent = sent(&stage, &smtp, "ada@example.org").await;
    let good = report(&sent.back, "failed", "5.1.1", NOBODY);
    let token = sent.channel.return_token(sent.message);
    let (row, secret) = token.split_once('-').unwrap();
    let forged = |token: &str| good.replace(&sent.back, &format!("bounces+{token}@clausewatch.example"));
    let flipped: String = secret.chars().rev().collect();
    let attached = format!(
        "To: {}\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nSee what I got.\n--x\nContent-Type: message/rfc822\n\n{good}\n--x--\n",
        sent.back
    );
    let out_of_office = format!(
        "From: Ada <ada@example.org>\nTo: {}\nSubject: Out of office: 5.1.1\nAuto-Submitted: auto-replied\n\nI am away. Action: failed\nStatus: 5.1.1\n",
        sent.back
    );
    let read_receipt = good.replace("message/delivery-status", "message/disposition-notification");
    for (what, mail, why) in [
        ("a made-up secret", forged(&format!("{row}-{flipped}")), "not one of ours"),
        ("another message", forged(&format!("r999999-{secret}")), "not one of ours"),
        ("no row", forged(&format!("r-{secret}")), "not one of ours"),
        ("half a token", forged(&token[..20]), "names no message"),
        ("no token", good.replace(&sent.back, BOUNCES), "names no message"),
        (
            "the token that unsubscribes",
            forged(&sent.channel.leave_token(sent.message).replacen('l', "r", 1)),
            "not one of ours",
        ),
        ("a report in an attached message", attached, "ordinary mail"),
        ("an absence", out_of_office, "automatic answer"),
        ("a receipt", read_receipt, "was read"),
        ("a letter", format!("To: {}\n\nHello\n", sent.back), "ordinary mail"),
        ("nothing", String::new(), "no mail"),
    ] {
        let taken = taken(&stage, &mail).await;
        assert!(taken.is_ignored() && taken.to_string().contains(why), "{what}: {taken}");
        assert_eq!(channel(&stage, &sent).await.state, ChannelState::InUse, "{what}");
    }
    assert_eq!(stage.atlas.audit(None, 0, 10).await.unwrap(), []);
    assert!(!taken(&stage, &good).await.is_ignored(), "the report itself is good");
}

#[test]
fn a_report_is_read_in_every_shape_that_servers_give_it() {
    let back = format!("bounces+r12-{}@clausewatch.example", "0a".repeat(16));
    let plain = report(&back, "failed", "5.1.1", NOBODY);
    let folded = plain.replace(
        "Content-Type: multipart/report; report-type=delivery-status;\n\t",
        "content-type:\n\tMULTIPART/Report;\n REPORT-TYPE=Delivery-Status; ",
    );
    let base64 = {
        use base64::Engine;
        let status = "Final-Recipient: rfc822; ada@example.org\nAction: FAILED\nStatus: 5.1.1\n";
        let coded = base64::engine::general_purpose::STANDARD.encode(status);
        format!(
            "To: {back}\nContent-Type: multipart/report; boundary=b\n\n--b\n\nNo.\n--b\n\
             Content-Type: message/global-delivery-status\nContent-Transfer-Encoding: base64\n\n{coded}\n--b--\n"
        )
    };
    let wrapped = format!(
        "To: list@example.org\nX-Original-To: {back}\nContent-Type: multipart/mixed; boundary=outer\n\n--outer\n{}\n--outer\n\nA footer of a gateway.\n--outer--\n",
        &plain[plain.find("Content-Type: multipart/report").unwrap()..]
    );
    for (what, mail) in [
        ("as it is", plain.clone()),
        ("with the line endings of the wire", plain.replace('\n', "\r\n")),
        ("after the line of a pipe", format!("From MAILER-DAEMON  Mon Nov  2 08:00:00 2026\n{plain}")),
        ("folded, in capitals", folded),
        ("in capitals that a server made of the address", plain.replace(&back, &back.to_uppercase())),
        ("in base64", base64),
        ("within another", wrapped),
        ("cut off after the report", plain[..plain.find("Content-Description: Undelivered").unwrap()].to_string()),
        ("with a long message", plain.replace("A test message", &"long ".repeat(MOST_BYTES / 4))),
        (
            "with a broken charset",
            plain.replace("us-ascii", "x-none\u{fffd}").replace("We are sorry", "\u{85}\u{1b}$B!!"),
        ),
    ] {
        let read = read(mail.as_bytes());
        assert!(
            matches!(&read.says, Says::Report(Return::Undelivered { nobody: true, .. })),
            "{what}: {:?}",
            read.says
        );
        assert_eq!(read.returns, [format!("r12-{}", "0a".repeat(16))], "{what}");
    }
    // What is nested without end is not taken apart.
    let nested = "Content-Type: message/rfc822\n\n".repeat(30_000);
    let deep: String =
        (0..20_000).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n")).collect();
    for mail in [nested, deep] {
        assert_eq!(read(mail.as_bytes()).says, Says::Nothing("it has more parts than any report"));
    }
}
