//! Mail and webhooks as their receivers see them, and what becomes of messages that they do not take.
mod common;

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use alerts::{Foot, Handed, Letter, MailServer, Mailer};
use atlas::watching::*;
use common::smtp::{Mood, Smtp};
use common::webhooks::Receiver;
use common::*;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::sync::Semaphore;

const OWNER: PersonId = PersonId::OWNER;

/// A document that is watched by the owner and has just changed, told.
async fn told(stage: &Stage) -> atlas::ids::DocumentId {
    let id = document(&stage.atlas, "Plum", "Terms").await;
    stage.see(id, &terms(30, &[])).await;
    stage.watch(OWNER, Subject::Document(id)).await;
    stage.pass(DAY);
    stage.see(id, &terms(7, &[ARBITRATION])).await;
    stage.tell().await;
    id
}

async fn over(stage: &Stage, channel: ChannelId) -> Vec<Message> {
    let filter = MessageFilter { channel: Some(channel), ..MessageFilter::default() };
    stage.atlas.messages(OWNER, &filter).await.unwrap()
}

/// Quoted-printable or plain bodies as text, soft line breaks joined.
fn decoded(body: &str) -> String {
    let joined = body.replace("=\r\n", "").replace("\r\n", "\n");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if *first == b'=' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn a_mail_says_what_it_must_and_can_be_ended_with_one_click() {
    for stage in stages().await {
        let smtp = Smtp::start().await;
        let channel = stage.mail(OWNER, "ada@example.org").await;
        let id = told(&stage).await;
        let delivered = stage.delivery(Some(&smtp)).round().await.unwrap();
        assert_eq!((delivered.sent, delivered.dead), (1, 0), "{}: {delivered:?}", stage.engine);
        let mails = smtp.taken();
        let message = over(&stage, channel.id).await.remove(0);
        let mail = &mails[0];
        assert_eq!((mails.len(), mail.to.as_slice()), (1, &["ada@example.org".to_string()][..]));
        assert_eq!(mail.header("From"), "Clausewatch <alerts@clausewatch.example>");
        assert_eq!(mail.header("Message-ID"), format!("<{}@clausewatch.example>", message.key));
        let thread = format!("<{id}.{}@clausewatch.example>", channel.id);
        assert_eq!((mail.header("References"), mail.header("In-Reply-To")), (thread.as_str(), thread.as_str()));
        let token = channel.unsubscribe_token(message.id);
        assert_eq!(mail.header("List-Unsubscribe"), format!("<https://clausewatch.example/unsubscribe/{token}>"));
        assert_eq!(mail.header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
        assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
        let body = decoded(&mail.body);
        for said in [
            "You are told because you watch Plum’s Terms, material changes.",
            "https://clausewatch.example/changes/CW-C-000001",
            "New clause:\n> You and Plum agree that any dispute",
            "Notice: 30 days → 7 days",
            "<del class",
            "multipart/alternative",
        ] {
            let whole = format!("{}\n{body}", mail.header("Content-Type"));
            assert!(whole.contains(said), "{said:?} is not in {whole}");
        }
        assert!(!body.contains("List-Unsubscribe"));
        // The same document's next mail joins the thread; after the click there is none.
        stage.pass(DAY);
        stage.see(id, &terms(7, &[])).await;
        stage.tell().await;
        stage.delivery(Some(&smtp)).round().await.unwrap();
        assert_eq!(smtp.taken()[1].header("References"), thread);
        stage.atlas.unsubscribe(&token, false).await.unwrap().unwrap();
        stage.pass(DAY);
        stage.see(id, &terms(30, &[ARBITRATION])).await;
        stage.tell().await;
        stage.delivery(Some(&smtp)).round().await.unwrap();
        assert_eq!((smtp.taken().len(), stage.inbox(OWNER).await.len()), (2, 3));
    }
}

#[tokio::test]
async fn an_address_is_asked_before_it_is_used() {
    let stage = stages().await.remove(0);
    let smtp = Smtp::start().await;
    let new =
        alerts::channels::add_mail(&stage.atlas, OWNER, "ada@example.org", false, [3; 32], stage.now()).await.unwrap();
    told(&stage).await;
    stage.delivery(Some(&smtp)).round().await.unwrap();
    let mails = smtp.taken();
    assert_eq!(mails.len(), 1, "only the question is sent");
    assert_eq!(mails[0].header("Subject"), "Please confirm this address");
    assert_eq!(mails[0].all("List-Unsubscribe"), Vec::<&str>::new());
    let link = format!("https://clausewatch.example/channels/confirm/{}", new.confirmation_token());
    assert!(decoded(&mails[0].body).contains(&link));
    stage.atlas.confirm_channel(&new.confirmation_token()).await.unwrap().unwrap();
    stage.see(atlas::ids::DocumentId(1), &terms(3, &[ARBITRATION])).await;
    stage.tell().await;
    stage.delivery(Some(&smtp)).round().await.unwrap();
    assert_eq!(smtp.taken().len(), 2);
}

#[tokio::test]
async fn no_name_and_no_address_can_write_headers() {
    let stage = stages().await.remove(0);
    let smtp = Smtp::start().await;
    let evil = "Plum\r\nBcc: victim@example.org\r\n\r\n<script>alert(1)</script>\u{2028}\u{202e}\0";
    for address in [
        "a@example.org\r\nBcc: b@example.org",
        "a@example.org, b@example.org",
        "a b@example.org",
        "a@b@c",
        "<a@example.org>",
        "a@example.org\0",
        "",
    ] {
        let added = alerts::channels::add_mail(&stage.atlas, OWNER, address, true, [1; 32], 0).await;
        assert!(added.is_err(), "{address:?}");
    }
    stage.mail(OWNER, "ada@example.org").await;
    let id = document(&stage.atlas, "Plum", "Terms").await;
    let platform = atlas::records::Platform {
        slug: "plum".into(),
        name: evil.replace('\0', ""),
        homepage: None,
        sector: None,
        country: None,
    };
    stage.atlas.put_platform(&platform).await.unwrap();
    stage.see(id, &terms(30, &[])).await;
    stage.watch(OWNER, Subject::Document(id)).await;
    stage.pass(DAY);
    stage
        .see(
            id,
            &terms(7, &["We may <script>alert(2)</script> & “charge” you 5 crowns at any time without notice to you."]),
        )
        .await;
    stage.tell().await;
    stage.delivery(Some(&smtp)).round().await.unwrap();
    let mails = smtp.taken();
    assert_eq!((mails.len(), mails[0].to.len()), (1, 1));
    let names: HashSet<String> = mails[0].headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    let known = [
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "in-reply-to",
        "references",
        "auto-submitted",
        "list-id",
        "list-unsubscribe",
        "list-unsubscribe-post",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
    ];
    let unknown: Vec<&String> = names.iter().filter(|name| !known.contains(&name.as_str())).collect();
    assert_eq!(unknown, Vec::<&String>::new());
    let body = decoded(&mails[0].body);
    let html = &body[body.find("<!doctype html>").unwrap()..];
    assert!(!html.contains("<script") && html.contains("&lt;script&gt;"), "{html}");
}

#[tokio::test]
async fn a_mail_server_says_no_in_many_ways() {
    for stage in stages().await {
        let smtp = Smtp::start().await;
        let mut channels = Vec::new();
        for address in ["ok@example.org", "nobody@example.org", "full@example.org", "spam@example.org"] {
            channels.push(stage.mail(OWNER, address).await.id);
        }
        told(&stage).await;
        *smtp.mood.lock().unwrap() = Mood::Closing;
        let delivery = stage.delivery(Some(&smtp));
        let delivered = delivery.round().await.unwrap();
        assert!(delivered.held_up.is_some() && delivered.sent == 0, "{}: {delivered:?}", stage.engine);
        for channel in &channels {
            let message = over(&stage, *channel).await.remove(0);
            assert_eq!((message.state, message.attempts), (MessageState::Waiting, 0), "an outage is nobody's attempt");
        }
        *smtp.mood.lock().unwrap() = Mood::Well;
        assert_eq!(delivery.round().await.unwrap().sent, 0, "the server is left alone for a while");
        stage.pass(11 * 60_000);
        let delivered = delivery.round().await.unwrap();
        assert_eq!((delivered.sent, delivered.failed, delivered.dead), (1, 1, 2), "{delivered:?}");
        let state = async |channel: ChannelId| stage.atlas.channel(OWNER, channel).await.unwrap().unwrap().state;
        assert_eq!(state(channels[1]).await, ChannelState::Failed, "there is nobody");
        assert_eq!(state(channels[3]).await, ChannelState::InUse, "one refused mail is not the end of an address");
        assert_eq!(stage.atlas.dead_letters(0, 10).await.unwrap().len(), 2);
        let full = over(&stage, channels[2]).await.remove(0);
        assert_eq!((full.attempts, full.due_ms > stage.now()), (1, true));
        let reason = full.error.unwrap();
        assert_eq!(reason.matches("4.2.2").count(), 1, "the reason is kept, and told once: {reason}");
        for _ in 0..9 {
            stage.pass(27 * HOUR);
            delivery.round().await.unwrap();
        }
        let full = over(&stage, channels[2]).await.remove(0);
        assert_eq!((full.state, full.attempts), (MessageState::Dead, 10), "patience ends after days");
        assert_eq!(state(channels[2]).await, ChannelState::Failed);
    }
}

#[tokio::test]
async fn a_receiver_of_webhooks_fails_in_every_way_and_loses_nothing() {
    for stage in stages().await {
        let receiver = Receiver::start().await;
        let paths = ["ok", "slow-body", "timeout", "reset", "close", "garbage", "500", "429", "redirect", "410"];
        let mut channels = Vec::new();
        for path in paths {
            channels.push(stage.webhook(OWNER, &receiver.url(path), Template::Plain).await.id);
        }
        told(&stage).await;
        let delivery = stage.delivery(None);
        let delivered = delivery.round().await.unwrap();
        assert_eq!((delivered.sent, delivered.failed, delivered.dead), (2, 7, 1), "{}: {delivered:?}", stage.engine);
        let mut ids = HashSet::new();
        for (path, channel) in paths.iter().zip(&channels) {
            let message = over(&stage, *channel).await.remove(0);
            ids.insert(message.key);
            let expected = match *path {
                "ok" | "slow-body" => MessageState::Sent,
                "410" => MessageState::Dead,
                _ => MessageState::Waiting,
            };
            assert_eq!(message.state, expected, "{path}: {:?}", message.error);
            if *path == "429" {
                assert!(message.due_ms >= stage.now() + 2 * HOUR, "it asked for two hours");
            }
        }
        let gone = stage.atlas.channel(OWNER, channels[9]).await.unwrap().unwrap();
        assert_eq!((gone.state, gone.trouble.is_some()), (ChannelState::Failed, true));
        let redirected: Vec<String> = receiver.taken().into_iter().map(|request| request.path).collect();
        assert_eq!(redirected.iter().filter(|path| *path == "/ok").count(), 1, "a redirect is not followed");
        receiver.heal();
        for _ in 0..3 {
            stage.pass(3 * HOUR);
            delivery.round().await.unwrap();
        }
        let arrived: HashSet<String> =
            receiver.taken().iter().map(|request| request.headers["webhook-id"].clone()).collect();
        assert_eq!(arrived, ids);
        let filter = MessageFilter {
            channel_kind: Some(ChannelKind::Webhook),
            state: Some(MessageState::Waiting),
            ..MessageFilter::default()
        };
        assert_eq!(stage.atlas.messages(OWNER, &filter).await.unwrap(), []);
        // The dead letter is sent again by hand, once its receiver is used again.
        let dead = stage.atlas.dead_letters(0, 10).await.unwrap().remove(0);
        stage.atlas.pause_channel(OWNER, dead.channel, false).await.unwrap();
        assert!(stage.atlas.redeliver(OWNER, dead.id).await.unwrap());
        assert_eq!(delivery.round().await.unwrap().sent, 1);
    }
}

#[tokio::test]
async fn a_signature_is_what_the_receiver_computes() {
    use base64::Engine;
    use hmac::{Hmac, KeyInit, Mac};
    let stage = stages().await.remove(0);
    let receiver = Receiver::start().await;
    let channel = stage.webhook(OWNER, &receiver.url("ok"), Template::Plain).await;
    told(&stage).await;
    stage.delivery(None).round().await.unwrap();
    let request = receiver.taken().remove(0);
    let (id, second) = (&request.headers["webhook-id"], &request.headers["webhook-timestamp"]);
    assert_eq!(second.parse::<i64>().unwrap(), stage.now() / 1000);
    let base64 = base64::engine::general_purpose::STANDARD;
    let secret = alerts::channels::webhook_secret(&channel).unwrap();
    let secret = base64.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&secret).unwrap();
    mac.update(format!("{id}.{second}.").as_bytes());
    mac.update(&request.body);
    let signature = request.headers["webhook-signature"].strip_prefix("v1,").unwrap();
    mac.verify_slice(&base64.decode(signature).unwrap()).unwrap();
    let payload: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!((payload["type"].as_str(), payload["data"]["id"].as_str()), (Some("change"), Some(id.as_str())));
    let part = &payload["data"]["documents"][0];
    assert_eq!(part["why"][0], "you watch Plum’s Terms, material changes");
    assert!(part["clauses"].as_array().unwrap().iter().any(|clause| clause["after"] == ARBITRATION), "{part}");
}

/// Fails unless a value is what a schema says. It knows the words that our schema has, and no others.
fn conforms(value: &serde_json::Value, schema: &serde_json::Value, at: &str) {
    for (word, said) in schema.as_object().unwrap() {
        match word.as_str() {
            "description" => {}
            "enum" => assert!(said.as_array().unwrap().contains(value), "{at}: {value} is none of {said}"),
            "type" => {
                let of = match value {
                    serde_json::Value::Null => "null",
                    serde_json::Value::String(_) => "string",
                    serde_json::Value::Number(number) if number.is_u64() => "integer",
                    serde_json::Value::Array(_) => "array",
                    serde_json::Value::Object(_) => "object",
                    _ => "something else",
                };
                let one = said == of || said.as_array().is_some_and(|types| types.iter().any(|one| one == of));
                assert!(one, "{at}: {value} is no {said}");
            }
            "required" => {
                for name in said.as_array().unwrap() {
                    assert!(value.get(name.as_str().unwrap()).is_some(), "{at} lacks {name}");
                }
            }
            "additionalProperties" => {
                assert_eq!(said, false);
                for name in value.as_object().unwrap().keys() {
                    assert!(schema["properties"].get(name).is_some(), "{at}.{name} is not described");
                }
            }
            "properties" => {
                for (name, schema) in said.as_object().unwrap() {
                    conforms(&value[name], schema, &format!("{at}.{name}"));
                }
            }
            "items" => value.as_array().unwrap().iter().for_each(|item| conforms(item, said, &format!("{at}[]"))),
            other => panic!("{at}: the schema says {other}"),
        }
    }
}

#[tokio::test]
async fn payloads_are_what_their_schema_says() {
    let stage = stages().await.remove(0);
    let receiver = Receiver::start().await;
    let channel = stage.webhook(OWNER, &receiver.url("ok"), Template::Plain).await;
    let id = told(&stage).await;
    alerts::channels::test(&stage.atlas, OWNER, channel.id, stage.now()).await.unwrap();
    stage.ask(OWNER, NewWatch { cadence: Cadence::Day { hour: 8 }, ..NewWatch::on(Subject::Document(id)) }).await;
    stage.pass(DAY);
    stage.see(id, &terms(3, &[])).await;
    stage.tell().await;
    stage.pass(DAY);
    stage.tell().await;
    stage.delivery(None).round().await.unwrap();
    let (schema, mut types) = (alerts::webhook::schema(), HashSet::new());
    for request in receiver.taken() {
        let payload: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        conforms(&payload, &schema, "payload");
        types.insert(payload["type"].as_str().unwrap().to_string());
        let clauses = &payload["data"]["documents"][0]["clauses"];
        assert!(payload["type"] == "test" || !clauses.as_array().unwrap().is_empty(), "{payload}");
    }
    assert_eq!(types, ["change", "digest", "test"].map(str::to_string).into());
}

#[tokio::test]
async fn chats_get_payloads_of_theirs() {
    let stage = stages().await.remove(0);
    let receiver = Receiver::start().await;
    for (path, template) in [("slack", Template::Slack), ("teams", Template::Teams), ("discord", Template::Discord)] {
        stage.webhook(OWNER, &receiver.url(path), template).await;
    }
    told(&stage).await;
    stage.delivery(None).round().await.unwrap();
    let of = |path: &str| -> serde_json::Value {
        let taken = receiver.taken();
        let request = taken.iter().find(|request| request.path == format!("/{path}")).unwrap();
        serde_json::from_slice(&request.body).unwrap()
    };
    let (slack, teams, discord) = (of("slack"), of("teams"), of("discord"));
    assert_eq!(slack["blocks"][0]["type"], "header");
    assert!(slack["blocks"].to_string().contains("<https://clausewatch.example/changes/CW-C-000001|Plum’s Terms>"));
    let card = &teams["attachments"][0];
    assert_eq!(card["contentType"], "application/vnd.microsoft.card.adaptive");
    assert_eq!(card["content"]["actions"][0]["url"], "https://clausewatch.example/changes/CW-C-000001");
    assert_eq!(discord["allowed_mentions"]["parse"], serde_json::json!([]));
    assert_eq!(discord["embeds"][0]["title"], "Plum’s Terms");
    for payload in [slack, teams, discord] {
        let matters = &provisions::taxonomy().get("arbitration").unwrap().consumer_impact;
        for said in ["You are told because", "https://clausewatch.example/unsubscribe/u", matters] {
            assert!(payload.to_string().contains(said), "{said} is not in {payload}");
        }
    }
}

#[tokio::test]
async fn a_webhook_cannot_reach_into_the_network() {
    let stage = stages().await.remove(0);
    let strict =
        fetch::Poster::new(fetch::USER_AGENT, std::time::Duration::from_secs(1), vec![], &fetch::Outbound::default())
            .unwrap();
    for url in [
        "http://127.0.0.1/",
        "http://[::1]:80/x",
        "http://169.254.169.254/latest",
        "ftp://example.org/",
        "file:///etc/passwd",
        "no",
    ] {
        let added = alerts::channels::add_webhook(&stage.atlas, OWNER, &strict, url, Template::Plain, [1; 32], 0).await;
        assert!(added.is_err(), "{url}");
    }
    let error = strict.post("http://localhost:9/", &[], vec![]).await.unwrap_err();
    assert!(error.to_string().contains("private or reserved"), "a name is judged when it is resolved: {error}");
}

#[tokio::test]
async fn a_test_message_tells_whether_a_channel_works() {
    let stage = stages().await.remove(0);
    let (smtp, receiver) = (Smtp::start().await, Receiver::start().await);
    let mail = stage.mail(OWNER, "ada@example.org").await;
    let hook = stage.webhook(OWNER, &receiver.url("ok"), Template::Plain).await;
    for channel in [mail.id, hook.id] {
        alerts::channels::test(&stage.atlas, OWNER, channel, stage.now()).await.unwrap();
    }
    assert_eq!(stage.delivery(Some(&smtp)).round().await.unwrap().sent, 2);
    assert_eq!(smtp.taken()[0].header("Subject"), "A test message of Clausewatch");
    let payload: serde_json::Value = serde_json::from_slice(&receiver.taken()[0].body).unwrap();
    assert_eq!(payload["type"], "test");
}

/// Waits until the server was sent so many mails.
async fn brought(smtp: &Smtp, mails: usize) {
    let waiting = async {
        while smtp.pace.brought.load(Ordering::Relaxed) < mails {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("the server is sent mail");
}

#[tokio::test]
async fn a_slow_server_is_sent_each_mail_once() {
    for stage in stages().await {
        let smtp = Smtp::start().await;
        smtp.pace.turns.forget_permits(Semaphore::MAX_PERMITS);
        for i in 0..12 {
            stage.mail(OWNER, &format!("reader{i}@example.org")).await;
        }
        told(&stage).await;
        let delivery = stage.delivery(Some(&smtp));
        let round = tokio::spawn(async move { delivery.round().await.unwrap() });
        // Each mail takes a minute and a half, and eight are taken at a time.
        brought(&smtp, 8).await;
        stage.pass(90_000);
        smtp.pace.turns.add_permits(8);
        brought(&smtp, 12).await;
        stage.pass(90_000);
        // One is settled before the others, and makes room for more.
        smtp.pace.turns.add_permits(1);
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(smtp.pace.brought.load(Ordering::Relaxed), 12, "{}", stage.engine);
        smtp.pace.turns.add_permits(100);
        assert_eq!(round.await.unwrap().sent, 12, "{}", stage.engine);
        let to: HashSet<Vec<String>> = smtp.taken().into_iter().map(|mail| mail.to).collect();
        assert_eq!((smtp.taken().len(), to.len()), (12, 12), "{}", stage.engine);
    }
}

/// Lets the first mail wait for its answer until the second is begun, and refuses the second's receiver.
async fn slow_server(listener: tokio::net::TcpListener) {
    let mut held = Vec::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        let first = held.is_empty();
        write.write_all(b"220 mail.example\r\n").await.unwrap();
        while let Ok(Some(line)) = lines.next_line().await {
            let answer: &[u8] = match line.split(' ').next().unwrap_or("") {
                "DATA" => b"354 go on\r\n",
                "." if first => break,
                "RCPT" if !first => b"550 5.1.1 there is nobody of this name\r\n",
                "EHLO" | "MAIL" | "RCPT" | "RSET" | "QUIT" => b"250 ok\r\n",
                _ => continue,
            };
            write.write_all(answer).await.unwrap();
        }
        held.push((lines, write));
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_left_and_its_connection_not_used_again() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    tokio::spawn(slow_server(listener));
    let server = MailServer { url, from: "alerts@example.org".into(), ..MailServer::default() };
    let mailer = Mailer::new(&server).unwrap().within(Duration::from_millis(300));
    let letter = Letter { subject: "s".into(), lead: "l".into(), parts: Vec::new() };
    let foot = Foot::default();
    let first = mailer.send_letter("ada@example.org", "a", &letter, &foot, 0);
    let first = tokio::time::timeout(Duration::from_secs(20), first).await.expect("it gives up by itself");
    assert!(matches!(first, Handed::NoServer(_)), "{first:?}");
    let mailer = mailer.within(Duration::from_secs(10));
    let second = mailer.send_letter("bob@example.org", "b", &letter, &foot, 0).await;
    assert!(matches!(second, Handed::Never { nobody: true, .. }), "{second:?}");
}
