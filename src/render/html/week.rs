//! The hours of the week as a table whose cells are the darker the more hits there were.

use std::fmt::Write;

use super::super::units::grouped;
use crate::points::week::Week;

const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// The least opacity of a cell that had a hit.
const FAINT: f64 = 0.06;

/// The section, for a run of several days.
pub(super) fn section(week: &Week, out: &mut String) {
    // Of a run of nine days two are Mondays.
    let mean = |day: usize, hits: u64| hits as f64 / week.times(day).max(1) as f64;
    let rows = week.hits().iter().enumerate();
    let means = rows.flat_map(|(day, hits)| hits.iter().map(move |&hits| mean(day, hits)));
    let most = means.fold(0.0, f64::max);
    if week.days() < 2 || most == 0.0 {
        return;
    }
    out.push_str(
        "<section class=\"week\">\n<table>\n<caption>Hours of the week <small>hits</small></caption>\n<thead><tr><td></td>",
    );
    for hour in (0..24).step_by(3) {
        write!(out, "<th colspan=\"3\">{hour:02}</th>").expect("a string takes every write");
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for (day, (name, hits)) in DAYS.iter().zip(week.hits()).enumerate() {
        write!(out, "<tr><th>{}</th>", &name[..3]).expect("a string takes every write");
        let of = match week.times(day) {
            0 | 1 => String::new(),
            times => format!(" on {times} days"),
        };
        for (hour, &hits) in hits.iter().enumerate() {
            let opacity = match hits {
                0 => 0.0,
                hits => FAINT + (1.0 - FAINT) * mean(day, hits) / most,
            };
            let noun = if hits == 1 { "hit" } else { "hits" };
            write!(
                out,
                "<td title=\"{name} {hour:02}:00: {} {noun}{of}\"><i style=\"opacity:{opacity:.2}\"></i></td>",
                grouped(hits)
            )
            .expect("a string takes every write");
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n</section>\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Second, Zone};

    #[test]
    fn a_week_is_shown_of_several_days_only() {
        let (mut week, mut out) = (Week::default(), String::new());
        // A Thursday.
        week.add(Second(3600), 4, &Zone::UTC);
        section(&week, &mut out);
        assert_eq!(out, "");
        week.add(Second(86_400), 1, &Zone::UTC);
        section(&week, &mut out);
        assert_eq!(
            out.matches("<i style=\"opacity:0.00\">").count(),
            7 * 24 - 2
        );
        assert!(out.contains("title=\"Thursday 01:00: 4 hits\"><i style=\"opacity:1.00\">"));
        assert!(out.contains("title=\"Friday 00:00: 1 hit\"><i style=\"opacity:0.29\">"));
    }
}
