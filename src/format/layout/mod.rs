//! A format as what to write: text that is in every line, and places for what differs.
//!
//! Who writes many lines of which all values are known before fits each value to its place once, and then
//! only copies. Formats that are steps give their own layout; JSON, W3C logs, the logs of proxies, and what has more
//! numbers than are read, have a template.

mod json;
mod moment;
mod templates;

use super::choice::OwnSource;
use super::head::Head;
use super::step::{Extent, Step, entry_steps};
use super::timestamp::TimeForm;
use super::unparsed::{DurationUnit, Field};
use super::{Choice, Format, FormatSource, untimed, w3c};

#[cfg(test)]
pub(super) use moment::written;
pub use moment::{MomentPart, TimeText};

/// How to write lines in a format.
#[derive(Debug)]
pub struct Layout {
    /// The lines above all others, each with its newline.
    pub header: Vec<LayoutPiece>,
    /// A line, with its newline.
    pub line: Vec<LayoutPiece>,
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LayoutPiece {
    /// This text.
    Text(Vec<u8>),
    /// The value of a field, fitted to its place.
    Value(LayoutValue, Fit),
}

/// What is at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LayoutValue {
    /// The client's address.
    Client,
    /// The client's address and a port.
    ClientPort,
    /// The same, without brackets around an address of IPv6.
    ClientPortBare,
    /// The user, or `-`.
    User,
    /// The virtual host.
    Host,
    /// The request's method.
    Method,
    /// The request's target.
    Target,
    /// The target up to its query.
    Path,
    /// The query, or `-`.
    Query,
    /// The request's protocol.
    Protocol,
    /// Method, target and protocol.
    Request,
    /// The referrer, or `-`.
    Referrer,
    /// The user agent, or `-`.
    Agent,
    /// `HIT` or `MISS`.
    Cache,
    /// The status.
    Status,
    /// Bytes sent.
    Bytes,
    /// The duration in a unit.
    Duration(DurationUnit),
    /// The time of the request's end.
    Time(MomentPart),
    /// The time of its start.
    Start(MomentPart),
}

impl LayoutValue {
    /// What is at the place of a field; `None` for a time, which has a form, and for what says nothing.
    fn of(field: Field) -> Option<LayoutValue> {
        Some(match field {
            Field::Client => LayoutValue::Client,
            Field::Host => LayoutValue::Host,
            Field::User => LayoutValue::User,
            Field::Request => LayoutValue::Request,
            Field::Status => LayoutValue::Status,
            Field::Bytes => LayoutValue::Bytes,
            Field::Method => LayoutValue::Method,
            Field::Target => LayoutValue::Target,
            Field::Protocol => LayoutValue::Protocol,
            Field::Cache => LayoutValue::Cache,
            Field::Referrer => LayoutValue::Referrer,
            Field::Agent => LayoutValue::Agent,
            Field::Duration(unit) => LayoutValue::Duration(unit),
            Field::Skipped | Field::Forwarded | Field::Line | Field::Time | Field::Start => {
                return None;
            }
        })
    }
}

/// What is done to a value so that its end can be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// Nothing.
    AsIs,
    /// Spaces become this.
    Spaces(&'static str),
    /// Whatever this needs: first spaces become `+`, then all that is not usual in a path.
    Within(Extent),
}

impl Fit {
    /// The value as it can be there.
    pub fn fit(&self, value: &str) -> String {
        match self {
            Fit::AsIs => value.to_owned(),
            Fit::Spaces(instead) => value.replace(' ', instead),
            Fit::Within(extent) => {
                let plain = value.replace(' ', "+");
                [value, &plain]
                    .into_iter()
                    .find(|text| extent.holds(text.as_bytes()))
                    .map_or_else(|| value.replace(is_unusual, "+"), str::to_owned)
            }
        }
    }
}

fn is_unusual(c: char) -> bool {
    !(c.is_ascii_alphanumeric() || "/._-".contains(c))
}

impl Choice {
    /// How to write lines in this format; `None` for `auto`, which is none, and for what only a run can write.
    pub fn layout(&self) -> Option<Layout> {
        match self {
            Choice::Auto => None,
            Choice::Only(format) => format.layout(),
            Choice::Own(own) => Some(match &own.0 {
                OwnSource::Steps(own) if !own.steps.iter().any(Step::has_time) => {
                    from_steps(&untimed::carried(own.steps.clone()))
                }
                OwnSource::Steps(own) => from_steps(&own.steps),
                OwnSource::W3c(names) => from_steps(&w3c::steps(names)),
                OwnSource::Json(keys) => json::from_keys(keys),
            }),
        }
    }
}

impl Format {
    fn layout(&self) -> Option<Layout> {
        Some(match templates::find(self.name) {
            Some(template) => templates::compile(template),
            None if matches!(self.source, FormatSource::Rollup) => return None,
            None => {
                let variants = self.variants();
                let steps = variants.first();
                from_steps(steps.unwrap_or_else(|| unreachable!("{} has a template", self.name)))
            }
        })
    }
}

/// The layout of what these steps read: what is optional too, where it says something.
fn from_steps(steps: &[Step]) -> Layout {
    let mut line = LineBuffer::default();
    for (i, step) in steps.iter().enumerate() {
        line.step(step, steps.get(i + 1));
    }
    line.text(b"\n");
    Layout {
        header: Vec::new(),
        line: line.pieces,
    }
}

/// A line that is being put together.
#[derive(Default)]
struct LineBuffer {
    pieces: Vec<LayoutPiece>,
    /// The last step was a field: one that says nothing right behind it needs no text.
    after_field: bool,
    /// Of several durations the first holds all.
    has_duration: bool,
    /// The time is that of the start.
    starts: bool,
}

impl LineBuffer {
    fn text(&mut self, bytes: &[u8]) {
        match self.pieces.last_mut() {
            Some(LayoutPiece::Text(text)) => text.extend_from_slice(bytes),
            _ => self.pieces.push(LayoutPiece::Text(bytes.to_vec())),
        }
    }

    fn value(&mut self, value: LayoutValue) {
        self.pieces.push(LayoutPiece::Value(value, Fit::AsIs));
    }

    fn step(&mut self, step: &Step, next: Option<&Step>) {
        let after_field = std::mem::replace(&mut self.after_field, false);
        match step {
            Step::Literal(bytes) => self.text(bytes),
            Step::Spaces => self.text(b" "),
            Step::Head(head) => self.head(*head),
            Step::Entry => {
                let steps = entry_steps();
                for (i, step) in steps.iter().enumerate() {
                    self.step(step, steps.get(i + 1));
                }
            }
            Step::Field(field, extent) => {
                self.after_field = true;
                if *field == Field::Skipped && after_field {
                    return;
                }
                self.field(*field, extent);
                let quoted = matches!(extent, Extent::Quoted | Extent::Request | Extent::LastQuote);
                let closed = matches!(next, Some(Step::Literal(bytes)) if bytes.starts_with(b"\""));
                if quoted && !closed {
                    self.text(b"\"");
                }
            }
            Step::Start => self.starts = true,
            Step::Time(form, _) => {
                let moment = MomentPart::Whole(form.clone());
                self.value(match self.starts {
                    true => LayoutValue::Start(moment),
                    false => LayoutValue::Time(moment),
                });
            }
            Step::Date(_) => self.value(LayoutValue::Time(MomentPart::Date)),
            Step::Clock(_) => self.value(LayoutValue::Time(MomentPart::Clock)),
            Step::Values(_) | Step::DateAndClock => {
                unreachable!("a program shows the steps that they replace")
            }
            Step::Tail | Step::Forwarded | Step::Between | Step::Optional | Step::End => {}
        }
    }

    /// What is before the bracketed time, and that time.
    fn head(&mut self, head: Head) {
        if head == Head::Host {
            self.value(LayoutValue::Host);
            self.text(b":443 ");
        }
        self.value(LayoutValue::Client);
        self.text(b" - ");
        self.value(LayoutValue::User);
        self.text(b" [");
        self.value(LayoutValue::Time(MomentPart::Whole(TimeForm::Clf)));
        self.text(b"]");
    }

    fn field(&mut self, field: Field, extent: &Extent) {
        let value = match field {
            Field::Client if matches!(extent, Extent::WithPort(_)) => {
                Some(LayoutValue::ClientPortBare)
            }
            Field::Duration(_) if std::mem::replace(&mut self.has_duration, true) => {
                return self.text(b"0");
            }
            _ => LayoutValue::of(field),
        };
        let Some(value) = value else {
            return self.text(b"-");
        };
        self.pieces
            .push(LayoutPiece::Value(value, Fit::Within(extent.clone())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::formats;

    /// A line as its template would say it.
    fn shown(pieces: &[LayoutPiece]) -> String {
        let each = pieces.iter().map(|piece| match piece {
            LayoutPiece::Text(text) => String::from_utf8_lossy(text).into_owned(),
            LayoutPiece::Value(value, _) => format!("<{value:?}>"),
        });
        each.collect()
    }

    #[test]
    fn every_format_has_a_layout_with_time_status_and_one_newline() {
        for format in formats() {
            let Some(layout) = Choice::Only(format).layout() else {
                assert_eq!(format.name, "rollup");
                continue;
            };
            let line = shown(&layout.line);
            assert!(
                line.contains("<Time(") || line.contains("<Start("),
                "{line}"
            );
            for part in ["<Status>", "<Client>"] {
                let port = line.contains("<ClientPort");
                let none = ["django", "morgan", "nextjs", "negroni"].contains(&format.name);
                let there = line.contains(part) || part == "<Client>" && (port || none);
                assert!(there, "{}: {line}", format.name);
            }
            assert_eq!(line.find('\n'), Some(line.len() - 1), "{line}");
        }
        assert!(Choice::Auto.layout().is_none());
    }

    #[test]
    fn steps_and_templates_say_what_the_servers_do() {
        let line = |format: &str| {
            let choice = Choice::parse(format).expect(format);
            shown(&choice.layout().expect(format).line)
        };
        assert_eq!(
            line("combined"),
            "<Client> - <User> [<Time(Whole(Clf))>] \"<Request>\" <Status> <Bytes> \"<Referrer>\" \"<Agent>\"\n"
        );
        assert_eq!(
            line("ingress"),
            "<Client> - <User> [<Time(Whole(Clf))>] \"<Request>\" <Status> <Bytes> \"<Referrer>\" \"<Agent>\" \
             412 <Duration(Seconds)> [shop-web-80] [] 10.0.50.80:80 <Bytes> <Duration(Seconds)> <Status> \
             752178adb17130b2c35d30a97e1b2c4f\n"
        );
        assert_eq!(
            line("%t %>s %h %T"),
            "[<Start(Whole(Clf))>] <Status> <Client> <Duration(WholeSeconds)>\n"
        );
        assert_eq!(
            line("$remote_addr $request_time $upstream_response_time [$time_iso8601] $status"),
            "<Client> <Duration(Seconds)> - [<Time(Whole(Iso))>] <Status>\n"
        );
        assert_eq!(
            line("json: time=at status=reply.code path=ask.url bytes=reply.size"),
            "{\"at\":\"<Time(Whole(Iso))>\",\"reply\":{\"code\":<Status>,\"size\":<Bytes>},\"ask\":{\"url\":\"<Target>\"}}\n"
        );
    }

    #[test]
    fn values_are_fitted_to_their_place() {
        let until = |byte| Fit::Within(Extent::Until(byte));
        for (fit, value, want) in [
            (Fit::AsIs, "a b", "a b"),
            (Fit::Spaces("%20"), "a b", "a%20b"),
            (until(b' '), "a b", "a+b"),
            (until(b'|'), "a b", "a b"),
            (until(b';'), "a;b c", "a+b+c"),
        ] {
            assert_eq!(fit.fit(value), want, "{fit:?}");
        }
    }
}
