//! A format compiled to steps, and the one interpreter that runs them over a line.
//!
//! A program is a list of [`Step`]s, read from left to right. The interpreter never allocates, looks at each byte about
//! once, and says at which field and byte a line failed. Presets are constant programs; a format string from a
//! server's configuration compiles to the same steps and runs through the same interpreter.

use std::sync::Arc;

use super::cursor::{Cursor, finish_request};
use super::extent::Extent;
use super::forwarded;
use super::head::set_time;
use super::known_agents::KnownAgents;
use super::plain::Plain;
use super::record::Record;
use super::step::{Step, entry_steps};
use super::tail;
use super::timestamp::Timestamps;
use super::unparsed::{Field, Unparsed, Why};

/// A compiled format. Its steps are those of its copies: each of many files has a parser, and all formats are 50 KB.
#[derive(Debug, Clone)]
pub struct Program {
    steps: Arc<[Step]>,
    /// The same with [`Step::Values`], where there are some: tried first, and silent about why it failed.
    quick: Arc<[Step]>,
    /// The shortcut for nearly every line of NCSA's family, if these steps have one.
    plain: Option<Plain>,
    /// Method, target and protocol are separate fields.
    split_request: bool,
    /// The time is that of the request's start.
    pub(super) starts: bool,
    /// The date where lines have only a time, as days since 1970-01-01.
    pub(super) base_days: i64,
    /// Dates and times of day are in the zone of times without an offset, not in UTC.
    pub(super) local: bool,
}

impl Program {
    /// A program of `steps` that reads only the fields in `wanted`.
    ///
    /// What is optional and not wanted is not looked at: a line costs only what is asked of it.
    pub fn new(steps: &[Step], wanted: &[Field]) -> Program {
        let mut steps = steps.to_vec();
        let starts = steps.first() == Some(&Step::Start);
        steps.drain(..usize::from(starts));
        if let Some(optional) = steps.iter().position(|step| *step == Step::Optional) {
            let needed = |step: &Step| match step {
                Step::Field(field, _) => {
                    wanted.contains(field) || matches!(field, Field::Duration(_))
                }
                // It may be a virtual host.
                Step::Between => wanted.contains(&Field::Host),
                Step::Forwarded => wanted.contains(&Field::Forwarded),
                Step::Tail | Step::End => true,
                _ => false,
            };
            // A tail finds its own place: it needs nothing before it.
            if let Some(tail) = steps.iter().position(|step| *step == Step::Tail) {
                let last = steps[..tail]
                    .iter()
                    .rposition(needed)
                    .map_or(optional, |last| optional.max(last));
                steps.drain(last + 1..tail);
            } else {
                let last = steps.iter().rposition(needed);
                steps.truncate(last.map_or(optional, |last| optional.max(last + 1)));
            }
        }
        fuse(&mut steps);
        let apart = |step: &Step| {
            matches!(
                step,
                Step::Field(Field::Method | Field::Target | Field::Protocol, _)
            )
        };
        Program {
            split_request: steps.iter().any(apart),
            quick: with_values(&steps, wanted).into(),
            plain: Plain::of(&steps).filter(|_| !starts),
            steps: steps.into(),
            starts,
            base_days: 0,
            local: false,
        }
    }

    /// Its steps.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Reads one line, without its newline, into `record`, which borrows from it and must be
    /// [`Record::EMPTY`]; if reading fails it may hold anything. (In place, since a record is large: returned
    /// through three callers it was copied three times.)
    #[inline]
    pub fn read<'a>(
        &self,
        line: &'a [u8],
        times: &mut Timestamps,
        record: &mut Record<'a>,
    ) -> Result<(), Unparsed> {
        if !self.quick.is_empty() && self.read_quick(line, times, record) {
            return Ok(());
        }
        self.run(&self.steps, line, times, record)
    }

    /// Whether it has a shortcut for nearly every line: [`Program::read_plain`].
    pub(super) fn has_plain(&self) -> bool {
        self.plain.is_some()
    }

    /// Reads what all steps would read, of the line that `text` begins with: see [`Plain::read`]. After `None`
    /// the line is to be read by [`Program::read`].
    #[inline(always)]
    pub(super) fn read_plain<'a>(
        &self,
        text: &'a [u8],
        times: &mut Timestamps,
        agents: &mut KnownAgents,
        record: &mut Record<'a>,
    ) -> Option<usize> {
        self.plain?.read(text, times, agents, record)
    }

    /// A function of its own, so that the interpreter's loop stays small for formats without values (3 % of combined).
    #[inline(never)]
    fn read_quick<'a>(
        &self,
        line: &'a [u8],
        times: &mut Timestamps,
        record: &mut Record<'a>,
    ) -> bool {
        let read = self.run(&self.quick, line, times, record).is_ok();
        if !read {
            *record = Record::EMPTY;
        }
        read
    }

    #[inline(always)] // Into both.
    fn run<'a>(
        &self,
        all: &[Step],
        line: &'a [u8],
        times: &mut Timestamps,
        record: &mut Record<'a>,
    ) -> Result<(), Unparsed> {
        let mut cursor = Cursor { line, at: 0 };
        let mut optional = None;
        let mut steps = all.iter();
        while let Some(step) = steps.next() {
            // The steps of nearly every line are here, those of few formats in functions of their own, so that this loop
            // keeps what it needs in registers.
            let done = match step {
                Step::Head(head) => cursor.head(*head, times, record),
                Step::Between => cursor.between(record),
                Step::Entry => cursor.entry(record),
                Step::Values(fields) => cursor.values(fields, record),
                Step::DateAndClock => cursor
                    .date_and_clock(times, record)
                    .map_err(|why| (Field::Time, why)),
                Step::Optional => {
                    optional = Some(cursor.at);
                    Ok(())
                }
                Step::Forwarded => {
                    // The quote that ends the agent may still be there.
                    let rest = cursor.rest();
                    let rest = rest.strip_prefix(b"\"").unwrap_or(rest);
                    record.forwarded = forwarded::list_among(rest);
                    Ok(())
                }
                Step::Tail => {
                    tail::read(cursor.rest(), record);
                    Ok(())
                }
                Step::Start => unreachable!("it is taken out of the steps"),
                Step::End if cursor.at == line.len() => Ok(()),
                Step::End => Err((Field::Line, Why::Form)),
                // If these two fail, the field that follows could not be read: see `unparsed`.
                Step::Literal(bytes) => cursor.literal(bytes).map_err(|why| (Field::Line, why)),
                Step::Spaces => cursor.spaces().map_err(|why| (Field::Line, why)),
                Step::Field(Field::Skipped, extent) => cursor
                    .field(extent, |_| Ok(()))
                    .map_err(|why| (Field::Skipped, why)),
                Step::Field(field, extent) => cursor.store(*field, extent, record),
                Step::Time(..) | Step::Date(_) | Step::Clock(_) => cursor
                    .time(step, self.base_days, times, record)
                    .map_err(|why| (Field::Time, why)),
            };
            if let Err((field, why)) = done {
                let Some(optional) = optional else {
                    let index = all.len() - steps.len() - 1;
                    return Err(unparsed(all, index, field, why, cursor.at));
                };
                // A tail finds its own place, whatever is wrong before it.
                if all.last() == Some(&Step::Tail) {
                    tail::read(&line[optional..], record);
                }
                break;
            }
        }
        if self.split_request {
            finish_request(record);
        }
        if self.starts {
            record.starts = true;
        }
        if self.local {
            let stamp = times.local(record.time);
            let stamp = stamp.map_err(|why| Unparsed {
                field: Field::Time,
                why,
                at: 0,
                timed: true,
            })?;
            set_time(record, stamp);
        }
        Ok(())
    }
}

/// The reason why a line failed at byte `at`, at the step `index`.
#[cold]
fn unparsed(steps: &[Step], index: usize, field: Field, why: Why, at: usize) -> Unparsed {
    let times = |step: &Step| {
        matches!(
            step,
            Step::Head(_) | Step::Time(..) | Step::Clock(_) | Step::DateAndClock
        )
    };
    let step = &steps[index];
    let field = match step {
        Step::Literal(_) | Step::Spaces => field_after(steps, index),
        _ => field,
    };
    // The example of a missing time is that of the common format; others have their own.
    let why = match (field, why, step) {
        (Field::Time, Why::Missing, Step::Time(..) | Step::Date(_) | Step::Clock(_)) => Why::Form,
        _ => why,
    };
    // Many logs begin with a time: that alone does not identify the format.
    let value = |step: &Step| matches!(step, Step::Field(field, _) if *field != Field::Skipped);
    let only_time = matches!(steps[0], Step::Time(..)) && !steps[..index].iter().any(value);
    let timed = !only_time && steps[..index].iter().any(times)
        || why == Why::NoSuchTime
        || field == Field::Client && times(step);
    Unparsed {
        field,
        why,
        at,
        timed,
    }
}

/// The field that could not be read because a literal is missing.
fn field_after(steps: &[Step], index: usize) -> Field {
    let field = |step: &Step| match step {
        Step::Field(Field::Skipped, _) => None,
        Step::Field(field, _) => Some(*field),
        Step::Time(..) | Step::Date(_) | Step::Clock(_) | Step::Head(_) => Some(Field::Time),
        _ => None,
    };
    let before = || steps[..index].iter().rev().find_map(field);
    steps[index..]
        .iter()
        .find_map(field)
        .or_else(before)
        .unwrap_or(Field::Line)
}

/// Replaces steps by [`Step::DateAndClock`] and [`Step::Values`]; empty if there are no values. Fields that are not
/// wanted are skipped.
fn with_values(steps: &[Step], wanted: &[Field]) -> Vec<Step> {
    let value = |step: &Step| match step {
        Step::Field(field, Extent::W3c) => Some(match field {
            Field::User
            | Field::Agent
            | Field::Referrer
            | Field::Host
            | Field::Cache
            | Field::Forwarded
                if !wanted.contains(field) =>
            {
                Field::Skipped
            }
            field => *field,
        }),
        _ => None,
    };
    let mut quick = Vec::new();
    let mut rest = steps;
    if let [
        Step::Date(Extent::W3c),
        Step::Spaces,
        Step::Clock(Extent::W3c),
        more @ ..,
    ] = rest
    {
        quick.push(Step::DateAndClock);
        rest = more;
    }
    while let [step, more @ ..] = rest {
        rest = more;
        let Some(first) = value(step) else {
            quick.push(step.clone());
            continue;
        };
        let mut fields = vec![first];
        while let [Step::Spaces, step, more @ ..] = rest
            && let Some(field) = value(step)
        {
            fields.push(field);
            rest = more;
        }
        quick.push(Step::Values(fields));
    }
    if quick.iter().any(|step| matches!(step, Step::Values(_))) {
        quick
    } else {
        Vec::new()
    }
}

/// Replaces the steps of an entry by [`Step::Entry`].
fn fuse(steps: &mut Vec<Step>) {
    let entry = entry_steps();
    if let Some(at) = steps
        .windows(entry.len())
        .position(|window| *window == entry)
    {
        steps.splice(at..at + entry.len(), [Step::Entry]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn values_are_read_in_one_as_step_by_step(
            date in "2026-11-20|2026-02-31|1970-01-01|x",
            clock in "09:00:0[0-9]|24:00:00|9:00:00|09:00:00.5",
            values in proptest::collection::vec(r#"[a-z/.]{1,12}|-|200|200|200|[0-9]{1,20}|"a ""b"" c"|"a|"a"b|192\.0\.2\.7:80|"#, 5..8),
            gap in " |  ",
            wanted in any::<bool>(),
        ) {
            let fields = [Field::Client, Field::Skipped, Field::Target, Field::Agent, Field::Status, Field::Bytes];
            let mut steps = vec![Step::Date(Extent::W3c), Step::Spaces, Step::Clock(Extent::W3c)];
            for field in fields {
                steps.extend([Step::Spaces, Step::Field(field, Extent::W3c)]);
            }
            steps.push(Step::End);
            let quick = Program::new(&steps, if wanted { &[Field::Agent] } else { &[] });
            let plain = Program { quick: Arc::default(), ..quick.clone() };
            let line = format!("{date}{gap}{clock} {}", values.join(" "));
            let read = |program: &Program| {
                let mut record = Record::EMPTY;
                let done = program.read(line.as_bytes(), &mut Timestamps::new(crate::time::Zone::UTC), &mut record);
                record.agent = record.agent.filter(|_| wanted);
                (done, done.is_ok().then(|| format!("{record:?}")))
            };
            prop_assert_eq!(read(&quick), read(&plain), "{}", line);
        }
    }
}
