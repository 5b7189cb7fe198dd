//! What there is to know about the input and the rules.

use crate::render::escape;
use crate::render::units::grouped;
use crate::report::{Amount, Block, Report, UnparsedExample};

/// What there is to know about the input and the rules.
pub(in crate::render) struct InputSection {
    /// What the input was made of, as a sentence.
    pub(in crate::render) made_of: String,
    /// Why a rule may have been silent without cause, a sentence each.
    pub(in crate::render) notes: Vec<String>,
    /// The first unparsed line of each kind: where and why, and its text.
    pub(in crate::render) unparsed: Vec<(String, String)>,
}

impl InputSection {
    pub(super) fn new(report: &Report) -> InputSection {
        let mut input = InputSection {
            made_of: made_of(report),
            notes: Vec::new(),
            unparsed: Vec::new(),
        };
        for block in &report.blocks {
            match block {
                Block::Notes(notes) => {
                    let notes = notes.iter().map(|(rule, note)| format!("{rule}: {note}."));
                    input.notes.extend(notes);
                }
                Block::Unparsed(examples) => input.unparsed.extend(examples.iter().map(example)),
                _ => {}
            }
        }
        input
    }
}

/// What the input was made of, as a sentence.
fn made_of(report: &Report) -> String {
    let mut items = Vec::new();
    for block in &report.blocks {
        match block {
            Block::Headline {
                key: key @ ("lines" | "hits"),
                value: Amount::Count(number),
            } => items.push(counted(key, *number)),
            Block::Input { key, value, .. } if *value > 0 => items.push(counted(key, *value)),
            _ => {}
        }
    }
    format!("{}.", items.join(", "))
}

/// `1 line`, `1,284 lines`, `1 late`
pub(super) fn counted(key: &str, number: u64) -> String {
    let name = match number {
        1 => key.strip_suffix('s').unwrap_or(key),
        _ => key,
    };
    format!("{} {name}", grouped(number))
}

/// The first unparsed line of a kind: where and why, and its text.
fn example(example: &UnparsedExample) -> (String, String) {
    let file = example.file.as_ref().map_or(String::new(), |file| {
        format!("{} ", escape::shown(file.as_bytes()))
    });
    let many = match example.count {
        1 => String::new(),
        count => format!(" ({} such lines)", grouped(count)),
    };
    let place = format!("{file}line {}: {}{many}", example.line, example.unparsed);
    (place, escape::shown(&example.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_a_kind_is_not_called_many() {
        let of_one = ["lines", "hits", "rewinds", "late", "unparsed"].map(|key| counted(key, 1));
        assert_eq!(
            of_one,
            ["1 line", "1 hit", "1 rewind", "1 late", "1 unparsed"]
        );
        assert_eq!(counted("rewinds", 0), "0 rewinds");
        assert_eq!(counted("lines", 1284), "1,284 lines");
    }
}
