//! Tables as CSV (RFC 4180), which spreadsheets write and open.

/// A line of cells, without its end.
pub fn line<T: AsRef<str>>(cells: &[T]) -> String {
    cells.iter().map(|cell| quoted(cell.as_ref())).collect::<Vec<_>>().join(",")
}

/// A cell; one that a spreadsheet would take for a formula is set off with an apostrophe.
fn quoted(cell: &str) -> String {
    let safe = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_string() };
    if safe.contains([',', '"', '\n', '\r']) { format!("\"{}\"", safe.replace('"', "\"\"")) } else { safe }
}

/// The lines of a table, each as its cells, with the number of the line that it begins on. Empty lines are left out. A quotation mark that is
/// not closed reaches to the end. The apostrophe by which [`line`] sets off what looks like a formula is taken away again.
pub fn rows(text: &str) -> Vec<(usize, Vec<String>)> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut number, mut begun, mut quoted) = (1, 1, false);
    let mut chars = text.strip_prefix('\u{feff}').unwrap_or(text).chars().peekable();
    while let Some(c) = chars.next() {
        number += usize::from(c == '\n');
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => cell.extend(chars.next()),
            '"' if quoted || cell.is_empty() => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push((begun, std::mem::take(&mut row)));
                begun = number;
            }
            c => cell.push(c),
        }
    }
    row.push(cell);
    rows.push((begun, row));
    rows.retain(|(_, row)| row.iter().any(|cell| !cell.trim().is_empty()));
    for cell in rows.iter_mut().flat_map(|(_, row)| row) {
        if cell.starts_with('\'') && cell[1..].starts_with(['=', '+', '-', '@', '\t', '\r']) {
            cell.remove(0);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_formulas_set_off() {
        assert_eq!(line(&["a \"b\", c", "=HYPERLINK(1)", "plain"]), "\"a \"\"b\"\", c\",'=HYPERLINK(1),plain");
    }

    #[test]
    fn what_was_written_is_read() {
        let cells = ["a \"b\", c", "=HYPERLINK(1)", "two\nlines", "", "-x"];
        let text = format!("{}\r\n\r\n{}", line(&cells), line(&["last"]));
        let read = rows(&text);
        assert_eq!(read, [(1, cells.map(str::to_string).to_vec()), (4, vec!["last".to_string()])]);
        assert_eq!(rows("\u{feff}a;b\n"), [(1, vec!["a;b".to_string()])]);
        assert_eq!(rows("\"open, \n"), [(1, vec!["open, \n".to_string()])]);
    }
}
