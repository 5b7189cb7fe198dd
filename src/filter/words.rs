//! The words of expressions: the operators, and how far a name goes.

use crate::format::named::FIELD;
use crate::stats::dimension;

/// Operators, the longer before those that they begin with.
pub(super) const OPERATORS: [&str; 10] = ["!=", "^=", "$=", "*=", "<=", ">=", "=", "~", "<", ">"];

/// The name of a dimension or a quantity that a text begins with, as far as it can be one.
pub(super) fn name(text: &str) -> &str {
    // A parameter is behind a colon, and the second of a pair behind a slash. A field has the name that its writer gave it,
    // `cs(Referer)`.
    let mut open = 0;
    let mut ends = |(at, c): (usize, char)| {
        let of_field = || text[..at].contains(FIELD);
        match c {
            '(' if of_field() => open += 1,
            ')' if open > 0 => open -= 1,
            '@' | '$' | '%' | '{' | '}' if of_field() => {}
            c => return !c.is_ascii_alphanumeric() && !"-_:/.".contains(c),
        }
        false
    };
    let end = text.char_indices().find(|&place| ends(place));
    &text[..end.map_or(text.len(), |(at, _)| at)]
}

/// Whether this is the name of something that can be compared.
pub(super) fn is_name(name: &str) -> bool {
    dimension::named(name).is_some() || matches!(name, "bytes" | "duration")
}

/// Whether a text begins with a comparison.
pub(super) fn is_comparison(text: &str) -> bool {
    let name = name(text);
    let rest = text[name.len()..].trim_start();
    is_name(name) && OPERATORS.iter().any(|operator| rest.starts_with(operator))
}
