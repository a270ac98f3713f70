//! A small invented world in memory, and requests to a site over it.
#![allow(dead_code, reason = "each test file uses a part of it")]
use std::ops::Range;
use std::sync::Arc;

use archive::Sha256Digest;
use atlas::ids::DocumentId;
use atlas::records::{
    Batch, Entry, EventKind, Materiality, NewCapture, NewChange, NewDocument, NewVersion, Platform, ProvisionEvent,
    ProvisionState, Wording,
};
use atlas::{Atlas, KeyPlace, Location, LogConfig};
use axum::body::{Body, to_bytes};
use axum::http::Request;
use provisions::{Confidence, Explicitness, Severity};
use tower::ServiceExt;

/// Clause types of the world.
pub const BAN: &str = "ai-competing-model-ban";
pub const WAIVER: &str = "class-action-waiver";

const DAY: i64 = 86_400_000;
/// 1 January 2026.
const START: i64 = 1_767_225_600_000;

const PLUM: [&str; 3] = [
    "# Terms\n\nThese terms bind you and Plum.\n\n## Use\n\nYou may not use output to train a model that competes with ours.\n\n## Disputes\n\nYou waive any right to a class action.\n",
    "# Terms\n\nThese terms bind you and Plum.\n\n## Use\n\nYou may not use output to train or improve any model that competes with ours.\n\n## Disputes\n\nYou waive any right to a class action.\n",
    "# Terms\n\nThese terms bind you and Plum.\n\n## Use\n\nYou may not use output to train or improve any model that competes with ours.\n\n## Disputes\n\nTalk to us first.\n",
];
const QUINCE: &str = "# Rules\n\nDo not build rivals with <script>alert(1)</script> what our models return, ever.\n";
const HOSTILE: &str = "<b>Quince</b> & \"Co\" }{\\ <script>alert(1)</script>";

/// The world.
pub struct World {
    pub atlas: Atlas,
    pub plum: DocumentId,
    pub site: axum::Router,
}

/// What the site answered.
pub struct Answer {
    pub status: u16,
    pub kind: String,
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The page; panics if it is none.
    pub fn page(self) -> String {
        let text = String::from_utf8(self.bytes).unwrap();
        assert_eq!(self.status, 200, "{text}");
        assert!(self.kind.starts_with("text/html"), "{}", self.kind);
        text
    }

    /// The JSON; panics if it is none.
    pub fn json(self) -> serde_json::Value {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.bytes));
        assert!(self.kind.starts_with("application/json"), "{}", self.kind);
        serde_json::from_slice(&self.bytes).unwrap()
    }
}

impl World {
    /// Three platforms: Plum with three versions of its terms, a hostile Quince, and Rowan whose policy has nothing.
    pub async fn new() -> World {
        let log = LogConfig { origin: "watch.example/log".into(), fresh_seed: [7; 32] };
        let atlas = Atlas::open(&Location::Memory, &log, &KeyPlace::given("the test", [5; 32])).await.unwrap();
        let plum = document(&atlas, "plum", "Plum", "Terms of Service", "https://plum.example/terms").await;
        atlas.record(plum_history(plum)).await.unwrap();
        atlas.verified(plum, START + 30 * DAY).await.unwrap();
        let quince = document(&atlas, "quince", HOSTILE, "Terms of Service", "javascript:alert(1)").await;
        atlas.record(quince_history(quince)).await.unwrap();
        let rowan = document(&atlas, "rowan", "Rowan", "Privacy Policy", "https://rowan.example/privacy").await;
        atlas
            .record(batch(rowan, vec![entry(1, "# Privacy\n\nWe keep little.\n", START, &[1, 2], None)]))
            .await
            .unwrap();
        let config =
            web::SiteConfig { name: "Watch".into(), base_url: "https://watch.example".into(), note: String::new() };
        let site = web::router(web::Site::new(atlas.clone(), config, Arc::new(|| START + 40 * DAY)));
        World { atlas, plum, site }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub async fn get_json(&self, path: &str) -> Answer {
        self.ask(Request::get(path).header("accept", "application/json").body(Body::empty()).unwrap()).await
    }

    /// Posts a form with fields: name, file name (none if empty), bytes.
    pub async fn post(&self, path: &str, fields: &[(&str, &str, &[u8])]) -> Answer {
        let mut body = Vec::new();
        for (name, file, bytes) in fields {
            let file = if file.is_empty() { String::new() } else { format!("; filename=\"{file}\"") };
            body.extend(
                format!("--frontier\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n").into_bytes(),
            );
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--frontier--\r\n");
        let kind = "multipart/form-data; boundary=frontier";
        self.ask(Request::post(path).header("content-type", kind).body(Body::from(body)).unwrap()).await
    }

    async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.site.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let kind = response.headers().get("content-type").map_or("", |kind| kind.to_str().unwrap()).to_string();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec();
        Answer { status, kind, bytes }
    }
}

async fn document(atlas: &Atlas, slug: &str, name: &str, kind: &str, url: &str) -> DocumentId {
    let platform = Platform {
        slug: slug.into(),
        name: name.into(),
        homepage: None,
        sector: Some("AI".into()),
        country: Some("DE".into()),
    };
    atlas.put_platform(&platform).await.unwrap();
    let new = NewDocument {
        platform: slug.into(),
        kind: kind.into(),
        title: kind.into(),
        urls: vec![url.into()],
        language: Some("en".into()),
        select: Vec::new(),
        remove: Vec::new(),
    };
    atlas.put_document(&new).await.unwrap()
}

fn batch(document: DocumentId, entries: Vec<Entry>) -> Batch {
    Batch {
        document,
        after_version: 0,
        revised: 0,
        entries,
        wordings: Vec::new(),
        provisions: Vec::new(),
        events: Vec::new(),
        standing: Vec::new(),
        doubted: Vec::new(),
        analyser: "test 1".into(),
        analysed_ms: START + 30 * DAY,
        cursor: None,
    }
}

fn entry(number: i64, text: &str, at_ms: i64, lineages: &[u32], headline: Option<&str>) -> Entry {
    let structure = document::structure(text);
    assert_eq!(structure.clauses.len(), lineages.len(), "{text}");
    Entry {
        capture: NewCapture {
            at_ms,
            url: Some("https://plum.example/terms".into()),
            status: 200,
            headers: vec![("content-type".into(), "text/markdown".into())],
            body: text.as_bytes().to_vec(),
            origin: None,
        },
        version: Some(NewVersion {
            number,
            text: text.into(),
            words: text.split_whitespace().count() as i64,
            clauses: structure.clauses.iter().filter(|clause| !clause.is_heading()).count() as i64,
            lineages: lineages.to_vec(),
            stated_updated: Some("2026-01-01".into()),
            stated_effective: None,
        }),
        change: headline.map(|headline| NewChange {
            from_version: number - 1,
            to_version: number,
            at_ms,
            materiality: Materiality::Material,
            reason: "what people are bound to changes".into(),
            added: 0,
            removed: 0,
            reworded: 1,
            moved: 0,
            headline: headline.into(),
        }),
    }
}

/// Where some words stand in a text.
fn place(text: &str, words: &str) -> Range<usize> {
    let start = text.find(words).unwrap();
    start..start + words.len()
}

fn wording(text: &str, words: &str, lineage: u32, from_version: i64, to_version: Option<i64>) -> Wording {
    let words_sha256 = Sha256Digest::of(words.as_bytes());
    let range = place(text, words);
    Wording { lineage, from_version, to_version, range, words_sha256, split_from: None, merged_into: None }
}

fn provision(text: &str, words: &str, lineage: u32, clause_type: &str, last_version: i64) -> ProvisionState {
    ProvisionState {
        lineage,
        clause_type: clause_type.into(),
        first_version: 1,
        last_version,
        removed_version: None,
        excerpt_range: place(text, words),
        excerpt: words.into(),
        heading: "Terms > Use".into(),
        score: 0.97,
        confidence: Confidence::High,
        severity: Severity::High,
        reasons: vec!["it covers any model".into()],
        explicitness: Explicitness::Explicit,
        facts: serde_json::json!({"lines": [{"label": "Notice", "value": "30 days"}]}),
    }
}

fn event(lineage: u32, clause_type: &str, version: i64, kind: EventKind) -> ProvisionEvent {
    ProvisionEvent { lineage, clause_type: clause_type.into(), version, kind }
}

fn plum_history(id: DocumentId) -> Batch {
    let (first, later) = (
        "You may not use output to train a model that competes with ours.",
        "You may not use output to train or improve any model that competes with ours.",
    );
    let waiver = "You waive any right to a class action.";
    let lineages = [1, 2, 3, 4, 5, 6];
    let mut batch = batch(
        id,
        vec![
            entry(1, PLUM[0], START, &lineages, None),
            entry(2, PLUM[1], START + 10 * DAY, &lineages, Some("rewords the ban on competing models")),
            entry(3, PLUM[2], START + 20 * DAY, &[1, 2, 3, 4, 5, 7], Some("removes the class action waiver")),
        ],
    );
    batch.wordings = vec![
        wording(PLUM[0], "These terms bind you and Plum.", 2, 1, None),
        wording(PLUM[0], first, 4, 1, Some(1)),
        wording(PLUM[1], later, 4, 2, None),
        wording(PLUM[0], waiver, 6, 1, Some(2)),
        wording(PLUM[2], "Talk to us first.", 7, 3, None),
    ];
    let mut gone = provision(PLUM[1], waiver, 6, WAIVER, 2);
    gone.removed_version = Some(3);
    batch.provisions = vec![provision(PLUM[2], later, 4, BAN, 3), gone];
    batch.events = vec![
        event(4, BAN, 1, EventKind::Appeared),
        event(6, WAIVER, 1, EventKind::Appeared),
        event(4, BAN, 2, EventKind::Reworded),
        event(6, WAIVER, 3, EventKind::Removed),
    ];
    batch
}

fn quince_history(id: DocumentId) -> Batch {
    let words = "Do not build rivals with <script>alert(1)</script> what our models return, ever.";
    let mut batch = batch(id, vec![entry(1, QUINCE, START, &[1, 2], None)]);
    batch.wordings = vec![wording(QUINCE, words, 2, 1, None)];
    let state = provision(QUINCE, words, 2, BAN, 1);
    let facts = serde_json::json!({"lines": []});
    batch.provisions = vec![ProvisionState { severity: Severity::Critical, facts, heading: HOSTILE.into(), ..state }];
    batch.events = vec![event(2, BAN, 1, EventKind::Appeared)];
    batch
}

/// The text of some markup: elements gone, the five escapes undone.
pub fn plain_text(markup: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in markup.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                text.push(' ');
            }
            c if !inside => text.push(c),
            _ => {}
        }
    }
    let pairs = [
        ("&lt;", "<"),
        ("&#60;", "<"),
        ("&gt;", ">"),
        ("&#62;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
        ("&#38;", "&"),
    ];
    let text = pairs.iter().fold(text, |text, (escape, plain)| text.replace(escape, plain));
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace(" ,", ",").replace(" .", ".")
}

/// The text of a PDF as `pdftotext` reads it; none if that is not installed.
pub fn pdf_text(bytes: &[u8]) -> Option<String> {
    use std::io::Write;
    let mut child = std::process::Command::new("pdftotext")
        .args(["-", "-"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take()?.write_all(bytes).ok()?;
    Some(String::from_utf8_lossy(&child.wait_with_output().ok()?.stdout).into_owned())
}

/// Panics unless the text is well-formed XML.
pub fn assert_xml(text: &str) {
    if let Err(error) = roxmltree::Document::parse(text) {
        panic!("{error} in {text}");
    }
}
