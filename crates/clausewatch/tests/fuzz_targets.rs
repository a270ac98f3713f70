//! The bodies of the fuzz targets in `fuzz/`, run over a small corpus and a few thousand damaged copies of it: what `cargo fuzz` does for
//! hours on a nightly compiler is done for seconds in every test run, with the same mutations each time.
#[path = "../../../fuzz/bodies/bundle.rs"]
mod bundle;
#[path = "../../../fuzz/bodies/model.rs"]
mod model;
#[path = "../../../fuzz/bodies/read.rs"]
mod read;
#[path = "../../../fuzz/bodies/returned.rs"]
mod returned;
#[path = "../../../fuzz/bodies/warc.rs"]
mod warc;

use std::io::Write;
use std::time::{Duration, Instant};

use archive::evidence::{BundleFormat, BundleInput, EvidenceRecord, write_bundle};
use archive::log::{Checkpoint, LogState, SigningKey, TlogProof};
use archive::warc::{Capture, WarcWriter};

/// Mutated inputs of a target, and the time that they may take (a slow machine runs fewer).
const INPUTS: usize = 3_000;
const TIME: Duration = Duration::from_secs(20);
/// One input that takes longer is a fault: nothing here is larger than a few kilobytes.
const ONE: Duration = Duration::from_secs(5);

/// Xorshift: small, and the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides.max(1) as u64) as usize
    }
}

/// Damages `bytes` in one to four ways.
fn mutated(bytes: &[u8], words: &[&[u8]], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=dice.roll(4) {
        let at = dice.roll(bytes.len() + 1);
        match dice.roll(6) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, dice.roll(256) as u8),
            2 => bytes.splice(at..at, words[dice.roll(words.len())].iter().copied()).for_each(drop),
            3 if at < bytes.len() => bytes[at] ^= 1 << dice.roll(8),
            4 => {
                let end = (at + dice.roll(64)).min(bytes.len());
                bytes.drain(at..end);
            }
            _ => {
                let end = (at + dice.roll(256)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                let to = dice.roll(bytes.len() + 1);
                bytes.splice(to..to, piece);
            }
        }
    }
    bytes
}

fn hammer(body: fn(&[u8]), corpus: &[Vec<u8>], words: &[&[u8]]) {
    let (start, mut dice) = (Instant::now(), Dice(0x9e37_79b9_7f4a_7c15));
    corpus.iter().for_each(|seed| body(seed));
    for _ in 0..INPUTS {
        let input = mutated(&corpus[dice.roll(corpus.len())], words, &mut dice);
        let begun = Instant::now();
        body(&input);
        assert!(begun.elapsed() < ONE, "{:?} for {}", begun.elapsed(), input.escape_ascii());
        if start.elapsed() > TIME {
            break;
        }
    }
}

const PAGE: &str = "<!doctype html><html lang=en><head><title>Terms | Plum</title></head><body><nav><a href=/>Home</a></nav><main><h1 id=terms>Plum Terms</h1>\
    <p>Last updated: 3 March 2024</p><ol type=a start=3><li value=7>We (“Plum”) may <b>end</b> it.<ul><li>At any time.</ul></ol><table><tr><th>Cookie<th>Life\
    <tr><td>sid<td>1 day</table><details hidden><summary>More</summary><p>Größe &amp; Maß.</details></main><footer>© Plum</footer></body></html>";

#[test]
fn readers_of_documents() {
    let markdown = "# Plum Terms\n\n**1. Scope**\n\nYou may not:\n\n- (a) scrape, e.g. with bots;\n  - twice\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n";
    let pdf = include_bytes!("locked.pdf");
    let open = String::from_utf8_lossy(pdf).replace("/Encrypt 6 0 R", "");
    let seeds: [(u8, &[u8]); 6] = [
        (0, PAGE.as_bytes()),
        (1, markdown.as_bytes()),
        (2, "PLUM TERMS\n\n1. We may end it.\n\n• at once\n".as_bytes()),
        (3, pdf),
        (3, open.as_bytes()),
        (4, b"\xff\xfeT\0e\0r\0m\0s\0"),
    ];
    let corpus: Vec<Vec<u8>> = seeds.iter().map(|(kind, bytes)| [&[*kind], *bytes].concat()).collect();
    let words: &[&[u8]] = &[
        b"<div hidden>",
        b"</div>",
        b"<ol reversed>",
        b"<li>",
        b"<table>",
        b"<td>",
        b"<h2>",
        b"<br>",
        b"<!--",
        b"<script>",
        b"&#x0;",
        b"| ",
        b"# ",
        b"- ",
        b"99999999999. ",
        b"\xe2\x82",
        b"\0",
        "\u{200b}".as_bytes(),
        b"<dialog>",
        b"style='display:none'",
        b"stream\n",
        b" 0 R ",
        b"<<",
        b"\n\n",
    ];
    hammer(read::run, &corpus, words);
}

#[test]
fn warc_files() {
    let capture = Capture {
        id: "urn:plum:1".into(),
        url: "https://plum.example/terms".into(),
        at_ms: 1_724_718_752_123,
        status: 200,
        headers: vec![("Content-Type".into(), "text/html".into())],
        body: PAGE.as_bytes().to_vec(),
    };
    let file = |gzip: bool| {
        let mut bytes = Vec::new();
        WarcWriter::new(&mut bytes, gzip).response("urn:plum:1", &capture).unwrap();
        bytes
    };
    let mut chunked = Vec::new();
    let body = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    write!(
        chunked,
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Date: 2024-03-03T00:00:00Z\r\nWARC-Target-URI: <https://plum.example/>\r\nContent-Length: {}\r\n\r\n{body}\r\n\r\n",
        body.len()
    )
    .unwrap();
    let words: &[&[u8]] = &[
        b"\r\n",
        b"WARC/1.1",
        b"Content-Length: 18446744073709551615",
        b"\x1f\x8b\x08",
        b"ffffffffffffffff\r\n",
        b"0\r\n",
    ];
    hammer(warc::run, &[file(false), file(true), chunked, [file(false), file(false)].concat()], words);
}

#[test]
fn evidence_bundles() {
    let text = "# Plum Terms\n\nWe may end your account at any time.\n";
    let record = EvidenceRecord {
        format: BundleFormat::V1,
        record: "CW-D-00001/1".into(),
        platform: "Plum".into(),
        document: "Terms of Service".into(),
        version: 1,
        url: "https://plum.example/terms".into(),
        captured_at: archive::instant::format(1_724_718_752_123),
        captured_ms: 1_724_718_752_123,
        effective_date: None,
        capture_sha256: None,
        text_sha256: archive::Sha256Digest::of(text.as_bytes()),
        excerpt: None,
        elsewhere: vec![],
    };
    let key = SigningKey::from_seed("log.example", [9; 32]).unwrap();
    let mut log = LogState::default();
    log.append(&[record.leaf().to_bytes()]).unwrap();
    let checkpoint = Checkpoint::new("log.example", log.size, log.root()).sign(&key).unwrap();
    let proof = TlogProof { extra: None, index: 0, hashes: Vec::new(), checkpoint };
    let input = BundleInput { record: &record, text, capture: None, proof: &proof, log_key: &key.verifier() };
    let sound = write_bundle(&input).unwrap();
    let words: &[&[u8]] =
        &[b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"record.json", b"../", b"\xff\xff\xff\xff", b"\0\0\0\0"];
    hammer(bundle::run, &[sound], words);
}

#[test]
fn models() {
    let whole = include_bytes!("../../../models/clauses.bin");
    // Megabytes of weights: damage at the head, where the lengths stand, tells more than damage among them.
    let head = whole[..whole.len().min(4_096)].to_vec();
    let words: &[&[u8]] = &[b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x80\x80\x80\x80\x80\x80"];
    model::run(whole);
    hammer(model::run, &[head, Vec::new()], words);
}

#[test]
fn returned_mail() {
    let token = format!("bounces+r12-{}@record.example", "0a".repeat(16));
    let bounce = format!(
        "From MAILER-DAEMON Mon Nov  2 08:00:00 2026\nTo: {token}\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
         --b\nContent-Type: text/plain; charset=iso-2022-jp\nContent-Transfer-Encoding: quoted-printable\n\n=1B$B=\n\
         --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nAction: failed\nStatus: 5.1.1\n\
         Diagnostic-Code: smtp; 550\n 5.1.1 nobody\n\n--b\nContent-Type: message/rfc822\n\nReturn-Path: <{token}>\nSubject: =?utf-8?b?w6Q=?=\n\nHello\n\n--b--\n"
    );
    let complaint = format!(
        "To: abuse@record.example\nContent-Type: multipart/report; boundary=\"b\"\n\n--b\nContent-Type: message/feedback-report\n\
         Content-Transfer-Encoding: base64\n\nRmVlZGJhY2stVHlwZTogYWJ1c2UK\n--b\nContent-Type: text/rfc822-headers\n\n\
         List-Unsubscribe: <https://record.example/unsubscribe/u1-2-{}>\n--b--\n",
        "0b".repeat(32)
    );
    let leaves = format!("Delivered-To: bounces+l12-{}@record.example\n\nunsubscribe\n", "0c".repeat(16));
    let words: &[&[u8]] = &[
        b"Content-Type: message/rfc822\n\n",
        b"Content-Type: multipart/digest; boundary=b\n\n--b\n\n",
        b"Content-Transfer-Encoding: base64\n\n",
        b"; boundary=\"\"",
        b"\n--b\n",
        b"\n--b--",
        b"charset=utf-7",
        b"\r\n",
        b"\n\n",
        b"=?utf-8?q?=",
        b"(((((",
        b"\xff\xfe\0",
    ];
    let corpus: Vec<Vec<u8>> = [bounce, complaint, leaves].map(String::into_bytes).into();
    hammer(returned::run, &corpus, words);
    let long = [corpus[0].as_slice(), &b"--b\n\n".repeat(200_000)].concat();
    let begun = Instant::now();
    returned::run(&long);
    assert!(begun.elapsed() < ONE, "{:?}", begun.elapsed());
}
