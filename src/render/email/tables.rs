//! The tables of a mail. A bar is beside the name of a class, but below a key, so that the numbers of a key have
//! room on a phone.

use super::super::document::{Breakdown, ComparedTable, KeyList, Portion, head_of, titled};
use super::super::escape;
use super::cells::{BAD, HITS, LINE, SOFT, TEXT, bar, close, color_of, head, number, open, put};
use super::cells::{soft, title};
use crate::report::KeyColumn;

/// The parts of a whole.
pub(super) fn breakdown(group: &Breakdown, out: &mut String) {
    title(&group.title, "", out);
    open(out);
    group.parts.iter().for_each(|part| portion(part, out));
    close(out);
}

/// The keys of a dimension.
pub(super) fn keys(list: &KeyList, out: &mut String) {
    title(&list.title, &list.all, out);
    let names = list.columns.iter().map(|&column| head_of(column));
    let heads = names.map(|name| head(name, true));
    let heads = head("", false) + &heads.collect::<String>();
    open(out);
    put(out, format_args!("<tr>{heads}</tr>"));
    let cell = |column: KeyColumn, text: Option<&str>| {
        let color = match column {
            KeyColumn::Share | KeyColumn::Bytes => SOFT,
            KeyColumn::ClientErrors | KeyColumn::Errors if text.is_none() => SOFT,
            KeyColumn::ClientErrors | KeyColumn::Errors => BAD,
            _ => TEXT,
        };
        number(&escape::html(text.unwrap_or("")), color, true)
    };
    for row in &list.rows {
        let key = escape::html(&row.key);
        let bar = bar(&[(row.bar, HITS)]);
        let cells = list.columns.iter().zip(&row.cells);
        let cells = cells.map(|(&column, text)| cell(column, text.as_deref()));
        keyed(&format!("{key}{bar}"), &cells.collect::<String>(), out);
    }
    if let Some(other) = &list.other {
        let name = format!("<span style=\"color:{SOFT}\">{}</span>", other.name);
        let cells = list.columns.iter();
        let cells = cells.map(|&column| match other.cell(column) {
            None => number("", SOFT, true),
            text => cell(column, text),
        });
        keyed(&name, &cells.collect::<String>(), out);
    }
    close(out);
    list.errors.iter().for_each(|error| soft(error, out));
}

/// What changed since another time.
pub(super) fn compared(table: &ComparedTable, out: &mut String) {
    if !table.title.is_empty() {
        title(&titled(table.title), "", out);
    }
    open(out);
    let heads = [
        ("", false),
        ("Before", true),
        ("Now", true),
        ("5xx", true),
        ("Change", true),
    ];
    let heads = heads.map(|(name, right)| head(name, right)).concat();
    put(out, format_args!("<tr>{heads}</tr>"));
    for row in &table.rows {
        let errors = match (&row.errors_before, &row.errors) {
            (None, None) => number("", SOFT, true),
            (before, now) => {
                let shown = |count: &Option<String>| count.clone().unwrap_or("0".to_owned());
                number(
                    &format!("{} &#8594; {}", shown(before), shown(now)),
                    BAD,
                    true,
                )
            }
        };
        let cells = [
            number(&escape::html(&row.before), SOFT, true),
            number(&escape::html(&row.now), TEXT, true),
            errors,
            number(&row.change, TEXT, true),
        ];
        keyed(&escape::html(&row.name), &cells.concat(), out);
    }
    close(out);
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
