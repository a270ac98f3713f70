//! Import of Open Terms Archive repositories, on repositories of invented companies made with git.
mod common;

use std::io::BufRead;
use std::path::Path;

use atlas::records::Materiality;
use atlas::{Atlas, ChangeFilter, PlatformFilter};
use common::{ARBITRATION, Repo, START, git, has_git, in_memory, open, terms};
use provisions::Reader;
use tracker::catalog;
use tracker::import::{Summary, ota};

async fn import(atlas: &Atlas, path: &Path) -> Summary {
    import_as(atlas, path, "plum-versions").await
}

async fn import_as(atlas: &Atlas, path: &Path, name: &str) -> Summary {
    let options = ota::Options { path, name: name.into(), now_ms: START };
    ota::import(atlas, Reader::embedded(), options, &|_, _| {}).await.unwrap()
}

/// A platform's terms, changed, moved, technically upgraded; another's policy; what is no document.
fn histories() -> Repo {
    let mut repo = Repo::new();
    let snapshot =
        "This version was recorded after extracting from snapshot https://git.example/snapshots/commit/54c413";
    repo.write(0, "Initial commit", "README.md", "# Versions")
        .write(1, &format!("First record of Plum Terms\n\n{snapshot}"), "Plum/Terms.md", terms("Plum", &[1, 2, 3]))
        .write(2, "Start tracking Quince Privacy Policy", "Quince/Privacy Policy.md", terms("Quince", &[4, 5]))
        .write(3, "Update Plum Terms", "Plum/Terms.md", terms("Plum", &[1, 2, 3, 6]))
        .rename(4, "Rename terms types", "Plum/Terms.md", "Plum/Terms of Service.md")
        .write(5, "Record new changes of Plum Terms of Service", "Plum/Terms of Service.md", terms("Plum", &[1, 3, 6]))
        .write(6, "Refilter Quince Privacy Policy", "Quince/Privacy Policy.md", terms("Quince", &[5]))
        .delete(7, "Remove Quince", "Quince/Privacy Policy.md")
        .write(8, "Record new changes of Quince", "Quince/Privacy Policy.md", terms("Quince", &[5, 7]));
    repo
}

#[tokio::test(flavor = "multi_thread")]
async fn histories_come_in_with_their_messages_and_renames() {
    if !has_git() {
        return;
    }
    let (atlas, mut repo) = (in_memory().await, histories());
    let path = repo.make();
    let summary = import(&atlas, &path).await;
    assert_eq!((summary.platforms.len(), summary.documents, summary.versions, summary.known), (2, 2, 6, 0));
    assert_eq!(summary.failures, [""; 0]);
    let documents = atlas.documents().await.unwrap();
    let titles: Vec<(&str, &str, i64)> =
        documents.iter().map(|d| (d.platform.name.as_str(), d.title.as_str(), d.versions)).collect();
    assert_eq!(titles, [("Plum", "Terms of Service", 3), ("Quince", "Privacy Policy", 3)]);
    let captures = atlas.captures(documents[0].id).await.unwrap();
    let origin = captures[0].origin.as_ref().unwrap();
    assert_eq!((origin.kind.as_str(), origin.name.as_str()), ("ota", "plum-versions"));
    assert_eq!(origin.links, ["https://git.example/snapshots/commit/54c413"]);
    let log = git(&path, &["log", "--format=%H", "--reverse", "--", "Plum/Terms.md"], &[]);
    assert_eq!(Some(origin.id.as_str()), log.lines().next(), "the commit is named");

    let filter = ChangeFilter { document: Some(documents[1].id), ..Default::default() };
    let changes = atlas.changes(&filter).await.unwrap();
    assert_eq!(changes[1].change.materiality, Materiality::Cosmetic, "a change of extraction is none of the document");
    assert!(changes[1].change.reason.contains("extracts"), "{}", changes[1].change.reason);
    assert_eq!(atlas.check().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalog_describes_what_was_imported_and_adds_nothing() {
    if !has_git() {
        return;
    }
    let (atlas, mut repo) = (in_memory().await, histories());
    import(&atlas, &repo.make()).await;
    let entry = |name: &str| {
        let facts = "homepage = \"https://www.example\"\nsector = \"Finance\"\ncountry = \"DE\"";
        catalog::parse(&format!("name = \"{name}\"\n{facts}")).unwrap()
    };
    catalog::describe(&atlas, &[entry("PLUM"), entry("Unknown")]).await.unwrap();
    let platforms = atlas.platforms(&PlatformFilter::default()).await.unwrap();
    let told: Vec<_> = platforms.iter().map(|row| (&*row.platform.name, row.platform.sector.as_deref())).collect();
    assert_eq!(told, [("Plum", Some("Finance")), ("Quince", None)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_adds_nothing_and_new_commits_are_added() {
    if !has_git() {
        return;
    }
    let (atlas, mut repo) = (in_memory().await, histories());
    let path = repo.make();
    import(&atlas, &path).await;
    let before = atlas.fingerprint().await.unwrap();
    let again = import(&atlas, &path).await;
    assert_eq!((again.read, again.versions, again.known), (0, 0, 6));
    assert_eq!(atlas.fingerprint().await.unwrap(), before);

    repo.rename(20, "Rename again", "Plum/Terms of Service.md", "Plum/Conditions.md")
        .write(21, "Record new changes", "Plum/Conditions.md", terms("Plum", &[1, 3]))
        .write(22, "First record of Rowan", "Rowan/Terms of Service.md", terms("Rowan", &[9]));
    let more = import(&atlas, &repo.make()).await;
    assert_eq!((more.read, more.versions, more.known, more.failures.len()), (2, 2, 6, 0));
    let plum = &atlas.platform_documents("plum").await.unwrap();
    assert_eq!((plum.len(), plum[0].versions), (1, 4), "a later rename goes on with the document");

    let all = in_memory().await;
    import(&all, &path).await;
    assert_eq!(all.counts().await.unwrap().versions, atlas.counts().await.unwrap().versions);
}

#[tokio::test(flavor = "multi_thread")]
async fn collections_of_one_document_stay_apart_and_rewritten_commits_are_not_taken_again() {
    if !has_git() {
        return;
    }
    let atlas = in_memory().await;
    let mut repo = histories();
    let path = repo.make();
    import_as(&atlas, &path, "first").await;
    import_as(&atlas, &path, "second").await;
    let titles: Vec<String> =
        atlas.platform_documents("plum").await.unwrap().into_iter().map(|document| document.title).collect();
    assert_eq!(titles, ["Terms of Service", "Terms of Service (second)"]);

    let before = atlas.counts().await.unwrap().versions;
    let mut other = Repo::new();
    other.write(1, "Rewritten first record", "Plum/Terms of Service.md", terms("Plum", &[1, 2, 3])).write(
        30,
        "Record new changes",
        "Plum/Terms of Service.md",
        terms("Plum", &[1, 2]),
    );
    let summary = import_as(&atlas, &other.make(), "first").await;
    assert_eq!(atlas.counts().await.unwrap().versions, before + 1);
    assert!(summary.failures[0].contains("1 records are not later"), "{:?}", summary.failures);
    let again = import_as(&atlas, &other.make(), "first").await;
    assert_eq!((again.read, again.failures.len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_named_by_its_commit_and_the_rest_is_imported() {
    if !has_git() {
        return;
    }
    let huge = "All lamps of the house are lit by the keeper at dusk. ".repeat(400_000);
    let mut repo = Repo::new();
    repo.write(1, "one", "Plum/Terms of Service.md", terms("Plum", &[1, 2]))
        .write(2, "empty", "Plum/Terms of Service.md", "")
        .write(3, "zeroes", "Plum/Terms of Service.md", [0u8; 3000])
        .write(4, "picture", "Plum/Terms of Service.md", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
        .write(5, "NUL inside", "Plum/Terms of Service.md", terms("Plum", &[1, 2, 3]).replace("lamps", "la\0mps"))
        .write(
            6,
            "not UTF-8",
            "Plum/Terms of Service.md",
            [terms("Plum", &[1, 2]).as_bytes(), b"\n\xff\xfe\xc3\x28 caf\xe9\n"].concat(),
        )
        .write(7, "huge", "Plum/Huge Terms.md", &huge)
        .write(8, "odd names", "Qui\nnce <b>/Terms \"of\" Service.md", terms("Quince", &[4]))
        .write(9, "no name", "。。/.md", terms("Dots", &[4]))
        .write(10, "last", "Plum/Terms of Service.md", terms("Plum", &[1, 2, 4]));
    let (atlas, path) = (in_memory().await, repo.make());
    let summary = import(&atlas, &path).await;
    for message in ["empty", "zeroes", "picture"] {
        let commit = git(&path, &["log", "--format=%H", "--grep", &format!("^{message}$")], &[]);
        let named = summary.failures.iter().any(|failure| failure.contains(&commit) && failure.contains("Plum/Terms"));
        assert!(named, "{message} ({commit}): {:?}", summary.failures);
    }
    assert_eq!(summary.failures.len(), 3, "{:?}", summary.failures);
    assert_eq!((summary.documents, summary.versions), (4, 7));
    assert_eq!(atlas.check().await.unwrap(), []);
    let again = import(&atlas, &path).await;
    assert_eq!((again.read, again.failures.len()), (0, 0), "what failed is not tried for ever");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_repository_gives_what_is_left_of_it() {
    if !has_git() {
        return;
    }
    let mut repo = histories();
    let path = repo.make();
    let object = |spec: &str| {
        let id = git(&path, &["rev-parse", spec], &[]);
        (path.join("objects").join(&id[..2]).join(&id[2..]), id)
    };
    let third = git(&path, &["log", "--format=%H", "--grep", "Update Plum"], &[]);
    let fifth = git(&path, &["log", "--format=%H", "--grep", "Record new changes of Plum"], &[]);
    let (blob, _) = object(&format!("{third}:Plum/Terms.md"));
    std::fs::remove_file(blob).unwrap();
    let (tree, _) = object(&format!("{fifth}^{{tree}}"));
    let tree_bytes = std::fs::read(&tree).unwrap();
    std::fs::remove_file(&tree).unwrap();
    std::fs::write(&tree, &tree_bytes[..tree_bytes.len() / 2]).unwrap();
    let atlas = in_memory().await;
    let summary = import(&atlas, &path).await;
    assert!(summary.failures.iter().any(|failure| failure.contains(&third)), "{:?}", summary.failures);
    assert!(summary.failures.iter().any(|failure| failure.contains(&fifth)), "{:?}", summary.failures);
    let plum = atlas.platform_documents("plum").await.unwrap();
    assert_eq!(plum[0].versions, 2, "the version of the unreadable commit shows in the next commit");
    assert_eq!(atlas.platform_documents("quince").await.unwrap()[0].versions, 3);

    let nothing = tempfile::tempdir().unwrap();
    let options = ota::Options { path: nothing.path(), name: "x".into(), now_ms: START };
    let error = ota::import(&atlas, Reader::embedded(), options, &|_, _| {}).await.unwrap_err().to_string();
    assert!(error.contains(nothing.path().to_str().unwrap()) && error.contains("versions repository"), "{error}");
    std::fs::write(path.join("HEAD"), "ref: refs/heads/nowhere\n").unwrap();
    let options = ota::Options { path: &path, name: "x".into(), now_ms: START };
    assert!(ota::import(&atlas, Reader::embedded(), options, &|_, _| {}).await.is_err());
}

/// Records of [`many`].
const RECORDS: usize = 40 * 6;

/// Forty documents of six versions each, some with a clause that the reader knows.
fn many() -> Repo {
    let mut repo = Repo::new();
    for version in 0..6u32 {
        for document in 0..40u32 {
            let name = format!("Plum{document}");
            let mut text = terms(&name, &[document, version, version * document + 3, 5]);
            if (version + document) % 3 > 0 {
                text += &format!("\n## Disputes\n\n{ARBITRATION}\n");
            }
            repo.write(i64::from(version), "Record new changes", &format!("{name}/Terms of Service.md"), text);
        }
    }
    repo
}

const CHILD: &str = "CLAUSEWATCH_TEST_IMPORT";

/// Not a test of its own: the import that `killed_at_any_moment_…` kills. It says how many records are done whenever a batch is stored.
#[tokio::test(flavor = "multi_thread")]
async fn import_in_a_child() {
    let Ok(folders) = std::env::var(CHILD) else { return };
    let (repo, data) = folders.split_once('|').unwrap();
    let atlas = open(Path::new(data)).await;
    atlas.bulk(true).await.unwrap();
    let options = ota::Options { path: Path::new(repo), name: "plum-versions".into(), now_ms: START };
    let tell = |done: usize, _| eprintln!("{DONE}{done}");
    ota::import(&atlas, Reader::embedded(), options, &tell).await.unwrap();
}

const DONE: &str = "records done: ";

fn child(repo: &Path, data: &Path) -> std::process::Child {
    std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "import_in_a_child", "--quiet", "--nocapture"])
        .env(CHILD, format!("{}|{}", repo.display(), data.display()))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap()
}

/// Runs an import and kills it once `records` are done and a little while after; whether it was still at work then.
async fn killed_after(repo: &Path, data: &Path, records: usize, wait: std::time::Duration) -> bool {
    let mut running = child(repo, data);
    let mut lines = std::io::BufReader::new(running.stderr.take().unwrap()).lines();
    let done = |line: &str| line.strip_prefix(DONE).is_some_and(|done| done.parse::<usize>().unwrap() >= records);
    while records > 0 && lines.next().is_some_and(|line| !done(&line.unwrap())) {}
    tokio::time::sleep(wait).await;
    running.kill().unwrap();
    // A process that ended by itself ends with a code.
    running.wait().unwrap().code().is_none()
}

/// Fifty kills, in each import at ten moments that lie evenly in the first 85 hundredths of the work, random within their tenths of that. On
/// a machine that does other things at the same time an import may end by itself before it is killed; then another import has the rest.
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_an_import_ends_with_the_same_content() {
    if !has_git() {
        return;
    }
    let mut repo = many();
    let (path, data) = (repo.make(), tempfile::tempdir().unwrap());
    let whole = data.path().join("whole");
    let begun = tokio::time::Instant::now();
    assert!(child(&path, &whole).wait_with_output().unwrap().status.success());
    let a_record = begun.elapsed() / RECORDS as u32;
    let expected = open(&whole).await.fingerprint().await.unwrap();

    let mut random = 0x2545_f491_4f6c_dd1du64;
    let mut share = move || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 40) as f64 / f64::from(1 << 24)
    };
    let (mut at_work, mut round) = (0, 0);
    while at_work < 50 {
        assert!(round < 10, "only {at_work} of {} imports were still at work when they were killed", round * 10);
        let killed = data.path().join(format!("killed-{round}"));
        for tenth in 0..10 {
            let records = (RECORDS as f64 * 0.085 * (f64::from(tenth) + share())) as usize;
            // Anywhere in the next batch: most kills come in the middle of a transaction or of an analysis.
            let wait = a_record.mul_f64(6.0 * share());
            if !killed_after(&path, &killed, records, wait).await {
                break;
            }
            at_work += 1;
        }
        assert!(child(&path, &killed).wait_with_output().unwrap().status.success());
        let atlas = open(&killed).await;
        assert_eq!(atlas.fingerprint().await.unwrap(), expected, "round {round}");
        assert_eq!(atlas.check().await.unwrap(), []);
        round += 1;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_engines_hold_the_same_after_an_import() {
    let Ok(server) = std::env::var("CLAUSEWATCH_TEST_POSTGRES") else {
        eprintln!("CLAUSEWATCH_TEST_POSTGRES is not set: skipped");
        return;
    };
    if !has_git() {
        return;
    }
    let mut repo = many();
    let path = repo.make();
    let sqlite = in_memory().await;
    let expected = import(&sqlite, &path).await;
    let database = common::schema::Schema::new(&server).await;
    let index = tempfile::tempdir().unwrap();
    let location = atlas::Location::Postgres { url: database.url.clone(), index: index.path().into() };
    let postgres = common::open_at(&location).await;
    assert_eq!(import(&postgres, &path).await, expected);
    assert_eq!(postgres.fingerprint().await.unwrap(), sqlite.fingerprint().await.unwrap());
    assert_eq!(postgres.check().await.unwrap(), []);
    postgres.close().await;
}
