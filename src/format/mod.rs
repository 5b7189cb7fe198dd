//! Lines to records.
//!
//! [`Format`] is the contract and [`FORMATS`] the table: a format is one row, which compiles to a
//! [`Program`] for the one interpreter. [`Parser`] chooses the program for each
//! line by the line's own shape, in one fixed order, so that neighbours never matter.

mod clf;
mod csv;
pub mod detect;
pub mod program;
pub mod record;
pub mod timestamp;
pub mod unparsed;

use program::{Program, Step};
use record::Record;
use timestamp::Timestamps;
use unparsed::{Field, Unparsed, Why};

use crate::time::Zone;

/// Whether a line can be in a format, by a glance at its shape.
type Looks = fn(&[u8]) -> bool;

/// A log format that httpmon knows.
#[derive(Debug)]
pub struct Format {
    /// What `--format` calls it.
    pub name: &'static str,
    /// One line about it, for the man page.
    pub about: &'static str,
    /// A line in it.
    pub sample: &'static str,
    /// Whether a line can be in this format, by a glance at its shape.
    looks: Looks,
    steps: fn() -> Vec<Step>,
}

/// Every format that `--format` can name.
pub static FORMATS: &[Format] = &[clf::COMMON, clf::COMBINED, clf::VHOST_COMBINED, csv::CSV];

/// What `auto` tries, in this order; the first whose shape fits reads the line.
static AUTO: &[Format] = &[csv::CSV, clf::ANY];

/// Which formats to read.
#[derive(Debug, Clone, Copy, Default)]
pub enum Choice {
    /// Whatever each line is in.
    #[default]
    Auto,
    /// Only this one.
    Only(&'static Format),
}

impl Choice {
    /// The choice that `--format` names.
    pub fn parse(name: &str) -> Result<Choice, String> {
        if name == "auto" {
            return Ok(Choice::Auto);
        }
        FORMATS
            .iter()
            .find(|format| format.name == name)
            .map(Choice::Only)
            .ok_or_else(|| {
                let names: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
                format!("unknown format '{name}' (auto, {})", names.join(", "))
            })
    }
}

/// What a line turned out to be.
#[derive(Debug)]
pub enum Line<'a> {
    /// An entry of the log.
    Record(Record<'a>),
    /// White space, a directive, a header: nothing to count.
    Skipped,
    /// `tail` names the file whose lines follow.
    Source,
    /// No entry, and why.
    Unparsed(Unparsed),
}

/// Reads lines, one at a time.
///
/// Its only memory between lines is the source named last; the timestamps it remembers save time
/// and change nothing.
#[derive(Debug)]
pub struct Parser {
    programs: Vec<(Looks, Program)>,
    times: Timestamps,
    source: Vec<u8>,
}

impl Parser {
    /// A parser for `choice` that reads the fields in `wanted` where they are optional, and times
    /// without an offset in `zone`.
    pub fn new(choice: Choice, zone: Zone, wanted: &[Field]) -> Parser {
        let formats = match choice {
            Choice::Auto => AUTO,
            Choice::Only(format) => std::slice::from_ref(format),
        };
        let compile = |format: &Format| (format.looks, Program::new(&(format.steps)(), wanted));
        Parser {
            programs: formats.iter().map(compile).collect(),
            times: Timestamps::new(zone),
            source: b"-".to_vec(),
        }
    }

    /// Lines from here on come from the file `name`.
    pub fn begin_source(&mut self, name: &[u8]) {
        name.clone_into(&mut self.source);
    }

    /// Reads one line, without its newline.
    #[inline]
    pub fn read<'a>(&'a mut self, line: &'a [u8]) -> Line<'a> {
        match line.first() {
            None => return Line::Skipped,
            Some(b' ' | b'\t' | b'\r') if line.iter().all(|b| b" \t\r".contains(b)) => {
                return Line::Skipped;
            }
            Some(b'=') => {
                if let Some(name) = line
                    .strip_prefix(b"==> ")
                    .and_then(|rest| rest.strip_suffix(b" <=="))
                {
                    name.clone_into(&mut self.source);
                    return Line::Source;
                }
            }
            Some(b'#') => return Line::Skipped,
            Some(b'"') if line.starts_with(csv::HEADER) => return Line::Skipped,
            Some(_) => {}
        }
        let mut failed = Unparsed {
            field: Field::Line,
            why: Why::Form,
            at: 0,
        };
        for (looks, program) in &self.programs {
            if !looks(line) {
                continue;
            }
            match program.read(line, &mut self.times) {
                Ok(mut record) => {
                    record.source = &self.source;
                    return Line::Record(record);
                }
                // The reason of the reader that came furthest is the one worth telling.
                Err(unparsed) if unparsed.at >= failed.at => failed = unparsed,
                Err(_) => {}
            }
        }
        Line::Unparsed(failed)
    }
}
