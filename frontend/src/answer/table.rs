//! Aligned text.

/// Rows under headings, in columns as wide as they need to be.
pub(super) fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let headings = headings.map(str::to_owned);
    let lines = || std::iter::once(&headings).chain(rows);
    let width = |column: usize| lines().map(|line| line[column].chars().count()).max();
    let widths: [usize; N] = std::array::from_fn(|column| width(column).unwrap_or_default());
    let mut text = String::new();
    for line in lines() {
        let cells = line.iter().zip(widths);
        let cells: Vec<String> = cells.map(|(cell, width)| padded(cell, width)).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// A cell with spaces behind it. A width in a format string panics above 65,535.
fn padded(cell: &str, width: usize) -> String {
    let missing = width.saturating_sub(cell.chars().count());
    format!("{cell}{}", " ".repeat(missing))
}

/// The same, with an empty line behind it; nothing without rows.
pub(super) fn section<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    format!("{}\n", table(headings, rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_may_be_of_any_length() {
        let long = "é".repeat(70_000);
        let rows = [
            [&long, "a"].map(str::to_owned),
            ["x", "b"].map(str::to_owned),
        ];
        let table = table(["ONE", "TWO"], &rows);
        let lines: Vec<&str> = table.lines().collect();
        let gap = " ".repeat(70_000 - 1);
        assert_eq!(lines[1..], [format!("{long}  a"), format!("x{gap}  b")]);
    }
}
