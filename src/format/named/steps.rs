//! The steps of a format with the names of its fields.

use super::NamedValues;
use crate::format::cursor::Cursor;
use crate::format::haproxy;
use crate::format::step::Step;

/// A step over a line that has a name.
#[derive(Debug, Clone)]
struct StepName {
    step: usize,
    name: String,
    /// As it is in the format string, `%{X-Id}o`.
    spelled: String,
}

/// The steps of a format, some of them with names.
#[derive(Debug, Clone, Default)]
pub(in crate::format) struct StringSteps {
    pub(in crate::format) steps: Vec<Step>,
    names: Vec<StepName>,
}

impl StringSteps {
    /// The steps of a format string, with where in it those are that are variables.
    pub(in crate::format) fn new(
        steps: Vec<Step>,
        string: &str,
        variables: Vec<(usize, usize)>,
    ) -> StringSteps {
        let of_haproxy = haproxy::is_ours(string);
        let named = |(step, at): (usize, usize)| {
            let (name, spelled) = variable(string.get(at..)?, of_haproxy)?;
            Some(StepName {
                step,
                name: name.to_owned(),
                spelled: spelled.to_owned(),
            })
        };
        StringSteps {
            steps,
            names: variables.into_iter().filter_map(named).collect(),
        }
    }

    /// The same, with a time that is that of the request's start.
    pub(in crate::format) fn starting(mut self) -> StringSteps {
        self.steps.insert(0, Step::Start);
        self.names.iter_mut().for_each(|name| name.step += 1);
        self
    }

    /// Steps whose fields have these names, one after the other.
    pub(in crate::format) fn of_fields<'n>(
        steps: Vec<Step>,
        names: impl Iterator<Item = &'n [u8]>,
    ) -> StringSteps {
        let named = |(name, (step, _)): (&[u8], (usize, &Step))| StepName {
            step,
            name: String::from_utf8_lossy(name).into_owned(),
            spelled: String::new(),
        };
        let fields = steps.iter().enumerate();
        let fields = fields.filter(|(_, step)| matches!(step, Step::Field(..) | Step::Time(..)));
        let names = names.zip(fields).map(named).collect();
        StringSteps { steps, names }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| &name.name[..])
    }

    /// Which step has this name.
    pub(super) fn step(&self, name: &str) -> Option<usize> {
        let find = |same: &dyn Fn(&StepName) -> bool| self.names.iter().find(|name| same(name));
        find(&|known| known.name == name)
            .or_else(|| find(&|known| known.spelled == name))
            .or_else(|| find(&|known| known.name == bare(name)))
            .or_else(|| find(&|known| known.name.eq_ignore_ascii_case(bare(name))))
            .map(|found| found.step)
    }
}

/// A name without the signs of a format string around it.
pub(super) fn bare(name: &str) -> &str {
    name.trim_start_matches(['$', '%', '{'])
        .trim_end_matches('}')
}

/// The name of the variable that a part of a format string begins with, and the whole of it.
fn variable(text: &str, of_haproxy: bool) -> Option<(&str, &str)> {
    let word = |text: &str| {
        let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        end.unwrap_or(text.len())
    };
    if let Some(rest) = text.strip_prefix('$') {
        let inner = rest.strip_prefix('{').unwrap_or(rest);
        let name = &inner[..word(inner)];
        let around = if inner.len() < rest.len() { 3 } else { 1 };
        return Some((name, text.get(..name.len() + around)?));
    }
    let mut rest = text.strip_prefix('%')?;
    let mut argument = None;
    loop {
        rest = rest.trim_start_matches(['<', '>', '!', ',']);
        rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let (open, close) = match rest.chars().next()? {
            '{' => ('{', '}'),
            '(' => ('(', ')'),
            '[' => ('[', ']'),
            _ => break,
        };
        let end = rest.find(close)?;
        let inner = &rest[1..end];
        rest = &rest[end + 1..];
        if open == '[' {
            return Some((inner, &text[..text.len() - rest.len()]));
        }
        // HAProxy's are flags.
        if open == '{' && !inner.starts_with(['+', '-']) {
            argument = Some(inner);
        }
    }
    let letters = match argument {
        // `%{Name}^ti`.
        _ if rest.starts_with('^') => 3,
        // Undertow's `%{i,Name}` has none behind it.
        Some(argument) if argument.get(1..2) == Some(",") => 0,
        None if of_haproxy => word(rest),
        _ => 1,
    };
    let letters = rest.get(..letters)?;
    let name = match argument.map(|argument| (argument, argument.split_once(','))) {
        Some((_, Some((kind, name)))) if kind.len() == 1 => name,
        Some((argument, _)) => argument,
        None => letters,
    };
    let spelled = text.len() - rest.len() + letters.len();
    Some((name, &text[..spelled]))
}

/// Goes over a line that a program of these steps has read, and keeps what is wanted of it. Whether it came to the end;
/// what follows may be missing.
pub(super) fn run(
    steps: &[Step],
    wanted: &[Option<usize>],
    line: &[u8],
    values: &mut NamedValues,
) -> bool {
    let mut cursor = Cursor { line, at: 0 };
    steps.iter().zip(wanted).all(|(step, index)| {
        let done = match step {
            Step::Literal(bytes) => cursor.literal(bytes),
            Step::Spaces => cursor.spaces(),
            Step::Field(_, extent)
            | Step::Time(_, extent)
            | Step::Date(extent)
            | Step::Clock(extent) => cursor.field(extent, |text| {
                if let Some(index) = index {
                    values.keep(*index, text);
                }
                Ok(())
            }),
            _ => Ok(()),
        };
        done.is_ok()
    })
}
