//! An alert for those who do not read a report: its lines as text has them, and one sentence for a phone.

use super::{Look, Text, TextWriter};
use crate::quantity::Unit;
use crate::render::Render;
use crate::render::units;
use crate::report::{AlertState, Event, Shortfall, Transition, WhyOver};
use crate::time::Zone;

/// What is a phone's or a program's has no width and no colour.
const PLAIN: Look = Look {
    rich: false,
    color: false,
    width: usize::MAX,
    ascii: false,
};

/// The lines of an alert, without the last newline.
pub fn lines(event: &Event, zone: &Zone) -> Vec<u8> {
    let mut lines = Vec::new();
    Text::new(PLAIN).render(event, zone, &mut lines);
    lines.truncate(lines.trim_ascii_end().len());
    lines
}

/// An alert in one sentence, without a full stop: `Errors: 5xx is 5.3% of 432 hits over 1m, threshold 5%, from /api and
/// client 10.0.0.2`, `Errors is over after 1m55s, peak 25.0%`.
pub fn sentence(alert: &Transition, zone: &Zone) -> Vec<u8> {
    let mut sentence = Vec::new();
    let mut text = Text::new(PLAIN).writer(zone, &mut sentence);
    text.raw(&alert.rule);
    text.for_key(&alert.key);
    match &alert.state {
        AlertState::Firing {
            causes, missing, ..
        } => {
            if alert.repeat > 0 {
                let lasts = alert.at - alert.since;
                text.write(format_args!(" is still firing after {lasts}"));
            }
            text.raw(": ");
            text.measured(alert);
            let of_key = alert.key.as_ref().map(|key| key.dimension);
            let named = causes.iter().filter_map(|cause| {
                let key = cause.key.as_ref()?;
                let is_status = cause.dimension.name == "status";
                (Some(cause.dimension) != of_key && !is_status).then_some((cause.dimension, key))
            });
            for (index, (dimension, key)) in named.enumerate() {
                text.raw(match (index, missing) {
                    (0, false) => ", from ",
                    (0, true) => ", missing ",
                    _ => " and ",
                });
                text.key_of(dimension, key);
            }
        }
        AlertState::Resolved { peak, why } => {
            let peak_word = peak.peak_word();
            let value = units::figure(peak.value, alert.subject.unit);
            text.write(format_args!(
                " is over after {}, {peak_word} {value}",
                alert.at - alert.since
            ));
            if let Some(why) = why {
                text.write(format_args!(", {}", why.brief()));
            }
            if let Some(WhyOver::TooFew(Shortfall { hits, min })) = why {
                text.write(format_args!(": {hits} of the {min} it asks for"));
            }
        }
    }
    sentence
}

impl TextWriter<'_> {
    /// `5xx is 5.3% of 432 hits over 1m, threshold 5%`
    fn measured(&mut self, alert: &Transition) {
        let (figure, unit) = (alert.figure, alert.subject.unit);
        if alert.detail.is_none() {
            self.write(format_args!("{} is ", alert.subject.measure));
        }
        let value = units::figure(figure.value, unit);
        // Beside the threshold of a silence there is no value.
        if unit == Unit::Seconds {
            self.write(format_args!("{value}, "));
        }
        self.compared(alert, &value);
    }
}
