//! The steps that a format is made of: bytes that must be there, and fields with a way to find their end.
//!
//! The tables of formats and the compilers of format strings write them, a program runs them. A step
//! that replaces several is for speed: it reads exactly what they read.

use std::borrow::Cow;

pub use super::extent::Extent;
pub use super::head::Head;
use super::timestamp::TimeForm;
use super::unparsed::Field;

/// One step over a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Exactly these bytes.
    Literal(Cow<'static, [u8]>),
    /// One space or more.
    Spaces,
    /// Everything before the bracketed time of a log derived from NCSA's, and that time.
    Head(Head),
    /// A few words that may come before a quoted field: see the module `between`.
    Between,
    /// A field, and how its end is found.
    Field(Field, Extent),
    /// Fields of a W3C log with spaces between them: the same as that many fields and [`Step::Spaces`], in one step.
    Values(Vec<Field>),
    /// ` "request" status bytes`, the heart of nearly every log: the same as six steps, in one.
    Entry,
    /// The time, all of it.
    Time(TimeForm, Extent),
    /// The time is that of the request's start. This step comes first and reads nothing. Without it, the time is that
    /// of the end, which is when nearly every server writes its line.
    Start,
    /// The date of the time, `2000-10-10`.
    Date(Extent),
    /// Both, with one space between them, at the beginning of a line: the same as the two and [`Step::Spaces`], in
    /// one step.
    DateAndClock,
    /// The time of its day, `13:55:36`.
    Clock(Extent),
    /// A line may end before what follows; after a failure from here on there is still a record.
    Optional,
    /// The quoted list of addresses that may come after the agent, read only if it is wanted.
    Forwarded,
    /// What sites add after the combined format: a duration, if something looks like one.
    Tail,
    /// The end of the line.
    End,
}

impl Step {
    /// Whether it reads a time, or a part of one.
    pub(super) fn has_time(&self) -> bool {
        matches!(
            self,
            Step::Head(_) | Step::Time(..) | Step::Date(_) | Step::Clock(_) | Step::DateAndClock
        )
    }
}

/// Literal bytes as a step.
pub(super) const fn literal(bytes: &'static [u8]) -> Step {
    Step::Literal(Cow::Borrowed(bytes))
}

/// The steps that [`Step::Entry`] replaces.
pub(super) fn entry_steps() -> [Step; 6] {
    [
        literal(b" \""),
        Step::Field(Field::Request, Extent::Request),
        literal(b"\" "),
        Step::Field(Field::Status, Extent::Number),
        literal(b" "),
        Step::Field(Field::Bytes, Extent::Number),
    ]
}

/// ` "referrer" "agent"`.
pub(super) const fn referrer_and_agent() -> [Step; 5] {
    [
        literal(b" \""),
        Step::Field(Field::Referrer, Extent::Quoted),
        literal(b"\" \""),
        Step::Field(Field::Agent, Extent::Quoted),
        literal(b"\""),
    ]
}
