//! The DevTools protocol over a pipe: JSON messages that end with a NUL byte.
use std::collections::VecDeque;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{ChildStdin, ChildStdout};

/// What the browser says.
#[derive(Debug)]
pub(super) enum Message {
    /// What became of the call with this number.
    Answer(u64, Result<Value, String>),
    /// Something happened: the event's name, what it says, and the session that it is of.
    Event(String, Value, Option<String>),
}

/// Both ends of the pipe.
pub(super) struct Pipe {
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    /// Most bytes of a message.
    limit: usize,
    /// What came of a message whose end has not come. Kept here, for reading may be given up at any moment and gone on with later.
    begun: Vec<u8>,
    last: u64,
    /// Events that came while an answer was waited for.
    waiting: VecDeque<Message>,
}

impl Pipe {
    pub fn new(to: ChildStdin, from: ChildStdout, limit: usize) -> Self {
        Pipe { to, from: BufReader::new(from), limit, begun: Vec::new(), last: 0, waiting: VecDeque::new() }
    }

    /// Sends a call and returns its number; the answer comes as a [`Message`].
    pub async fn send(&mut self, method: &str, params: Value, session: Option<&str>) -> Result<u64, String> {
        self.last += 1;
        let mut call = json!({ "id": self.last, "method": method, "params": params });
        if let Some(session) = session {
            call["sessionId"] = session.into();
        }
        let mut bytes = call.to_string().into_bytes();
        bytes.push(0);
        self.to.write_all(&bytes).await.map_err(|error| format!("the browser has gone: {error}"))?;
        Ok(self.last)
    }

    /// Sends a call and waits for its answer. Not for calls that need us to answer events first.
    pub async fn call(&mut self, method: &str, params: Value, session: Option<&str>) -> Result<Value, String> {
        let number = self.send(method, params, session).await?;
        loop {
            match self.read().await? {
                Message::Answer(answered, result) if answered == number => {
                    return result.map_err(|reason| format!("{method}: {reason}"));
                }
                // Of calls whose answers nobody waits for.
                Message::Answer(..) => {}
                event @ Message::Event(..) => self.waiting.push_back(event),
            }
        }
    }

    /// The next message.
    pub async fn next(&mut self) -> Result<Message, String> {
        match self.waiting.pop_front() {
            Some(message) => Ok(message),
            None => self.read().await,
        }
    }

    /// Forgets events that were not asked for yet.
    pub fn forget(&mut self) {
        self.waiting.clear();
    }

    async fn read(&mut self) -> Result<Message, String> {
        loop {
            let part = self.from.fill_buf().await.map_err(|error| format!("the browser has gone: {error}"))?;
            if part.is_empty() {
                return Err("the browser has gone".into());
            }
            let end = part.iter().position(|&byte| byte == 0);
            let taken = end.map_or(part.len(), |end| end + 1);
            self.begun.extend_from_slice(&part[..end.unwrap_or(taken)]);
            self.from.consume(taken);
            if self.begun.len() > self.limit {
                return Err(format!("a message of the browser is longer than {} bytes", self.limit));
            }
            if end.is_some() {
                return message(&std::mem::take(&mut self.begun));
            }
        }
    }
}

fn message(bytes: &[u8]) -> Result<Message, String> {
    let mut value: Value = serde_json::from_slice(bytes)
        .map_err(|error| format!("the browser says something that is not JSON: {error}"))?;
    if let Some(number) = value["id"].as_u64() {
        let reason = value["error"]["message"].as_str().map(str::to_string);
        return Ok(Message::Answer(number, reason.map_or_else(|| Ok(value["result"].take()), Err)));
    }
    let name = value["method"].as_str().unwrap_or_default().to_string();
    let session = value["sessionId"].as_str().map(str::to_string);
    Ok(Message::Event(name, value["params"].take(), session))
}
