//! Timestamps in their forms, and what is none.

use super::*;
use proptest::prelude::*;
use proptest::sample::select;

fn clf(text: &str) -> Result<(i64, i32, usize), Why> {
    Timestamps::new(Zone::UTC)
        .clf(text.as_bytes())
        .map(|s| (s.time.0, s.offset, s.len))
}

#[test]
fn clf_times_are_read_in_their_forms() {
    assert_eq!(
        clf("10/Oct/2000:13:55:36 -0700] x"),
        Ok((971_211_336, -25_200, 26))
    );
    assert_eq!(
        clf("1/Jul/1995:00:00:01 -0400]"),
        Ok((804_571_201, -14_400, 25))
    );
    assert_eq!(
        clf("10/Oct/2000:13:55:36.123 -0700]"),
        Ok((971_211_336, -25_200, 30))
    );
    assert_eq!(clf("10/Oct/2000:13:55:36]"), Ok((971_186_136, 0, 20)));
    for (text, len) in [
        ("10/Okt/2000:13:55:36 -0700]", 26),
        ("2000-10-10T13:55:36.123-07:00]", 29),
        ("1696938936.123]", 14),
        ("1971211336123]", 13),
        ("Tue Oct 10 13:55:36 2000]", 24),
    ] {
        assert_eq!(clf(text).map(|stamp| stamp.2), Ok(len), "{text}");
    }
    assert_eq!(
        clf("31/Dec/2016:23:59:60 +0000]"),
        clf("31/Dec/2016:23:59:59 +0000]")
    );
    assert_eq!(clf("10/Oct/2000:13:55:36 +05:30]").map(|t| t.1), Ok(19_800));
}

#[test]
fn what_is_no_time_and_what_cannot_be_are_told_apart() {
    for text in [
        "",
        "10",
        "10/Oct/2000",
        "10/foo/2000:13:55:36 -0700]",
        "10/Oct/2000:13:55:36 -0700",
        "10/Oct/2000:13:55:36 0700]",
        "x0/Oct/2000:13:55:36 -0700]",
    ] {
        assert_eq!(clf(text), Err(Why::Missing), "{text}");
    }
    for text in [
        "31/Feb/2000:13:55:36 -0700]",
        "10/Foo/2000:13:55:36 -0700]",
        "10/Oct/2000:24:00:00 -0700]",
        "10/Oct/2000:13:55:61 -0700]",
        "00/Oct/2000:13:55:36 -0700]",
        "10/Oct/2000:13:55:36 -9900]",
        "29/Feb/2023:00:00:00 +0000]",
    ] {
        assert_eq!(clf(text), Err(Why::NoSuchTime), "{text}");
    }
}

#[test]
fn the_memory_of_the_last_time_changes_nothing() {
    let texts = [
        "10/Oct/2000:13:55:36 -0700]",
        "10/Oct/2000:13:55:36 -0700]",
        "10/Oct/2000:13:55:37 -0700]",
        "10/Oct/2000:13:55:37 +0000]",
        "11/Oct/2000:00:00:00 -0700]",
        "10/Oct/2000:13:55:36 -0700]",
    ];
    let mut one = Timestamps::new(Zone::UTC);
    for text in texts {
        assert_eq!(
            one.clf(text.as_bytes()).ok(),
            Timestamps::new(Zone::UTC).clf(text.as_bytes()).ok(),
            "{text}"
        );
    }
}

#[test]
fn the_second_of_the_last_minute_is_read_as_any_other_time() {
    let clocks = [
        "13:55:36", "13:55:37", "13:55:09", "13:55:59", "13:55:60", "13:55:61", "13:55:70",
        "13:55:5:", "13:55:x5", "13:56:08", "13:45:07", "23:59:60", "23:59:01",
    ];
    let zones = ["-0700", "+0000"];
    let texts = || {
        clocks
            .iter()
            .flat_map(|clock| zones.map(|zone| format!("10/Oct/2000:{clock} {zone}]")))
    };
    let alone = |text: &str| Timestamps::new(Zone::UTC).clf(text.as_bytes());
    for first in texts() {
        for second in texts() {
            for third in texts() {
                let mut one = Timestamps::new(Zone::UTC);
                for text in [&first, &second, &third] {
                    assert_eq!(
                        one.clf(text.as_bytes()),
                        alone(text),
                        "{first} {second} {third}"
                    );
                }
            }
        }
    }
}

proptest! {
    /// Days, times and offsets that repeat, in forms of which some are as long as the usual one.
    #[test]
    fn whatever_came_before_changes_no_time(texts in prop::collection::vec((
        select(vec!["10/Oct", "11/Oct", "1/Oct", "31/Feb", "10/Foo", "\0\0/\0\0\0"]),
        select(vec!["00:00:00", "13:55:36", "23:59:60", "24:00:00", "13:5x:36", "13:55.36"]),
        select(vec![" -0700", " +0000", " -07:00", "", ".1234", ".12345", ".123456", " +2400", " 00000"]),
        select(vec!["]", "] ", "", "x"]),
    ), 1..12)) {
        let mut one = Timestamps::new(Zone::UTC);
        for (date, time, offset, end) in texts {
            let text = format!("{date}/2000:{time}{offset}{end}");
            let alone = || Timestamps::new(Zone::UTC);
            prop_assert_eq!(one.clf(text.as_bytes()), alone().clf(text.as_bytes()), "{}", text);
            let form = TimeForm::Clf;
            prop_assert_eq!(one.read(&form, text.as_bytes()), alone().read(&form, text.as_bytes()), "{}", text);
        }
    }
}

#[test]
fn bytes_that_are_no_time_equal_nothing_that_is_remembered() {
    let mut times = Timestamps::new(Zone::UTC);
    let text = [[0; 26].as_slice(), b"]"].concat();
    assert_eq!(times.clf(&text), Err(Why::Missing));
    assert_eq!(times.read(&TimeForm::Clf, &text[..26]), Err(Why::Missing));
    assert_eq!(times.iso_date(&text), Err(Why::Missing));
}

#[test]
fn a_time_without_offset_is_in_the_given_zone() {
    let mut berlin = Timestamps::new(Zone::parse("Europe/Berlin").unwrap());
    let stamp = berlin.clf(b"10/Jul/2020:13:00:00]").unwrap();
    assert_eq!((stamp.time, stamp.offset), (Second(1_594_378_800), 7200));
}

#[test]
fn epoch_times_are_told_apart_by_size() {
    for text in [
        "1549573860",
        "1549573860.999",
        "1549573860123",
        "1549573860123456",
        "1549573860123456789",
    ] {
        assert_eq!(
            epoch(text.as_bytes()).map(|s| s.time),
            Ok(Second(1_549_573_860)),
            "{text}"
        );
    }
    assert_eq!(epoch(b"902351708").map(|s| s.time), Ok(Second(902_351_708)));
    for text in [
        "",
        "12345678",
        "-1549573860",
        "1549573860x",
        "99999999999999999999",
    ] {
        assert!(epoch(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn other_forms_give_the_same_instant() {
    let mut times = Timestamps::new(Zone::UTC);
    let mut read = |text: &str| {
        times
            .read(&TimeForm::Any, text.as_bytes())
            .map(|s| (s.time.0, s.offset, s.zoned))
    };
    let want = 971_211_336;
    assert_eq!(read("2000-10-10T13:55:36-07:00"), Ok((want, -25_200, true)));
    assert_eq!(read("2000-10-10T20:55:36Z"), Ok((want, 0, true)));
    assert_eq!(
        read("2000-10-10T20:55:36.123456789+0000"),
        Ok((want, 0, true))
    );
    assert_eq!(read("2000-10-10 20:55:36,123"), Ok((want, 0, false)));
    assert_eq!(read("Tue Oct 10 20:55:36 2000"), Ok((want, 0, false)));
    assert_eq!(
        read("Sun Oct  1 20:55:36 2000"),
        Ok((want - 9 * 86_400, 0, false))
    );
    assert_eq!(
        read("10/Oct/2000:13:55:36 -0700"),
        Ok((want, -25_200, true))
    );
    assert_eq!(read("971211336000"), Ok((want, 0, true)));
    for text in [
        "",
        "x",
        "2000-13-10T00:00:00Z",
        "2000-10-10",
        "2000-10-10T24:00:00Z",
        "2000-10-10T20:55:36Zx",
        "Tue Oct 32 20:55:36 2000",
    ] {
        assert!(read(text).is_err(), "{text}");
    }
    assert_eq!(Timestamps::of_day(b"23:59:60.5"), Ok(86_399));
    let pattern = TimeForm::Pattern(b"%d.%m.%Y %H:%M:%S %z"[..].into());
    assert_eq!(
        times
            .read(&pattern, b"10.10.2000 13:55:36 -0700")
            .map(|s| s.time),
        Ok(Second(want))
    );
}
