//! How often the severity agrees with readers, given the type that they gave a clause.
//!
//! Which signals move the level (`moves` in the taxonomy) was chosen on the first half of the labelled platforms; the figures that
//! count are those of the second half, on platforms that played no part in the choice.
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use provisions::{ClauseType, Passage, Severity, assess, taxonomy};
use sha2::{Digest, Sha256};

struct Label {
    kind: &'static ClauseType,
    severity: Severity,
    heading: String,
    text: String,
    first_half: bool,
}

/// The labelled clauses, if the data is there.
fn labels() -> Option<Vec<Label>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/labels/clauses/dev.jsonl.gz");
    let file = File::open(path).ok()?;
    let lines = BufReader::new(flate2::read::GzDecoder::new(file)).lines();
    Some(lines.filter_map(|line| label(&serde_json::from_str(&line.ok()?).ok()?)).collect())
}

fn label(row: &serde_json::Value) -> Option<Label> {
    let platform = row["platform"].as_str()?;
    Some(Label {
        kind: taxonomy().get(row["types"][0].as_str()?)?,
        severity: Severity::parse(row["severity"].as_str()?)?,
        heading: row["heading"].as_str().unwrap_or("").to_owned(),
        text: row["text"].as_str()?.to_owned(),
        first_half: Sha256::digest(platform)[31] % 2 == 0,
    })
}

/// The level that clauses of each type most often have.
fn usual<'a>(labels: impl Iterator<Item = &'a Label>) -> HashMap<&'static str, Severity> {
    let mut counts: HashMap<&str, [usize; 4]> = HashMap::new();
    for label in labels {
        counts.entry(&label.kind.id).or_default()[label.severity as usize] += 1;
    }
    let most = |counts: [usize; 4]| Severity::ALL.into_iter().rev().max_by_key(|level| counts[*level as usize]);
    counts
        .into_iter()
        .filter(|(_, n)| n.iter().sum::<usize>() >= 3)
        .filter_map(|(id, n)| Some((id, most(n)?)))
        .collect()
}

/// Share of labels that `level` meets exactly, and within one level.
fn agreement<'a>(labels: impl Iterator<Item = &'a Label>, level: impl Fn(&Label) -> Severity) -> (f64, f64) {
    let (mut all, mut exact, mut near) = (0.0, 0.0, 0.0);
    for label in labels {
        let distance = (level(label) as i32 - label.severity as i32).abs();
        all += 1.0;
        exact += f64::from(u8::from(distance == 0));
        near += f64::from(u8::from(distance <= 1));
    }
    (exact / all, near / all)
}

#[test]
fn severity_agrees_with_readers() {
    let Some(labels) = labels() else {
        eprintln!("skipped: the labelled clauses of ../shared are not here");
        return;
    };
    let usual = usual(labels.iter().filter(|label| label.first_half));
    let second = || labels.iter().filter(|label| !label.first_half);
    let start = |label: &Label| usual.get(label.kind.id.as_str()).copied();
    let assessed = |label: &Label, start: Option<Severity>| {
        let passage = Passage {
            heading: label.heading.clone(),
            lead_in: String::new(),
            text: &label.text,
            is_heading: false,
            foreign: None,
        };
        assess(label.kind, start, &passage, 0..label.text.len()).severity
    };
    let (exact, near) = agreement(second(), |label| assessed(label, start(label)));
    let (exact_alone, near_alone) = agreement(second(), |label| start(label).unwrap_or(label.kind.severity));
    let (exact_own, near_own) = agreement(second(), |label| assessed(label, None));
    println!("{} clauses of platforms that were not tuned on", second().count());
    println!("usual level and signals:    exact {exact:.4}, within one {near:.4}");
    println!("usual level alone:          exact {exact_alone:.4}, within one {near_alone:.4}");
    println!("taxonomy level and signals: exact {exact_own:.4}, within one {near_own:.4}");
    assert!(exact >= 0.65 && near >= 0.95, "short of what the page promises: {exact:.4}, {near:.4}");
    assert!(exact >= exact_alone && near >= near_alone, "the signals make it worse: {exact:.4} < {exact_alone:.4}");
}
