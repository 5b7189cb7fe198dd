//! What people write who know another language, or who forget how keys are written; and what is meant by it here.

use super::words::{is_comparison, is_name};

/// What other languages join comparisons with, and the word for it here.
const JOINING: [(&str, &str); 6] = [
    ("&&", "and"),
    ("||", "or"),
    ("&", "and"),
    (",", "and"),
    (";", "and"),
    ("|", "or"),
];

/// Two signs that are one operator elsewhere: what is read of it as an operator, the rest, and the operator here.
const DOUBLE: [(&str, &str, &str); 6] = [
    ("=", "=", "="),
    ("=", "~", "~"),
    ("=", ">", ">="),
    ("=", "<", "<="),
    ("<", ">", "!="),
    ("!=", "=", "!="),
];

/// Words that are operators elsewhere, and what they are here.
const WORDS: [(&str, &str); 9] = [
    ("contains", "*="),
    ("has", "*="),
    ("like", "~"),
    ("matches", "~"),
    ("startswith", "^="),
    ("endswith", "$="),
    ("is", "="),
    ("equals", "="),
    ("eq", "="),
];

/// The dimensions whose keys are written in capitals.
const CAPITALS: [&str; 3] = ["method", "protocol", "country"];

/// The dimensions whose keys may be URLs with a query, which looks like comparisons that are joined by '&'.
const URLS: [&str; 3] = ["referrer", "agent", "query"];

/// The dimensions whose keys have no comma and no bar in them.
const PLAIN: [&str; 7] = [
    "status", "method", "protocol", "client", "network", "hour", "weekday",
];

/// The dimensions whose keys are paths.
const PATHS: [&str; 7] = [
    "section",
    "path",
    "not-found",
    "failing",
    "endpoint",
    "page",
    "static",
];

/// What is wrong with a text where the expression should go on or end, if it is a sign that joins comparisons elsewhere.
pub(super) fn joined(text: &str) -> Option<String> {
    joining(text).map(|(sign, word)| join(sign, word))
}

/// What is wrong with a text where a comparison is expected and none begins.
pub(super) fn begun(text: &str) -> Option<String> {
    text.starts_with('!')
        .then(|| "'!' is the word 'not': not status=404".to_owned())
}

/// What is wrong with a name that is none, if it was meant with its value: `status:404`.
pub(super) fn named(name: &str) -> Option<String> {
    let (known, value) = name.split_once(':').filter(|(known, _)| is_name(known))?;
    Some(format!(
        "':' is not an operator: write '=': {known}={value}"
    ))
}

/// What is wrong with a text after a name where an operator is expected: `status in (404, 410)`.
pub(super) fn operated(name: &str, text: &str) -> Option<String> {
    let word = text.split(|c: char| !c.is_alphabetic()).next()?;
    let lower = word.to_lowercase();
    if lower == "in" {
        return Some(one_each(name, "="));
    }
    let (_, operator) = WORDS.iter().find(|(word, _)| *word == lower)?;
    Some(format!("'{word}' is not an operator: write '{operator}'"))
}

/// What is wrong with a value of a dimension that is not in quotes, and where in it.
pub(super) fn slip(dimension: &str, operator: &str, value: &str) -> Option<(usize, String)> {
    let double = DOUBLE
        .iter()
        .find(|(first, rest, _)| *first == operator && value.starts_with(rest));
    if let Some((first, rest, single)) = double {
        let why = format!(
            "'{first}{rest}' is not an operator: write '{single}' (or the value in quotes)"
        );
        return Some((0, why));
    }
    let mut signs = value.match_indices(['&', '|', ',', ';']).map(|(at, _)| at);
    let joined = signs.find_map(|at| {
        let (sign, word) = joining(&value[at..])?;
        let rest = value[at + sign.len()..].trim_start();
        // With nothing behind it, what is meant comes in the next word.
        (rest.is_empty() || is_comparison(rest)).then(|| (at, join(sign, word)))
    });
    if PLAIN.contains(&dimension)
        && let Some(at) = value.find([',', '|'])
        && joined.is_none()
    {
        return Some((at, one_each(dimension, operator)));
    }
    let ends = |at: usize| at + 1 == value.len() && !PLAIN.contains(&dimension);
    if let Some((at, why)) = joined
        && !URLS.contains(&dimension)
        && !ends(at)
    {
        return Some((at, why));
    }
    let capitals = value.to_ascii_uppercase();
    let small =
        matches!(operator, "=" | "!=") && CAPITALS.contains(&dimension) && value != capitals;
    small.then(|| {
        let why = format!(
            "this is in capitals in a log: {dimension}{operator}{capitals} (or the value in quotes)"
        );
        (0, why)
    })
}

/// What may be wrong with the value of a comparison that no record matched.
pub(super) fn unmatched(dimension: &str, begins: bool, value: &str) -> Option<String> {
    let operator = if begins { "^=" } else { "=" };
    if value.contains('*') {
        return Some(format!(
            "'{operator}' takes '*' as it is: {dimension}~{value}"
        ));
    }
    if PATHS.contains(&dimension) && value.starts_with(|c: char| c.is_alphanumeric()) {
        return Some(format!(
            "a {dimension} begins with '/': {dimension}{operator}/{value}"
        ));
    }
    if dimension == "host" && !value.contains(':') {
        return Some(format!("a host may be logged with its port: host^={value}"));
    }
    let extension = value.strip_prefix('.').filter(|_| dimension == "extension");
    extension.map(|bare| format!("an extension is without its dot: extension={bare}"))
}

/// The sign that a text begins with, if comparisons are joined by it elsewhere.
fn joining(text: &str) -> Option<(&'static str, &'static str)> {
    JOINING.into_iter().find(|(sign, _)| text.starts_with(sign))
}

fn join(sign: &str, word: &str) -> String {
    format!(
        "comparisons are joined by '{word}', not by '{sign}' (a value that has it is put in quotes)"
    )
}

fn one_each(name: &str, operator: &str) -> String {
    format!("a comparison has one value: {name}{operator}A or {name}{operator}B")
}
