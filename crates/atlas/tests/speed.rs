//! How long it takes to read the text of any version: chosen at random in a store of real histories, whose folder is in `CLAUSEWATCH_STORE`;
//! skipped without.
use std::path::PathBuf;
use std::time::{Duration, Instant};

use atlas::ids::DocumentId;
use atlas::{Atlas, KeyPlace, Location, LogConfig};

/// Versions that are read.
const READ: usize = 2_000;

#[tokio::test(flavor = "multi_thread")]
async fn any_version_is_read_in_five_milliseconds() {
    let Some(folder) = std::env::var_os("CLAUSEWATCH_STORE").map(PathBuf::from) else {
        eprintln!("CLAUSEWATCH_STORE is not set: skipped");
        return;
    };
    let log = LogConfig { origin: "clausewatch".into(), fresh_seed: [0; 32] };
    let atlas =
        Atlas::open(&Location::Sqlite(folder.clone()), &log, &KeyPlace::in_folder(&folder, [0; 32])).await.unwrap();
    let documents = atlas.documents().await.unwrap();
    let all: Vec<(DocumentId, i64)> =
        documents.iter().flat_map(|row| (1..=row.versions).map(|number| (row.id, number))).collect();
    let (mut random, mut took, mut bytes) = (0x2545_f491_4f6c_dd1du64, Vec::with_capacity(READ), 0);
    for _ in 0..READ {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (document, number) = all[(random >> 33) as usize % all.len()];
        let begun = Instant::now();
        bytes += atlas.version_text(document, number).await.unwrap().unwrap().len();
        took.push(begun.elapsed());
    }
    took.sort_unstable();
    let (half, most, worst) = (took[READ / 2], took[READ * 99 / 100], took[READ - 1]);
    eprintln!(
        "{READ} of {} versions, {} bytes on average: p50 {half:?}, p99 {most:?}, at most {worst:?}",
        all.len(),
        bytes / READ
    );
    assert!(half < Duration::from_millis(5), "{half:?}");
}
