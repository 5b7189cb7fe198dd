//! Times as people read them on a page: a date and a time of day, with the zone only once.

use crate::time::{Second, Zone};

/// The date and the time of day, `2026-11-20` and `09:04:00`. Outside the calendar the date is empty, and the time
/// is the number of the second.
pub(super) fn parts(zone: &Zone, second: Second) -> (String, String) {
    let shown = zone.show(second);
    match (shown.get(..10), shown.get(11..19)) {
        (Some(date), Some(time)) if !shown.starts_with('@') => (date.to_owned(), time.to_owned()),
        _ => (String::new(), shown),
    }
}

/// `2026-11-20 09:04:00`
pub(super) fn when(zone: &Zone, second: Second) -> String {
    let (date, time) = parts(zone, second);
    format!("{date} {time}").trim_start().to_owned()
}

/// From one second to another: `2026-11-20 09:00:02 to 09:07:58`.
pub(super) fn from_to(zone: &Zone, from: Second, to: Second) -> String {
    let (day, time) = parts(zone, to);
    let end = if day == parts(zone, from).0 {
        time
    } else {
        format!("{day} {time}")
    };
    format!("{} to {end}", when(zone, from))
}

/// The zone of a span of time: `UTC`, `UTC+03:30`, or two of them if the clocks changed.
pub(super) fn zone_of(zone: &Zone, from: Second, to: Second) -> String {
    let name = |second| match zone.show(second).get(19..) {
        Some(offset) if offset != "Z" => format!("UTC{offset}"),
        _ => "UTC".to_owned(),
    };
    let (first, last) = (name(from), name(to));
    if first == last {
        first
    } else {
        format!("{first}, then {last}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short_and_say_their_zone_once() {
        let zone = Zone::fixed(12_600);
        let (from, to) = (Second(1_548_116_774), Second(1_548_116_834));
        assert_eq!(from_to(&zone, from, to), "2019-01-22 03:56:14 to 03:57:14");
        assert_eq!(zone_of(&zone, from, to), "UTC+03:30");
        assert_eq!(zone_of(&Zone::UTC, from, to), "UTC");
        let far = Second(i64::MAX / 2);
        assert_eq!(when(&zone, far), "@4611686018427387903");
        let berlin = Zone::parse("Europe/Berlin").expect("a zone");
        let (winter, summer) = (Second(1_743_289_200), Second(1_743_379_200));
        assert_eq!(
            zone_of(&berlin, winter, summer),
            "UTC+01:00, then UTC+02:00"
        );
    }
}
