//! Mail over TLS to a server whose certificate an authority of the operator's own has signed.
#[path = "../../fetch/tests/proxy/tls.rs"]
#[allow(dead_code, reason = "a part of it is used")]
mod tls;

#[path = "common/smtp.rs"]
#[allow(dead_code, reason = "a part of it is used")]
mod smtp;

use std::sync::{Arc, Mutex};

use alerts::{Foot, Handed, Letter, MailServer, Mailer};
use fetch::Authorities;
use smtp::{Mail, Mood};
use tls::Authority;
use tokio::net::TcpListener;

async fn sent(authorities: Authorities, port: u16) -> Handed {
    let server = MailServer {
        url: format!("smtps://127.0.0.1:{port}"),
        from: "Clausewatch <alerts@clausewatch.example>".into(),
        authorities,
        ..MailServer::default()
    };
    let letter = Letter { subject: "A test".into(), lead: "Nothing happened.".into(), parts: Vec::new() };
    let mailer = Mailer::new(&server).unwrap();
    mailer.send_letter("ada@example.org", "test_1", &letter, &Foot::default(), 1_700_000_000_000).await
}

#[tokio::test]
async fn mail_goes_to_a_server_that_an_authority_of_ones_own_vouches_for() {
    let authority = Authority::new();
    let (acceptor, mails) = (authority.acceptor(&["127.0.0.1"]), Arc::<Mutex<Vec<Mail>>>::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let taken = Arc::clone(&mails);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // Who does not trust the certificate goes away.
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            drop(smtp::serve(stream, Mood::Well, &taken, true, &smtp::Pace::default()).await);
        }
    });
    let refused = sent(Authorities::default(), port).await;
    assert!(matches!(&refused, Handed::NoServer(_)), "{refused:?}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("authority.pem");
    std::fs::write(&file, authority.pem()).unwrap();
    let mut authorities = Authorities::default();
    authorities.add_file(&file).unwrap();
    assert_eq!(sent(authorities, port).await, Handed::Over);
    assert_eq!(mails.lock().unwrap().len(), 1);
}
