//! The command line as scripts and people rely on it: verbs, help, exit statuses, pipes, the tables.
mod common;

use std::process::Stdio;

use common::{program, run};

const OLD: &str = "# Plum Terms\n\nLast updated: 3 March 2024\n\n## 1. Disputes\n\nAny dispute between you and Plum will be settled by binding individual arbitration, and you waive your right to a jury trial and to take part in a class action.\n\n## 2. Changes\n\nWe may change these terms at any time. We will tell you 30 days before by e-mail.\n\n## 3. Law\n\nThe law of Norland governs these terms.\n";

/// The verbs that scripts rely on.
const VERBS: &[&str] = &[
    "demo", "up", "serve", "work", "consult", "track", "import", "backfill", "read", "diff", "classify", "train",
    "eval", "show", "evidence", "verify", "export", "doctor",
];

#[test]
fn every_verb_has_help_that_fits_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let all = run(folder.path(), &["--help"], b"");
    assert_eq!(all.status, Some(0));
    for verb in VERBS {
        assert!(all.out.lines().any(|line| line.trim_start().starts_with(verb)), "{verb} in:\n{}", all.out);
        let help = run(folder.path(), &[verb, "--help"], b"");
        assert_eq!(help.status, Some(0), "{verb}");
        assert!(help.out.contains("Usage: clausewatch"), "{verb}");
        assert!(help.out.lines().all(|line| line.chars().count() <= 120), "{verb}:\n{}", help.out);
    }
    assert!(!all.out.contains("read-pdf"), "the hidden verb is hidden");
}

#[test]
fn help_offers_what_a_verb_uses() {
    let folder = tempfile::tempdir().unwrap();
    let offers = |args: &[&str], flag: &str| {
        let help = run(folder.path(), &[args, &["--help"]].concat(), b"");
        assert_eq!(help.status, Some(0), "{args:?}: {}", help.err);
        help.out.split_whitespace().any(|word| word == flag)
    };
    std::fs::write(folder.path().join("old.md"), OLD).unwrap();
    for flag in ["--data", "--database-url", "--accounts-key"] {
        assert!(offers(&["show"], flag) && offers(&[], flag), "{flag}");
        for verb in ["demo", "read", "diff", "classify", "train", "eval"] {
            assert!(!offers(&[verb], flag), "{verb} {flag}");
        }
        // Scripts may give them to any verb, at any place.
        for args in [["read", "old.md", flag, "x"], [flag, "x", "read", "old.md"]] {
            assert_eq!(run(folder.path(), &args, b"").status, Some(0), "{args:?}");
        }
    }
    for (verb, flag, offered) in [
        ("track", "--browser", true),
        ("up", "--browser-no-sandbox", true),
        ("backfill", "--browser", false),
        ("backfill", "--browser-no-sandbox", false),
        ("work", "--operator-mail", true),
        ("channels", "--operator-mail", false),
        ("serve", "--operator-mail", false),
    ] {
        assert_eq!(offers(&[verb], flag), offered, "{verb} {flag}");
    }
}

#[test]
fn statuses_tell_usage_failure_and_success_apart() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("old.md"), OLD).unwrap();
    std::fs::write(folder.path().join("new.md"), OLD.replace("30 days", "7 days")).unwrap();
    let status = |args: &[&str]| run(folder.path(), args, b"").status;
    assert_eq!(status(&[]), Some(2));
    assert_eq!(status(&["read"]), Some(2));
    assert_eq!(status(&["no-such-verb"]), Some(2));
    assert_eq!(status(&["read", "old.md", "--json", "--jsonl"]), Some(2));
    assert_eq!(status(&["read", "old.md"]), Some(0));
    assert_eq!(status(&["read", "absent.md"]), Some(1));
    assert_eq!(status(&["diff", "old.md", "old.md"]), Some(0));
    assert_eq!(status(&["diff", "old.md", "new.md"]), Some(1));
    assert_eq!(status(&["verify", "old.md"]), Some(1));
    let none = run(folder.path(), &["show", "CW-P-000001"], b"");
    assert_eq!(none.status, Some(1));
    assert!(none.err.starts_with("clausewatch: ") && none.err.contains("clausewatch-data"), "{}", none.err);
    assert!(!folder.path().join("clausewatch-data").exists(), "a command that only reads creates no store");
}

#[test]
fn a_pipe_that_is_closed_early_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("long.md"), OLD.repeat(400)).unwrap();
    for args in [&["read", "long.md", "--json"][..], &["read", "long.md", "--all"], &["--help"]] {
        let mut child =
            program(folder.path()).args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{args:?}: {:?} {said}", output.status);
    }
}

#[test]
fn the_table_says_what_matters_first() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("terms.md"), OLD).unwrap();
    let shown = |columns: &str| {
        let output = program(folder.path()).args(["read", "terms.md"]).env("COLUMNS", columns).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let table = shown("100");
    assert!(table.starts_with("Plum Terms\nterms.md · "), "{table}");
    assert!(table.contains("last updated 2024-03-03") && table.contains("provisions: "), "{table}");
    assert!(table.contains("1. Disputes"), "{table}");
    let severities = ["CRITICAL", "HIGH", "MEDIUM", "LOW"];
    let places: Vec<usize> = severities.iter().filter_map(|severity| table.find(&format!("\n{severity}\n"))).collect();
    assert!(!places.is_empty() && places.is_sorted(), "{table}");
    assert!(shown("60").lines().all(|line| line.chars().count() <= 60), "{}", shown("60"));
}

#[test]
fn the_change_is_shown_around_its_words() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("old.md"), OLD).unwrap();
    std::fs::write(folder.path().join("new.md"), OLD.replace("30 days", "7 days")).unwrap();
    let ran = run(folder.path(), &["diff", "old.md", "new.md"], b"");
    assert!(ran.out.lines().nth(1).is_some_and(|line| line.starts_with("Material: ")), "{}", ran.out);
    assert!(ran.out.contains("2. Changes") && ran.out.contains("[-30-]") && ran.out.contains("{+7+}"), "{}", ran.out);
    assert!(!ran.out.contains("Norland"), "what did not change is not shown: {}", ran.out);
}

#[test]
fn a_reader_who_is_told_the_kind_reads_that_document_of_several() {
    let folder = tempfile::tempdir().unwrap();
    let words = |of: &str| {
        format!("<p>What Plum has to say about {of} stands in these lines, and in no other place.</p>").repeat(20)
    };
    let section = |title: &str, of: &str| format!("<section><h2>{title}</h2>{}</section>", words(of));
    let page = format!(
        "<main><h1>Plum: legal</h1>{}{}</main>",
        section("Terms of Use", "rents"),
        section("Privacy Policy", "secrets")
    );
    std::fs::write(folder.path().join("legal.html"), page).unwrap();
    let markdown = |args: &[&str]| {
        let ran = run(folder.path(), &[&["read", "legal.html", "--json"], args].concat(), b"");
        assert_eq!(ran.status, Some(0), "{}", ran.err);
        let read: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        read["markdown"].as_str().unwrap().to_string()
    };
    let (terms, privacy) = (markdown(&["--kind", "Terms of Service"]), markdown(&["--kind", "privacy policy"]));
    assert!(terms.contains("rents") && !terms.contains("secrets"), "{terms}");
    assert!(privacy.contains("secrets") && !privacy.contains("rents"), "{privacy}");
    let whole = markdown(&[]);
    assert!(whole.contains("rents") && whole.contains("secrets"), "{whole}");
    // What a file or its folder is called says it too, unless another kind is told.
    std::fs::create_dir_all(folder.path().join("Plum/privacy-policy")).unwrap();
    for (path, told, expected) in [
        ("Plum/Privacy Policy.html", None, &privacy),
        ("Plum/privacy-policy/2024.html", None, &privacy),
        ("Plum/privacy-policy/terms_of_use.html", None, &terms),
        ("Plum/Privacy Policy.html", Some("Terms of Service"), &terms),
        ("Plum/terms.html", None, &whole),
    ] {
        std::fs::copy(folder.path().join("legal.html"), folder.path().join(path)).unwrap();
        let told = told.map_or_else(Vec::new, |kind| vec!["--kind", kind]);
        let ran = run(folder.path(), &[&["read", path, "--json"], &told[..]].concat(), b"");
        let read: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(read["markdown"].as_str(), Some(expected.as_str()), "{path}");
    }
    let wrong = run(folder.path(), &["read", "legal.html", "--kind", "Poem"], b"");
    assert_eq!(wrong.status, Some(2));
    assert!(wrong.err.contains("Poem") && wrong.err.contains("Trackers Policy"), "{}", wrong.err);
}
