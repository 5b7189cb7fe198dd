//! What a table on a terminal is drawn with: bars, a sparkline, and text that fits its column.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// `part` of `whole` as a bar of at most `width` columns, in eighths of a column.
pub(super) fn bar_of(part: u64, whole: u64, width: usize, ascii: bool) -> String {
    let eighths = (part as u128 * width as u128 * 8 / whole.max(1) as u128) as usize;
    let mut bar = if ascii {
        "#".repeat(eighths.div_ceil(8).min(width))
    } else {
        "█".repeat(eighths / 8)
    };
    if !ascii && !eighths.is_multiple_of(8) {
        bar.push(['▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8 - 1]);
    }
    let used = bar.width();
    bar + &" ".repeat(width.saturating_sub(used))
}

/// Numbers as a line of columns, at most `width` of them: neighbours are added up to fit.
pub(super) fn sparkline(numbers: &[u64], width: usize, ascii: bool) -> String {
    let per_column = numbers.len().div_ceil(width.max(1)).max(1);
    let columns: Vec<u64> = numbers
        .chunks(per_column)
        .map(|chunk| chunk.iter().sum())
        .collect();
    let most = columns.iter().copied().max().unwrap_or(0).max(1);
    let levels: Vec<char> = if ascii {
        " .:-=+*#".chars().collect()
    } else {
        " ▁▂▃▄▅▆▇█".chars().collect()
    };
    let top = (levels.len() - 1) as u64;
    // The lowest mark means some, the highest means most; only an empty column is blank.
    columns
        .iter()
        .map(|&n| levels[(u128::from(n) * u128::from(top)).div_ceil(u128::from(most)) as usize])
        .collect()
}

/// `text` in at most `width` columns, its end replaced by an ellipsis where it does not fit.
pub(super) fn cut(text: &str, width: usize, ascii: bool) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mark = if ascii { "..." } else { "…" };
    let mut kept = String::new();
    let mut used = mark.width();
    for c in text.chars() {
        let columns = UnicodeWidthChar::width(c).unwrap_or(0);
        if used + columns > width {
            break;
        }
        used += columns;
        kept.push(c);
    }
    kept + mark
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_grow_in_eighths_and_keep_their_width() {
        assert_eq!(bar_of(8, 8, 4, false), "████");
        assert_eq!(bar_of(1, 32, 4, false), "▏   ");
        assert_eq!(bar_of(0, 8, 4, false), "    ");
        assert_eq!(bar_of(1, 1000, 4, true), "    ");
        assert_eq!(bar_of(4, 8, 4, true), "##  ");
        assert_eq!(bar_of(1, 0, 2, true), "##");
    }

    #[test]
    fn sparklines_fit_and_show_every_second_with_hits() {
        assert_eq!(sparkline(&[0, 1, 100, 50], 10, false), " ▁█▄");
        assert_eq!(sparkline(&[0, 0], 10, false), "  ");
        assert_eq!(sparkline(&[1; 120], 40, true).len(), 40);
        assert_eq!(sparkline(&[1; 120], 0, true).len(), 1);
    }

    #[test]
    fn text_is_cut_by_columns_not_bytes() {
        assert_eq!(cut("/abcdef", 5, false), "/abc…");
        assert_eq!(cut("/日本語", 4, false), "/日…");
        assert_eq!(cut("/abc", 4, false), "/abc");
        assert_eq!(cut("/abcdef", 5, true), "/a...");
    }
}
