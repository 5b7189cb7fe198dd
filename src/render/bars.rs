//! The parts of a table on a terminal: bars, a sparkline, and text cut to its column.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Appends `part` of `whole` as a bar in eighths of a column, padded to `width` columns.
pub(super) fn push_bar(part: u64, whole: u64, width: usize, ascii: bool, out: &mut Vec<u8>) {
    let eighths = (part as u128 * width as u128 * 8 / whole.max(1) as u128) as usize;
    let used = eighths.div_ceil(8);
    if ascii {
        out.resize(out.len() + used.min(width), b'#');
    } else {
        (0..eighths / 8).for_each(|_| out.extend_from_slice("█".as_bytes()));
        if !eighths.is_multiple_of(8) {
            let part = ["▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8 - 1];
            out.extend_from_slice(part.as_bytes());
        }
    }
    out.resize(out.len() + width.saturating_sub(used), b' ');
}

/// Appends numbers as a line of at most `width` columns; neighbours are added up to fit.
pub(super) fn push_sparkline(numbers: &[u64], width: usize, ascii: bool, out: &mut Vec<u8>) {
    const BLOCKS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    const ASCII: [&str; 8] = [" ", ".", ":", "-", "=", "+", "*", "#"];
    let levels: &[&str] = if ascii { &ASCII } else { &BLOCKS };
    let per_column = numbers.len().div_ceil(width.max(1)).max(1);
    let columns = || numbers.chunks(per_column).map(|chunk| chunk.iter().sum());
    let most: u64 = columns().max().unwrap_or(0).max(1);
    let top = levels.len() as u64 - 1;
    // The lowest mark means some and the highest means most; only an empty column is blank.
    for n in columns() {
        // No second has enough hits for this to overflow.
        let level = (n * top).div_ceil(most);
        out.extend_from_slice(levels[level as usize].as_bytes());
    }
}

/// `text` in at most `width` columns; if it does not fit, it ends with an ellipsis.
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

    fn bar(part: u64, whole: u64, width: usize, ascii: bool) -> String {
        let mut out = Vec::new();
        push_bar(part, whole, width, ascii, &mut out);
        String::from_utf8(out).expect("bars are UTF-8")
    }

    fn sparkline(numbers: &[u64], width: usize, ascii: bool) -> String {
        let mut out = Vec::new();
        push_sparkline(numbers, width, ascii, &mut out);
        String::from_utf8(out).expect("sparklines are UTF-8")
    }

    #[test]
    fn bars_grow_in_eighths_and_keep_their_width() {
        assert_eq!(bar(8, 8, 4, false), "████");
        assert_eq!(bar(1, 32, 4, false), "▏   ");
        assert_eq!(bar(0, 8, 4, false), "    ");
        assert_eq!(bar(1, 1000, 4, true), "    ");
        assert_eq!(bar(4, 8, 4, true), "##  ");
        assert_eq!(bar(1, 0, 2, true), "##");
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
