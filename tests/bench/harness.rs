//! Measures stages beside each other.
//!
//! A machine that others use too is now fast, now slow, so that a figure alone says little. Each round runs
//! every stage once, one after the other, so that all have their share of the good moments; figures and
//! ratios are those of the least times. The median beside them says how noisy it was: where it is far
//! above the least, a second run is worth its time.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// Rounds that count, after one that does not.
const ROUNDS: usize = 40;
/// A group with more stages is shown by its least, its median and its greatest, unless it was asked for.
const MANY: usize = 20;

/// What a run saw. It must be what was made, else the run measured something else.
pub type Seen = [u64; 2];

/// Something to measure.
pub struct Stage {
    /// What belongs together; the first stage of a group is what the others are held against.
    pub group: &'static str,
    /// Which one it is.
    pub name: String,
    /// Bytes that go through it in a run.
    pub bytes: u64,
    /// Lines (or what it makes of lines) in a run.
    pub items: u64,
    /// Whether the group is compared by bytes, and not by items.
    pub by_bytes: bool,
    /// What a run must see.
    pub want: Seen,
    /// A run: how long what matters of it took, and what it saw.
    pub run: Box<dyn FnMut() -> (Duration, Seen)>,
}

impl Stage {
    fn measure(&mut self) -> f64 {
        let (took, seen) = (self.run)();
        assert_eq!(seen, self.want, "{} {}", self.group, self.name);
        took.as_nanos().max(1) as f64
    }

    /// What the time is divided by where the group is compared.
    fn size(&self) -> u64 {
        if self.by_bytes {
            self.bytes
        } else {
            self.items
        }
    }

    fn is_asked_for(&self, words: &[String]) -> bool {
        let name = format!("{} {}", self.group, self.name);
        words.iter().any(|word| name.contains(word.as_str()))
    }
}

/// How long `work` takes, with what it gives.
pub fn time<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let result = black_box(work());
    (start.elapsed(), result)
}

/// Runs every stage once, to see that it sees what it must.
pub fn check(mut stages: Vec<Stage>, out: &mut dyn Write) -> io::Result<()> {
    for stage in &mut stages {
        stage.measure();
    }
    writeln!(out, "each of {} stages saw what was made", stages.len())
}

/// Measures the stages whose name contains one of `words` (all, if there are none), with those that
/// they are held against, and writes the table.
pub fn measure(mut stages: Vec<Stage>, words: &[String], out: &mut dyn Write) -> io::Result<()> {
    let yardstick = stages.first().map_or("", |stage| stage.group);
    let asked: Vec<_> = stages
        .iter()
        .filter(|stage| stage.is_asked_for(words))
        .map(|stage| stage.group)
        .collect();
    if asked.is_empty() && !words.is_empty() {
        let groups: BTreeSet<_> = stages.iter().map(|stage| stage.group).collect();
        return Err(io::Error::other(format!(
            "no stage has {words:?} in its name; there are {groups:?}"
        )));
    }
    let mut last = "";
    stages.retain(|stage| {
        let first = std::mem::replace(&mut last, stage.group) != stage.group;
        let base = first && (stage.group == yardstick || asked.contains(&stage.group));
        words.is_empty() || base || stage.is_asked_for(words)
    });
    let mut measured: Vec<Measured> = stages
        .into_iter()
        .map(|stage| Measured(stage, Vec::with_capacity(ROUNDS)))
        .collect();
    for round in 0..=ROUNDS {
        for Measured(stage, times) in &mut measured {
            let took = stage.measure();
            if round > 0 {
                times.push(took);
            }
        }
    }
    writeln!(
        out,
        "{:50} {:>7} {:>9} {:>9} {:>9} {:>8}",
        "", "MB/s", "ns each", "median", "x newline", "x first"
    )?;
    for group in measured.chunk_by(|a, b| a.0.group == b.0.group) {
        let row = |stage| Row::new(stage, &measured[0], &group[0]);
        let mut rows: Vec<Row> = group.iter().map(row).collect();
        let name = group[0].0.group;
        let len = rows.len();
        if len > MANY && words.is_empty() {
            rows.sort_by(|a, b| a.to_first.total_cmp(&b.to_first));
            let picked = [("fastest", 0), ("median", len / 2), ("slowest", len - 1)];
            for (which, i) in picked {
                rows[i].name = format!("({which} of {len}) {}", rows[i].name);
            }
            rows = picked.map(|(_, i)| rows[i].clone()).to_vec();
        }
        for mut row in rows {
            row.name = format!("{name} {}", row.name);
            row.write(out)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

#[derive(Clone)]
struct Row {
    name: String,
    megabytes: f64,
    least: f64,
    median: f64,
    to_yardstick: f64,
    to_first: f64,
}

impl Row {
    fn new(measured: &Measured, yardstick: &Measured, first: &Measured) -> Row {
        let Measured(stage, times) = measured;
        let to_yardstick = measured.per(|stage| stage.bytes) / yardstick.per(|stage| stage.bytes);
        Row {
            name: stage.name.clone(),
            megabytes: 1000.0 / measured.per(|stage| stage.bytes),
            least: measured.per(|stage| stage.items),
            median: median(times) / stage.items as f64,
            to_yardstick,
            to_first: measured.per(Stage::size) / first.per(Stage::size),
        }
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let Row {
            name,
            megabytes,
            least,
            median,
            to_yardstick,
            to_first,
        } = self;
        writeln!(
            out,
            "{name:50} {megabytes:7.0} {least:9.1} {median:9.1} {to_yardstick:9.1} {to_first:8.2}"
        )
    }
}

/// A stage and what it took in each round, in nanoseconds.
struct Measured(Stage, Vec<f64>);

impl Measured {
    /// The least time by bytes or items.
    fn per(&self, size: fn(&Stage) -> u64) -> f64 {
        let Measured(stage, times) = self;
        times.iter().copied().fold(f64::INFINITY, f64::min) / size(stage) as f64
    }
}

/// The value in the middle; there is one.
fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
