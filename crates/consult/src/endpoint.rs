//! The protocol: one question is one POST to `chat/completions`, as OpenAI's and many servers speak it.
//!
//! The address is the operator's own choice, so this machine and private networks may be asked; what comes back is trusted as little as
//! anything from outside: no redirect is followed, nothing is decompressed, size and time are bounded, and the server's own words are
//! never repeated in an error. The key is in no error, no log and no record.
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use atlas::answers::Asker;
use reqwest::header::{self, HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;
use url::Url;

use crate::ConsultError;
use crate::breaker::Breaker;
use crate::question::{PROMPT_VERSION, Question};

/// Most tokens of an answer.
const MOST_TOKENS: u32 = 1500;

/// The key of an endpoint. It cannot be printed.
#[derive(Clone)]
pub struct Key(String);

impl Key {
    /// A key.
    pub fn new(key: impl Into<String>) -> Key {
        Key(key.into())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// Which model, where, and how patiently it is asked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Address before `/chat/completions`.
    pub url: String,
    /// The model's name, as the server knows it.
    pub model: String,
    /// Sent as `Authorization: Bearer`.
    pub key: Option<Key>,
    /// A proxy; those of the environment are not used.
    pub proxy: Option<String>,
    /// Authorities that may have signed the server's certificate, beside those of the system.
    pub authorities: fetch::Authorities,
    /// Most time for one request, to the last byte of its answer.
    pub timeout: Duration,
    /// Most bytes of an answer.
    pub max_bytes: usize,
    /// Requests for one question at most: a server that is busy, broken or silent is asked again.
    pub tries: u32,
    /// Wait before the second request; four times as long before each later one.
    pub backoff: Duration,
    /// The longest wait that a server can ask for between two requests. Who asks for more is left alone ([`Settings::rest`]).
    pub longest_wait: Duration,
    /// Questions that fail in a row before the endpoint is left alone.
    pub failures: u32,
    /// For how long at first.
    pub rest: Duration,
}

impl Settings {
    /// A model at an address, with limits that suit servers near and far.
    pub fn new(url: impl Into<String>, model: impl Into<String>) -> Settings {
        Settings {
            url: url.into(),
            model: model.into(),
            key: None,
            proxy: None,
            authorities: fetch::Authorities::default(),
            timeout: Duration::from_secs(60),
            max_bytes: 256 * 1024,
            tries: 3,
            backoff: Duration::from_secs(1),
            longest_wait: Duration::from_secs(30),
            failures: 3,
            rest: Duration::from_secs(60),
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The model answered, but not so that the answer can be used; it would answer the same again.
    #[error("{0}")]
    Refused(String),
    /// The endpoint failed; the question can be asked again.
    #[error("{0}")]
    Failed(String),
    /// The endpoint is left alone for so long; nothing was sent.
    #[error("the endpoint is left alone for {} s after it failed", .0.as_secs().max(1))]
    Resting(Duration),
}

/// How servers differ in what they take. The first is what most do; a server that answers 400 is asked in the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// JSON schema, `temperature`, `max_tokens`.
    Schema,
    /// JSON schema; newer models refuse `temperature` and want `max_completion_tokens`.
    Newer,
    /// JSON without a schema.
    Object,
    /// No word about the form of the answer.
    Bare,
}

const DIALECTS: [Dialect; 4] = [Dialect::Schema, Dialect::Newer, Dialect::Object, Dialect::Bare];

/// A server and its model.
#[derive(Debug)]
pub struct Endpoint {
    client: reqwest::Client,
    settings: Settings,
    url: Url,
    authorization: Option<HeaderValue>,
    asker: Asker,
    breaker: Breaker,
    /// Index of the dialect that worked last.
    dialect: AtomicUsize,
}

/// What went wrong with one request.
struct Fault {
    reason: String,
    /// Whether the same request may go well a little later.
    again: bool,
    /// How long the server asked to be left alone.
    wait: Option<Duration>,
    /// Whether the server did not take the request as it was (400).
    dialect: bool,
}

impl Fault {
    fn lasting(reason: impl Into<String>) -> Fault {
        Fault { reason: reason.into(), again: false, wait: None, dialect: false }
    }

    fn passing(reason: impl Into<String>) -> Fault {
        Fault { again: true, ..Fault::lasting(reason) }
    }
}

/// What a server may say. All else in its answer is passed over.
#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    refusal: Option<String>,
}

impl Endpoint {
    /// An endpoint with these settings; nothing is sent yet.
    pub fn new(settings: Settings) -> Result<Endpoint, ConsultError> {
        let url = address(&settings.url)?;
        let model = settings.model.trim();
        if model.is_empty() || model.chars().count() > 200 || model.chars().any(char::is_control) {
            return Err(ConsultError::Model);
        }
        let asker = Asker { model: model.into(), prompt: PROMPT_VERSION.into() };
        let key = settings.key.as_ref().filter(|key| !key.0.is_empty());
        let authorization = key.map(|key| {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", key.0)).map_err(|_| ConsultError::Key)?;
            value.set_sensitive(true);
            Ok(value)
        });
        let mut client = fetch::plain_client(fetch::USER_AGENT, settings.timeout);
        if let Some(proxy) = &settings.proxy {
            // Its address may hold a password: it is not repeated.
            let proxy = reqwest::Proxy::all(proxy);
            client = client.proxy(proxy.map_err(|_| ConsultError::Address("the proxy's is none".into()))?);
        }
        let authorities = settings.authorities.for_client();
        let client = authorities.and_then(|authorities| client.tls_certs_merge(authorities).build());
        let client = client.map_err(|error| ConsultError::Client(fetch::cause(&error)))?;
        let breaker = Breaker::new(settings.failures, settings.rest);
        let authorization = authorization.transpose()?;
        Ok(Endpoint { client, url, authorization, asker, breaker, dialect: AtomicUsize::new(0), settings })
    }

    /// Who is asked, and with which prompts.
    pub fn asker(&self) -> &Asker {
        &self.asker
    }

    /// The address as it may be shown: without query.
    pub fn address(&self) -> String {
        let mut shown = self.url.clone();
        shown.set_query(None);
        shown.to_string()
    }

    /// How long the endpoint is still left alone; none if it can be asked.
    pub fn resting(&self) -> Option<Duration> {
        self.breaker.open(Instant::now())
    }

    /// Asks; gives the content of the answer, unchecked.
    pub async fn ask(&self, question: &Question) -> Result<String, Failure> {
        if let Some(left) = self.resting() {
            return Err(Failure::Resting(left));
        }
        match self.tried(question).await {
            Ok(completion) => {
                self.breaker.worked();
                let content = content(completion).map_err(Failure::Refused)?;
                self.without_key(content)
            }
            Err(fault) => {
                let long = fault.wait.filter(|wait| *wait > self.settings.longest_wait);
                self.breaker.failed(Instant::now(), long);
                Err(Failure::Failed(fault.reason))
            }
        }
    }

    /// A server that sends our key back must not make us show it.
    fn without_key(&self, content: String) -> Result<String, Failure> {
        match &self.settings.key {
            Some(Key(key)) if !key.is_empty() && content.contains(key.as_str()) => {
                Err(Failure::Refused("its answer has the key in it".into()))
            }
            _ => Ok(content),
        }
    }

    /// Sends a question until it is answered, the server can do no better, or there were enough tries.
    async fn tried(&self, question: &Question) -> Result<Completion, Fault> {
        let (mut tries, mut backoff) = (0, self.settings.backoff);
        let first = self.dialect.load(Ordering::Relaxed);
        let mut dialects = (0..DIALECTS.len()).map(|step| (first + step) % DIALECTS.len()).peekable();
        loop {
            let Some(&at) = dialects.peek() else {
                return Err(Fault::lasting("the server answers 400: it does not take the question"));
            };
            let fault = match self.once(question, DIALECTS[at]).await {
                Ok(completion) => {
                    self.dialect.store(at, Ordering::Relaxed);
                    return Ok(completion);
                }
                Err(fault) => fault,
            };
            if fault.dialect {
                dialects.next();
                continue;
            }
            tries += 1;
            let wait = fault.wait.unwrap_or(backoff);
            if !fault.again || tries >= self.settings.tries || wait > self.settings.longest_wait {
                return Err(fault);
            }
            tokio::time::sleep(wait).await;
            backoff *= 4;
        }
    }

    async fn once(&self, question: &Question, dialect: Dialect) -> Result<Completion, Fault> {
        let body = self.request(question, dialect).to_string();
        let mut request = self
            .client
            .post(self.url.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json")
            .header(header::ACCEPT_ENCODING, "identity")
            .body(body);
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization.clone());
        }
        let response = request.send().await.map_err(|error| self.network(&error))?;
        if !response.status().is_success() {
            return Err(status(&response));
        }
        let kind = text_of(&response, header::CONTENT_TYPE).to_ascii_lowercase();
        if kind.split(';').next().map(str::trim) != Some("application/json") {
            return Err(Fault::lasting("the server’s answer is not of the type application/json"));
        }
        let encoding = text_of(&response, header::CONTENT_ENCODING);
        if !matches!(encoding.trim(), "" | "identity") {
            return Err(Fault::lasting("the server’s answer is compressed, which was not asked for"));
        }
        let bytes = self.body(response).await?;
        serde_json::from_slice(&bytes)
            .map_err(|_| Fault::lasting("the server’s answer is not a chat completion; is the address right?"))
    }

    /// The request in a dialect.
    fn request(&self, question: &Question, dialect: Dialect) -> Value {
        let mut body = json!({"model": self.asker.model, "messages": question.messages()});
        if dialect == Dialect::Newer {
            body["max_completion_tokens"] = MOST_TOKENS.into();
        } else {
            body["max_tokens"] = MOST_TOKENS.into();
            body["temperature"] = 0.into();
        }
        match dialect {
            Dialect::Schema | Dialect::Newer => {
                let schema = json!({"name": question.schema_name, "strict": true, "schema": question.schema});
                body["response_format"] = json!({"type": "json_schema", "json_schema": schema});
            }
            Dialect::Object => body["response_format"] = json!({"type": "json_object"}),
            Dialect::Bare => {}
        }
        body
    }

    async fn body(&self, mut response: reqwest::Response) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.network(&error))? {
            if bytes.len() + chunk.len() > self.settings.max_bytes {
                let most = self.settings.max_bytes;
                return Err(Fault::lasting(format!("the server’s answer is larger than {most} bytes")));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    fn network(&self, error: &reqwest::Error) -> Fault {
        if error.is_timeout() {
            return Fault::passing(format!("no answer within {} s", self.settings.timeout.as_secs_f32()));
        }
        if error.is_connect() {
            return Fault::passing(format!("it cannot be reached: {}", fetch::cause(error)));
        }
        Fault::passing("the connection broke off, or what came is not HTTP")
    }
}

/// The address that questions are posted to.
fn address(base: &str) -> Result<Url, ConsultError> {
    let mut url = Url::parse(base.trim()).map_err(|error| ConsultError::Address(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(ConsultError::Address("it does not begin with http:// or https://".into()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(ConsultError::Address("it holds a password, which belongs into CLAUSEWATCH_MODEL_KEY".into()));
    }
    url.set_fragment(None);
    let path = url.path().trim_end_matches('/').to_string();
    if !path.ends_with("/chat/completions") {
        url.set_path(&format!("{path}/chat/completions"));
    }
    Ok(url)
}

fn text_of(response: &reqwest::Response, name: header::HeaderName) -> &str {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
}

/// What an answer other than 200 means, in our words: the server's own may hold anything.
fn status(response: &reqwest::Response) -> Fault {
    let code = response.status().as_u16();
    // A date instead of seconds is not read; our own wait is used.
    let wait = text_of(response, header::RETRY_AFTER).trim().parse().ok().map(Duration::from_secs);
    match code {
        300..=399 => Fault::lasting(format!(
            "the server answers {code}, a redirect, which is not followed; give the address that it leads to"
        )),
        400 | 422 => Fault {
            dialect: true,
            ..Fault::lasting(format!("the server answers {code}: it does not take the question"))
        },
        401 | 403 => Fault::lasting(format!(
            "the server answers {code}: the key is missing, wrong or not allowed to use the model; it is read from CLAUSEWATCH_MODEL_KEY"
        )),
        404 => Fault::lasting("the server answers 404: the address or the model’s name is wrong"),
        429 => Fault {
            wait,
            ..Fault::passing("the server answers 429: too many questions, or nothing left to pay for them")
        },
        500..=599 => Fault { wait, ..Fault::passing(format!("the server answers {code}")) },
        _ => Fault::lasting(format!("the server answers {code}")),
    }
}

/// The content of a completion, if the model ended it by itself.
fn content(completion: Completion) -> Result<String, String> {
    let Some(choice) = completion.choices.into_iter().next() else { return Err("it gives no answer".into()) };
    if choice.message.refusal.is_some_and(|refusal| !refusal.trim().is_empty()) {
        return Err("it refuses to answer".into());
    }
    match choice.finish_reason.as_deref() {
        None | Some("stop") => {}
        Some("length") => return Err("its answer was cut off for its length".into()),
        Some("content_filter") => return Err("its answer was held back by a filter".into()),
        Some(_) => return Err("it did not end its answer".into()),
    }
    match choice.message.content {
        Some(content) if !content.trim().is_empty() => Ok(content),
        _ => Err("its answer is empty".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (base, posted) in [
            ("http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1/chat/completions"),
            ("http://127.0.0.1:11434/v1/", "http://127.0.0.1:11434/v1/chat/completions"),
            ("https://models.example", "https://models.example/chat/completions"),
            ("https://m.example/v1/chat/completions", "https://m.example/v1/chat/completions"),
            ("https://m.example/d/gpt?api-version=2", "https://m.example/d/gpt/chat/completions?api-version=2"),
        ] {
            assert_eq!(address(base).unwrap().as_str(), posted);
        }
        for base in
            ["", "models.example/v1", "ftp://models.example", "file:///etc/passwd", "https://me:secret@m.example/"]
        {
            let error = address(base).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn the_key_cannot_be_printed() {
        let mut settings = Settings::new("https://m.example/v1?sig=secret-1", "m");
        settings.key = Some(Key::new("secret-2"));
        let endpoint = Endpoint::new(settings.clone()).unwrap();
        assert!(!format!("{settings:?} {endpoint:?}").contains("secret-2"));
        assert!(!endpoint.address().contains("secret"));
        settings.key = Some(Key::new("secret\n3"));
        let error = Endpoint::new(settings).unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}
