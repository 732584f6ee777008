//! Rows for people: a drawn table on a terminal, aligned plain text everywhere else.

use std::io::{self, IsTerminal, Write};

use comfy_table::{ContentArrangement, presets};

/// What a terminal has that is narrower than can be (some say that they have no columns at all).
const USUAL: u16 = 100;

/// Rows under a heading.
#[derive(Debug)]
pub struct Table {
    heading: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns and no rows.
    pub fn new(heading: &[&'static str]) -> Self {
        Self { heading: heading.to_vec(), rows: Vec::new() }
    }

    /// Adds a row, with a cell for each column.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Prints it to standard output.
    ///
    /// # Errors
    /// If nobody takes it.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        if io::stdout().is_terminal() {
            writeln!(out, "{}", self.drawn())
        } else {
            self.aligned(out)
        }
    }

    fn drawn(&self) -> comfy_table::Table {
        let mut table = comfy_table::Table::new();
        table
            .load_style(presets::UTF8_FULL_CONDENSED)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_header(&self.heading)
            .add_rows(&self.rows);
        if table.width().is_some_and(|width| width < 20) {
            table.set_width(USUAL);
        }
        table
    }

    /// Columns as wide as their widest cell, two spaces apart; nothing is cut off.
    fn aligned(&self, out: &mut impl Write) -> io::Result<()> {
        let heading = self.heading.iter().map(|cell| (*cell).to_owned()).collect();
        let rows: Vec<&Vec<String>> = std::iter::once(&heading).chain(&self.rows).collect();
        let width = |column: usize| {
            rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..self.heading.len()).map(width).collect();
        for row in &rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(cell);
                let missing = width - cell.chars().count();
                line.extend(std::iter::repeat_n(' ', missing + 2));
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_columns_line_up() {
        let mut table = Table::new(&["name", "version", "what"]);
        table.row(["é", "1.0.10", ""].map(str::to_owned));
        table.row(["nodejs-8_x", "2", "A tool"].map(str::to_owned));
        let mut out = Vec::new();
        table.aligned(&mut out).expect("memory");
        let wanted = "name        version  what\né           1.0.10\nnodejs-8_x  2        A tool\n";
        assert_eq!(String::from_utf8(out).expect("text"), wanted);
    }
}
