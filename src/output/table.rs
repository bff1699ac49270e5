//! Plain tables: columns aligned by display width, no borders, no color.

use comfy_table::{Table, presets};

use super::escape::escape;

/// Renders rows under a heading. Every line is indented by `indent` spaces and has no trailing spaces.
///
/// Cells are escaped here; callers pass raw text.
pub(super) fn table(
    heading: &[&str],
    rows: impl IntoIterator<Item = impl AsRef<[String]>>,
    indent: usize,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if !heading.is_empty() {
        table.set_header(heading);
    }
    for row in rows {
        table.add_row(row.as_ref().iter().map(|cell| escape(cell)).collect::<Vec<_>>());
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let prefix = " ".repeat(indent);
    table.lines().map(|line| format!("{prefix}{}", line.trim_end())).collect::<Vec<_>>().join("\n")
}

/// Returns a cell for a value that may be missing.
pub(super) fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_align_and_hostile_text_is_escaped() {
        let rows = [["주문", "1"], ["orders-prod", "2"], ["a\u{1b}[2J\nb", "3"]];
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect();
        assert_eq!(
            table(&["NAME", "NO"], &rows, 2),
            "  NAME              NO\n  주문              1\n  orders-prod       2\n  a\\u{1b}[2J\\u{a}b  3"
        );
    }
}
