//! A small invented world, recorded through the public interfaces of the tracker and the atlas. Its names are hostile on purpose.
use atlas::ids::DocumentId;
use atlas::records::{Batch, EventKind, NewCapture, NewDocument, Platform, ProvisionEvent, ProvisionState};
use atlas::{Atlas, KeyPlace, Location, LogConfig};
use provisions::{Confidence, Explicitness, Reader, Severity};
use tracker::history::{History, Observation};

/// A name that would run if it were not escaped.
pub const HOSTILE: &str = "<script>alert('plum')</script> & \"Co\"";
/// A text that would break out of its element if it were not escaped.
pub const HOSTILE_TEXT: &str = "Write </p></main><script>alert(2)</script> to us.";
/// Noon of 1 March 2024, UTC.
pub const START: i64 = 1_709_294_400_000;
/// A day.
pub const DAY: i64 = 86_400_000;

const TERMS: [&str; 4] = [
    "# Plum Terms\n\nLast updated: 1 March 2024\n\n## 1. Use\n\nYou may not:\n\n- scrape the site;\n  - with bots or spiders of any kind;\n- resell what you find there.\n\n## 2. Disputes\n\nAny dispute shall be settled by binding arbitration in Port Vesper.\n\n## 3. Fees\n\nYou pay ten crowns each month for the use of the service.\n",
    "# Plum Terms\n\nLast updated: 9 May 2024\n\n## 1. Fees\n\nYou pay twelve crowns each month for the use of the service.\n\n## 2. Use\n\nYou may not:\n\n- scrape the site;\n  - with bots or spiders of any kind;\n- resell what you find there.\n\n## 3. Disputes\n\nAny dispute shall be settled by binding arbitration in Port Vesper, and you waive class actions.\n\nWrite </p></main><script>alert(2)</script> to us.\n",
    "Access denied\n",
    "# Plum Terms\n\nLast updated: 2 July 2024\n\n## 1. Fees\n\nYou pay twelve crowns each month for the use of the service.\n\n## 2. Use\n\nYou may not:\n\n- scrape the site;\n  - with bots or spiders of any kind;\n- resell what you find there.\n\n## 3. Courts\n\nThe courts of Port Vesper decide.\n\nWrite </p></main><script>alert(2)</script> to us.\n",
];

const PRIVACY: &str = "# Privacy\n\nWe share your address with advertisers.\n\n| Cookie | Life |\n| sid | 1 day |\n| <b>ad</b> | 2 years |\n";

/// The world in a store of its own.
pub async fn world() -> Atlas {
    let log = LogConfig { origin: "example.com/test".into(), fresh_seed: [7; 32] };
    let atlas = Atlas::open(&Location::Memory, &log, &KeyPlace::given("the test", [5; 32])).await.unwrap();
    platform(&atlas, "plum", HOSTILE, "javascript:alert(1)", "Fruit & <b>Veg</b>").await;
    platform(&atlas, "orrery", "Orrery Models", "https://orrery.example/", "AI").await;
    let terms = document(&atlas, "plum", "Terms of Service", "Plum <i>Terms</i>").await;
    // A long tail makes the error page a loss of most of the text.
    let tail =
        "\nThe service is offered as it stands and may be changed in any part of it on notice to you.\n".repeat(20);
    let texts = TERMS.map(|text| if text.starts_with("Access") { text.into() } else { format!("{text}{tail}") });
    record(&atlas, terms, &texts, &["settled by binding arbitration"]).await;
    let privacy = document(&atlas, "orrery", "Privacy Policy", "Orrery Privacy Policy").await;
    record(&atlas, privacy, &[PRIVACY.to_string()], &["share your address with advertisers"]).await;
    document(&atlas, "orrery", "Developer Terms", "Never seen").await;
    atlas.index_pending().await.unwrap();
    atlas
}

async fn platform(atlas: &Atlas, slug: &str, name: &str, homepage: &str, sector: &str) {
    let platform = Platform {
        slug: slug.into(),
        name: name.into(),
        homepage: Some(homepage.into()),
        sector: Some(sector.into()),
        country: Some("DE".into()),
    };
    atlas.put_platform(&platform).await.unwrap();
}

async fn document(atlas: &Atlas, platform: &str, kind: &str, title: &str) -> DocumentId {
    let document = NewDocument {
        platform: platform.into(),
        kind: kind.into(),
        title: title.into(),
        urls: vec![format!("https://{platform}.example/terms?a=1&b=2"), "javascript:alert(3)".into()],
        language: Some("en".into()),
        select: Vec::new(),
        remove: Vec::new(),
    };
    atlas.put_document(&document).await.unwrap()
}

/// Records texts a hundred days apart. The first batch holds provisions put in by hand, so that there are some whatever the reader of
/// the release finds; the texts after it are recorded as the reader finds them, which takes those provisions away again.
async fn record(atlas: &Atlas, id: DocumentId, texts: &[String], provisions: &[&str]) {
    let reader = Reader::embedded();
    for (index, text) in texts.iter().enumerate() {
        let state = atlas.history(id).await.unwrap();
        let mut history = History::resume(reader, id, state);
        let at_ms = START + index as i64 * 100 * DAY;
        history.observe(Observation {
            capture: capture(at_ms, text),
            text: text.clone(),
            recorded: false,
            technical: None,
        });
        let mut batch = history.take_batch(reader.version(), at_ms, None);
        if index == 0 {
            provisions.iter().for_each(|words| add(&mut batch, text, words));
        }
        atlas.record(batch).await.unwrap();
        // The second look.
        atlas.verified(id, at_ms + 600_000).await.unwrap();
    }
}

fn capture(at_ms: i64, text: &str) -> NewCapture {
    NewCapture {
        at_ms,
        url: Some("https://plum.example/terms".into()),
        status: 200,
        headers: vec![("content-type".into(), "text/html".into())],
        body: format!("<html><body>{text}</body></html>").into_bytes(),
        origin: None,
    }
}

/// Puts a provision of severity critical, and one of low with the same words, into the first version.
fn add(batch: &mut Batch, text: &str, words: &str) {
    let structure = document::structure(text);
    let start = text.find(words).unwrap();
    let at = structure.clauses.iter().position(|clause| clause.range.contains(&start)).unwrap();
    let lineages = batch.entries[0].version.as_ref().unwrap().lineages.clone();
    let types: Vec<&str> = provisions::taxonomy().types().iter().map(|kind| kind.id.as_str()).collect();
    for (clause_type, severity) in [(types[0], Severity::Critical), (types[1], Severity::Low)] {
        if batch.provisions.iter().any(|known| known.lineage == lineages[at] && known.clause_type == clause_type) {
            continue;
        }
        batch.provisions.push(ProvisionState {
            lineage: lineages[at],
            clause_type: clause_type.into(),
            first_version: 1,
            last_version: 1,
            removed_version: None,
            excerpt_range: start..start + words.len(),
            excerpt: words.to_string(),
            heading: document::heading_path(&structure, text, at),
            score: 0.9,
            confidence: Confidence::High,
            severity,
            reasons: Vec::new(),
            explicitness: Explicitness::Explicit,
            facts: serde_json::json!({}),
        });
        let clause_type = clause_type.to_string();
        batch.events.push(ProvisionEvent { lineage: lineages[at], clause_type, version: 1, kind: EventKind::Appeared });
    }
}
