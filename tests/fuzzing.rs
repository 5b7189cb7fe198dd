//! A slice of the formats' fuzzing, the same each time: the golden cases' lines, damaged with the dictionary's texts.
//! CONTRIBUTING.md says how to run the rest, which needs a nightly compiler.

#[path = "fuzz/check.rs"]
mod check;
#[cfg(feature = "mmdb")]
#[path = "fuzz/databases.rs"]
mod databases;
#[path = "fuzz/ledgers.rs"]
mod ledgers;
#[cfg(feature = "mmdb")]
#[path = "support/mmdb.rs"]
mod mmdb;
#[path = "fuzz/rollups.rs"]
mod rollups;
#[path = "fuzz/runs.rs"]
mod runs;
#[path = "fuzz/strings.rs"]
mod strings;
mod support;

use std::fs;
use std::path::Path;

/// So many inputs are made: a few seconds of a debug build.
const INPUTS: usize = 400;

/// Vigna's SplitMix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    fn of<'t, T>(&mut self, list: &'t [T]) -> &'t T {
        &list[self.below(list.len())]
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The first lines of each golden case's input, and its format string where it has one.
fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    let cases = fs::read_dir(root().join("tests/cases/formats")).expect("the golden cases");
    let mut folders: Vec<_> = cases.map(|case| case.expect("a case").path()).collect();
    folders.sort();
    for folder in folders {
        let input = fs::read(folder.join("input")).unwrap_or_default();
        let lines = input.split(|&b| b == b'\n').filter(|line| !line.is_empty());
        seeds.extend(lines.take(8).map(<[u8]>::to_vec));
        let arguments = fs::read_to_string(folder.join("args")).unwrap_or_default();
        let given = arguments
            .lines()
            .filter_map(|line| line.strip_prefix("--format="));
        seeds.extend(given.map(|text| text.as_bytes().to_vec()));
    }
    assert!(seeds.len() > 200, "{} seeds", seeds.len());
    seeds
}

/// The texts of the dictionary.
fn dictionary() -> Vec<Vec<u8>> {
    let file = fs::read_to_string(root().join("tests/fuzz/formats.dict")).expect("the dictionary");
    let entries = file.lines().filter(|line| line.starts_with('"'));
    let texts: Vec<_> = entries
        .map(|line| unescaped(&line[1..line.len() - 1]))
        .collect();
    assert!(texts.len() > 50, "{} texts", texts.len());
    texts
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        match (byte, rest) {
            (b'\\', [b'x', high, low, after @ ..]) => {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).expect("two digits");
                out.push(u8::from_str_radix(digits, 16).expect("a byte"));
                rest = after;
            }
            (b'\\', [other, after @ ..]) => {
                out.push(*other);
                rest = after;
            }
            _ => out.push(*byte),
        }
    }
    out
}

fn damage(text: &mut Vec<u8>, dice: &mut Dice, seeds: &[Vec<u8>], dictionary: &[Vec<u8>]) {
    let at = dice.below(text.len() + 1);
    let end = (at + dice.below(16)).min(text.len());
    match dice.below(8) {
        0 | 1 => drop(text.splice(at..at, dice.of(dictionary).iter().copied())),
        2 => drop(text.splice(at..end, dice.of(dictionary).iter().copied())),
        3 => drop(text.drain(at..end)),
        4 => text.truncate(at),
        5 => {
            let other = dice.of(seeds);
            let from = dice.below(other.len());
            text.truncate(at);
            text.extend_from_slice(&other[from..]);
        }
        6 => {
            let other = dice.of(seeds).clone();
            text.push(b'\n');
            text.extend(other);
        }
        _ => {
            if let Some(byte) = text.get_mut(at) {
                *byte = dice.next() as u8;
            }
        }
    }
}

/// Checks the seeds, and so many inputs that are made of them.
fn fuzz(seeds: &[Vec<u8>], dictionary: &[Vec<u8>], inputs: usize, check: fn(&[u8])) {
    seeds.iter().for_each(|seed| check(seed));
    let mut dice = Dice(20_251_010);
    for _ in 0..inputs {
        let mut text = dice.of(seeds).clone();
        for _ in 0..=dice.below(4) {
            damage(&mut text, &mut dice, seeds, dictionary);
        }
        let shown = String::from_utf8_lossy(&text).into_owned();
        let checked = std::panic::catch_unwind(|| check(&text));
        assert!(checked.is_ok(), "{shown}");
    }
}

#[test]
fn whatever_the_bytes_are_the_formats_keep_their_promises() {
    fuzz(&seeds(), &dictionary(), INPUTS, check::check);
}

/// The golden cases' files of this name, in order.
fn cases(name: &str) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("tests/cases")];
    while let Some(folder) = folders.pop() {
        let mut inside: Vec<_> = fs::read_dir(&folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        inside.sort();
        folders.extend(inside.iter().filter(|path| path.is_dir()).cloned());
        found.extend(fs::read(folder.join(name)));
    }
    assert!(found.len() > 50, "{} files", found.len());
    found
}

#[test]
fn whatever_the_arguments_are_they_are_taken_or_explained() {
    let arguments = cases("args").concat();
    let lines = arguments.split(|&b| b == b'\n');
    let values = lines.map(|line| line.splitn(2, |&b| b == b'=').last().unwrap_or_default());
    let mut seeds: Vec<Vec<u8>> = values.map(<[u8]>::to_vec).collect();
    seeds.sort();
    seeds.dedup();
    let words = "over by client|99999999999999999999|-1|0|1h30m|2026-02-30T25:61|keep|min 0|(|'|\\|é|%|*|~|>= |every|\u{1b}[31m|\n--";
    let words: Vec<Vec<u8>> = words
        .split('|')
        .map(|word| word.as_bytes().to_vec())
        .collect();
    fuzz(&seeds, &words, 1000, strings::check);
}

#[test]
fn whatever_the_log_is_the_books_balance_and_cuts_make_no_difference() {
    let beginning = |(n, input): (usize, Vec<u8>)| {
        let lines = input.split_inclusive(|&b| b == b'\n').take(20);
        let choice = [n as u8, (n * 37) as u8];
        [&choice[..], &lines.collect::<Vec<_>>().concat()].concat()
    };
    let mut seeds: Vec<Vec<u8>> = cases("input")
        .into_iter()
        .enumerate()
        .map(beginning)
        .collect();
    seeds.retain(|seed| seed.len() < 1 << 14);
    fuzz(&seeds, &dictionary(), 150, runs::check);
}

#[test]
fn whatever_a_ledger_holds_it_is_taken_or_left_as_it_is() {
    let lines = [
        r#"{"type":"written","second":1795165170,"events":1"#,
        r#"{"type":"written","second":1795165100,"events":0"#,
        r#"{"type":"alert","firing":"High traffic","since":1795165160"#,
        r#"{"type":"alert","over":"High traffic""#,
        r#"{"type":"queued","id":"a","rule":"A","state":"firing","at":"x","json":"{}\n","text":"t""#,
        r#"{"type":"started","id":"a""#,
        r#"{"type":"ended","id":"a""#,
        r#"{"type":"writing","second":1795165170,"events":2,"length":5,"size":7,"firing":"High traffic","since":1795165160"#,
        r#"{"type":"end","entries":3"#,
    ];
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    for kind in ["s", "c", "f"] {
        seeds.push(format!("{kind}{}", lines.join("\n")).into_bytes());
        seeds.extend(lines.map(|line| format!("{kind}{line}").into_bytes()));
    }
    let words = "-9223372036854775808|9223372036854775807|99999999999999999999|-1|0|{\"v\":1,\"type\":\"httpmon-state\"}\n|,\"repeat\":9|\"|\\|é";
    let words: Vec<Vec<u8>> = words
        .split('|')
        .map(|word| word.as_bytes().to_vec())
        .collect();
    fuzz(&seeds, &words, 150, ledgers::check);
}

#[test]
fn whatever_rollups_hold_merging_them_is_replay() {
    let head = "#httpmon rollup 1 offset=0\ntime\thits\tstatus\tmethod\tprotocol\tbytes\tus\tsection\tclient\tpath\tcached\tbot\tvisitor";
    let row = |second: usize, n: usize| {
        let status = [200, 404, 503][n % 3];
        format!(
            "\n{}\t{}\t{status}\tGET\tHTTP/1.1\t{}\t\t/{}\t192.0.2.{}\t/{}/x\t\t-\t{}",
            1_767_225_600 + second,
            n % 2 + 1,
            n % 5,
            n % 3,
            n % 4,
            n % 3,
            n % 7,
        )
    };
    let rows = |seconds: &[usize]| -> String {
        let rows = (0..).zip(seconds).map(|(n, &second)| row(second, n));
        format!("{head}{}", rows.collect::<String>())
    };
    let remarks = "\n#unparsed\t1767225602\t2\n#skipped\t3\n#filtered\t4\n#newest\t1767225990";
    let ascending = rows(&[0, 0, 1, 3, 3, 3, 9, 40, 41, 99]);
    let late = rows(&[2, 5, 50, 60]).replacen("offset=0", "offset=0 late", 1);
    let falling = rows(&[200, 100, 0, 300, 10]);
    let dense = rows(&(0..90).map(|n| n / 7).collect::<Vec<_>>());
    let seeds = [
        format!("0{ascending}"),
        format!("1{ascending}{remarks}"),
        format!("2{ascending}\n{late}"),
        format!("3{falling}\n{ascending}"),
        format!("7{dense}"),
        format!("6{dense}\n{late}\n{falling}"),
        format!("5{}", rows(&[0, 1, 2])),
    ];
    let seeds = seeds.map(String::into_bytes);
    let words = format!(
        "\\x00|\\e|\t|\t\t|\n|-1|0|1048576|1048577|99999999999999999999|\n#skewed\t|\n#unparsed\t\t1|{}|{}|\n{late}|offset=3600",
        row(1, 4),
        row(64, 1),
    );
    let words: Vec<Vec<u8>> = words
        .split('|')
        .map(|word| word.as_bytes().to_vec())
        .collect();
    fuzz(&seeds, &words, 250, rollups::check);
}

#[cfg(feature = "mmdb")]
#[test]
fn whatever_a_database_is_it_is_refused_or_answers() {
    use mmdb::Value::{Map, Number, Short, Text};
    let asn = Map(vec![
        ("autonomous_system_number", Number(64_496)),
        ("geoname_id", Short(7)),
        ("autonomous_system_organization", Text("Example")),
    ]);
    let country = Map(vec![("country", Map(vec![("iso_code", Text("DE"))]))]);
    let networks = [("192.0.2.0", 24, asn), ("2001:db8::", 32, country)];
    let seeds = [mmdb::database("Example", &networks)];
    let words = [
        &b"\x20\x00"[..],
        b"\x3f\xff\xff",
        b"\xff\xff\xff\xff",
        b"\xe9",
        b"\xab\xcd\xefMaxMind.com",
        b"\xc4",
        b"\x00",
    ];
    let words = words.map(<[u8]>::to_vec);
    fuzz(&seeds, &words, 3000, databases::check);
}
