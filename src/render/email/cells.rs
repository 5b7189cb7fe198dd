//! The cells that a mail is drawn with, and their colours, since mail programs ignore style sheets.

use std::fmt::Write;

pub(super) const FONT: &str =
    "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
pub(super) const TEXT: &str = "#1b1f24";
pub(super) const SOFT: &str = "#626a73";
pub(super) const LINE: &str = "#dfe3e8";
pub(super) const HITS: &str = "#5b8fc7";
pub(super) const BAD: &str = "#c94a46";

/// The colour of a class of status.
pub(super) fn color_of(class: &str) -> &'static str {
    match class {
        "2xx" => "#6aa786",
        "4xx" => "#dfa33c",
        "5xx" => BAD,
        _ => "#9fb0c3",
    }
}

/// Appends a line.
pub(super) fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a string takes every write");
    out.push('\n');
}

/// The title of a section, and a note beside it.
pub(super) fn title(title: &str, about: &str, out: &mut String) {
    put(
        out,
        format_args!(
            "<div style=\"margin:26px 0 6px;font-size:15px;font-weight:bold\">{title} \
             <span style=\"color:{SOFT};font-size:13px;font-weight:normal\">{about}</span></div>"
        ),
    );
}

/// A paragraph in a soft colour; `html` is HTML.
pub(super) fn soft(html: &str, out: &mut String) {
    put(
        out,
        format_args!("<div style=\"color:{SOFT}\">{html}</div>"),
    );
}

/// A line of the log; `html` is HTML.
pub(super) fn code(html: &str, out: &mut String) {
    put(
        out,
        format_args!(
            "<div style=\"margin:2px 0 8px;font-family:Menlo,Consolas,monospace;font-size:12px;word-break:break-all\">{html}</div>"
        ),
    );
}

/// Begins a table.
pub(super) fn open(out: &mut String) {
    put(
        out,
        format_args!(
            "<table width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"border-collapse:collapse;font-size:13px;{FONT}\">"
        ),
    );
}

/// Ends a table.
pub(super) fn close(out: &mut String) {
    put(out, format_args!("</table>"));
}

/// Parts side by side, as cells; each has its width in percent and its colour.
pub(super) fn bar(parts: &[(f64, &str)]) -> String {
    let mut out = String::from(
        "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\"><tr>",
    );
    let mut left = 100.0;
    for (part, color) in parts.iter().filter(|part| part.0 > 0.0) {
        let width = part.clamp(0.5, 100.0);
        left -= width;
        write!(
            out,
            "<td width=\"{width:.1}%\" height=\"9\" bgcolor=\"{color}\" style=\"font-size:1px;line-height:9px\">&nbsp;</td>"
        )
        .expect("a string takes every write");
    }
    if left > 0.5 {
        out.push_str("<td style=\"font-size:1px;line-height:9px\">&nbsp;</td>");
    }
    out.push_str("</tr></table>");
    out
}

pub(super) fn head(name: &str, right: bool) -> String {
    let (align, padding) = if right {
        ("right", "0 0 2px 8px")
    } else {
        ("left", "0 8px 2px 0")
    };
    format!(
        "<th align=\"{align}\" style=\"padding:{padding};font-size:12px;font-weight:normal;color:{SOFT}\">{name}</th>"
    )
}

/// A cell with a number, with a line above it if `ruled`.
pub(super) fn number(text: &str, color: &str, ruled: bool) -> String {
    let rule = if ruled {
        format!(";border-top:1px solid {LINE}")
    } else {
        String::new()
    };
    let pad = if ruled { 4 } else { 1 };
    format!(
        "<td align=\"right\" valign=\"top\" style=\"padding:{pad}px 0 {pad}px 8px;white-space:nowrap;color:{color}{rule}\">{text}</td>"
    )
}
