//! The cells that a mail is drawn with, and their colours: mail programs know no style sheet.

use std::fmt::Write;

use super::super::units;

pub(super) const FONT: &str =
    "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
pub(super) const TEXT: &str = "#1b1f24";
pub(super) const SOFT: &str = "#626a73";
pub(super) const LINE: &str = "#dfe3e8";
pub(super) const HITS: &str = "#5b8fc7";
pub(super) const BAD: &str = "#c94a46";

/// The color of a class of status.
pub(super) fn color_of(class: &str) -> &'static str {
    match class {
        "2xx" => "#6aa786",
        "4xx" => "#dfa33c",
        "5xx" => BAD,
        _ => "#9fb0c3",
    }
}

/// Parts of `whole` beside one another, as cells.
pub(super) fn bar(parts: &[(u64, &str)], whole: u64) -> String {
    let mut out = String::from(
        "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\"><tr>",
    );
    let mut left = 100.0;
    for (part, color) in parts.iter().filter(|part| part.0 > 0) {
        let width = units::share(*part, whole).clamp(0.5, 100.0);
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

/// A cell of a number; with a line above it where `ruled`.
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
