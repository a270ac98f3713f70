//! Tables as CSV (RFC 4180), which spreadsheets open.
use axum::http::header;
use axum::response::{IntoResponse, Response};

/// A line of cells, without its end.
pub fn line<T: AsRef<str>>(cells: &[T]) -> String {
    cells.iter().map(|cell| quoted(cell.as_ref())).collect::<Vec<_>>().join(",")
}

/// A cell; one that a spreadsheet would take for a formula is set off with an apostrophe.
fn quoted(cell: &str) -> String {
    let safe = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_string() };
    if safe.contains([',', '"', '\n', '\r']) { format!("\"{}\"", safe.replace('"', "\"\"")) } else { safe }
}

/// An answer that browsers save as `name`.csv. `name` is ours or an ID, never somebody else's words.
pub(crate) fn answer(name: &str, head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Response {
    let mut text = line(head);
    rows.for_each(|row| {
        text.push_str("\r\n");
        text.push_str(&line(&row));
    });
    text.push_str("\r\n");
    let disposition = format!("attachment; filename=\"{name}.csv\"");
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_string()), (header::CONTENT_DISPOSITION, disposition)];
    (headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_formulas_set_off() {
        assert_eq!(line(&["a \"b\", c", "=HYPERLINK(1)", "plain"]), "\"a \"\"b\"\", c\",'=HYPERLINK(1),plain");
    }
}
