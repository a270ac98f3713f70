//! What people see in a terminal: wrapped text, colours where they are wanted, progress bars where a person looks on.
use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};
use provisions::Severity;

/// Columns to fill.
pub const WIDTH: usize = 100;

/// Whether standard output wants colours (a terminal, and `NO_COLOR` is unset).
pub fn colours() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// A severity as a word in its colour.
pub fn severity(severity: Severity, colours: bool) -> String {
    let word = format!("{severity:<8}");
    let code = match severity {
        Severity::Critical => "1;35",
        Severity::High => "1;31",
        Severity::Medium => "33",
        Severity::Low => "36",
    };
    if colours { format!("\x1b[{code}m{word}\x1b[0m") } else { word }
}

/// Bold, where colours are wanted.
pub fn bold(text: &str, colours: bool) -> String {
    if colours { format!("\x1b[1m{text}\x1b[0m") } else { text.into() }
}

/// Wraps `text` at white space so that each line, after `indent` spaces, fits in [`WIDTH`] columns.
pub fn wrap(text: &str, indent: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last().map_or(0, |line| line.chars().count());
        if line > 0 && line + 1 + word.chars().count() > WIDTH - indent {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    let margin = " ".repeat(indent);
    lines.into_iter().map(|line| format!("{margin}{line}")).collect::<Vec<_>>().join("\n")
}

/// The first `most` characters of a text, on one line, with an ellipsis if there is more.
pub fn clip(text: &str, most: usize) -> String {
    let mut line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > most {
        line = line.chars().take(most.saturating_sub(1)).collect::<String>().trim_end().to_string() + "…";
    }
    line
}

/// A progress bar on standard error; hidden in a pipe.
pub fn progress(label: &'static str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0).with_message(label);
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.with_style(style)
}

/// The date of a time in milliseconds since 1970 UTC, `YYYY-MM-DD`.
pub fn day(ms: i64) -> String {
    archive::instant::format(ms)[..10].to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_and_clipped() {
        assert!(wrap(&"word ".repeat(80), 4).lines().all(|line| line.len() <= WIDTH && line.starts_with("    word")));
        assert_eq!(clip("one  two\nthree", 8), "one two…");
        assert_eq!(clip("né", 2), "né");
    }
}
