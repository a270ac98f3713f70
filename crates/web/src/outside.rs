//! What archives outside say of a version, in words, and where a version comes from that was taken from one.
use archive::instant::MINUTE_MS;
use atlas::records::{Capture, Origin};
use atlas::witnesses::{OutsideCapture, Submitted, WAYBACK, Witness, archive_title};

use crate::words;

/// What an archive outside says of a version, as pages show it.
pub(crate) struct Outside(pub Witness);

impl Outside {
    /// Every archive that was asked.
    pub fn all(witnesses: &[Witness]) -> Vec<Outside> {
        witnesses.iter().cloned().map(Outside).collect()
    }

    /// Its capture.
    pub fn capture(&self) -> Option<&OutsideCapture> {
        self.0.capture.as_ref()
    }

    /// "The Wayback Machine": the beginning of a sentence.
    pub fn name(&self) -> String {
        named(&self.0.archive)
    }

    /// How far its capture is from ours: "2 days before ours".
    pub fn distance(&self) -> String {
        match self.0.distance_ms.unwrap_or(0) {
            ms if ms.abs() < MINUTE_MS => "within a minute of ours".into(),
            ms => format!("{} {} ours", words::span(ms.abs()), if ms < 0 { "before" } else { "after" }),
        }
    }

    /// What became of the page's submission to it, if that is not the capture it has.
    pub fn submission(&self) -> Option<String> {
        let Submitted { at_ms, over, capture, reason } = self.0.submitted.as_ref()?;
        let at = at_ms.map_or("not yet".into(), |ms| format!("on {}", words::day(&ms)));
        Some(match (capture, reason) {
            (Some(capture), _) if Some(capture) == self.capture() => {
                format!("It was made because we submitted the page {at}.")
            }
            (Some(_), _) => format!("We submitted the page {at}, and a capture was made."),
            (None, _) if !over => format!("We submit the page to it (last: {at})."),
            (None, Some(reason)) => format!("We submitted the page {at}; no capture was made ({reason})."),
            (None, None) => format!("We submitted the page {at}; no capture was made."),
        })
    }

    /// The same without marks, for a sheet.
    pub fn sentence(&self) -> String {
        match (&self.0.capture, &self.0.reason) {
            (Some(capture), _) => format!(
                "{} says that it captured the same address on {}, {}",
                self.name(),
                words::day(&capture.at_ms),
                self.distance()
            ),
            (None, Some(reason)) => format!("{} {reason}", self.name()),
            (None, None) => format!("{} has no capture of the address", self.name()),
        }
    }
}

/// Where a version comes from that was taken from an archive outside.
pub(crate) fn taken_from(capture: Option<&Capture>) -> Option<Taken> {
    let origin: &Origin = capture?.origin.as_ref().filter(|origin| origin.kind == WAYBACK)?;
    let link = origin.links.iter().find(|link| crate::links::is_web(link));
    Some(Taken { name: named(&origin.name), link: link.cloned() })
}

/// See [`taken_from`].
pub(crate) struct Taken {
    /// The archive, as the beginning of a sentence.
    pub name: String,
    /// Where it shows the capture.
    pub link: Option<String>,
}

fn named(host: &str) -> String {
    match archive_title(host) {
        title if title == host => host.into(),
        title => format!("The {title}"),
    }
}

#[cfg(test)]
mod tests {
    use archive::instant::{DAY_MS, HOUR_MS};

    use super::*;

    fn witness(distance_ms: i64) -> Outside {
        let capture = OutsideCapture { url: "https://web.archive.org/web/x".into(), at_ms: 1_777_803_300_000 };
        let archive = "web.archive.org".to_string();
        Outside(Witness {
            archive,
            asked_ms: 1_778_000_000_000,
            capture: Some(capture),
            distance_ms: Some(distance_ms),
            reason: None,
            submitted: None,
        })
    }

    #[test]
    fn distances_are_said_from_our_side() {
        for (ms, said) in [
            (-2 * DAY_MS, "2 days before ours"),
            (5 * DAY_MS, "5 days after ours"),
            (3 * HOUR_MS, "3 hours after ours"),
            (-59_000, "within a minute of ours"),
        ] {
            assert_eq!(witness(ms).distance(), said);
        }
        let sentence = "The Wayback Machine says that it captured the same address on 3 May 2026, 2 days before ours";
        assert_eq!(witness(-2 * DAY_MS).sentence(), sentence);
    }

    #[test]
    fn submissions_are_told_as_they_went() {
        let told = |submitted: Submitted| {
            let mut outside = witness(0);
            outside.0.submitted = Some(submitted);
            outside.submission().unwrap()
        };
        let none = Submitted { at_ms: Some(1_777_803_300_000), over: true, capture: None, reason: None };
        assert!(told(none.clone()).contains("on 3 May 2026; no capture was made."));
        assert!(
            told(Submitted { reason: Some("error:no-access".into()), ..none.clone() }).contains("(error:no-access)")
        );
        assert!(told(Submitted { over: false, at_ms: None, ..none.clone() }).contains("not yet"));
        let made = witness(0).0.capture;
        assert!(told(Submitted { capture: made, ..none }).starts_with("It was made because"));
    }
}
