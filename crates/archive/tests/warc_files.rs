//! WARC files written, read back, broken and cut off, and a real one if it is at hand.

use std::io::{Read, Write};
use std::path::PathBuf;

use archive::warc::{Capture, Limits, Record, RecordKind, WarcError, WarcReader, WarcWriter};

fn capture(n: u8) -> Capture {
    Capture {
        id: format!("urn:uuid:00000000-0000-4000-8000-{n:012}"),
        url: format!("https://a.example/terms/{n}?lang=fr"),
        at_ms: 1_724_718_752_000 + i64::from(n),
        status: if n == 2 { 404 } else { 200 },
        headers: vec![
            ("Content-Type".into(), "text/html; charset=utf-8".into()),
            ("ETag".into(), format!("\"{n}\"")),
            ("Content-Length".into(), (usize::from(n) * 100).to_string()),
        ],
        body: (0..usize::from(n) * 100).map(|at| (at % 256) as u8).collect(),
    }
}

/// A file of five captures behind a warcinfo record, and where each record begins.
fn file(gzip: bool) -> (Vec<u8>, Vec<usize>) {
    let mut out = Vec::new();
    let mut starts = Vec::new();
    for n in 0..6u8 {
        starts.push(out.len());
        let mut writer = WarcWriter::new(&mut out, gzip);
        let id = format!("urn:uuid:00000000-0000-4000-8000-{n:012}");
        if n == 0 {
            writer.warcinfo(&id, 0, &[("software", "Clausewatch"), ("format", "WARC File Format 1.1")]).unwrap();
        } else {
            writer.response(&id, &capture(n)).unwrap();
        }
        writer.finish().unwrap();
    }
    (out, starts)
}

fn read(bytes: &[u8]) -> (Vec<Record>, Vec<WarcError>) {
    let (mut records, mut errors) = (Vec::new(), Vec::new());
    for record in WarcReader::new(bytes) {
        match record {
            Ok(record) => records.push(record),
            Err(error) => errors.push(error),
        }
    }
    (records, errors)
}

#[test]
fn written_and_read_plain_gzip_and_one_big_member() {
    let (plain, starts) = file(false);
    let mut big = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    big.write_all(&plain).unwrap();
    for (bytes, name) in [(plain.clone(), "plain"), (file(true).0, "members"), (big.finish().unwrap(), "one member")] {
        let captures: Vec<Capture> = WarcReader::new(&bytes[..]).captures().map(Result::unwrap).collect();
        assert_eq!(captures, (1..6).map(capture).collect::<Vec<_>>(), "{name}");
    }
    let (records, errors) = read(&plain);
    assert!(errors.is_empty());
    assert_eq!(records.iter().map(|record| record.offset as usize).collect::<Vec<_>>(), starts);
    let (records, _) = read(&file(true).0);
    assert_eq!(records.iter().map(|record| record.offset as usize).collect::<Vec<_>>(), file(true).1);
    assert_eq!(records[0].kind, RecordKind::Warcinfo);
    assert_eq!(records[1].id, "urn:uuid:00000000-0000-4000-8000-000000000001");
    assert_eq!(records[1].header("warc-date"), Some("2024-08-27T00:32:32.001Z"));
}

#[test]
fn the_same_input_makes_the_same_bytes() {
    assert_eq!(file(true), file(true));
}

#[test]
fn metadata_refers_to_its_record() {
    let mut writer = WarcWriter::new(Vec::new(), false);
    writer.metadata("urn:b", 1, "urn:a", "https://a.example/", "application/json", b"{}").unwrap();
    let (records, _) = read(&writer.finish().unwrap());
    assert_eq!(records[0].kind, RecordKind::Metadata);
    assert_eq!(records[0].header("WARC-Refers-To"), Some("<urn:a>"));
    assert_eq!(records[0].payload, b"{}");
    assert!(records[0].capture(&Limits::default()).unwrap().is_none());
}

#[test]
fn headers_cannot_be_smuggled() {
    let mut writer = WarcWriter::new(Vec::new(), false);
    let mut bad = capture(1);
    bad.headers.push(("X".into(), "a\r\nSet-Cookie: b".into()));
    assert!(writer.response("urn:a", &bad).is_err());
    bad = Capture { url: "https://a.example/\r\nWARC-Type: request".into(), ..capture(1) };
    assert!(writer.response("urn:a", &bad).is_err());
    assert!(writer.finish().unwrap().is_empty());
}

#[test]
fn a_file_cut_anywhere_keeps_its_good_records() {
    for gzip in [false, true] {
        let (bytes, starts) = file(gzip);
        for cut in 0..bytes.len() {
            let whole = starts.iter().filter(|start| **start > 0 && **start <= cut).count();
            let (records, errors) = read(&bytes[..cut]);
            assert!(records.len() == whole || records.len() == whole + 1, "gzip {gzip}, cut {cut}: {}", records.len());
            assert!(errors.len() <= 1, "gzip {gzip}, cut {cut}: {errors:?}");
            if records.len() == whole && !starts.contains(&cut) && cut > 0 && !bytes[..cut].ends_with(b"\r\n\r\n") {
                assert_eq!(errors.len(), 1, "gzip {gzip}, cut {cut}");
            }
        }
    }
}

#[test]
fn damage_loses_at_most_its_neighbourhood() {
    for gzip in [false, true] {
        let (bytes, starts) = file(gzip);
        for at in starts[2]..starts[3] {
            let mut broken = bytes.clone();
            broken[at] ^= 0x55;
            let (records, _) = read(&broken);
            let first = &records[1].id;
            assert!(first.ends_with("01"), "gzip {gzip}, byte {at}");
            // A wrong length may swallow the next record, and damage to gzip may hide it.
            let last = &records.last().unwrap().id;
            assert!(last.ends_with("05") || at < starts[2] + 420, "gzip {gzip}, byte {at}: {last}");
        }
    }
}

#[test]
fn each_break_is_named_with_its_offset_and_passed() {
    let good = file(false).0;
    let breaks: [(&str, &str); 6] = [
        ("nonsense\r\nWARC-Type: response\r\n\r\n", "should stand"),
        ("WARC/1.0\r\nWARC-Type: response\r\n\r\n", "Content-Length"),
        ("WARC/1.0\r\nContent-Length: x\r\n\r\n", "Content-Length"),
        ("WARC/1.0\r\nContent-Length: 0\r\n\r\n\r\n\r\n", "WARC-Type"),
        ("WARC/1.0\r\nWARC-Type: response\r\nWARC-Date: yesterday\r\nContent-Length: 0\r\n\r\n\r\n\r\n", "yesterday"),
        ("WARC/1.0\r\nno colon here\r\n\r\n", "not a header"),
    ];
    for (text, reason) in breaks {
        let bytes = [&good[..], text.as_bytes(), &good[..]].concat();
        let (records, errors) = read(&bytes);
        assert_eq!(records.len(), 12, "{text}: {errors:?}");
        assert_eq!(errors.len(), 1, "{text}: {errors:?}");
        let message = errors[0].to_string();
        assert!(message.contains(reason) && message.contains(&format!("offset {}", good.len())), "{message}");
    }
    assert_eq!(read(b"").0.len(), 0);
    assert_eq!(read(&[0x1f, 0x8b]).1.len(), 1);
}

fn response_of(headers: &str, body: &[u8]) -> Vec<u8> {
    let block = [b"HTTP/1.1 200 OK\r\n", headers.as_bytes(), b"\r\n", body].concat();
    let head = format!(
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Date: 2024-01-01T00:00:00Z\r\nWARC-Target-URI: <https://a.example/>\r\nContent-Length: {}\r\n\r\n",
        block.len()
    );
    [head.as_bytes(), &block, b"\r\n\r\n"].concat()
}

fn body_of(headers: &str, body: &[u8]) -> Result<Vec<u8>, WarcError> {
    WarcReader::new(&response_of(headers, body)[..]).captures().next().unwrap().map(|capture| capture.body)
}

#[test]
fn bodies_are_decoded() {
    let text = "The provider may change these terms. ".repeat(50).into_bytes();
    let mut gzip = Vec::new();
    flate2::read::GzEncoder::new(&text[..], flate2::Compression::fast()).read_to_end(&mut gzip).unwrap();
    let mut zlib = Vec::new();
    flate2::read::ZlibEncoder::new(&text[..], flate2::Compression::fast()).read_to_end(&mut zlib).unwrap();
    let mut raw = Vec::new();
    flate2::read::DeflateEncoder::new(&text[..], flate2::Compression::fast()).read_to_end(&mut raw).unwrap();
    let mut zstd = Vec::with_capacity(10_000);
    zstd_safe::compress(&mut zstd, &text, 3).unwrap();
    // "hello world" by the reference implementation of Brotli.
    let brotli = [0x0b, 0x05, 0x80, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x20, 0x77, 0x6f, 0x72, 0x6c, 0x64, 0x03];
    assert_eq!(body_of("Content-Encoding: gzip\r\n", &gzip).unwrap(), text);
    assert_eq!(body_of("content-encoding: deflate\r\n", &zlib).unwrap(), text);
    assert_eq!(body_of("content-encoding: deflate\r\n", &raw).unwrap(), text);
    assert_eq!(body_of("Content-Encoding: zstd\r\n", &zstd).unwrap(), text);
    assert_eq!(body_of("Content-Encoding: br\r\n", &brotli).unwrap(), b"hello world");
    // Headers that were kept though the archive stored the decoded body.
    for name in ["gzip", "br", "deflate", "zstd"] {
        let headers = format!("Content-Encoding: {name}\r\nTransfer-Encoding: chunked\r\n");
        assert_eq!(body_of(&headers, &text).unwrap(), text, "{name}");
    }
    let chunked = [format!("{:x};ext=1\r\n", gzip.len()).as_bytes(), &gzip, b"\r\n0\r\n\r\n"].concat();
    assert_eq!(body_of("Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n", &chunked).unwrap(), text);
    assert!(body_of("Content-Encoding: gzip\r\n", &gzip[..gzip.len() / 2]).is_err());
    assert!(body_of("Content-Encoding: zstd\r\n", &zstd[..zstd.len() / 2]).is_err());
    assert!(body_of("Content-Encoding: compress\r\n", &[0, 1, 2]).is_err());
}

#[test]
fn bombs_and_giants_are_refused_and_passed() {
    let limits = Limits { record: 100_000, body: 50_000 };
    let bomb = archive::blob::compress(&vec![b'a'; 10_000_000], None);
    let bytes = [
        response_of("Content-Encoding: zstd\r\n", &bomb),
        response_of("", &vec![b'b'; 200_000]),
        response_of("", b"small"),
    ]
    .concat();
    let found: Vec<_> = WarcReader::with_limits(&bytes[..], limits).captures().collect();
    assert!(matches!(found[0], Err(WarcError::TooLarge { offset: 0, limit: 50_000 })));
    assert!(matches!(found[1], Err(WarcError::TooLarge { limit: 100_000, .. })));
    assert_eq!(found[2].as_ref().unwrap().body, b"small");
    // An announced length that never comes costs no memory.
    let lie = b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 60000000\r\n\r\nshort";
    assert!(matches!(read(lie).1[..], [WarcError::Truncated { missing: 59_999_995, .. }]));
}

#[test]
fn a_short_member_does_not_swallow_the_next_record() {
    let (bytes, starts) = file(true);
    let mut member = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    member.write_all(b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 500\r\n\r\nshort").unwrap();
    let bytes = [&bytes[..starts[2]], &member.finish().unwrap(), &bytes[starts[2]..]].concat();
    let (records, errors) = read(&bytes);
    assert_eq!(records.len(), 6);
    assert!(matches!(errors[..], [WarcError::Truncated { missing: 495, .. }]), "{errors:?}");
}

proptest::proptest! {
    #[test]
    fn no_input_makes_the_reader_panic_or_run_on(bytes: Vec<u8>, cut in 0usize..2000, gzip: bool) {
        let good = file(gzip).0;
        let cut = cut.min(good.len());
        let spliced = [&good[..cut], &bytes, &good[cut..]].concat();
        proptest::prop_assert!(WarcReader::new(&spliced[..]).take(1000).count() < 1000);
        proptest::prop_assert!(WarcReader::new(&bytes[..]).captures().take(1000).count() < 1000);
    }
}

#[test]
fn captures_of_a_real_crawl() {
    let shared = std::env::var_os("CLAUSEWATCH_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"));
    let path = shared.join("data/pages/captures.warc.gz");
    let Ok(file) = std::fs::File::open(&path) else {
        eprintln!("skipped: no {}", path.display());
        return;
    };
    let captures: Vec<Capture> = WarcReader::new(file).captures().map(Result::unwrap).collect();
    assert_eq!(captures.len(), 46);
    assert!(captures.iter().all(|capture| capture.url.starts_with("http") && !capture.body.is_empty()));
    assert_eq!(captures[0].url, "https://www.rephrase.ai/privacy-policy");
    assert_eq!(captures[0].body.len(), 43_840);
    let mut writer = WarcWriter::new(Vec::new(), true);
    for (n, capture) in captures.iter().enumerate() {
        writer.response(&format!("urn:uuid:00000000-0000-4000-8000-{n:012}"), capture).unwrap();
    }
    let copy = writer.finish().unwrap();
    let again = WarcReader::new(&copy[..]).captures().map(Result::unwrap);
    for (copy, original) in again.zip(&captures) {
        assert_eq!(
            (&copy.url, copy.at_ms, copy.status, &copy.body),
            (&original.url, original.at_ms, original.status, &original.body)
        );
    }
}
