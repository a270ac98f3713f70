//! A mail server on loopback that speaks SMTP (RFC 5321) and keeps what it is given.
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// A mail that the server took.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Where it comes back to.
    pub from: String,
    pub to: Vec<String>,
    /// Header fields with what was folded unfolded, in order.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Mail {
    /// The header fields of this name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// The only header field of this name.
    pub fn header(&self, name: &str) -> &str {
        let all = self.all(name);
        assert_eq!(all.len(), 1, "{name} in {:?}", self.headers);
        all[0]
    }
}

/// How the server treats everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// It takes mail. By the receiver: `nobody@` is not known, `full@` has no room now, `spam@` is refused for what the mail says.
    Well,
    /// It closes at once, as if overloaded.
    Closing,
}

pub struct Smtp {
    pub port: u16,
    pub mails: Arc<Mutex<Vec<Mail>>>,
    pub mood: Arc<Mutex<Mood>>,
    pub pace: Arc<Pace>,
}

/// How fast the server takes mails.
#[derive(Debug)]
pub struct Pace {
    /// How many it may take yet.
    pub turns: Semaphore,
    /// How often it was connected to.
    pub connected: AtomicUsize,
    /// How many it was sent, taken or not.
    pub brought: AtomicUsize,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            turns: Semaphore::new(Semaphore::MAX_PERMITS),
            connected: AtomicUsize::new(0),
            brought: AtomicUsize::new(0),
        }
    }
}

impl Smtp {
    /// A server that keeps mails whole.
    pub async fn start() -> Smtp {
        Smtp::keeping(true).await
    }

    /// A server that keeps no bodies, for very many mails.
    pub async fn lean() -> Smtp {
        Smtp::keeping(false).await
    }

    async fn keeping(bodies: bool) -> Smtp {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (mails, mood) = (Arc::<Mutex<Vec<Mail>>>::default(), Arc::new(Mutex::new(Mood::Well)));
        let pace = Arc::<Pace>::default();
        let server = Smtp { port, mails: Arc::clone(&mails), mood: Arc::clone(&mood), pace: Arc::clone(&pace) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                pace.connected.fetch_add(1, Ordering::Relaxed);
                let (mails, mood, pace) = (Arc::clone(&mails), Arc::clone(&mood), Arc::clone(&pace));
                tokio::spawn(async move {
                    let now = *mood.lock().unwrap();
                    // A client that goes away in the middle is no fault of the server.
                    drop(serve(stream, now, &mails, bodies, &pace).await);
                });
            }
        });
        server
    }

    pub fn taken(&self) -> Vec<Mail> {
        self.mails.lock().unwrap().clone()
    }
}

/// Speaks with one client until it goes away.
pub async fn serve(
    stream: impl AsyncRead + AsyncWrite,
    mood: Mood,
    mails: &Mutex<Vec<Mail>>,
    bodies: bool,
    pace: &Pace,
) -> std::io::Result<()> {
    let (read, mut write) = tokio::io::split(stream);
    let mut lines = BufReader::new(read);
    if mood == Mood::Closing {
        return write.write_all(b"421 mail.example is overloaded\r\n").await;
    }
    write.write_all(b"220 mail.example ESMTP\r\n").await?;
    let (mut from, mut to) = (String::new(), Vec::<String>::new());
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let verb = line.to_ascii_uppercase();
        let answer = match verb.trim_end() {
            v if v.starts_with("EHLO") => "250-mail.example\r\n250-8BITMIME\r\n250 SMTPUTF8",
            v if v.starts_with("MAIL FROM:") => {
                to.clear();
                from = address(&line["MAIL FROM:".len()..]);
                "250 ok"
            }
            v if v.starts_with("RCPT TO:<NOBODY@") => "550 5.1.1 there is nobody of this name",
            v if v.starts_with("RCPT TO:<FULL@") => "452 4.2.2 the mailbox is full",
            v if v.starts_with("RCPT TO:<SPAM@") => "554 5.7.1 not wanted",
            v if v.starts_with("RCPT TO:") => {
                to.push(address(&line["RCPT TO:".len()..]));
                "250 ok"
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let data = data(&mut lines).await?;
                let mut mail = parsed(std::mem::take(&mut from), std::mem::take(&mut to), &data);
                if !bodies {
                    mail.body = String::new();
                }
                pace.brought.fetch_add(1, Ordering::Relaxed);
                pace.turns.acquire().await.unwrap().forget();
                mails.lock().unwrap().push(mail);
                "250 taken"
            }
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            "RSET" | "NOOP" => "250 ok",
            _ => "500 not understood",
        };
        write.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

/// The address that a command names, without parameters.
fn address(rest: &str) -> String {
    rest.split_whitespace().next().unwrap_or("").trim_matches(['<', '>']).to_string()
}

/// Lines up to the one that is a full stop, with doubled full stops undone.
async fn data(lines: &mut (impl AsyncBufReadExt + Unpin)) -> std::io::Result<String> {
    let mut all = String::new();
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        assert!(line.ends_with("\r\n") && !line[..line.len() - 2].contains('\r'), "a bare line break: {line:?}");
        assert!(line.len() <= 1000, "a line is longer than RFC 5321 allows");
        if line == ".\r\n" {
            return Ok(all);
        }
        all.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

fn parsed(from: String, to: Vec<String>, data: &str) -> Mail {
    let (head, body) = data.split_once("\r\n\r\n").unwrap_or((data, ""));
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in head.split("\r\n") {
        if line.starts_with([' ', '\t']) {
            let last = headers.last_mut().expect("a mail does not begin with a folded line");
            last.1 = format!("{} {}", last.1, line.trim());
        } else {
            let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("not a header field: {line:?}"));
            headers.push((name.to_string(), value.trim().to_string()));
        }
    }
    Mail { from, to, headers, body: body.to_string() }
}
