//! Rows of text under headings: how listings are printed.

use std::fmt::Write as _;

/// Rows under headings, in columns as wide as they need to be; an empty column is left out.
pub fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        match cells.max().unwrap_or(0) {
            0 => 0,
            widest => widest.max(headings[column].len()),
        }
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    let mut table = String::new();
    for row in [headings.map(str::to_owned)].iter().chain(rows) {
        let shown = row.iter().zip(&widths).filter(|(_, width)| **width > 0);
        let line: Vec<String> = shown.map(|(cell, width)| padded(cell, *width)).collect();
        _ = writeln!(table, "{}", line.join("  ").trim_end());
    }
    table
}

/// A cell with spaces behind it. A width in a format string panics above 65,535.
fn padded(cell: &str, width: usize) -> String {
    let missing = width.saturating_sub(cell.chars().count());
    format!("{cell}{}", " ".repeat(missing))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_may_be_of_any_length() {
        let long = "é".repeat(70_000);
        let rows = [
            ["a", &long, "", "c"].map(str::to_owned),
            ["b", "x", "", "d"].map(str::to_owned),
        ];
        let table = table(["ONE", "TWO", "THREE", "FOUR"], &rows);
        let lines: Vec<&str> = table.lines().collect();
        let gap = " ".repeat(70_000 - 1);
        assert_eq!(lines[1], format!("a    {long}  c"));
        assert_eq!(lines[2], format!("b    x{gap}  d"));
    }
}
