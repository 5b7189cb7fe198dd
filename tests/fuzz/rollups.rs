//! What must be true of rollups whatever they hold: what is taken of one is written again, once, and merging it in any parts
//! gives what its rows in order give.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use httpmon::format::record::Record;
use httpmon::format::rollup::{END, MAGIC, RollupLine, Seal};
use httpmon::format::{Choice, Outcome, Parser};
use httpmon::render::text::Look;
use httpmon::run::{self, Ended, ReportWriter};
use httpmon::time::Zone;

/// What is written again.
const WRITE: [&str; 3] = [
    "--replay",
    "--report=rollup",
    "--rollup-by=section,client,path",
];
/// What is asked.
const ASK: [&str; 6] = [
    "--replay",
    "--report=json",
    "--interval=1m",
    "--top=section,client,path,status,method",
    "--alert=Hits: hits > 1 over 5s",
    "--alert=Lost: silence > 30s by client",
];
/// What says how many lines are no records.
const UNPARSED: &str = "#unparsed\t";
/// A row stands for many hits, and each takes time.
const MOST_HITS: u64 = 4096;

/// Rows by their time and values, with their hits; and how often there are other lines, but for heads and ends; those that
/// say how many lines are no records with these numbers, wherever they are.
type Content = (BTreeMap<(i64, String), u64>, BTreeMap<String, u64>);

/// The first byte chooses the parts in which it is merged; the rest are lines of rollups, which get their ends here.
///
/// # Panics
///
/// If something is not as it must be.
pub fn check(data: &[u8]) {
    let [cut, text @ ..] = data else {
        return;
    };
    let text = sealed_bytes(&text[..text.len().min(1 << 14)]);
    let Some(hits) = hits(&text).filter(|_| !has_one_twice(&text)) else {
        return;
    };
    // A thread may be beside another one in the same process.
    let thread = format!("{:?}", std::thread::current().id());
    let folder = format!("httpmon-rollups-{}-{thread}", std::process::id());
    let folder = std::env::temp_dir().join(folder);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    check_in(&folder, &text, hits, usize::from(*cut));
    fs::remove_dir_all(&folder).expect("it is there");
}

fn check_in(folder: &Path, text: &[u8], hits: u64, cut: usize) {
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).expect("a file");
        path
    };
    // One that does not carry what is asked for is refused.
    let Some(written) = written(&WRITE, &[file("log", text)]) else {
        return;
    };
    let held = content(&written);
    let skewed = written.lines().map(skewed).sum::<u64>();
    assert_eq!(held.0.values().sum::<u64>() + skewed, hits);
    // Which hits have no place in time is decided by what is around them.
    let Some(ordered) = ordered(&written, &held).filter(|_| skewed == 0) else {
        return;
    };
    let carried = |args: &[&str], files: &[PathBuf]| {
        self::written(args, files).expect("it carries what is asked for")
    };
    let ordered_file = [file("ordered", ordered.as_bytes())];
    let again = carried(&WRITE, &ordered_file);
    if again.contains("\n#skewed\t") {
        return;
    }
    assert_eq!(content(&again), held);
    // What is said of lines that are no records finds its place, from wherever it was.
    if !held.1.contains_key(UNPARSED) {
        same(&again, &ordered);
    }
    let want = carried(&ASK, &ordered_file);
    same(
        &carried(&ASK, &[file("written", written.as_bytes())]),
        &want,
    );
    if held.1.keys().all(|line| line.starts_with("#newest\t")) {
        let parts = parts(&again, cut);
        let files = (0..).zip(&parts);
        let files = files.map(|(n, part)| file(&format!("part{n}"), part.as_bytes()));
        same(&carried(&ASK, &files.collect::<Vec<_>>()), &want);
    }
}

/// Whether two texts are the same, line by line.
fn same(found: &str, want: &str) {
    let differs = found.lines().zip(want.lines()).find(|(a, b)| a != b);
    assert!(found == want, "{differs:#?}");
}

/// The text, each of its rollups with its end.
fn sealed(text: &str) -> String {
    String::from_utf8(sealed_bytes(text.as_bytes())).expect("nothing is cut")
}

fn sealed_bytes(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut seal: Option<Seal> = None;
    let lines = text.split(|&b| b == b'\n');
    for line in lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line)) {
        if line.starts_with(END) || line.is_empty() {
            continue;
        }
        if line.starts_with(MAGIC)
            && let Some(seal) = seal.replace(Seal::default())
        {
            out.extend_from_slice(seal.to_string().as_bytes());
        }
        seal.get_or_insert_default().any(line);
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    if let Some(seal) = seal {
        out.extend_from_slice(seal.to_string().as_bytes());
    }
    out
}

/// Whether a rollup in it is there twice: then it counts once.
fn has_one_twice(text: &[u8]) -> bool {
    let ends = text.split(|&b| b == b'\n');
    let mut ends: Vec<&[u8]> = ends.filter(|line| line.starts_with(END)).collect();
    ends.sort_unstable();
    ends.windows(2).any(|pair| pair[0] == pair[1])
}

/// How many hits a reader takes of it; `None` if they are too many, or it is no rollup, or not only rollups.
fn hits(text: &[u8]) -> Option<u64> {
    let choice = Choice::parse("auto").expect("a format");
    let mut parser = Parser::new(&choice, Zone::UTC, &[]);
    let mut hits = 0;
    for line in text.split(|&b| b == b'\n').filter(|line| !line.is_empty()) {
        let mut record = Record::EMPTY;
        match parser.read(line, &mut record) {
            Outcome::Rollup(RollupLine::Row(more, _)) => hits += more,
            Outcome::Record => return None,
            _ => {}
        }
        if hits > MOST_HITS {
            return None;
        }
    }
    text.starts_with(MAGIC).then_some(hits)
}

/// The hits of a line whose time was not believed.
fn skewed(line: &str) -> u64 {
    let values = line.strip_prefix("#skewed\t");
    values.map_or(0, |values| row(values).1)
}

fn number(text: Option<&str>) -> i64 {
    text.and_then(|text| text.parse().ok()).expect("a number")
}

/// The time, the hits and the values of a row.
fn row(line: &str) -> (i64, u64, &str) {
    let mut parts = line.splitn(3, '\t');
    let (time, hits) = (number(parts.next()), number(parts.next()));
    (time, hits as u64, parts.next().expect("values"))
}

/// What a rollup that was written holds.
fn content(text: &str) -> Content {
    let (mut rows, mut remarks) = (BTreeMap::new(), BTreeMap::new());
    for line in text.lines() {
        if let Some(unparsed) = line.strip_prefix(UNPARSED) {
            let lines = number(unparsed.split('\t').nth(1));
            *remarks.entry(UNPARSED.to_owned()).or_default() += lines as u64;
        } else if line.starts_with('#') {
            if !is_frame(line) {
                *remarks.entry(line.to_owned()).or_default() += 1;
            }
        } else if !line.starts_with("time\t") {
            let (time, hits, values) = row(line);
            *rows.entry((time, values.to_owned())).or_default() += hits;
        }
    }
    (rows, remarks)
}

/// Whether it is the first line of a rollup, or the last.
fn is_frame(line: &str) -> bool {
    [MAGIC, END]
        .iter()
        .any(|frame| line.as_bytes().starts_with(frame))
}

/// The same as one rollup whose rows ascend; `None` where lines that are no records would come in an order of their own.
fn ordered(text: &str, (rows, remarks): &Content) -> Option<String> {
    if text
        .lines()
        .filter(|line| line.starts_with("time\t"))
        .count()
        == 1
    {
        return Some(text.to_owned());
    }
    if remarks.contains_key(UNPARSED) {
        return None;
    }
    let head: String = text.split_inclusive('\n').take(2).collect();
    let mut out = head.replace(" late\n", "\n");
    for ((time, values), hits) in rows {
        out += &format!("{time}\t{hits}\t{values}\n");
    }
    // In the order of a rollup: when it ends, what was skipped is told first.
    let mut remarks: Vec<&String> = remarks.keys().collect();
    remarks.sort_by_key(|line| !line.starts_with("#skipped\t"));
    remarks.iter().for_each(|line| out += &format!("{line}\n"));
    Some(sealed(&out))
}

/// Its rows, dealt out.
fn parts(text: &str, cut: usize) -> Vec<String> {
    let head: String = text.split_inclusive('\n').take(2).collect();
    let mut parts = vec![head; cut % 4 + 1];
    let count = parts.len();
    let lines = text.split_inclusive('\n').skip(2);
    for (n, line) in lines.filter(|line| !is_frame(line)).enumerate() {
        parts[((n * (cut + 7)) >> 3) % count] += line;
    }
    parts.iter().map(|part| sealed(part)).collect()
}

/// A stream that is kept.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("one writer").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a run over these files writes; `None` if they are refused.
fn written(args: &[&str], files: &[PathBuf]) -> Option<String> {
    let options = run::options(args).expect("the arguments ask for a run");
    let look = Look {
        rich: false,
        color: false,
        width: 80,
        ascii: false,
    };
    let kept = Kept::default();
    let output = ReportWriter::new(Box::new(kept.clone()), (options.report.make)(look), false);
    let files: Vec<OsString> = files.iter().map(|path| path.clone().into()).collect();
    let ended = run::run_merged(&options, &files, output).ok()?;
    assert!(matches!(ended, Ended::Input | Ended::Failed(_)));
    let bytes = std::mem::take(&mut *kept.0.lock().expect("one writer"));
    let text = String::from_utf8(bytes).expect("what is written is UTF-8");
    matches!(ended, Ended::Input).then_some(text)
}
