//! The dashboard without a terminal: a scripted log and scripted keys in, the frames that a reader would see out.
//!
//! Each scene's last frame is held against tests/dashboard/NAME.txt, and one is the picture in the README.
//! `HTTPMON_BLESS=1 cargo test --test dashboard` rewrites both; read the diff before you commit it.

mod support;
#[path = "dashboard/svg.rs"]
mod svg;

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use httpmon::format::Choice;
use httpmon::render::dashboard::paint;
use httpmon::render::text::Look;
use httpmon::run::{Dashboard, Ended, Frame, Message, Signal, Surface};
use httpmon::simulate::{Log, Settings, Start, rates, shares};
use support::Script;

/// What is shown on nothing, and kept.
#[derive(Clone)]
struct Kept {
    size: (usize, usize),
    frames: Rc<RefCell<Vec<Frame>>>,
}

impl Surface for Kept {
    fn size(&self) -> (usize, usize) {
        self.size
    }

    fn show(&mut self, frame: Frame, _: bool) {
        self.frames.borrow_mut().push(frame);
    }

    fn message(&self) -> String {
        String::new()
    }
}

/// What a reader does, and sees.
struct Scene {
    args: Vec<&'static str>,
    size: (usize, usize),
    rich: bool,
    ascii: bool,
}

impl Scene {
    fn new(args: &'static str, width: usize, height: usize) -> Scene {
        Scene {
            args: args.split_whitespace().collect(),
            size: (width, height),
            rich: false,
            ascii: false,
        }
    }

    /// How the run ends, what it writes, and every frame.
    fn play(&self, messages: Vec<(u64, Message)>) -> (Ended, String, Vec<Frame>) {
        let kept = Kept {
            size: self.size,
            frames: Rc::default(),
        };
        let look = Look {
            rich: self.rich,
            color: self.rich,
            width: self.size.0,
            ascii: self.ascii,
        };
        let live = !self.args.contains(&"--replay");
        let dashboard = Dashboard::new(Box::new(kept.clone()), look, live, None);
        let at = |(at, message)| (Duration::from_millis(at), message);
        let script = Script {
            wall: Duration::from_secs(Start::FIXED.second.0.unsigned_abs()),
            messages: messages.into_iter().map(at).collect(),
            stops: Vec::new(),
            steps: Vec::new(),
        };
        let (ended, written) = support::run_on(&self.args, script, Some(dashboard));
        let written: Vec<u8> = written.into_iter().flat_map(|(_, bytes)| bytes).collect();
        let written = String::from_utf8(written).expect("text is UTF-8");
        let frames = kept.frames.borrow().clone();
        for frame in &frames {
            assert_eq!(frame.len(), self.size.1);
        }
        (ended, written, frames)
    }

    /// The frame after these keys, of a log that has ended.
    fn after(&self, log: Vec<u8>, keys: &[&str]) -> Frame {
        let mut messages = vec![(0, Message::Block(log)), (1000, Message::End)];
        let keys = keys.iter().chain(&["q"]).zip(2..);
        messages.extend(keys.map(|(key, second)| (second * 1000, typed(key))));
        let (ended, written, frames) = self.play(messages);
        assert!(matches!(ended, Ended::Input));
        assert!(written.starts_with("summary "), "{written}");
        frames.last().expect("a frame").clone()
    }
}

fn typed(keys: &str) -> Message {
    Message::Keys(keys.as_bytes().to_vec())
}

fn text(frame: &Frame) -> String {
    let lines = frame.iter().map(|line| String::from_utf8_lossy(line));
    lines.map(|line| format!("{}\n", line.trim_end())).collect()
}

/// Holds a frame against its file.
fn holds(name: &str, should: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("HTTPMON_BLESS").is_some() {
        fs::write(&path, should).unwrap_or_else(|error| panic!("{name}: {error}"));
        return;
    }
    let is = fs::read_to_string(&path).unwrap_or_default();
    assert!(is == should, "{name} is not current; now it is:\n{should}");
}

/// A quarter of an hour with a flood from one client in it.
fn log() -> Vec<u8> {
    log_in("combined")
}

fn log_in(format: &str) -> Vec<u8> {
    let minutes = |minutes: &[u64]| minutes.iter().map(|minutes| minutes * 60).collect();
    let settings = Settings {
        rates: rates("8,9,11,9,30,28,9,8,12,9").expect("rates"),
        durations: minutes(&[1, 2, 3, 2, 1, 1, 2, 2, 3, 1]),
        errors: shares("0,0,1,0,12,8,0,0,0,1").expect("shares"),
        flood: shares("0,0,0,0,40,40,0,0,0,0").expect("shares"),
        seed: 7,
        format: Choice::parse(format).expect("a format"),
        ..Settings::default()
    };
    let mut log = Log::new(&settings, Start::FIXED).expect("a log");
    let (mut all, mut block) = (Vec::new(), Vec::new());
    while log.write(&mut block, 1 << 16, None).is_some() {
        all.append(&mut block);
    }
    all.append(&mut block);
    all
}

/// The log by seconds, each as a block a quarter into its second.
fn live(log: &[u8], seconds: u64) -> Vec<(u64, Message)> {
    let mut blocks: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for line in log.split_inclusive(|&b| b == b'\n') {
        let from = line.iter().position(|&b| b == b'[').expect("a time");
        let time = line[from..from + 21].to_vec();
        match blocks.last_mut() {
            Some((last, block)) if *last == time => block.extend_from_slice(line),
            _ => blocks.push((time, line.to_vec())),
        }
    }
    let blocks = blocks.into_iter().zip(0..seconds);
    blocks
        .map(|((_, block), second)| (second * 1000 + 250, Message::Block(block)))
        .collect()
}

#[test]
fn frames_are_what_they_were() {
    let replay = "--replay --dashboard";
    let scenes: [(&str, Scene, &[&str]); 10] = [
        ("replay_80x24", Scene::new(replay, 80, 24), &[]),
        ("replay_60x15", Scene::new(replay, 60, 15), &["\t"]),
        (
            "replay_130x40",
            Scene::new(replay, 130, 40),
            &["\x1b[C", "w"],
        ),
        (
            "replay_200x60",
            Scene::new(replay, 200, 60),
            &["-", "+", "+"],
        ),
        ("too_small", Scene::new(replay, 59, 15), &[]),
        (
            "filter",
            Scene::new(replay, 80, 24),
            &["\t\t", "/s", "h", "o", "\r"],
        ),
        ("keys", Scene::new(replay, 80, 24), &["?"]),
        (
            "narrowed",
            Scene::new(replay, 80, 24),
            &["\x1b[B", "\x1b[B", "\r", "/status>=300", "\r", "\x1b[B"],
        ),
        (
            "latest",
            Scene::new(replay, 80, 24),
            &["/status=404 and path!=/", "\r", "l"],
        ),
        (
            "scrolled",
            Scene::new("--replay --dashboard -t9 -w10s", 80, 20),
            &["\x1b[6~"],
        ),
    ];
    for (name, scene, keys) in scenes {
        let frame = scene.after(log(), keys);
        holds(&format!("tests/dashboard/{name}.txt"), &text(&frame));
    }
    // Durations of keys are known of what was asked for, and of the whole run.
    let timed = "--replay --dashboard --top client,section";
    let scenes: [(&str, usize, usize, &[&str]); 4] = [
        ("timed_60x24", 60, 24, &["\t"]),
        ("timed_100x24", 100, 24, &[]),
        ("timed_100x24_recent", 100, 24, &["w"]),
        ("timed_180x30", 180, 30, &["/2", "\r"]),
    ];
    for (name, width, height, keys) in scenes {
        let frame = Scene::new(timed, width, height).after(log_in("nginx_timed"), keys);
        holds(&format!("tests/dashboard/{name}.txt"), &text(&frame));
    }
    let ascii = Scene {
        ascii: true,
        ..Scene::new(replay, 80, 24)
    };
    let frame = text(&ascii.after(log(), &[]));
    assert!(frame.is_ascii());
    holds("tests/dashboard/ascii.txt", &frame);
}

/// What a filter shows is what a run counts that has it from the beginning; what is taken back is as it was.
#[test]
fn a_filter_shows_what_a_run_with_it_counts() {
    let scene = Scene::new("--replay --dashboard --top client,section", 130, 40);
    let whole = text(&scene.after(log(), &[]));
    for filter in [
        "status>=500",
        "section=/api and not client=203.0.113.66",
        "method=POST",
    ] {
        let typed = format!("/{filter}");
        let narrowed = text(&scene.after(log(), &[&typed, "\r"]));
        assert!(narrowed.contains(&format!("only {filter}")), "{narrowed}");
        let with = Scene {
            args: vec![
                "--replay",
                "--dashboard",
                "--top",
                "client,section",
                "--where",
                filter,
            ],
            ..Scene::new("", 130, 40)
        };
        let want = text(&with.after(log(), &[]));
        let rows = |frame: &str| {
            frame
                .lines()
                .filter(|line| line.starts_with(" /") || line.contains("5xx  "))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(rows(&narrowed), rows(&want));
        let hits = |frame: &str| {
            frame
                .lines()
                .nth(1)
                .and_then(|line| line.split(" errors").next())
                .map(str::to_owned)
        };
        assert_eq!(hits(&narrowed), hits(&want));
        for back in ["\x7f", "\x1b"] {
            let again = text(&scene.after(log(), &[&typed, "\r", back]));
            assert_eq!(again, whole);
        }
    }
}

/// From a section to its paths, from one of these to its clients, and back.
#[test]
fn enter_goes_on_to_another_dimension_and_backspace_back() {
    let scene = Scene::new("--replay --dashboard", 80, 24);
    let shown = |keys: &[&str]| {
        let frame = text(&scene.after(log(), keys));
        let open = frame.find('[').expect("a dimension is chosen");
        let close = frame.find(']').expect("a dimension is chosen");
        let unique = frame.lines().find(|line| line.contains(" unique "));
        let unique = unique.expect("it is ranked").split(" unique ").next();
        let unique = unique.unwrap_or_default().trim().to_owned();
        (frame[open + 1..close].to_owned(), unique)
    };
    let of =
        |dimension: &str, unique: &str| (dimension.to_owned(), format!("{dimension}  {unique}"));
    let whole = shown(&[]);
    assert_eq!(whole.0, "sections");
    let paths = shown(&["\r"]);
    assert_eq!(paths.0, "paths");
    assert_ne!(paths, of("paths", "1"));
    assert_eq!(shown(&["\r", "\r"]).0, "clients");
    assert_eq!(shown(&["\r", "\r", "\x7f"]), paths);
    assert_eq!(shown(&["\r", "\r", "\x7f", "\x7f"]), whole);
    assert_eq!(shown(&["\r", "\r", "\x1b"]), whole);
    // What was typed is taken back where one is.
    assert_eq!(shown(&["\r", "/status>=500", "\r", "\x7f"]), paths);
}

/// A mistake is said and can be corrected; and a line of the log is no sequence of a terminal.
#[test]
fn a_wrong_expression_is_said_and_hostile_lines_are_harmless() {
    let scene = Scene::new("--replay --dashboard", 100, 24);
    // It stays to be corrected, so the first q is a letter of it.
    let keys = ["/status>x", "\r", "q", "\x7f\x7f", "499", "\r", "q"];
    let mut messages = vec![(0, Message::Block(log())), (1000, Message::End)];
    messages.extend(
        keys.iter()
            .zip(2..)
            .map(|(key, second)| (second * 1000, typed(key))),
    );
    let (_, _, frames) = scene.play(messages);
    let with = |words: &str| frames.iter().any(|frame| text(frame).contains(words));
    // While it is typed, no key is looked for that contains it.
    let typing = frames
        .iter()
        .map(text)
        .find(|frame| frame.contains("/status>x_"));
    let typing = typing.expect("what is typed is shown");
    assert!(typing.contains("enter: only what matches"), "{typing}");
    assert!(typing.contains("\n /api "), "{typing}");
    assert!(with("'x' is not a status such as 404"));
    assert!(with("only status>499"));
    let hostile =
        b"192.0.2.1 - - [01/Jan/2026:00:00:00 +0000] \"GET /\x1b[2J\xff HTTP/1.1\" 200 5\n"
            .to_vec();
    for keys in [&["l"][..], &["\r", "l"], &["\t\t", "\r", "l"]] {
        let frame = text(&scene.after(hostile.clone(), keys));
        assert!(
            frame.contains("\\x1b[2J") && !frame.contains("\x1b"),
            "{frame}"
        );
    }
}

/// The minute after the flood has fewer hits than the rule asks for: nobody knows whether things are well.
#[test]
fn an_alert_that_ends_with_too_few_hits_says_so() {
    let rule = "Errors: 5xx > 5% over 1m min 1000";
    let scene = Scene {
        args: vec!["--replay", "--dashboard", "-t10", "--alert", rule],
        ..Scene::new("", 100, 24)
    };
    let frame = text(&scene.after(log(), &[]));
    let line = |label: &str| frame.lines().find(|line| line.contains(label));
    let errors = line("Errors by ").expect("an alert");
    assert!(errors.contains("over    "), "{errors}");
    assert!(errors.ends_with("% (too few hits)"), "{errors}");
    let traffic = line("High traffic by ").expect("an alert");
    assert!(traffic.ends_with("/s"), "{traffic}");
}

#[test]
fn the_picture_in_the_readme_is_a_frame() {
    let scene = Scene {
        rich: true,
        ..Scene::new("--dashboard", 100, 30)
    };
    let log = log();
    let mut messages = live(&log, 620);
    messages.extend([(620_500, typed("0")), (620_900, typed("q"))]);
    let (_, _, frames) = scene.play(messages);
    let frame = frames.last().expect("a frame");
    holds("man/dashboard.svg", &svg::picture(frame, scene.size));
}

#[test]
fn colour_changes_no_letter() {
    let plain = Scene::new("--replay --dashboard", 100, 30);
    let rich = Scene {
        rich: true,
        ..Scene::new("--replay --dashboard", 100, 30)
    };
    let frame = rich.after(log(), &[]);
    let uncoloured: String = text(&frame)
        .split('\x1b')
        .enumerate()
        .map(|(i, part)| match part.split_once('m') {
            Some((_, rest)) if i > 0 => rest.to_owned(),
            _ => part.to_owned(),
        })
        .collect();
    let lines = uncoloured.lines();
    let uncoloured: String = lines.map(|line| format!("{}\n", line.trim_end())).collect();
    assert_eq!(uncoloured, text(&plain.after(log(), &[])));
}

#[test]
fn hostile_keys_are_shown_and_do_nothing() {
    let line = |path: &str, client: &str| {
        format!(
            "{client} - - [01/Jan/2026:00:00:00 +0000] \"GET {path} HTTP/1.1\" 503 999999 \"-\" \"-\" 86400.125\n"
        )
    };
    let mut log = line("/\x1b]0;title\x07\x1b[2J", "192.0.2.1");
    log += &line("/\u{9b}31m\u{202e}reversed", "192.0.2.2");
    log += &line(&format!("/{}", "日本語".repeat(40)), "192.0.2.3");
    for width in (60..80).chain((80..=250).step_by(7)) {
        let scene = Scene::new("--replay --dashboard --top path", width, 24);
        let frame = scene.after(log.clone().into_bytes(), &["\t"]);
        for line in &frame {
            let line = std::str::from_utf8(line).expect("a frame is UTF-8");
            assert!(!line.chars().any(char::is_control), "{line:?}");
            assert!(!line.contains('\u{202e}'));
            assert!(
                unicode_width::UnicodeWidthStr::width(line) <= width,
                "{line}"
            );
        }
    }
}

#[test]
fn a_frame_is_painted_four_times_a_second_at_most_and_none_when_nothing_comes() {
    let scene = Scene::new("--dashboard", 80, 24);
    let line = b"192.0.2.7 - - [01/Jan/2026:00:00:00 +0000] \"GET /a HTTP/1.1\" 200 100\n";
    let mut messages: Vec<(u64, Message)> = (0..1000)
        .map(|at| (at, Message::Block(line.to_vec())))
        .collect();
    messages.push((60_000, Message::Signal(Signal::End(15))));
    let (ended, _, frames) = scene.play(messages);
    assert!(matches!(ended, Ended::Signal(15)));
    // Four while lines come, and one for each second of the silence.
    assert!((4..=70).contains(&frames.len()), "{}", frames.len());
}

#[test]
fn the_summary_is_the_one_without_a_dashboard() {
    let args = ["--replay", "--threshold=9", "--window=30s"];
    let at = |at| Duration::from_secs(at);
    let script = Script {
        wall: Duration::ZERO,
        messages: vec![(at(0), Message::Block(log())), (at(1), Message::End)],
        stops: Vec::new(),
        steps: Vec::new(),
    };
    let (_, plain) = support::run(&args, script);
    let plain: Vec<u8> = plain.into_iter().flat_map(|(_, bytes)| bytes).collect();
    let plain = String::from_utf8(plain).expect("text is UTF-8");
    let scene = Scene::new("--dashboard --replay --threshold=9 --window=30s", 80, 24);
    let messages = vec![
        (0, Message::Block(log())),
        (1000, Message::End),
        (2000, typed("q")),
    ];
    let (_, written, _) = scene.play(messages);
    let summary = plain.find("summary ").expect("a summary");
    assert_eq!(written, plain[summary..]);
}

#[test]
fn while_it_is_paused_the_screen_stands_still_and_input_is_counted() {
    let scene = Scene::new("--dashboard", 80, 24);
    let mut messages = live(&log(), 60);
    messages.push((10_500, typed("p")));
    messages.sort_by_key(|(at, _)| *at);
    messages.push((60_500, typed("q")));
    let (ended, written, frames) = scene.play(messages);
    assert!(matches!(ended, Ended::Input));
    let last = text(frames.last().expect("a frame"));
    assert!(
        last.contains("PAUSED") && last.contains("00:00:10Z"),
        "{last}"
    );
    assert!(written.contains("480 lines"), "{written}");
}

#[test]
fn an_alert_is_seen_within_a_tenth_of_a_second() {
    let scene = Scene::new(
        "--dashboard --threshold 25 --window 10s --lateness 0",
        80,
        24,
    );
    let line = |at: u64| {
        let second = at / 1000;
        let time = format!("01/Jan/2026:00:00:{second:02} +0000");
        format!("192.0.2.7 - - [{time}] \"GET /a HTTP/1.1\" 200 100\n").into_bytes()
    };
    let steps = (10..=3010).step_by(10);
    let mut messages: Vec<_> = steps.map(|at| (at, Message::Block(line(at)))).collect();
    // The line at 3010 closes second 2, with which the window holds 299 hits. A frame was painted at 3000.
    messages.push((3110, Message::Signal(Signal::End(15))));
    let (_, _, frames) = scene.play(messages);
    let firing = |frame: &&Frame| text(frame).contains("1 firing");
    assert_eq!(frames.iter().filter(firing).count(), 1);
}

#[test]
fn what_is_written_turns_one_frame_into_the_other() {
    let frame = |lines: &[&str]| -> Frame { lines.iter().map(|l| l.as_bytes().to_vec()).collect() };
    let (old, new) = (frame(&["a", "b", "c"]), frame(&["a", "x", "c"]));
    assert_eq!(
        paint(Some(&old), &new),
        b"\x1b[?2026h\x1b[2;1H\x1b[2Kx\x1b[?2026l"
    );
    assert_eq!(paint(Some(&new), &new), b"");
    let whole = String::from_utf8(paint(None, &new)).expect("UTF-8");
    assert!(
        whole.starts_with("\x1b[?2026h\x1b[2J\x1b[1;1H"),
        "{whole:?}"
    );
}
