//! The times that servers write between brackets, apart from the common one.
//!
//! `log_format` of nginx and the patterns of Java's loggers let a site write its time in its own way. Each
//! form is known by its shape alone: RFC 3339, seconds since 1970, the common form with other signs, month
//! names or a zone's name, cPanel's month before the day, RFC 1123's and `ctime`'s.
//!
//! The month names are those of glibc's and CLDR's abbreviated and full forms, the zones' names those of
//! RFC 5322 and the unambiguous ones of the tz database.

use super::super::unparsed::Why;
use super::elements::{byte, clock, days, digits, fraction, month_number, offset};

/// A time before its zone is applied.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) days: i64,
    /// `None` where there is no such time of day.
    pub(super) of_day: Option<i64>,
    /// `None` where none is written; the inner `None` where there is no such offset.
    pub(super) offset: Option<Option<i32>>,
    /// The fraction of its second, in microseconds.
    pub(super) fraction_us: u32,
}

/// Reads a whole text; `Why::Missing` means that it is no time.
pub(super) fn read(text: &[u8]) -> Result<Parts, Why> {
    let mut rest = text;
    let parts = match rest {
        [
            b'0'..=b'9',
            b'0'..=b'9',
            b'0'..=b'9',
            b'0'..=b'9',
            b'-' | b'/',
            ..,
        ] => year_first(&mut rest)?,
        [b'0'..=b'9', ..] => day_first(&mut rest)?,
        _ => named_day(&mut rest)?,
    };
    if rest.is_empty() {
        Ok(parts)
    } else {
        Err(Why::Missing)
    }
}

/// `2000-10-10T13:55:36.123+02:00`, `2000/10/10 13:55:36`.
fn year_first(rest: &mut &[u8]) -> Result<Parts, Why> {
    let year = digits(rest, 4)?;
    let mark = rest[0];
    byte(rest, mark)?;
    let month = digits(rest, 2)?;
    byte(rest, mark)?;
    let day = digits(rest, 2)?;
    let (of_day, fraction_us, offset) = clock_and_zone(rest)?;
    Ok(Parts {
        days: days(year, month, day)?,
        of_day,
        offset,
        fraction_us,
    })
}

/// `10/Oct/2000:13:55:36 -0700`, `10-oct-2000 13:55:36,123 CEST`, and cPanel's `10/31/2000:13:55:36 -0000`.
fn day_first(rest: &mut &[u8]) -> Result<Parts, Why> {
    let first = one_or_two(rest)?;
    let mark = *rest
        .first()
        .filter(|b| b"/- .".contains(b))
        .ok_or(Why::Missing)?;
    byte(rest, mark)?;
    let (month, day) = match rest.first() {
        // Two numbers: with strokes the month comes first, with points the day. No other order is guessed.
        Some(b'0'..=b'9') if mark == b'/' && !is_numbered_month(rest) => {
            (Some(first), one_or_two(rest)?)
        }
        Some(b'0'..=b'9') if mark == b'.' => (Some(one_or_two(rest)?), first),
        _ => (month_name(rest, mark)?, first),
    };
    byte(rest, mark)?;
    let year = digits(rest, 4)?;
    let (of_day, fraction_us, offset) = clock_and_zone(rest)?;
    Ok(Parts {
        days: days(year, month.ok_or(Why::NoSuchTime)?, day)?,
        of_day,
        offset,
        fraction_us,
    })
}

/// `Sun Mar 13 22:49:12 2016`, with a fraction or a zone's name before the year; `Sun, 13 Mar 2016 22:49:12 GMT`.
fn named_day(rest: &mut &[u8]) -> Result<Parts, Why> {
    if let [a, b, c, b',', b' ', date @ ..] = *rest
        && [a, b, c].iter().all(|b| b.is_ascii_alphabetic())
    {
        *rest = date;
        return day_first(rest);
    }
    let [a, b, c, b' ', m, o, n, b' ', date @ ..] = *rest else {
        return Err(Why::Missing);
    };
    if ![a, b, c].iter().all(|b| b.is_ascii_alphabetic()) {
        return Err(Why::Missing);
    }
    let month = month_number([*m, *o, *n]).ok_or(Why::Missing)?;
    *rest = date.trim_ascii_start();
    let day = one_or_two(rest)?;
    byte(rest, b' ')?;
    let of_day = clock(rest)?;
    let fraction_us = any_fraction(rest);
    let zone_before = match rest {
        [b' ', b'A'..=b'Z' | b'+' | b'-', ..] => zone(rest)?,
        _ => None,
    };
    byte(rest, b' ')?;
    let year = digits(rest, 4)?;
    let offset = zone_before.or(zone(rest)?);
    Ok(Parts {
        days: days(year, month, day)?,
        of_day,
        offset,
        fraction_us,
    })
}

/// Time of day, fraction, and offset, as in [`Parts`].
type ClockAndZone = (Option<i64>, u32, Option<Option<i32>>);

/// `:13:55:36.123 -0700`, a `T` or a space for the first colon.
fn clock_and_zone(rest: &mut &[u8]) -> Result<ClockAndZone, Why> {
    match rest {
        [b':' | b' ' | b'T' | b't', after @ ..] => *rest = after,
        _ => return Err(Why::Missing),
    }
    let mut of_day = clock(rest)?;
    let fraction_us = any_fraction(rest);
    if let [
        b' ',
        half @ (b'A' | b'P' | b'a' | b'p'),
        b'M' | b'm',
        after @ ..,
    ] = rest
    {
        of_day = of_day.and_then(|of_day| half_day(of_day, half.eq_ignore_ascii_case(&b'P')));
        *rest = after;
    }
    Ok((of_day, fraction_us, zone(rest)?))
}

/// The time of day that a clock of twelve hours shows.
fn half_day(of_day: i64, afternoon: bool) -> Option<i64> {
    let hour = of_day / 3600;
    let noon = 12 * 3600;
    (1..=12)
        .contains(&hour)
        .then(|| of_day % noon + if afternoon { noon } else { 0 })
}

/// Parts of a second behind a point, a comma or a colon.
fn any_fraction(rest: &mut &[u8]) -> u32 {
    b".,:"
        .iter()
        .fold(0, |us, &mark| us.max(fraction(rest, mark)))
}

fn one_or_two(rest: &mut &[u8]) -> Result<i64, Why> {
    let two = rest.get(1).is_some_and(u8::is_ascii_digit);
    digits(rest, if two { 2 } else { 1 })
}

/// `-0700`, `+05:30`, `Z` or a name, after a space or none; `None` where nothing is written.
fn zone(rest: &mut &[u8]) -> Result<Option<Option<i32>>, Why> {
    let text = match *rest {
        [b' ', after @ ..] => after,
        all => all,
    };
    match text {
        [b'+' | b'-', ..] => {
            *rest = text;
            offset(rest).map(Some)
        }
        [b'A'..=b'Z' | b'a'..=b'z', ..] => {
            let len = text
                .iter()
                .position(|b| !b.is_ascii_alphabetic())
                .unwrap_or(text.len());
            let hours = ZONES
                .iter()
                .find(|(name, _)| name.as_bytes() == &text[..len]);
            let (_, minutes) = hours.ok_or(Why::Missing)?;
            *rest = &text[len..];
            Ok(Some(Some(minutes * 60)))
        }
        _ => Ok(None),
    }
}

/// Whether a month is written as a number and a sign of its own, as Chinese and Japanese have it: `10月`.
fn is_numbered_month(rest: &[u8]) -> bool {
    let len = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    rest[len..].starts_with("月".as_bytes()) || rest[len..].starts_with("월".as_bytes())
}

/// The month up to `mark`; `None` in the result where the word is no month.
fn month_name(rest: &mut &[u8], mark: u8) -> Result<Option<i64>, Why> {
    let len = rest
        .iter()
        .take(32)
        .position(|&b| b == mark)
        .ok_or(Why::Missing)?;
    let word = std::str::from_utf8(&rest[..len]).map_err(|_| Why::Missing)?;
    if word.is_empty() || word.contains(['"', '[', ' ']) {
        return Err(Why::Missing);
    }
    let word = word.trim_end_matches('.').to_lowercase();
    let numbered = word.strip_suffix('月').or(word.strip_suffix('월'));
    let found = match numbered.and_then(|number| number.parse().ok()) {
        Some(number @ 1..=12) => Some(number),
        _ => MONTHS
            .iter()
            .position(|names| names.split(' ').any(|name| name == word))
            .map(|index| index as i64 + 1),
    };
    *rest = &rest[len..];
    found.map(Some).ok_or(Why::Missing)
}

/// Minutes east of UTC. `IST`, `CST` of China and others that mean several zones are not guessed, but where
/// RFC 5322 (section 4.3) decides.
const ZONES: [(&str, i32); 33] = [
    ("Z", 0),
    ("z", 0),
    ("UTC", 0),
    ("GMT", 0),
    ("UT", 0),
    ("EST", -300),
    ("EDT", -240),
    ("CST", -360),
    ("CDT", -300),
    ("MST", -420),
    ("MDT", -360),
    ("PST", -480),
    ("PDT", -420),
    ("AKST", -540),
    ("AKDT", -480),
    ("HST", -600),
    ("WET", 0),
    ("WEST", 60),
    ("BST", 60),
    ("CET", 60),
    ("CEST", 120),
    ("MET", 60),
    ("MEST", 120),
    ("EET", 120),
    ("EEST", 180),
    ("MSK", 180),
    ("SAST", 120),
    ("JST", 540),
    ("KST", 540),
    ("AEST", 600),
    ("AEDT", 660),
    ("NZST", 720),
    ("NZDT", 780),
];

/// The names of each month in lower case, without the full stop that ends some: English, German, French,
/// Spanish, Portuguese, Italian, Dutch, the Scandinavian languages, Polish, Czech, Russian, Turkish, Chinese.
const MONTHS: [&str; 12] = [
    "jan january januar jän jänner janv janvier ene enero janeiro gen gennaio januari sty stycznia led leden ledna янв января oca ocak 一月",
    "feb february februar févr fév février febr febrero fev fevereiro febbraio februari lut lutego úno únor února фев февр февраля şub şubat 二月",
    "mar march märz mär mrz mars marzo março mrt maart marca bře březen března мар марта март mart 三月",
    "apr april avr avril abr abril aprile kwi kwietnia dub duben dubna апр апреля nis nisan 四月",
    "may mai mayo maio mag maggio mei maj maja kvě květen května мая май 五月 mayıs",
    "jun june juni juin junio junho giu giugno cze czerwca čvn červen června июн июня июнь haz haziran 六月",
    "jul july juli juil juillet julio julho lug luglio lip lipca čvc červenec července июл июля июль tem temmuz 七月",
    "aug august août aout ago agosto augustus augusti sie sierpnia srp srpen srpna авг августа ağu ağustos 八月",
    "sep sept september septembre septiembre set setembro settembre wrz września zář září сен сент сентября eyl eylül 九月",
    "oct october oktober okt octobre octubre out outubro ott ottobre paź października říj říjen října окт октября eki ekim 十月",
    "nov november novembre noviembre novembro lis listopada listopad listopadu ноя нояб ноября kas kasım 十一月",
    "dec december dez dezember déc décembre dic diciembre dezembro dicembre des desember gru grudnia pro prosinec prosince дек декабря ara aralık 十二月",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// 2023-10-10 as days since 1970.
    const DAY: i64 = 19_640;
    const CLOCK: i64 = 13 * 3600 + 55 * 60 + 36;

    #[test]
    fn times_are_known_by_their_shape() {
        for (text, minutes) in [
            ("2023-10-10T13:55:36.123+02:00", Some(120)),
            ("2023-10-10 13:55:36,123", None),
            ("2023/10/10 13:55:36", None),
            ("10/Oct/2023:13:55:36", None),
            ("10/Oct/2023 13:55:36", None),
            ("10/Oct/2023:13:55:36,123 +0200", Some(120)),
            ("10/Oct/2023:13:55:36:123 +0200", Some(120)),
            ("10/Oct/2023:13:55:36 +02:00", Some(120)),
            ("10/Oct/2023:13:55:36 CEST", Some(120)),
            ("10/Oct/2023:13:55:36 UTC", Some(0)),
            ("10/Oct/2023:01:55:36 PM -0700", Some(-420)),
            ("10-oct-2023 13:55:36", None),
            ("10/oct./2023:13:55:36 +0200", Some(120)),
            ("10/Okt/2023:13:55:36 +0200", Some(120)),
            ("10/10月/2023:13:55:36 +0900", Some(540)),
            ("10/十月/2023:13:55:36 +0800", Some(480)),
            ("10/10/2023:13:55:36 -0000", Some(0)),
            ("10.10.2023 13:55:36", None),
            ("10.Okt.2023 13:55:36", None),
            ("Tue Oct 10 13:55:36 2023", None),
            ("Tue Oct 10 13:55:36.123456 2023", None),
            ("Tue Oct 10 13:55:36 CEST 2023", Some(120)),
            ("Tue, 10 Oct 2023 13:55:36 GMT", Some(0)),
        ] {
            let offset = minutes.map(|minutes: i32| Some(minutes * 60));
            // The one fraction here of more than three digits goes on with 456.
            let fraction_us = match (text.contains("36.123456"), text.contains("123")) {
                (true, _) => 123_456,
                (false, true) => 123_000,
                (false, false) => 0,
            };
            let want = Parts {
                days: DAY,
                of_day: Some(CLOCK),
                offset,
                fraction_us,
            };
            assert_eq!(read(text.as_bytes()), Ok(want), "{text}");
        }
        let august = "10/août/2023:13:55:36 +0200";
        assert_eq!(read(august.as_bytes()).unwrap().days, 19_579);
    }

    #[test]
    fn what_cannot_be_decided_is_no_time() {
        for text in [
            "",
            "PORT 80",
            "0.003",
            "31/10/2023:13:55:36 -0000",
            "10-10-2023 13:55:36",
            "10/Oct/2023:13:55:36 IST",
            "10/Oct/2023:13:55:36 +0200 x",
            "10/Foo/2023:13:55:36",
            "10/Oct/23:13:55:36",
            "Tue Oct 10 13:55:36",
            "2023-10-10",
            "10/\u{fffd}/2023:13:55:36",
        ] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
        assert_eq!(read(b"\xff\xff/\xff"), Err(Why::Missing));
        let late = read(b"10/Oct/2023:24:55:36,1 +0200").unwrap();
        assert_eq!(late.of_day, None);
    }

    #[test]
    fn no_name_is_a_month_twice() {
        let mut names: Vec<_> = MONTHS.iter().flat_map(|names| names.split(' ')).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
