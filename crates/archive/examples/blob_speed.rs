//! Measures the blob codec on a stream of versions.
//!
//! Standard input holds, for each version in order: a line `name length`, then that many bytes. Versions of one
//! name form a chain, with a full copy at its start and after every `MAX_CHAIN` links.
//!
//! ```text
//! git log --reverse --raw ... | git cat-file --batch | ... | cargo run --release -p archive --example blob_speed
//! ```

use std::collections::HashMap;
use std::io::{BufRead, Read};
use std::time::{Duration, Instant};

use archive::blob::{MAX_CHAIN, compress, decompress};

#[derive(Default)]
struct Totals {
    versions: usize,
    bytes: usize,
    stored: usize,
    patches: usize,
    patch_bytes: usize,
    compressing: Duration,
    reading: Duration,
}

fn main() -> std::io::Result<()> {
    let mut input = std::io::stdin().lock();
    let mut chains: HashMap<String, (Vec<u8>, u32)> = HashMap::new();
    let mut totals = Totals::default();
    let mut line = String::new();
    while input.read_line(&mut line)? > 0 {
        let (name, length) = line.trim_end().rsplit_once(' ').expect("a line of name and length");
        let mut bytes = vec![0; length.parse().expect("a length")];
        input.read_exact(&mut bytes)?;
        let before = chains.remove(name).filter(|(_, links)| *links < MAX_CHAIN);
        let base = before.as_ref().map(|(base, _)| &base[..]);
        measure(&bytes, base, &mut totals);
        chains.insert(name.to_owned(), (bytes, before.map_or(0, |(_, links)| links + 1)));
        line.clear();
    }
    let Totals { versions, bytes, stored, patches, patch_bytes, compressing, reading } = totals;
    println!("{versions} versions, {bytes} bytes, {stored} stored: {:.1} to 1", bytes as f64 / stored as f64);
    println!("{patches} patches of {} bytes on average", patch_bytes / patches.max(1));
    println!("compressed in {compressing:.2?}, one link read back in {reading:.2?}");
    Ok(())
}

fn measure(bytes: &[u8], base: Option<&[u8]>, totals: &mut Totals) {
    let start = Instant::now();
    let data = compress(bytes, base);
    totals.compressing += start.elapsed();
    let start = Instant::now();
    assert_eq!(decompress(&data, base, bytes.len()).as_deref(), Ok(bytes));
    totals.reading += start.elapsed();
    totals.versions += 1;
    totals.bytes += bytes.len();
    totals.stored += data.len();
    if base.is_some() {
        totals.patches += 1;
        totals.patch_bytes += data.len();
    }
}
