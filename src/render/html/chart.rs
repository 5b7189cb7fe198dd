//! The time line: hits, errors and alerts above one another on one scale of time, as inline SVG.
//!
//! A drawing is as many units wide as the series has points, and is stretched to the page. Its text is beside it,
//! where it keeps its size on a phone. Each point is a step: an empty one is 0, not a slope between its neighbours.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::super::units::{self, grouped};
use super::super::{clock, escape};
use super::axis;
use crate::points::series::{Point, Series};
use crate::report::{Alert, Alerts};
use crate::time::{Second, Span, Zone};

/// The height of a drawing in its own units.
const HEIGHT: u64 = 1000;
/// The least height of what is not 0: about a pixel.
const LEAST_HEIGHT: u64 = 6;
/// The least width of an alert, as a part of the whole width, so that it can be seen.
const LEAST_WIDTH: f64 = 0.003;

/// The whole time line.
pub(super) fn time_line(
    series: &Series,
    timing: Option<&[Option<(f64, f64)>]>,
    alerts: Option<&Alerts>,
    zone: &Zone,
) -> String {
    let chart = Chart::new(series, alerts, zone);
    let step = series.step_name();
    let mut out = String::from("<div class=\"time\">\n");
    chart.hits(&step, &mut out);
    chart.errors(&step, &mut out);
    if let Some(timing) = timing {
        chart.timing(timing, &step, &mut out);
    }
    chart.lanes(alerts, &mut out);
    chart.axis(zone, &mut out);
    out.push_str("</div>\n");
    out
}

struct Chart<'a> {
    series: &'a Series,
    /// How many points there are, and how many units the drawing is wide.
    width: usize,
    /// The background of each plot: a line for each time below, and the spans of alerts.
    behind: String,
    /// Up to when alerts that are firing are drawn.
    now: Second,
    zone: &'a Zone,
}

impl<'a> Chart<'a> {
    fn new(series: &'a Series, alerts: Option<&Alerts>, zone: &'a Zone) -> Chart<'a> {
        let now = alerts.and_then(|alerts| alerts.now).unwrap_or(series.to());
        let mut chart = Chart {
            series,
            width: series.points().len(),
            behind: String::new(),
            now,
            zone,
        };
        let mut behind = String::new();
        let listed = alerts.iter().flat_map(|alerts| &alerts.listed);
        for (from, to) in chart.spans(listed) {
            write!(
                behind,
                "<rect class=\"band\" x=\"{from:.2}\" y=\"0\" width=\"{:.2}\" height=\"{HEIGHT}\"/>",
                to - from
            )
            .expect("a string takes every write");
        }
        behind.push_str("<path class=\"grid\" d=\"");
        for at in axis::ticks(zone, series.from(), series.to()) {
            write!(behind, "M{:.2} 0V{HEIGHT}", chart.x(at)).expect("a string takes every write");
        }
        write!(behind, "M0 {}H{w}M0 0H{w}\"/>", HEIGHT / 2, w = chart.width)
            .expect("a string takes every write");
        chart.behind = behind;
        chart
    }

    /// The place of a second.
    fn x(&self, second: Second) -> f64 {
        let x = (second - self.series.from()).0 as f64 / self.series.step().0 as f64;
        x.clamp(0.0, self.width as f64)
    }

    /// The spans in which any of these alerts fired. Spans that touch, or nearly do, are joined.
    fn spans<'f>(&self, alerts: impl Iterator<Item = &'f Alert>) -> Vec<(f64, f64)> {
        let least = self.width as f64 * LEAST_WIDTH;
        let mut all: Vec<(f64, f64)> = alerts
            .map(|fired| {
                let from = self.x(fired.since).min(self.width as f64 - least);
                let to = self.x(fired.until.unwrap_or(self.now).next());
                (from, to.max(from + least))
            })
            .collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut spans: Vec<(f64, f64)> = Vec::new();
        for (from, to) in all {
            match spans.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => spans.push((from, to)),
            }
        }
        spans
    }

    fn hits(&self, step: &str, out: &mut String) {
        let most = self
            .series
            .points()
            .map(|point| point.hits)
            .max()
            .unwrap_or(0);
        let top = round_above(most);
        let heights = self.series.points().map(|point| level(point.hits, top));
        let areas = [("hits", self.area(heights))];
        let scale = [grouped(top), half(top), "0".to_owned()];
        let title = format!("Hits per {step}");
        let label = format!("{title}, at most {}", grouped(most));
        let values = self.series.points().map(|point| match point.hits {
            0 => None,
            1 => Some("1 hit".to_owned()),
            hits => Some(format!("{} hits", grouped(hits))),
        });
        self.plot(&title, &label, &scale, &areas, values, out);
    }

    /// 5xx, with 4xx on top, on their own scale.
    fn errors(&self, step: &str, out: &mut String) {
        let server: fn(&Point) -> u64 = |point| point.server_errors;
        let both: fn(&Point) -> u64 = |point| point.server_errors + point.client_errors;
        let most = self.series.points().map(both).max().unwrap_or(0);
        if most == 0 {
            return;
        }
        let top = round_above(most);
        let heights = |count: fn(&Point) -> u64| {
            let points = self.series.points();
            self.area(points.map(move |point| level(count(point), top)))
        };
        let areas = [("client", heights(both)), ("server", heights(server))];
        let scale = [grouped(top), half(top), "0".to_owned()];
        let title = format!(
            "Errors per {step}: <i class=\"server\"></i> 5xx and <i class=\"client\"></i> 4xx"
        );
        let label = format!("Errors per {step}, at most {}", grouped(most));
        let values = self.series.points().map(|point| {
            (both(point) > 0).then(|| {
                let (server, client) = (point.server_errors, point.client_errors);
                format!("{} 5xx, {} 4xx", grouped(server), grouped(client))
            })
        });
        self.plot(&title, &label, &scale, &areas, values, out);
    }

    /// The 95th percentile of the durations, and the median before it.
    fn timing(&self, timing: &[Option<(f64, f64)>], step: &str, out: &mut String) {
        // In microseconds, so that a scale of whole numbers is fine enough.
        let us = |ms: f64| (ms * 1000.0).round() as u64;
        let most = timing.iter().flatten().map(|&(_, p95)| us(p95)).max();
        let Some(most) = most.filter(|&most| most > 0) else {
            return;
        };
        let top = round_above(most);
        let heights = |of: fn((f64, f64)) -> f64| {
            let points = timing.iter();
            self.area(points.map(move |point| point.map_or(0, |p| level(us(of(p)), top))))
        };
        let areas = [
            ("p95", heights(|point| point.1)),
            ("median", heights(|point| point.0)),
        ];
        let shown = |us: u64| units::milliseconds(us as f64 / 1000.0);
        // They are round: `50 ms`, not `50.0 ms`.
        let short = |us| shown(us).replace(".00 ", " ").replace(".0 ", " ");
        let scale = [short(top), short(top / 2), "0".to_owned()];
        let title = format!(
            "Time taken per {step}: <i class=\"median\"></i> median and <i class=\"p95\"></i> p95"
        );
        let label = format!("Time taken per {step}, p95 at most {}", shown(most));
        let values = timing.iter().map(|point| {
            let shown = |(p50, p95)| {
                let (p50, p95) = (units::milliseconds(p50), units::milliseconds(p95));
                format!("median {p50}, p95 {p95}")
            };
            point.map(shown)
        });
        self.plot(&title, &label, &scale, &areas, values, out);
    }

    /// A plot: `title` is HTML, `label` is for screen readers, and `values` are what the points say of themselves.
    fn plot(
        &self,
        title: &str,
        label: &str,
        scale: &[String; 3],
        areas: &[(&str, String)],
        values: impl Iterator<Item = Option<String>>,
        out: &mut String,
    ) {
        write!(
            out,
            "<h3>{title}</h3>\n<div class=\"scale\"><span>{}</span><span>{}</span><span>{}</span></div>\n\
             <svg viewBox=\"0 0 {} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{label}\">{}",
            scale[0], scale[1], scale[2], self.width, self.behind
        )
        .expect("a string takes every write");
        for (class, path) in areas {
            write!(out, "<path class=\"{class}\" d=\"{path}\"/>")
                .expect("a string takes every write");
        }
        out.push_str("<g class=\"over\">");
        for (i, value) in values.enumerate() {
            let at = self.series.from() + Span(self.series.step().0 * i as i64);
            if let Some(value) = value {
                let when = clock::when(self.zone, at);
                write!(
                    out,
                    "<rect x=\"{i}\" width=\"1\" height=\"{HEIGHT}\"><title>{when}: {value}</title></rect>"
                )
                .expect("a string takes every write");
            }
        }
        out.push_str("</g></svg>\n");
    }

    /// The area below the heights of the points.
    fn area(&self, heights: impl Iterator<Item = u64>) -> String {
        let mut path = format!("M0 {HEIGHT}");
        let mut level = HEIGHT;
        for (i, height) in heights.enumerate() {
            let y = HEIGHT - height;
            if y != level {
                write!(path, "H{i}V{y}").expect("a string takes every write");
                level = y;
            }
        }
        write!(path, "H{}V{HEIGHT}Z", self.width).expect("a string takes every write");
        path
    }

    /// For each rule that fired, when it did.
    fn lanes(&self, alerts: Option<&Alerts>, out: &mut String) {
        let mut rules: BTreeMap<&str, Vec<&Alert>> = BTreeMap::new();
        for fired in alerts.iter().flat_map(|alerts| &alerts.listed) {
            rules.entry(&fired.rule).or_default().push(fired);
        }
        for (rule, fired) in rules {
            let count = match fired.len() {
                1 => "1 alert".to_owned(),
                n => format!("{} alerts", grouped(n as u64)),
            };
            write!(
                out,
                "<h3><i class=\"alert\"></i> {} <small>{count}</small></h3>\n\
                 <svg class=\"lane\" viewBox=\"0 0 {} 1\" preserveAspectRatio=\"none\" aria-hidden=\"true\">",
                escape::html(rule),
                self.width
            )
            .expect("a string takes every write");
            for (from, to) in self.spans(fired.into_iter()) {
                write!(
                    out,
                    "<rect x=\"{from:.2}\" y=\"0\" width=\"{:.2}\" height=\"1\"/>",
                    to - from
                )
                .expect("a string takes every write");
            }
            out.push_str("</svg>\n");
        }
    }

    /// The times below; those of class `less` are for wide screens only.
    fn axis(&self, zone: &Zone, out: &mut String) {
        out.push_str("<div class=\"axis\">");
        for label in axis::labels(zone, self.series.from(), self.series.to()) {
            let left = 100.0 * self.x(label.at) / self.width as f64;
            let class = match (label.narrow, left > 97.0) {
                (false, _) => " class=\"less\"",
                // A label at the very end must not reach past the page.
                (true, true) => " class=\"end\"",
                (true, false) => "",
            };
            write!(
                out,
                "<span{class} style=\"left:{left:.2}%\">{}</span>",
                label.text
            )
            .expect("a string takes every write");
        }
        out.push_str("</div>\n");
    }
}

/// The height of `part` of `whole`; a little is not drawn as nothing.
fn level(part: u64, whole: u64) -> u64 {
    match part {
        0 => 0,
        _ => ((u128::from(part) * u128::from(HEIGHT) / u128::from(whole)) as u64)
            .clamp(LEAST_HEIGHT, HEIGHT),
    }
}

/// The busiest point, as a sentence.
pub(super) fn busiest(series: &Series, zone: &Zone) -> String {
    let mut best = (0, Second(0));
    let mut at = series.from();
    for point in series.points() {
        if point.hits > best.0 {
            best = (point.hits, at);
        }
        at = at + series.step();
    }
    format!(
        "The busiest {} had {} {} and began at {}.",
        series.step_name(),
        grouped(best.0),
        if best.0 == 1 { "hit" } else { "hits" },
        clock::when(zone, best.1)
    )
}

/// The least round number that is at least `most`; half of it is a round number too.
fn round_above(most: u64) -> u64 {
    const SMALL: [u64; 6] = [1, 2, 4, 6, 8, 10];
    const LEADS: [u64; 11] = [12, 14, 16, 20, 24, 30, 40, 50, 60, 80, 100];
    let powers = std::iter::successors(Some(1u64), |power| power.checked_mul(10));
    let large = powers.flat_map(|power| LEADS.map(|lead| power.saturating_mul(lead)));
    let mut round = SMALL.into_iter().chain(large);
    round.find(|round| *round >= most).unwrap_or(u64::MAX)
}

/// Half of a round number; empty for 1, which has no whole half.
fn half(number: u64) -> String {
    if number.is_multiple_of(2) {
        grouped(number / 2)
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::document::fired;
    use super::*;

    fn series(points: &[(i64, u64)]) -> Series {
        let mut series = Series::default();
        for &(second, hits) in points {
            let point = Point {
                hits,
                ..Point::default()
            };
            series.add(Second(second), point, None);
        }
        series
    }

    #[test]
    fn a_point_is_a_step_and_an_empty_one_is_nothing() {
        let series = series(&[(10, 4), (11, 4), (13, 1), (14, 10_000)]);
        let zone = Zone::UTC;
        let chart = Chart::new(&series, None, &zone);
        let area = chart.area(series.points().map(|point| level(point.hits, 10_000)));
        assert_eq!(area, "M0 1000H0V994H2V1000H3V994H4V0H5V1000Z");
    }

    #[test]
    fn alerts_that_touch_are_drawn_as_one_and_none_is_too_thin() {
        let series = series(&[(0, 1), (99, 1)]);
        let zone = Zone::UTC;
        let chart = Chart::new(&series, None, &zone);
        let fired = |since, until| fired(1, since, Some(until));
        let alerts = [
            fired(40, 50),
            fired(10, 20),
            fired(15, 30),
            fired(31, 32),
            fired(200, 300),
        ];
        let spans = chart.spans(alerts.iter());
        assert_eq!(spans, [(10.0, 33.0), (40.0, 51.0), (99.7, 100.0)]);
    }

    #[test]
    fn times_are_below_their_points_and_numbers_beside_the_plot() {
        const MARCH: i64 = 1_709_672_400; // 2024-03-05T21:00:00Z
        let series = series(&[(MARCH, 3), (MARCH + 3, 1)]);
        let line = time_line(&series, None, None, &Zone::UTC);
        let (_, axis) = line.split_once("<div class=\"axis\">").expect("an axis");
        let labels: Vec<&str> = axis.split("<span").skip(1).collect();
        assert_eq!(
            labels,
            [
                " style=\"left:0.00%\">21:00:00</span>",
                " class=\"less\" style=\"left:25.00%\">21:00:01</span>",
                " style=\"left:50.00%\">21:00:02</span>",
                " class=\"less\" style=\"left:75.00%\">21:00:03</span>",
                " class=\"end\" style=\"left:100.00%\">21:00:04</span></div>\n</div>\n",
            ]
        );
        assert!(line.contains(
            "<h3>Hits per second</h3>\n\
             <div class=\"scale\"><span>4</span><span>2</span><span>0</span></div>\n"
        ));
        assert!(line.contains("aria-label=\"Hits per second, at most 3\""));
        // Behind the plot each time has its line, and so has the middle of the scale.
        assert!(line.contains(
            "d=\"M0.00 0V1000M1.00 0V1000M2.00 0V1000M3.00 0V1000M4.00 0V1000M0 500H4M0 0H4\""
        ));
    }

    #[test]
    fn errors_have_a_scale_of_their_own() {
        let mut series = Series::default();
        for (second, client_errors, server_errors) in [(0, 2, 1), (1, 0, 6)] {
            let point = Point {
                hits: 90 + client_errors + server_errors,
                client_errors,
                server_errors,
            };
            series.add(Second(second), point, None);
        }
        let line = time_line(&series, None, None, &Zone::UTC);
        let (_, errors) = line
            .split_once("<h3>Errors per second")
            .expect("a plot of errors");
        assert!(errors.contains("<span>6</span><span>3</span><span>0</span>"));
        assert!(errors.contains("aria-label=\"Errors per second, at most 6\""));
        // 4xx and 5xx together, and before it 5xx alone.
        assert!(errors.contains("<path class=\"client\" d=\"M0 1000H0V500H1V0H2V1000Z\"/>"));
        assert!(errors.contains("<path class=\"server\" d=\"M0 1000H0V834H1V0H2V1000Z\"/>"));
    }

    #[test]
    fn scales_end_at_a_round_number() {
        let tops = [0, 1, 3, 7, 9, 11, 999, 1001].map(round_above);
        assert_eq!(tops, [1, 1, 4, 8, 10, 12, 1000, 1200]);
        assert!(round_above(u64::MAX) == u64::MAX);
    }
}
