//! Events to bytes: the contract of an output, and the table of them.

mod bars;
pub mod dashboard;
pub mod digits;
pub mod escape;
pub mod json;
pub mod text;
pub mod units;

use crate::report::Event;
use crate::time::Zone;
use text::Look;

/// A way to write events.
pub trait Render {
    /// Appends `event`, with times in `zone`. What is appended ends with a newline.
    fn render(&mut self, event: &Event, zone: &Zone, out: &mut Vec<u8>);
}

/// An output that `--report` can name.
#[derive(Debug)]
pub struct Output {
    /// What `--report` calls it.
    pub name: &'static str,
    /// One line about it, for the man page.
    pub about: &'static str,
    /// Makes one; `look` is what standard output can show.
    pub make: fn(Look) -> Box<dyn Render>,
}

impl PartialEq for Output {
    fn eq(&self, other: &Output) -> bool {
        self.name == other.name
    }
}

/// Every output; the first is the default.
pub static OUTPUTS: &[Output] = &[
    Output {
        name: "text",
        about: "for people, plain or coloured",
        make: |look| Box::new(text::Text::new(look)),
    },
    Output {
        name: "json",
        about: "JSON Lines, one object per line",
        make: |_| Box::new(json::Json),
    },
];
