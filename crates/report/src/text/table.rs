//! Tables without borders.

use super::page::Page;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};

/// How a column is aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Prints rows under a header, indented by two columns. Rows have as many cells as `columns`.
pub(super) fn print(page: &mut Page, columns: &[(&str, Align)], rows: Vec<Vec<String>>) {
    let mut table = Table::new();
    // Wraps what does not fit, which only very long names do.
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(page.width() as u16 - 2);
    let align = |text: &str, align: Align| {
        Cell::new(text).set_alignment(match align {
            Align::Left => CellAlignment::Left,
            Align::Right => CellAlignment::Right,
        })
    };
    if columns.iter().any(|(title, _)| !title.is_empty()) {
        table.set_header(
            columns
                .iter()
                .map(|(title, alignment)| align(title, *alignment)),
        );
    }
    for row in rows {
        let cells = row
            .iter()
            .zip(columns)
            .map(|(text, (_, alignment))| align(text, *alignment));
        table.add_row(cells.collect::<Vec<_>>());
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    for line in table.lines() {
        page.line(&format!("  {line}"));
    }
}
