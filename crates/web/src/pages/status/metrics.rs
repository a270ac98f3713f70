//! The same as metrics, in the text format of Prometheus (version 0.0.4). `docs/tracking.md` says what to watch.
use std::fmt::Write;

use atlas::health::State;
use atlas::witnesses::ArchiveState;
use axum::extract::State as Shared;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::Tracking;
use crate::error::Failure;
use crate::site::Site;

pub(super) async fn show(Shared(site): Shared<Site>) -> Result<Response, Failure> {
    let text = exposition(&Tracking::of(&site).await?);
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}

fn exposition(of: &Tracking) -> String {
    let mut out = String::new();
    let states = State::ALL.map(|state| (format!("{{state=\"{}\"}}", state.name()), of.in_state(state).count() as i64));
    metric(&mut out, "documents", "gauge", "Documents by state.", &states);
    let checks = [("changed", of.all.changed), ("unchanged", of.all.unchanged), ("failed", of.all.failed)];
    let checks = checks.map(|(outcome, count)| (format!("{{outcome=\"{outcome}\"}}"), count));
    metric(&mut out, "checks_total", "counter", "Checks of documents by what came of them.", &checks);
    let mut single = |name, kind, help, value| metric(&mut out, name, kind, help, &[(String::new(), value)]);
    let seconds_since = |ms: i64| (of.now_ms - ms).max(0) / 1000;
    if let Some(ms) = of.last_checked_ms() {
        single("last_check_age_seconds", "gauge", "Seconds since the last check of any document.", seconds_since(ms));
    }
    if let Some(ms) = of.oldest().and_then(|health| health.last_verified_ms) {
        let help = "Seconds since the verification of the tracked document that was verified longest ago.";
        single("oldest_verification_age_seconds", "gauge", help, seconds_since(ms));
    }
    single("documents_due", "gauge", "Documents that are due and wait for a check.", of.due);
    single(
        "documents_moved",
        "gauge",
        "Documents whose page says that it has moved for good.",
        of.moved().count() as i64,
    );
    let help = "1 while over a fifth of the checks of the last hours failed.";
    single("many_checks_fail", "gauge", help, i64::from(of.recent.many_fail()));
    single("changes_unconfirmed", "gauge", "Changes that were seen once.", of.unconfirmed);
    single("changes", "gauge", "Changes recorded.", of.counts.changes);
    single("versions", "gauge", "Versions recorded.", of.counts.versions);
    single("captures", "gauge", "Captures recorded.", of.counts.captures);
    single("provisions", "gauge", "Provisions that stand.", of.counts.provisions);
    single("platforms", "gauge", "Platforms that have a document.", of.counts.platforms);
    single("log_size", "gauge", "Entries of the transparency log.", of.counts.log_size);
    archives(&mut out, &of.archives);
    out
}

/// What is known of archives outside; nothing where none is asked.
fn archives(out: &mut String, states: &[ArchiveState]) {
    let mut each = |name, help, value: fn(&ArchiveState) -> i64| {
        let samples = states.iter().map(|state| (format!("{{archive=\"{}\"}}", state.archive), value(state)));
        metric(out, name, "gauge", help, &samples.collect::<Vec<_>>());
    };
    if !states.is_empty() {
        each("outside_versions", "Versions that an archive outside is asked about.", |state| state.versions);
        each("outside_answered", "Versions that it answered for.", |state| state.answered);
        each("outside_captures", "Versions that it has a capture of.", |state| state.found);
        each("outside_failures", "Failures of it in a row.", |state| state.failures);
    }
}

/// One metric with its samples, each the labels and the value.
fn metric(out: &mut String, name: &str, kind: &str, help: &str, samples: &[(String, i64)]) {
    let _ = writeln!(out, "# HELP clausewatch_{name} {help}\n# TYPE clausewatch_{name} {kind}");
    for (labels, value) in samples {
        let _ = writeln!(out, "clausewatch_{name}{labels} {value}");
    }
}
