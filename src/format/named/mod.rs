//! Fields of a line by the names that its writer gives them: the variables of a format string, the keys of JSON and of pairs,
//! the columns of a W3C log and of CSV.
//!
//! They are read only where one is asked for by its name, and then in a second look at the line: the parser has read its
//! record, and has noted where in the line that was. So they cost nothing where none is asked for.

mod steps;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use super::anonymous;
use super::choice::{OwnSource, preset};
use super::json::OneValue;
use super::{Choice, Format, FormatSource, csv, haproxy, w3c};
use crate::nearest;
use steps::{bare, run};

pub(super) use steps::StringSteps;

/// What the name of a dimension or of a rollup's column begins with that is a field by its own name.
pub const FIELD: &str = "field:";

/// The field's own name in such a name.
pub fn field_in(name: &str) -> Option<&str> {
    name.strip_prefix(FIELD)
}

/// So many names are listed of a line that has another than was asked for.
const MOST_LISTED: usize = 40;

/// The values of a record that were asked for by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedValues {
    names: Arc<[Box<str>]>,
    /// Where in the text each of them is.
    places: Vec<Option<Range<usize>>>,
    text: Vec<u8>,
}

impl NamedValues {
    /// The value of this name, `-` if it is empty; `None` if the record has none.
    pub fn get(&self, name: &[u8]) -> Option<&[u8]> {
        let place = self.names.iter().position(|own| own.as_bytes() == name)?;
        match &self.text[self.places[place].clone()?] {
            b"" => Some(b"-"),
            value => Some(value),
        }
    }

    fn clear(&mut self) {
        self.places.fill(None);
        self.text.clear();
    }

    /// Keeps a value, the first of its name.
    pub(super) fn keep(&mut self, index: usize, value: &[u8]) {
        if self.places[index].is_none() {
            let start = self.text.len();
            self.text.extend_from_slice(value);
            self.places[index] = Some(start..self.text.len());
        }
    }

    fn has(&self, index: usize) -> bool {
        self.places[index].is_some()
    }

    /// Cuts the addresses in them.
    fn anonymize(&mut self) {
        let whole = std::mem::take(&mut self.text);
        for place in self.places.iter_mut().flatten() {
            let start = self.text.len();
            self.text
                .extend(anonymous::line(&whole[place.start..place.end]));
            *place = start..self.text.len();
        }
    }
}

impl Format {
    /// Its variants, with the names of their fields where there are any.
    fn named(&self) -> Vec<StringSteps> {
        match self.source {
            FormatSource::String(string) => vec![preset(string)],
            FormatSource::Steps(steps) => match self.name {
                "haproxy" => haproxy::named_default().into_iter().collect(),
                name => match csv::names(name) {
                    Some(names) => {
                        let named = |steps| StringSteps::of_fields(steps, names.iter().copied());
                        steps().into_iter().map(named).collect()
                    }
                    None => Vec::new(),
                },
            },
            _ => Vec::new(),
        }
    }
}

impl Choice {
    /// What is wrong with a name of a field, where that is known before a line is read.
    pub fn lacks_field(&self, name: &str) -> Option<String> {
        let named = match self {
            Choice::Auto => return None,
            Choice::Only(format) => match format.source {
                FormatSource::Json | FormatSource::W3c | FormatSource::Rollup => return None,
                _ => format.named(),
            },
            Choice::Own(own) => match &own.0 {
                OwnSource::Steps(steps) => vec![steps.clone()],
                OwnSource::W3c(names) => vec![w3c::named(names.as_bytes(), false)],
                OwnSource::Json(_) => return None,
            },
        };
        let known = named.iter().any(|steps| steps.step(name).is_some());
        let names: Vec<_> = named.iter().flat_map(StringSteps::names).collect();
        (!known).then(|| no_such(name, &names))
    }
}

/// What is said of a name that a line does not have.
fn no_such(name: &str, names: &[&str]) -> String {
    if names.is_empty() {
        return format!(
            "no field is called '{name}': those of this format have no names (--format with the server's own string gives them)"
        );
    }
    let mut names = names.to_vec();
    names.sort_unstable();
    names.dedup();
    let meant = nearest::question(bare(name), names.iter().copied());
    let more = if names.len() > MOST_LISTED {
        ", …"
    } else {
        ""
    };
    names.truncate(MOST_LISTED);
    format!(
        "no field is called '{name}'{meant} (there are {}{more})",
        names.join(", ")
    )
}

/// What is known of the names by all who read a run.
#[derive(Debug)]
struct SeenNames {
    found: Vec<AtomicBool>,
    /// Those that a record has which lacks one of them.
    others: OnceLock<Vec<String>>,
}

/// Reads the values of fields that were asked for by name.
#[derive(Debug, Clone)]
pub struct NamedFields {
    values: NamedValues,
    choice: Choice,
    json: Vec<OneValue>,
    /// The steps that were used last, and which of them have the values.
    steps: Option<(Place, Vec<WantedSteps>)>,
    anonymous: bool,
    seen: Arc<SeenNames>,
}

/// Steps, and which value each of them has.
type WantedSteps = (StringSteps, Vec<Option<usize>>);

/// Which names count in a line.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Place {
    /// Those of a format, by its name; `None` for the user's own string.
    Format(Option<&'static str>),
    /// Those of a list of columns, and whether tabs are between the values.
    Columns(Vec<u8>, bool),
    /// The keys of an object or of pairs.
    Keys,
    /// The columns of a rollup.
    Rollup,
}

impl NamedFields {
    /// Those of these names in lines of this format; `None` where there are none. `anonymous` cuts the addresses in them.
    pub fn new(choice: &Choice, mut names: Vec<&str>, anonymous: bool) -> Option<NamedFields> {
        names.sort_unstable();
        names.dedup();
        (!names.is_empty()).then(|| NamedFields {
            json: names.iter().map(|name| OneValue::new(name)).collect(),
            seen: Arc::new(SeenNames {
                found: names.iter().map(|_| AtomicBool::new(false)).collect(),
                others: OnceLock::new(),
            }),
            values: NamedValues {
                places: vec![None; names.len()],
                names: names.iter().map(|&name| name.into()).collect(),
                text: Vec::new(),
            },
            choice: choice.clone(),
            steps: None,
            anonymous,
        })
    }

    /// The values of the record that was looked at last.
    pub fn values(&self) -> &NamedValues {
        &self.values
    }

    /// What is to be said of the names that no record had.
    pub fn lacking(&self) -> Vec<String> {
        let names = self.values.names.iter().zip(&self.seen.found);
        let lacking = names.filter(|(_, found)| !found.load(Ordering::Relaxed));
        let others = self.seen.others.get();
        let others: Vec<&str> = others.into_iter().flatten().map(String::as_str).collect();
        lacking.map(|(name, _)| no_such(name, &others)).collect()
    }

    /// A line begins.
    pub(super) fn clear(&mut self) {
        self.values.clear();
    }

    /// Reads what a text has by names of this kind.
    pub(super) fn read(&mut self, place: Place, text: &[u8]) {
        match place {
            Place::Keys => {
                for (index, key) in self.json.iter_mut().enumerate() {
                    if let Some(value) = key.find(text) {
                        self.values.keep(index, value);
                    }
                }
            }
            place => {
                if self.steps.as_ref().is_none_or(|(known, _)| *known != place) {
                    let steps = self.steps_at(&place);
                    self.steps = Some((place, steps));
                }
                let variants = self.steps.iter().flat_map(|(_, variants)| variants);
                for (steps, wanted) in variants {
                    if run(&steps.steps, wanted, text, &mut self.values) {
                        break;
                    }
                    self.values.clear();
                }
            }
        }
    }

    /// The line was read.
    pub(super) fn finish(&mut self, place: &Place, text: &[u8]) {
        for (index, found) in self.seen.found.iter().enumerate() {
            if self.values.has(index) {
                found.store(true, Ordering::Relaxed);
            } else if self.seen.others.get().is_none() {
                let names = match (place, &self.steps) {
                    (Place::Keys, _) => OneValue::keys(text),
                    (_, Some((_, variants))) => {
                        let names = variants.iter().flat_map(|(steps, _)| steps.names());
                        names.map(str::to_owned).collect()
                    }
                    (_, None) => Vec::new(),
                };
                let _ = self.seen.others.set(names);
            }
        }
        if self.anonymous {
            self.values.anonymize();
        }
    }

    /// Keeps a value that a rollup has under this name.
    pub(super) fn keep(&mut self, name: &str, value: &[u8]) {
        if let Some(index) = self.values.names.iter().position(|own| **own == *name) {
            self.values.keep(index, value);
        }
    }

    fn steps_at(&self, place: &Place) -> Vec<WantedSteps> {
        let variants = match place {
            Place::Format(None) => match &self.choice {
                Choice::Own(own) => match &own.0 {
                    OwnSource::Steps(steps) => vec![steps.clone()],
                    _ => Vec::new(),
                },
                _ => Vec::new(),
            },
            Place::Format(Some(name)) => {
                let format = super::formats().find(|format| format.name == *name);
                format.map(Format::named).unwrap_or_default()
            }
            Place::Columns(names, tabs) => vec![w3c::named(names, *tabs)],
            Place::Keys | Place::Rollup => Vec::new(),
        };
        let wanted = |steps: &StringSteps| {
            let mut wanted = vec![None; steps.steps.len()];
            for (index, name) in self.values.names.iter().enumerate() {
                if let Some(step) = steps.step(name) {
                    wanted[step] = Some(index);
                }
            }
            wanted
        };
        variants
            .into_iter()
            .map(|steps| {
                let wanted = wanted(&steps);
                (steps, wanted)
            })
            .collect()
    }
}
