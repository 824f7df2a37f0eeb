//! Names in columns, as Python's `cmd` module sets them, which the list of commands keeps.

/// Sets `names` down the columns of as few rows as fit into `width` characters; two spaces between
/// columns, every column filled up to its width. The rows are returned.
pub(super) fn columns(names: &[&str], width: usize) -> Vec<String> {
    let mut rows = 1;
    while rows < names.len() && total_width(&widths(names, rows)) > width {
        rows += 1;
    }
    let widths = widths(names, rows);
    (0..rows)
        .map(|row| {
            let cells = names.iter().skip(row).step_by(rows).zip(&widths);
            let cells: Vec<String> = cells.map(|(name, &width)| format!("{name:<width$}")).collect();
            cells.join("  ")
        })
        .collect()
}

/// Width of each column when there are `rows` rows.
fn widths(names: &[&str], rows: usize) -> Vec<usize> {
    names.chunks(rows).map(|column| column.iter().map(|name| name.len()).max().unwrap_or(0)).collect()
}

/// Width of all columns and the gaps between them.
fn total_width(widths: &[usize]) -> usize {
    widths.iter().map(|width| width + 2).sum::<usize>().saturating_sub(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_run_down_the_columns_and_every_column_is_filled() {
        assert_eq!(columns(&["aa", "b", "cccc", "d", "e"], 8), ["aa    d", "b     e", "cccc"]);
    }

    #[test]
    fn all_fit_into_one_row_when_there_is_room() {
        assert_eq!(columns(&["a", "b"], 79), ["a  b"]);
    }

    #[test]
    fn a_narrow_width_sets_one_name_per_row() {
        assert_eq!(columns(&["aaaa", "bb"], 3), ["aaaa", "bb  "]);
    }
}
