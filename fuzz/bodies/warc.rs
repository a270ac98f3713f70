//! A damaged WARC file gives the records that can be found and an error for each that cannot, and comes to an end.
use archive::warc::{Limits, WarcReader};

/// The bytes are the file.
pub fn run(data: &[u8]) {
    let limits = Limits { record: 1 << 20, body: 1 << 20 };
    // Each item takes bytes of the file, so there are never more of them than bytes.
    let items = WarcReader::with_limits(data, limits).captures().take(data.len() + 2).count();
    assert!(items <= data.len() + 1, "the reader comes to an end");
}
