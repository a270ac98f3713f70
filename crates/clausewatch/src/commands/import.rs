//! `clausewatch import`: histories recorded elsewhere.
use std::path::{Path, PathBuf};

use anyhow::Context;
use atlas::{Atlas, Work};
use indicatif::ProgressBar;
use provisions::Reader;
use tracker::catalog;
use tracker::import::{Summary, declarations, ota, warc};

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
    /// Declarations of Open Terms Archive (fetch, select, remove, ranges, combine), written into files of the catalog
    Declarations {
        /// Folder with a JSON file for each service, or one with a folder `declarations`
        dir: PathBuf,
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
    let Args { catalog, what } = args;
    match what {
        What::Declarations { dir, json } => declare(&dir, &catalog, json),
        What::Ota { dirs, name, json } => {
            let mut import = Import::begin(place).await?;
            for dir in dirs {
                import_ota(&import.atlas, &dir, name.clone(), &mut import.total).await?;
            }
            import.end(&catalog, json).await
        }
        What::Warc { files, json } => {
            let mut import = Import::begin(place).await?;
            for file in files {
                let bar = paint::progress("importing");
                let done = warc::import(&import.atlas, Reader::embedded(), &file, now_ms(), &moves(&bar)).await?;
                bar.finish_and_clear();
                import.total.add(done);
            }
            import.end(&catalog, json).await
        }
    }
}

/// Histories on their way into the store.
struct Import {
    atlas: Atlas,
    /// Kept until the end: nobody analyses anew meanwhile.
    _held: atlas::Held,
    total: Summary,
}

impl Import {
    async fn begin(place: &Place) -> anyhow::Result<Import> {
        let atlas = place.open().await?;
        let _held = atlas.hold(Work::Import).await?;
        atlas.bulk(true).await?;
        Ok(Import { atlas, _held, total: Summary::default() })
    }

    /// Describes the platforms by the catalog, indexes what came in, and reports.
    async fn end(mut self, catalog: &Path, json: bool) -> crate::Answer {
        self.total.failures.extend(describe(&self.atlas, catalog).await?);
        let bar = paint::progress("indexing");
        self.atlas.index_pending_with(&moves(&bar)).await?;
        bar.finish_and_clear();
        self.atlas.bulk(false).await?;
        report(&self.total, json)?;
        Ok(self.total.failures.is_empty())
    }
}

/// Writes declarations into the catalog; nothing is fetched and no store is touched.
fn declare(dir: &Path, catalog: &Path, json: bool) -> crate::Answer {
    std::fs::create_dir_all(catalog).with_context(|| format!("{} cannot be made", catalog.display()))?;
    let declared = declarations::import(dir, catalog).map_err(anyhow::Error::msg)?;
    for failure in &declared.failures {
        eprintln!("clausewatch: {}", paint::plain_lines(failure));
    }
    if json {
        println!("{}", serde_json::to_string_pretty(&declared)?);
        return Ok(declared.failures.is_empty());
    }
    println!("services    {:>8}   read", declared.services);
    println!("platforms   {:>8}   new in {}", declared.platforms, catalog.display());
    println!("documents   {:>8}   new, {} of them of several pages", declared.documents, declared.combined);
    println!("known       {:>8}   documents that the catalog had, left as they are", declared.known);
    println!("filters     {:>8}   documents whose filters were left out: they are programs", declared.filtered.len());
    println!("failed      {:>8}", declared.failures.len());
    Ok(declared.failures.is_empty())
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
        eprintln!("clausewatch: {}", paint::plain_lines(failure));
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
