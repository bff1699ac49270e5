//! Plain tables: columns aligned by display width, no borders, no color.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};

use super::escape::escape;

/// Renders rows under a heading. Every line is indented by `indent` spaces and has no trailing spaces.
///
/// Cells are escaped here; callers pass raw text.
pub(super) fn table(
    heading: &[&str],
    rows: impl IntoIterator<Item = impl AsRef<[String]>>,
    indent: usize,
) -> String {
    render(heading, rows, indent, None)
}

/// Renders rows as [`table`] does, and wraps the column number `wrapped` so that lines are at most `width` columns long.
/// Without a width, and if the other columns are too wide, lines are longer.
pub(super) fn wrapped_table(
    heading: &[&str],
    rows: impl IntoIterator<Item = impl AsRef<[String]>>,
    indent: usize,
    wrapped: usize,
    width: Option<u16>,
) -> String {
    render(heading, rows, indent, width.map(|width| (wrapped, width)))
}

fn render(
    heading: &[&str],
    rows: impl IntoIterator<Item = impl AsRef<[String]>>,
    indent: usize,
    wrap: Option<(usize, u16)>,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if !heading.is_empty() {
        table.set_header(heading);
    }
    for row in rows {
        table.add_row(row.as_ref().iter().map(|cell| escape(cell)).collect::<Vec<_>>());
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, PADDING));
        if wrap.is_some_and(|(wrapped, _)| wrapped != index) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    if let Some((_, width)) = wrap {
        let indent = u16::try_from(indent).unwrap_or(u16::MAX);
        // The padding of the last column is not printed.
        table.set_width(width.saturating_sub(indent).saturating_add(PADDING));
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    let prefix = " ".repeat(indent);
    table.lines().map(|line| format!("{prefix}{}", line.trim_end())).collect::<Vec<_>>().join("\n")
}

/// The space between two columns.
const PADDING: u16 = 2;

/// Returns a cell for a value that may be missing.
pub(super) fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_column_wraps_at_the_width() {
        let rows =
            || [["20261124T030211".to_owned(), "a long name of a cluster".to_owned(), "done".to_owned()]];
        let heading = ["RUN", "TARGET", "RESULT"];
        let text = wrapped_table(&heading, rows(), 1, 1, Some(38));
        assert_eq!(
            text,
            " RUN              TARGET        RESULT\n 20261124T030211  a long name   done\n                  of a cluster"
        );
        let unlimited = wrapped_table(&heading, rows(), 1, 1, None);
        assert!(unlimited.ends_with("  a long name of a cluster  done"), "{unlimited}");
    }

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
