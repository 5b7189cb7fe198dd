//! The steps that a format is made of: bytes that must be there, and fields with a way to find their end.
//!
//! The tables of formats and the compilers of format strings write them, a program runs them. A step
//! that is several in one is for speed: it reads exactly what these would read.

use std::borrow::Cow;

pub use super::extent::Extent;
pub use super::head::Head;
use super::timestamp::TimeForm;
use super::unparsed::Field;

/// One step over a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// These bytes stand here.
    Literal(Cow<'static, [u8]>),
    /// One space or more.
    Spaces,
    /// All that stands before the bracketed time of a log derived from NCSA's, and that time.
    Head(Head),
    /// A few words that may stand before a quoted field: see the module `between`.
    Between,
    /// A field with its way to end.
    Field(Field, Extent),
    /// Fields of a W3C log with spaces between them: what as many fields and [`Step::Spaces`] would read, in one.
    Values(Vec<Field>),
    /// ` "request" status bytes`, the heart of nearly every log: what six steps would read, in one.
    Entry,
    /// The time, all of it.
    Time(TimeForm, Extent),
    /// The time is that of the request's start. It stands first, and reads nothing. Without it, the time is that of
    /// the end, which is when nearly every server writes its line.
    Start,
    /// The date of the time, `2000-10-10`.
    Date(Extent),
    /// Both, with one space between them, at the beginning of a line: what the two and [`Step::Spaces`] would
    /// read, in one.
    DateAndClock,
    /// The time of its day, `13:55:36`.
    Clock(Extent),
    /// A line may end before what follows; a failure from here on leaves the record standing.
    Optional,
    /// The list of addresses in quotes that may stand behind the agent, read only where it is wanted.
    Forwarded,
    /// What sites add behind the combined format, by its shape: a duration, if it has one.
    Tail,
    /// Nothing stands after this.
    End,
}

/// Literal bytes as a step.
pub(super) const fn literal(bytes: &'static [u8]) -> Step {
    Step::Literal(Cow::Borrowed(bytes))
}

/// What [`Step::Entry`] stands for.
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
