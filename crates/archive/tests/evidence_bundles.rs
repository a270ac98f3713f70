//! A bundle as it is written, and after somebody has been at it.

use std::io::Write;

use archive::Sha256Digest;
use archive::evidence::*;
use archive::log::*;
use archive::warc::Capture;

const TEXT: &str = "# Terms\n\nWe may change these terms at any time.\n\nDisputes go to arbitration – always.\n";
const CLAUSE: &str = "Disputes go to arbitration – always.";

struct Fixture {
    record: EvidenceRecord,
    capture: Capture,
    proof: TlogProof,
    key: SigningKey,
}

impl Fixture {
    fn new() -> Self {
        let capture = Capture {
            id: String::new(),
            url: "https://a.example/terms".into(),
            at_ms: 1_724_718_752_123,
            status: 200,
            headers: vec![("Content-Type".into(), "text/html".into()), ("Content-Encoding".into(), "br".into())],
            body: format!("<html><body>{TEXT}</body></html>").into_bytes(),
        };
        let start = TEXT.find(CLAUSE).unwrap();
        let record = EvidenceRecord {
            format: BundleFormat::V1,
            record: "CW-D-00001/3".into(),
            platform: "A".into(),
            document: "Terms of Service".into(),
            version: 3,
            url: capture.url.clone(),
            captured_at: archive::instant::format(capture.at_ms),
            captured_ms: capture.at_ms,
            effective_date: Some("1 September 2024".into()),
            capture_sha256: Some(Sha256Digest::of(&capture.body)),
            text_sha256: Sha256Digest::of(TEXT.as_bytes()),
            excerpt: Some(Excerpt {
                record: "CW-P-000017".into(),
                clause_type: "arbitration".into(),
                text: CLAUSE.into(),
                start,
                end: start + CLAUSE.len(),
            }),
            elsewhere: vec![],
        };
        let key = SigningKey::from_seed("log.example", [9; 32]).unwrap();
        let proof = prove(&record, &key);
        Self { record, capture, proof, key }
    }

    fn write(&self) -> Result<Vec<u8>, BundleError> {
        let (text, log_key) = (TEXT, &self.key.verifier());
        write_bundle(&BundleInput {
            record: &self.record,
            text,
            capture: Some(&self.capture),
            proof: &self.proof,
            log_key,
        })
    }
}

fn prove(record: &EvidenceRecord, key: &SigningKey) -> TlogProof {
    let mut entries: Vec<Vec<u8>> = (0..21u8).map(|n| vec![n]).collect();
    entries[13] = record.leaf().to_bytes();
    let mut log = LogState::default();
    let rows = log.append(&entries).unwrap();
    let read = |level, position| rows.get(stored_hash_index(level, position) as usize).map(|row| row.hash);
    let checkpoint = Checkpoint::new("log.example", log.size, log.root()).sign(key).unwrap();
    TlogProof { extra: None, index: 13, hashes: inclusion_proof(21, 13, read).unwrap(), checkpoint }
}

/// Unpacks a bundle with none of the crate's code but that for deflate.
fn unpack(zip: &[u8]) -> Vec<(String, Vec<u8>)> {
    let word = |at: usize| u32::from_le_bytes(zip[at..at + 4].try_into().unwrap()) as usize;
    let mut members = Vec::new();
    let mut at = 0;
    while word(at) == 0x0403_4b50 {
        let (packed, name) = (word(at + 18), usize::from(zip[at + 26]));
        let data = &zip[at + 30 + name..at + 30 + name + packed];
        let mut bytes = Vec::new();
        match zip[at + 8] {
            0 => bytes = data.to_vec(),
            _ => {
                flate2::write::DeflateDecoder::new(&mut bytes).write_all(data).unwrap();
            }
        }
        members.push((String::from_utf8(zip[at + 30..at + 30 + name].to_vec()).unwrap(), bytes));
        at += 30 + name + packed;
    }
    members
}

/// Packs a bundle again, stored, in the strict form.
fn pack(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in members {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        let mut shared = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
        for word in [crc.sum(), bytes.len() as u32, bytes.len() as u32] {
            shared.extend(word.to_le_bytes());
        }
        shared.extend([name.len() as u8, 0, 0, 0]);
        let offset = out.len() as u32;
        out.extend([b"PK\x03\x04", &shared[..], name.as_bytes(), bytes].concat());
        directory
            .extend([b"PK\x01\x02\x14\x00", &shared[..], &[0; 10], &offset.to_le_bytes(), name.as_bytes()].concat());
    }
    let (count, size, offset) =
        (members.len() as u8, (directory.len() as u32).to_le_bytes(), (out.len() as u32).to_le_bytes());
    [&out[..], &directory, b"PK\x05\x06\0\0\0\0", &[count, 0, count, 0], &size, &offset, &[0, 0]].concat()
}

fn failed(report: &VerifyReport) -> Vec<CheckName> {
    report.failures().map(|check| check.name).collect()
}

#[test]
fn a_good_bundle_verifies_and_is_deterministic() {
    let fixture = Fixture::new();
    let bundle = fixture.write().unwrap();
    assert_eq!(bundle, fixture.write().unwrap());
    let key = fixture.key.verifier().to_string();
    let report = verify_bundle(&bundle, Some(&key)).unwrap();
    assert!(report.passed() && report.trusted(), "{report}");
    assert_eq!((report.log_index, report.log_size, report.checks.len()), (Some(13), Some(21), 10));
    assert_eq!(report.record, fixture.record);
    let report = verify_bundle(&bundle, None).unwrap();
    assert!(report.passed() && !report.trusted());
    assert!(report.to_string().contains("taken from the bundle"), "{report}");
    if let Some(path) = std::env::var_os("CLAUSEWATCH_WRITE_BUNDLE") {
        std::fs::write(path, &bundle).unwrap();
    }
}

#[test]
fn a_version_without_capture_says_so() {
    let mut fixture = Fixture::new();
    fixture.record.capture_sha256 = None;
    fixture.record.excerpt = None;
    fixture.proof = prove(&fixture.record, &fixture.key);
    let (record, proof, log_key) = (&fixture.record, &fixture.proof, &fixture.key.verifier());
    let bundle = write_bundle(&BundleInput { record, text: TEXT, capture: None, proof, log_key }).unwrap();
    let report = verify_bundle(&bundle, None).unwrap();
    assert!(report.passed());
    let capture = report.checks.iter().find(|check| check.name == CheckName::Capture).unwrap();
    assert_eq!(capture.status, CheckStatus::NotCovered);
}

#[test]
fn tampering_with_each_member_is_detected() {
    let fixture = Fixture::new();
    let members = unpack(&fixture.write().unwrap());
    let key = fixture.key.verifier().to_string();
    assert!(verify_bundle(&pack(&members), Some(&key)).unwrap().trusted());
    assert_eq!(members.len(), 7);
    for (number, (name, bytes)) in members.iter().enumerate() {
        for at in (0..bytes.len()).step_by(1 + bytes.len() / 200) {
            let mut tampered = members.clone();
            tampered[number].1[at] ^= 1;
            // An unreadable record is an error, everything else a failed check.
            let Ok(report) = verify_bundle(&pack(&tampered), Some(&key)) else { continue };
            // Labels in record.json, and bits of gzip's own header, are covered by nothing.
            let labels = name == "record.json" && report.record.leaf() == fixture.record.leaf();
            let uncovered = labels || name == "capture.warc.gz";
            assert!(!report.passed() || uncovered, "{name} at {at}:\n{report}");
        }
        let mut without = members.clone();
        without.remove(number);
        match verify_bundle(&pack(&without), Some(&key)) {
            Ok(report) => assert_eq!(failed(&report), [CheckName::Capture], "{name}"),
            Err(error) => assert!(error.to_string().contains(name.as_str()), "{error}"),
        }
    }
}

fn with(members: &[(String, Vec<u8>)], name: &str, change: impl Fn(String) -> String) -> Vec<u8> {
    let mut members = members.to_vec();
    let member = members.iter_mut().find(|(found, _)| found == name).unwrap();
    member.1 = change(String::from_utf8(std::mem::take(&mut member.1)).unwrap()).into_bytes();
    pack(&members)
}

#[test]
fn each_lie_fails_its_own_check() {
    let fixture = Fixture::new();
    let members = unpack(&fixture.write().unwrap());
    let key = fixture.key.verifier().to_string();
    let verify = |bundle: Vec<u8>| failed(&verify_bundle(&bundle, Some(&key)).unwrap());
    assert_eq!(verify(with(&members, "text.txt", |t| t.replace("may change", "can change"))), [CheckName::Text]);
    assert_eq!(verify(with(&members, "README.txt", |t| t.replace("must", "need not"))), [CheckName::Readme]);
    assert_eq!(verify(with(&members, "record.json", |t| t.replace("always.", "ALWAYS!"))), [CheckName::Excerpt]);
    assert_eq!(verify(with(&members, "record.json", |t| t.replace("2024-08-27T", "2021-08-27T"))), [CheckName::Leaf]);
    assert_eq!(
        verify(with(&members, "record.json", |t| t.replace("a.example", "b.example"))),
        [CheckName::Capture, CheckName::Leaf]
    );
    assert_eq!(
        verify(with(&members, "leaf.json", |t| t.replace("a.example", "b.example"))),
        [CheckName::Leaf, CheckName::Inclusion]
    );
    assert_eq!(verify(with(&members, "leaf.json", |t| t + "\n")), [CheckName::Leaf, CheckName::Inclusion]);
    assert_eq!(
        verify(with(&members, "proof.tlog-proof", |t| t.replace("index 13", "index 12"))),
        [CheckName::Inclusion]
    );
    assert_eq!(verify(with(&members, "proof.tlog-proof", |t| t.replace("\n21\n", "\n22\n"))), [CheckName::Checkpoint]);
    // Labels are the archive's word: the report does not pretend otherwise.
    let relabelled = with(&members, "record.json", |t| t.replace("\"A\"", "\"B\""));
    let report = verify_bundle(&relabelled, Some(&key)).unwrap();
    assert!(report.passed() && report.to_string().contains("\"B\" is the archive's word"), "{report}");
}

#[test]
fn a_forger_with_an_own_key_passes_only_without_a_trusted_one() {
    let honest = Fixture::new();
    let mut forged = Fixture::new();
    forged.key = SigningKey::from_seed("log.example", [66; 32]).unwrap();
    forged.proof = prove(&forged.record, &forged.key);
    let bundle = forged.write().unwrap();
    assert!(!verify_bundle(&bundle, None).unwrap().trusted());
    let report = verify_bundle(&bundle, Some(&honest.key.verifier().to_string())).unwrap();
    assert_eq!(failed(&report), [CheckName::Checkpoint, CheckName::Key]);
    assert!(matches!(verify_bundle(&bundle, Some("no key")), Err(BundleError::TrustedKey(_))));
}

#[test]
fn a_bundle_that_would_not_verify_is_not_written() {
    let mut fixture = Fixture::new();
    fixture.record.excerpt.as_mut().unwrap().start -= 1;
    assert!(matches!(fixture.write(), Err(BundleError::WouldNotVerify { check: CheckName::Excerpt, .. })));
    let mut fixture = Fixture::new();
    fixture.record.url = "https://b.example/".into();
    assert!(fixture.write().is_err());
    let mut fixture = Fixture::new();
    fixture.capture.headers.push(("X".into(), "a\nb".into()));
    assert!(matches!(fixture.write(), Err(BundleError::Capture { .. })));
}

#[test]
fn hostile_files_are_refused() {
    let members = unpack(&Fixture::new().write().unwrap());
    for name in ["../../etc/passwd", "/README.txt", "C:\\a", "text.txt/", "a"] {
        let mut more = members.clone();
        more.push((name.into(), b"x".to_vec()));
        let error = verify_bundle(&pack(&more), None).unwrap_err().to_string();
        assert!(error.contains("which no bundle has"), "{error}");
    }
    let mut twice = members.clone();
    twice.push(("text.txt".into(), b"other".to_vec()));
    assert!(verify_bundle(&pack(&twice), None).unwrap_err().to_string().contains("twice"));
    let mut huge = members.clone();
    huge[0].1 = vec![b'x'; 100_000];
    assert!(verify_bundle(&pack(&huge), None).unwrap_err().to_string().contains("the most"));
    // A gzip bomb as the capture is stopped by the reader's limit.
    let mut bomb = members.clone();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(b"WARC/1.1\r\nWARC-Type: response\r\nContent-Length: 200000000\r\n\r\n").unwrap();
    (0..200).for_each(|_| gzip.write_all(&vec![0; 1_000_000]).unwrap());
    bomb.iter_mut().find(|(name, _)| name == "capture.warc.gz").unwrap().1 = gzip.finish().unwrap();
    assert_eq!(failed(&verify_bundle(&pack(&bomb), None).unwrap()), [CheckName::Capture]);
    assert!(verify_bundle(b"PK", None).is_err());
    assert!(verify_bundle(b"", None).is_err());
}
