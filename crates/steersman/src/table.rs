//! Tables for people: columns without borders, as kubectl prints them.

use std::io::{self, Write};

use comfy_table::{CellAlignment, ContentArrangement, presets};

/// Spaces between two columns.
const GAP: u16 = 3;

/// A table that is filled row by row and then written.
pub(crate) struct Table {
    inner: comfy_table::Table,
}

impl Table {
    /// An empty table with these column titles.
    pub(crate) fn new<T: ToString>(titles: impl IntoIterator<Item = T>) -> Table {
        let mut inner = comfy_table::Table::new();
        inner.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        inner.set_header(titles.into_iter().map(|title| title.to_string()).collect::<Vec<_>>());
        inner.column_iter_mut().for_each(|column| {
            column.set_padding((0, GAP));
        });
        Table { inner }
    }

    /// Aligns these columns, counted from 0, to the right: figures.
    pub(crate) fn right(mut self, columns: impl IntoIterator<Item = usize>) -> Table {
        for i in columns {
            if let Some(column) = self.inner.column_mut(i) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        self
    }

    /// Adds a row with one cell per column.
    pub(crate) fn row<T: ToString>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.inner.add_row(cells.into_iter().map(|cell| cell.to_string()).collect::<Vec<_>>());
    }

    /// Writes the table, each line after `indent`, without spaces at the ends of lines.
    pub(crate) fn write(&self, out: &mut dyn Write, indent: &str) -> io::Result<()> {
        for line in self.inner.lines() {
            writeln!(out, "{}", format!("{indent}{line}").trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_lines_end_where_their_text_ends() {
        let mut table = Table::new(["NAME", "CPU", "NODE"]).right([1]);
        table.row(["web-1", "2", "worker-1"]);
        table.row(["b", "500m", ""]);
        let mut text = Vec::new();
        table.write(&mut text, "  ").expect("a vector takes everything");
        let text = String::from_utf8(text).expect("text");
        assert_eq!(text, "  NAME     CPU   NODE\n  web-1      2   worker-1\n  b       500m\n");
    }
}
