//! Mail: a letter as a message of the internet (RFC 5322), and handing it to the operator's mail server.
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use atlas::watching::{Channel, MessageId, MessageKind, Outgoing};
use lettre::address::Envelope;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{AsyncSmtpTransportBuilder, PoolConfig};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use crate::letter::{Letter, one_line};
use crate::links::Links;
use crate::plain::{Foot, html, text};

/// Mails under way, and connections to the mail server, at most.
pub(crate) const CONNECTIONS: usize = 8;
/// Most characters before the `@` of the address that mail comes back to: a token follows them, and 64 are allowed.
const LONGEST_RETURN: usize = 18;
/// Most time for a connection to the server.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Most time for a whole mail, connecting included: shorter than the two minutes for which a message is claimed, after which it would be sent again.
const PATIENCE: Duration = Duration::from_secs(100);

/// Why mail cannot be sent as configured.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The mail server's address cannot be used.
    #[error("{url}: not the address of a mail server ({reason}); write smtps://HOST, or smtp://HOST:587 for STARTTLS")]
    Server {
        /// As given, without a password.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// The sender's address cannot be used.
    #[error("{0:?} cannot be the sender of mail; write an address, or “Clausewatch <alerts@example.org>”")]
    Sender(String),
    /// The address that mail comes back to cannot be used.
    #[error(
        "{0:?} cannot be where mail comes back to; write an address of at most {LONGEST_RETURN} characters before its @, without a +, \
         for example bounces@example.org"
    )]
    Return(String),
    /// An address cannot be one of mail.
    #[error("{0:?} is not a mail address")]
    Address(String),
}

/// The operator's mail server.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MailServer {
    /// `smtps://host[:465]`: TLS from the beginning. `smtp://host[:587]`: STARTTLS, required; without TLS on loopback.
    pub url: String,
    /// User name, where the server wants one.
    pub user: Option<String>,
    /// Their password.
    pub password: Option<String>,
    /// Sender of all mail: an address, with a name or without.
    pub from: String,
    /// Where mail comes back to that was taken and could not be delivered: `bounces@example.org` gets what is sent to
    /// `bounces+TOKEN@example.org`, where the token names the message. Without, it comes back to the sender and is not understood.
    pub returns: Option<String>,
    /// Authorities that may have signed its certificate, beside those of the system.
    pub authorities: fetch::Authorities,
}

impl std::fmt::Debug for MailServer {
    /// Without the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailServer").field("url", &self.url).field("from", &self.from).finish_non_exhaustive()
    }
}

/// An address of mail as it will be used.
///
/// # Errors
/// If it is none.
pub fn address(text: &str) -> Result<String, MailError> {
    let address: Address = text.trim().parse().map_err(|_| MailError::Address(one_line(text, 80)))?;
    Ok(address.to_string())
}

/// What came of handing over a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handed {
    /// The server took it.
    Over,
    /// Not now.
    Later(String),
    /// The server will not take it.
    Never {
        /// Why.
        reason: String,
        /// There is nobody at the address.
        nobody: bool,
    },
    /// The server cannot be spoken to; the mail has nothing to do with it.
    NoServer(String),
}

/// Hands mail to the server.
pub struct Mailer {
    builder: AsyncSmtpTransportBuilder,
    /// Made anew after a mail was broken off in the middle.
    transport: Mutex<AsyncSmtpTransport<Tokio1Executor>>,
    patience: Duration,
    sender: Sender,
}

/// Who sends mail, and where it comes back to.
struct Sender {
    from: Mailbox,
    returns: Option<Address>,
}

impl Sender {
    /// The address at which a token comes back, if there is one: `bounces+TOKEN@example.org`.
    fn with_token(&self, token: &str) -> Option<Address> {
        let returns = self.returns.as_ref()?;
        Address::new(format!("{}+{token}", returns.user()), returns.domain()).ok()
    }

    /// The envelope of a message: it comes back under a token that names it.
    fn envelope(&self, channel: &Channel, message: MessageId, to: Address) -> Result<Envelope, String> {
        let back = self.with_token(&channel.return_token(message));
        self.envelope_to(back, to)
    }

    fn envelope_to(&self, back: Option<Address>, to: Address) -> Result<Envelope, String> {
        let back = back.unwrap_or_else(|| self.from.email.clone());
        Envelope::new(Some(back), vec![to]).map_err(|error| error.to_string())
    }
}

fn tls(host: &str, authorities: &fetch::Authorities) -> Result<TlsParameters, lettre::transport::smtp::Error> {
    let mut parameters = TlsParameters::builder(host.into());
    for certificate in authorities.der() {
        parameters = parameters.add_root_certificate(Certificate::from_der(certificate.to_vec())?);
    }
    parameters.build()
}

impl Mailer {
    /// A mailer for a server. Connects to nothing yet.
    pub fn new(server: &MailServer) -> Result<Mailer, MailError> {
        let wrong = |reason: &str| MailError::Server { url: without_user(&server.url), reason: reason.into() };
        let url = url::Url::parse(&server.url).map_err(|error| wrong(&error.to_string()))?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| wrong("it has no host"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let tls = || tls(host, &server.authorities).map_err(|error| wrong(&error.to_string()));
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host);
        let builder = match url.scheme() {
            "smtps" => builder.tls(Tls::Wrapper(tls()?)).port(url.port().unwrap_or(465)),
            "smtp" if is_loopback(host) => builder.port(url.port().unwrap_or(25)),
            "smtp" => builder.tls(Tls::Required(tls()?)).port(url.port().unwrap_or(587)),
            _ => return Err(wrong("its scheme is neither smtp nor smtps")),
        };
        let from: Mailbox = server.from.parse().map_err(|_| MailError::Sender(server.from.clone()))?;
        let returns = server.returns.as_deref().map(returning).transpose()?;
        let pool = PoolConfig::new().max_size(CONNECTIONS as u32).idle_timeout(Duration::from_secs(30));
        let hello = ClientId::Domain(from.email.domain().to_string());
        let builder = builder.timeout(Some(TIMEOUT)).pool_config(pool).hello_name(hello);
        let builder = match (&server.user, &server.password) {
            (Some(user), Some(password)) => builder.credentials(Credentials::new(user.clone(), password.clone())),
            _ => builder,
        };
        let transport = Mutex::new(builder.clone().build());
        Ok(Mailer { builder, transport, patience: PATIENCE, sender: Sender { from, returns } })
    }

    /// The same mailer with other patience for a whole mail than 100 s: less, for at the end of two minutes a message is sent again.
    pub fn within(self, patience: Duration) -> Mailer {
        Mailer { patience, ..self }
    }

    /// Writes a mail and hands it over.
    pub(crate) async fn send(&self, outgoing: &Outgoing, letter: &Letter, links: &Links, now_ms: i64) -> Handed {
        self.hand_over(compose(&self.sender, outgoing, letter, links, now_ms)).await
    }

    /// Hands over a letter that comes from no watch, under a name by which the receiver knows it again: letters, digits, `_`.
    pub async fn send_letter(&self, to: &str, name: &str, letter: &Letter, foot: &Foot, now_ms: i64) -> Handed {
        let sender = &self.sender;
        let mail = receiver(to).and_then(|to| {
            let envelope = sender.envelope_to(sender.returns.clone(), to.clone())?;
            finished(begun(&sender.from, to, &letter.subject, name, now_ms).envelope(envelope), letter, foot)
        });
        self.hand_over(mail).await
    }

    async fn hand_over(&self, mail: Result<Message, String>) -> Handed {
        let mail = match mail {
            Ok(mail) => mail,
            Err(reason) => return Handed::Never { reason, nobody: false },
        };
        let transport = self.transport.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut sending = std::pin::pin!(transport.send(mail));
        match tokio::time::timeout(self.patience, &mut sending).await {
            Ok(Ok(_)) => Handed::Over,
            Ok(Err(error)) => judged(&error),
            Err(_) => {
                // Before the mail is broken off, which would put its connection back with an answer outstanding, to be taken for the next mail's.
                *self.transport.lock().unwrap_or_else(PoisonError::into_inner) = self.builder.clone().build();
                tokio::time::timeout(Duration::from_secs(1), transport.shutdown()).await.ok();
                Handed::NoServer(format!("the mail server did not take a mail within {} s", self.patience.as_secs()))
            }
        }
    }
}

/// A URL without what may hold a password.
fn without_user(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{}", rest.rsplit_once('@').map_or(rest, |(_, host)| host)),
        None => url.rsplit_once('@').map_or(url, |(_, host)| host).to_string(),
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// What an error of the protocol says about the mail. A server that cannot be reached, refuses the login (530, 534, 535, 538) or closes
/// (421) says nothing about it.
fn judged(error: &lettre::transport::smtp::Error) -> Handed {
    let reason = one_line(&in_full(error), 300);
    let status = error.status().map(u16::from);
    match status {
        Some(421 | 530 | 534 | 535 | 538) => Handed::NoServer(reason),
        _ if error.is_permanent() => Handed::Never { nobody: says_nobody(&reason), reason },
        _ if error.is_transient() => Handed::Later(reason),
        _ => Handed::NoServer(reason),
    }
}

/// Whether a server says that there is nobody at the receiver's address: by a code of RFC 3463 whose subject that is. 5.1.7 and 5.1.8 are
/// about the sender, 5.1.0 about one of the two.
pub(crate) fn says_nobody(reply: &str) -> bool {
    let codes = reply.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.')).map(|word| word.trim_end_matches('.'));
    codes.into_iter().any(|code| matches!(code.strip_prefix("5.1."), Some("1" | "2" | "3" | "4" | "6" | "10")))
}

/// The address that mail comes back to, as it may be.
fn returning(text: &str) -> Result<Address, MailError> {
    let address: Option<Address> = text.trim().parse().ok();
    let usable = |address: &Address| address.user().len() <= LONGEST_RETURN && !address.user().contains(['+', '"']);
    address.filter(usable).ok_or_else(|| MailError::Return(one_line(text, 80)))
}

/// An error with its causes, each once: some tell them already.
fn in_full(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let more = cause.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        source = cause.source();
    }
    words
}

/// A mail. All that goes into headers is one line without control characters; IDs are ours.
fn compose(
    sender: &Sender,
    outgoing: &Outgoing,
    letter: &Letter,
    links: &Links,
    now_ms: i64,
) -> Result<Message, String> {
    let Outgoing { message, channel, organisation, .. } = outgoing;
    let from = &sender.from;
    let domain = from.email.domain();
    let confirms = message.kind == MessageKind::Confirmation;
    let foot = Foot {
        unsubscribe: (!confirms).then(|| links.unsubscribe(channel, message.id)),
        watchlist: (!confirms).then(|| match organisation {
            Some(name) => (format!("Watchlist of {name}"), links.watchlist(Some(channel.person))),
            None => ("Your watchlist".into(), links.watchlist(None)),
        }),
        action: confirms.then(|| ("Confirm this address".into(), links.confirm(channel))),
    };
    let to = receiver(&channel.address)?;
    let envelope = sender.envelope(channel, message.id, to.clone())?;
    let mut mail = begun(from, to, &letter.subject, &message.key, now_ms).envelope(envelope);
    // One thread for each document: all its messages answer one that was never sent.
    if let (MessageKind::Change | MessageKind::Correction, [part]) = (message.kind, letter.parts.as_slice()) {
        let thread = format!("<{}.{}@{domain}>", part.document_id, channel.id);
        mail = mail.in_reply_to(thread.clone()).references(thread);
    }
    if let Some(url) = &foot.unsubscribe {
        let by_mail = sender.with_token(&channel.leave_token(message.id));
        let by_mail = by_mail.map(|address| format!(", <mailto:{address}?subject=unsubscribe>")).unwrap_or_default();
        mail = mail
            .raw_header(header("List-Id", &format!("<watch.{domain}>")))
            .raw_header(header("List-Unsubscribe", &format!("<{url}>{by_mail}")))
            .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
    }
    finished(mail, letter, &foot)
}

/// The address that a mail is sent to.
fn receiver(to: &str) -> Result<Address, String> {
    to.parse().map_err(|_| format!("{to:?} is not a mail address"))
}

/// The header that every mail has.
fn begun(from: &Mailbox, to: Address, subject: &str, name: &str, now_ms: i64) -> MessageBuilder {
    let date = UNIX_EPOCH + Duration::from_millis(u64::try_from(now_ms).unwrap_or(0));
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(one_line(subject, 200))
        .date(date)
        .message_id(Some(format!("<{name}@{}>", from.email.domain())))
        .raw_header(header("Auto-Submitted", "auto-generated"))
}

/// The mail with its letter, as plain text and as HTML.
fn finished(mail: MessageBuilder, letter: &Letter, foot: &Foot) -> Result<Message, String> {
    let part = |kind: ContentType, body: String| SinglePart::builder().header(kind).body(body);
    let bodies = MultiPart::alternative()
        .singlepart(part(ContentType::TEXT_PLAIN, text(letter, foot)))
        .singlepart(part(ContentType::TEXT_HTML, html(letter, foot)));
    mail.multipart(bodies).map_err(|error| error.to_string())
}

/// A header whose value is ASCII without spaces that could be folded: an address must arrive whole.
fn header(name: &'static str, value: &str) -> HeaderValue {
    let value = one_line(value, 900);
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), value.clone(), value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_there_when_the_address_is_wrong_and_not_the_sender() {
        for said in [
            "permanent error (550): 5.1.1 there is nobody of this name",
            "550-5.1.1 <ada@example.org>: user unknown",
            "(5.1.10) null MX",
            "#5.1.2",
            "No such user: 5.1.1.",
        ] {
            assert!(says_nobody(said), "{said}");
        }
        for said in [
            "554 5.7.1 not wanted",
            "5.1.7 bad sender's mailbox",
            "550 5.1.8 sender's domain does not exist",
            "550 5.1.0 rejected",
            "host mx.example[5.1.1.7] said: 550 5.7.1 no",
            "15.1.1",
            "5.1.",
            "",
        ] {
            assert!(!says_nobody(said), "{said}");
        }
    }

    #[test]
    fn mail_comes_back_to_an_address_that_has_room_for_a_token() {
        for good in ["bounces@example.org", " b@example.org ", "eighteen-charactrs@example.org"] {
            assert!(returning(good).is_ok(), "{good}");
        }
        for wrong in ["", "bounces", "a+b@example.org", "\"a b\"@example.org", "nineteen-characters@example.org"] {
            assert!(returning(wrong).is_err(), "{wrong}");
        }
    }
}
