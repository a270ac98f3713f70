//! `clausewatch doctor`: what is wrong with this instance, and what to do.
use atlas::health::{Health, State};
use atlas::witnesses::ArchiveState;
use serde_json::json;

use crate::alarm::many_fail;
use crate::instance::{Place, now_ms};
use crate::paint;

/// Say what is wrong with this instance, and what to do
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Look at the store's tables and documents only, without checking every hash
    #[arg(long)]
    quick: bool,
}

/// Status 1 if something needs attention.
pub async fn run(place: &Place, args: Args) -> crate::Answer {
    let atlas = place.open_existing().await?;
    let counts = atlas.counts().await?;
    let health = atlas.health().await?;
    let attention: Vec<&Health> = health.iter().filter(|health| health.state == State::Attention).collect();
    let moved: Vec<&Health> = health.iter().filter(|health| health.moved_to.is_some()).collect();
    let recent = atlas.recent_checks(now_ms()).await?;
    let archives = atlas.archives(now_ms()).await?;
    let problems = if args.quick { Vec::new() } else { atlas.check().await? };
    let fingerprint = if args.quick { None } else { Some(atlas.fingerprint().await?) };
    let sound = attention.is_empty() && moved.is_empty() && problems.is_empty() && !recent.many_fail();
    if args.json {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let states: serde_json::Map<_, _> =
            State::ALL.iter().map(|state| (state.name().to_owned(), json!(count(&health, *state)))).collect();
        println!(
            "{}",
            serde_json::to_string_pretty(&json!({
                "counts": counts, "documents_by_state": states, "attention": attention, "moved": moved,
                "recent_checks": recent, "many_checks_fail": recent.many_fail(), "problems": problems,
                "fingerprint": fingerprint, "outside_archives": archives,
            }))?
        );
        return Ok(sound);
    }
    println!(
        "{} platforms, {} documents, {} versions, {} captures",
        counts.platforms, counts.documents, counts.versions, counts.captures
    );
    println!(
        "{} provisions standing, {} removed; log of {} leaves",
        counts.provisions, counts.removed_provisions, counts.log_size
    );
    if let Some(fingerprint) = fingerprint {
        println!("fingerprint of the content {fingerprint}");
    }
    let states = State::ALL.iter().filter(|state| count(&health, **state) > 0);
    let states: Vec<String> = states.map(|state| format!("{} {}", count(&health, *state), state.words())).collect();
    println!("documents: {}", states.join(", "));
    if recent.many_fail() {
        println!("{}", many_fail(&recent));
    }
    archives.iter().for_each(|state| println!("{}", outside(state)));
    for health in attention {
        let seen =
            health.last_verified_ms.map_or("never seen".into(), |ms| format!("last verified {}", paint::day(ms)));
        println!("{}; {seen}", named(health));
        println!("          {}", paint::plain(health.reason.as_deref().unwrap_or("it fails")));
        println!("          {}", health.next_step.unwrap_or("see its page"));
    }
    for (health, to) in moved.iter().filter_map(|health| Some((health, health.moved_to.as_ref()?))) {
        println!("{}", named(health));
        println!(
            "          its page has moved for good: put `url = \"{}\"` into its file in the catalog",
            paint::plain(to)
        );
    }
    for problem in &problems {
        println!("{}", paint::plain(&problem.to_string()));
    }
    if !problems.is_empty() {
        println!(
            "{} contradictions: keep this store as it is, and restore a backup beside it to compare",
            problems.len()
        );
    }
    if sound {
        println!(
            "{}",
            if args.quick { "nothing needs attention" } else { "every hash, excerpt, date and log entry is in order" }
        );
    }
    Ok(sound)
}

/// How it goes with an archive outside, in a line.
fn outside(state: &ArchiveState) -> String {
    let ArchiveState { archive, versions, answered, found, rest_until_ms, reason, .. } = state;
    let rest = rest_until_ms.map(|until| {
        let until = archive::instant::format(until / 1000 * 1000);
        format!("; left alone until {until}: {}", paint::plain(reason.as_deref().unwrap_or("it fails")))
    });
    let known = format!("versions answered for: {answered} of {versions}, {found} with a capture");
    format!("outside witness {archive}: {known}{}", rest.unwrap_or_default())
}

/// A document by its ID and names.
fn named(health: &Health) -> String {
    format!("{}  {}, {}", health.document, paint::plain(&health.platform_name), paint::plain(&health.title))
}

fn count(health: &[Health], state: State) -> usize {
    health.iter().filter(|health| health.state == state).count()
}
