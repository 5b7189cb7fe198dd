//! The tables of a mail. A bar is beside the name of a class, but below a key, so that the numbers of a key have
//! room on a phone.

use super::super::document::{Breakdown, KeyList, Portion};
use super::super::escape;
use super::cells::{BAD, HITS, LINE, SOFT, TEXT, bar, close, color_of, head, number, open, put};
use super::cells::{soft, title};

/// The parts of a whole.
pub(super) fn breakdown(group: &Breakdown, out: &mut String) {
    title(&group.title, "", out);
    open(out);
    group.parts.iter().for_each(|part| portion(part, out));
    close(out);
}

/// The keys of a dimension.
pub(super) fn keys(list: &KeyList, timed: bool, out: &mut String) {
    title(&list.title, &list.all, out);
    let names = ["", "Hits", "Share", "5xx", "p95", "Bytes"];
    let names = names.iter().filter(|&&name| name != "p95" || timed);
    let heads: Vec<String> = names.map(|name| head(name, !name.is_empty())).collect();
    open(out);
    put(out, format_args!("<tr>{}</tr>", heads.concat()));
    for row in &list.rows {
        let key = escape::html(&row.key);
        let bar = bar(&[(row.bar, HITS)]);
        let mut cells = vec![
            number(&row.hits, TEXT, true),
            number(&escape::html(&row.percent), SOFT, true),
            match &row.errors {
                None => number("", SOFT, true),
                Some(failed) => number(failed, BAD, true),
            },
        ];
        if timed {
            cells.push(number(row.p95.as_deref().unwrap_or(""), TEXT, true));
        }
        cells.push(number(&row.bytes, SOFT, true));
        keyed(&format!("{key}{bar}"), &cells.concat(), out);
    }
    if let Some(other) = &list.other {
        let name = format!("<span style=\"color:{SOFT}\">{}</span>", other.name);
        let mut cells = vec![
            number(&other.hits, TEXT, true),
            number(&escape::html(&other.percent), SOFT, true),
        ];
        cells.resize(heads.len() - 1, number("", SOFT, true));
        keyed(&name, &cells.concat(), out);
    }
    close(out);
    list.errors.iter().for_each(|error| soft(error, out));
}

/// A key with its bar below it (both as HTML), and the cells of its numbers.
fn keyed(key: &str, numbers: &str, out: &mut String) {
    put(
        out,
        format_args!(
            "<tr><td width=\"100%\" valign=\"top\" style=\"padding:4px 8px 4px 0;border-top:1px solid {LINE};word-break:break-word\">{key}</td>{numbers}</tr>"
        ),
    );
}

/// A part of a whole, with a bar.
fn portion(part: &Portion, out: &mut String) {
    let bar = bar(&[(part.share, color_of(part.name))]);
    put(
        out,
        format_args!(
            "<tr><td width=\"50%\" valign=\"top\" style=\"padding:4px 8px 4px 0;border-top:1px solid {LINE}\">{}</td>\
             <td width=\"30%\" valign=\"top\" style=\"padding:9px 0 0;border-top:1px solid {LINE}\">{bar}</td>{}{}</tr>",
            part.name,
            number(&part.hits, TEXT, true),
            number(&escape::html(&part.percent), SOFT, true),
        ),
    );
}
