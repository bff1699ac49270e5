//! Tables: columns aligned, wide characters counted as they are drawn, no borders and no colour.

use comfy_table::{Table, presets};

use super::escape::escape;

/// Draws rows under a heading, every line indented by `indent` spaces and without trailing blanks.
///
/// Cells are made safe here, so callers pass text as it came.
pub(super) fn table(heading: &[&str], rows: &[Vec<String>], indent: usize) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if !heading.is_empty() {
        table.set_header(heading);
    }
    for row in rows {
        table.add_row(row.iter().map(|cell| escape(cell)).collect::<Vec<_>>());
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let blanks = " ".repeat(indent);
    table.lines().map(|line| format!("{blanks}{}", line.trim_end())).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_keep_columns_aligned_and_hostile_text_stays_in_its_cell() {
        let rows = [["주문", "1"], ["orders-prod", "2"], ["a\u{1b}[2J\nb", "3"]];
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect();
        assert_eq!(
            table(&["NAME", "NO"], &rows, 2),
            "  NAME              NO\n  주문              1\n  orders-prod       2\n  a\\u{1b}[2J\\u{a}b  3"
        );
    }
}
