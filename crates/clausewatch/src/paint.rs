//! What people see in a terminal: wrapped text, colours where they are wanted, progress bars where a person looks on.
use std::io::IsTerminal;

pub use archive::instant::day;
use indicatif::{ProgressBar, ProgressStyle};
use provisions::Severity;

/// Columns to fill where no terminal says otherwise, and at most: longer lines are hard to read.
const WIDTH: usize = 100;

/// Columns to fill: those of the terminal, within reason.
pub fn width() -> usize {
    let seen = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let told = || std::env::var("COLUMNS").ok()?.parse().ok();
    seen.or_else(told).unwrap_or(WIDTH).clamp(40, WIDTH)
}

/// Whether standard output wants colours (a terminal, and `NO_COLOR` is unset).
pub fn colours() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// A severity as a word in its colour.
pub fn severity(severity: Severity, colours: bool) -> String {
    shaded(severity, &format!("{severity:<8}"), colours)
}

/// Words in the colour of a severity.
pub fn shaded(severity: Severity, words: &str, colours: bool) -> String {
    let code = match severity {
        Severity::Critical => "1;35",
        Severity::High => "1;31",
        Severity::Medium => "33",
        Severity::Low => "36",
    };
    if colours { format!("\x1b[{code}m{words}\x1b[0m") } else { words.into() }
}

/// Bold, where colours are wanted.
pub fn bold(text: &str, colours: bool) -> String {
    if colours { format!("\x1b[1m{text}\x1b[0m") } else { text.into() }
}

/// Faint, where colours are wanted.
pub fn faint(text: &str, colours: bool) -> String {
    if colours { format!("\x1b[2m{text}\x1b[0m") } else { text.into() }
}

/// Wraps `text` at white space so that each line, after `indent` spaces, fits in [`width`] columns. A word that is longer than a line
/// (and text in scripts without spaces) is broken between characters. Codes of colours take no column.
pub fn wrap(text: &str, indent: usize) -> String {
    wrapped(text, indent, width())
}

fn wrapped(text: &str, indent: usize, width: usize) -> String {
    let room = width.saturating_sub(indent).max(10);
    let (mut lines, mut used) = (vec![String::new()], 0);
    for word in text.split_whitespace() {
        let mut columns = columns(word);
        if used > 0 && used + 1 + columns > room {
            lines.push(String::new());
            used = 0;
        }
        let Some(mut line) = lines.last_mut() else { break };
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        if columns <= room {
            line.push_str(word);
            used += columns;
            continue;
        }
        for c in word.chars() {
            columns = columns_of(c);
            if used + columns > room {
                lines.push(String::new());
                used = 0;
            }
            let Some(last) = lines.last_mut() else { break };
            line = last;
            line.push(c);
            used += columns;
        }
    }
    let margin = " ".repeat(indent);
    lines.into_iter().map(|line| format!("{margin}{line}")).collect::<Vec<_>>().join("\n")
}

/// Columns that a text takes up, codes of colours not counted.
pub fn columns(text: &str) -> usize {
    let mut code = false;
    let mut columns = 0;
    for c in text.chars() {
        if code {
            code = c != 'm';
        } else if c == '\x1b' {
            code = true;
        } else {
            columns += columns_of(c);
        }
    }
    columns
}

/// East Asian characters are two columns wide.
fn columns_of(c: char) -> usize {
    let wide = matches!(c as u32, 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0x1f300..=0x1faff | 0x20000..=0x3fffd);
    if wide { 2 } else { 1 }
}

/// The first words of a text, at most `most` characters on one line, with an ellipsis if there is more. No word is cut, unless one alone is
/// too long.
pub fn clip(text: &str, most: usize) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= most {
        return line;
    }
    let cut: String = line.chars().take(most.saturating_sub(1)).collect();
    let whole_words = cut.rfind(' ').filter(|at| cut[..*at].chars().count() * 2 > most);
    let kept = whole_words.map_or(cut.as_str(), |at| &cut[..at]);
    format!("{}…", kept.trim_end_matches([' ', ',', ';', ':', '—', '–', '-']))
}

/// A text as it may be shown in a terminal, in one line: control characters, which could move the cursor or colour what follows, are left
/// out, and breaks of lines are spaces.
pub fn plain(text: &str) -> String {
    let shown = |c: char| match (c.is_control(), c.is_whitespace()) {
        (false, _) => Some(c),
        (true, true) => Some(' '),
        (true, false) => None,
    };
    text.chars().filter_map(shown).collect()
}

/// [`plain`] for each line of a text.
pub fn plain_lines(text: &str) -> String {
    text.split('\n').map(plain).collect::<Vec<_>>().join("\n")
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

/// "1 clause", "3 clauses".
pub fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_within_the_width() {
        let fits = |text: &str, width: usize| wrapped(text, 4, width).lines().all(|line| columns(line) <= width);
        assert!(fits(&"word ".repeat(80), 60) && fits(&"長い文章".repeat(40), 60) && fits(&"x".repeat(300), 60));
        assert_eq!(wrapped("one two three", 2, 12), "  one two\n  three");
        assert_eq!(wrapped("\x1b[31mone\x1b[0m two three", 2, 12), "  \x1b[31mone\x1b[0m two\n  three");
    }

    #[test]
    fn nothing_controls_the_terminal() {
        assert_eq!(plain("\x1b[2Jone\u{9b}1m\ttwo\nthree\x07"), "[2Jone1m two three");
        assert_eq!(plain_lines("one\r\n\x1btwo"), "one \ntwo");
    }

    #[test]
    fn no_word_is_cut() {
        assert_eq!(clip("one  two\nthree", 12), "one two…");
        assert_eq!(clip("one, two, three", 10), "one, two…");
        assert_eq!(clip("né", 2), "né");
        assert_eq!(clip(&"x".repeat(50), 10), format!("{}…", "x".repeat(9)));
    }
}
