//! `clausewatch import`: histories recorded elsewhere.
use std::path::{Path, PathBuf};

use atlas::{Atlas, Work};
use indicatif::ProgressBar;
use provisions::Reader;
use tracker::catalog;
use tracker::import::{Summary, ota, warc};

use crate::instance::{Place, now_ms};
use crate::paint;

/// Import histories recorded elsewhere: Open Terms Archive repositories, WARC files
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of the catalog, whose home pages, sectors and countries the imported platforms get; without it they stay unknown
    #[arg(long, default_value = "catalog", global = true)]
    catalog: PathBuf,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Versions repositories of Open Terms Archive: git repositories, bare or not
    Ota {
        /// Folders of the repositories
        #[arg(required = true)]
        dirs: Vec<PathBuf>,
        /// Name of the collection; the folder's name by default
        #[arg(long)]
        name: Option<String>,
        /// Print the summary as JSON
        #[arg(long)]
        json: bool,
    },
    /// WARC files (1.0, 1.1), plain or gzip
    Warc {
        /// The files
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Print the summary as JSON
        #[arg(long)]
        json: bool,
    },
}

/// Imports each source; one that fails is named and the others are done.
pub async fn run(place: &Place, args: Args) -> crate::Answer {
    let atlas = place.open().await?;
    let _held = atlas.hold(Work::Import).await?;
    atlas.bulk(true).await?;
    let mut total = Summary::default();
    let json = match args.what {
        What::Ota { dirs, name, json } => {
            for dir in dirs {
                import_ota(&atlas, &dir, name.clone(), &mut total).await?;
            }
            json
        }
        What::Warc { files, json } => {
            for file in files {
                let bar = paint::progress("importing");
                let done = warc::import(&atlas, Reader::embedded(), &file, now_ms(), &moves(&bar)).await?;
                bar.finish_and_clear();
                total.add(done);
            }
            json
        }
    };
    total.failures.extend(describe(&atlas, &args.catalog).await?);
    let bar = paint::progress("indexing");
    atlas.index_pending_with(&moves(&bar)).await?;
    bar.finish_and_clear();
    atlas.bulk(false).await?;
    report(&total, json)?;
    Ok(total.failures.is_empty())
}

async fn import_ota(atlas: &Atlas, dir: &Path, name: Option<String>, total: &mut Summary) -> anyhow::Result<()> {
    let folder = dir
        .canonicalize()
        .ok()
        .and_then(|dir| Some(dir.file_name()?.to_string_lossy().trim_end_matches(".git").to_string()));
    let name = name.or(folder).unwrap_or_else(|| "collection".into());
    let bar = paint::progress("importing");
    let options = ota::Options { path: dir, name, now_ms: now_ms() };
    match ota::import(atlas, Reader::embedded(), options, &moves(&bar)).await {
        Ok(done) => total.add(done),
        Err(error @ ota::OtaError::Repository { .. }) => total.failures.push(error.to_string()),
        Err(error) => return Err(error.into()),
    }
    bar.finish_and_clear();
    Ok(())
}

/// Adds what the catalog knows of the platforms; its broken files are named in the answer.
async fn describe(atlas: &Atlas, folder: &Path) -> anyhow::Result<Vec<String>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    match catalog::load(folder) {
        Ok(entries) => {
            catalog::describe(atlas, &entries).await?;
            Ok(Vec::new())
        }
        Err(errors) => Ok(errors.iter().map(ToString::to_string).collect()),
    }
}

fn moves(bar: &ProgressBar) -> impl Fn(usize, usize) + Send + Sync {
    let bar = bar.clone();
    move |done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    }
}

fn report(total: &Summary, json: bool) -> anyhow::Result<()> {
    for failure in &total.failures {
        eprintln!("clausewatch: {failure}");
    }
    if json {
        println!("{}", serde_json::to_string_pretty(total)?);
        return Ok(());
    }
    println!("platforms   {:>8}", total.platforms.len());
    println!("documents   {:>8}", total.documents);
    println!("read        {:>8}   ({} were imported before)", total.read, total.known);
    println!("versions    {:>8}   added", total.versions);
    println!("confirmed   {:>8}   captures with a text that was known", total.confirmed);
    println!("passed over {:>8}   records that hold no document", total.skipped);
    println!("failed      {:>8}", total.failures.len());
    Ok(())
}
