//! Files of `--output` where there are modes, links, devices and signals.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::{Duration, Instant};

use super::*;

#[test]
fn a_file_keeps_its_mode_and_a_link_stays_one() {
    let folder = fresh("mode");
    let (target, link) = (folder.join("target"), folder.join("link"));
    fs::write(&target, "old").expect("a file");
    fs::set_permissions(&target, fs::Permissions::from_mode(0o604)).expect("a mode");
    symlink("target", &link).expect("a link");
    report("html", &["-o", link.to_str().expect("text")], LOG);
    assert!(fs::symlink_metadata(&link).expect("a link").is_symlink());
    let page = fs::read_to_string(&target).expect("a file");
    assert!(page.ends_with("</html>\n"));
    let mode = fs::metadata(&target).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o604);
    assert_eq!(names_in(&folder), ["link", "target"]);
}

#[test]
fn what_is_no_file_is_written_to_and_not_replaced() {
    for name in REPORTS {
        let args = ["--interval=1m", "-o/dev/stdout"];
        assert_eq!(
            report(name, &args, LOG),
            report(name, &args[..1], LOG),
            "{name}"
        );
    }
    report("html", &["-o/dev/null"], LOG);
    assert!(!fs::metadata("/dev/null").expect("a device").is_file());
}

#[test]
fn an_input_is_not_overwritten_by_whatever_name_it_goes() {
    let folder = fresh("input");
    let (log, link, hard) = (folder.join("a.log"), folder.join("b"), folder.join("c"));
    let line = "192.0.2.7 - - [10/Oct/2025:13:00:00 +0000] \"GET / HTTP/1.1\" 200 1\n";
    fs::write(&log, line).expect("a file");
    symlink("a.log", &link).expect("a link");
    fs::hard_link(&log, &hard).expect("a link");
    for name in REPORTS {
        for output in [&log, &link, &hard] {
            let output = output.to_str().expect("text");
            for from_stdin in [false, true] {
                let mut command = httpmon(&["--replay", "-i1m", "-r", name, "-o", output]);
                if from_stdin {
                    command.stdin(fs::File::open(&log).expect("a file"));
                } else {
                    command.arg(&log);
                }
                let said = command.output().expect("it starts");
                assert_eq!(said.status.code(), Some(2));
                let errors = String::from_utf8_lossy(&said.stderr);
                assert!(errors.contains("is an input file"), "{errors}");
                assert_eq!(fs::read_to_string(&log).expect("a file"), line);
            }
        }
    }
}

#[test]
fn a_mistake_costs_no_file() {
    let folder = fresh("mistake");
    let file = folder.join("out");
    fs::write(&file, "old").expect("a file");
    let path = file.to_str().expect("text");
    for wrong in ["--top=nothing", "--report=xml", "nowhere.log"] {
        let said = httpmon(&["--replay", "-o", path, wrong]).output();
        assert_eq!(said.expect("it starts").status.code(), Some(2), "{wrong}");
        assert_eq!(fs::read_to_string(&file).expect("a file"), "old", "{wrong}");
    }
}

/// Waits until `path` shows `words`; whatever it shows before is a whole document that ends with `end`.
fn until_it_shows(path: &Path, words: &str, end: &str) {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let text = fs::read_to_string(path).unwrap_or_default();
        assert!(
            text.is_empty() || text.ends_with(end),
            "a part of it: {text}"
        );
        if text.contains(words) {
            return;
        }
        assert!(Instant::now() < deadline, "{words} is not written");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn usr1_writes_a_file_and_not_a_second_document_on_standard_output() {
    let folder = fresh("usr1");
    let file = folder.join("out");
    let path = file.to_str().expect("text");
    for args in [&["-o", path][..], &["--verbose"]] {
        let mut child = httpmon(&["-r", "openmetrics", "--lateness=0", "-i10s"])
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let id = child.id().to_string();
        let signal = || {
            let sent = Command::new("kill").args(["-USR1", &id]).status();
            assert!(sent.expect("kill runs").success());
        };
        let mut stdin = child.stdin.take().expect("a pipe");
        let mut hits = |seconds: std::ops::Range<u32>| {
            for second in seconds {
                writeln!(
                    stdin,
                    "192.0.2.7 - - [01/Jan/2199:00:00:{second:02} +0000] \"GET / HTTP/1.1\" 200 1"
                )
                .expect("it reads");
            }
        };
        // So many vote on the first one, which nothing else believes.
        (0..16).for_each(|_| hits(0..1));
        // Eleven close a report. What is told of it, or of the format, tells that it listens to signals.
        hits(0..11);
        let to_file = args[0] == "-o";
        if to_file {
            until_it_shows(&file, "hits_total 27\n", "# EOF\n");
            hits(11..15);
            // No report is due that would write them.
            while !fs::read_to_string(&file)
                .expect("a file")
                .contains("hits_total 31\n")
            {
                signal();
                std::thread::sleep(Duration::from_millis(5));
            }
        } else {
            let mut told = String::new();
            let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
            stderr.read_line(&mut told).expect("it tells");
            assert!(told.contains("format common"), "{told}");
            (0..3).for_each(|_| signal());
        }
        drop(stdin);
        let said = said(&child.wait_with_output().expect("it ends"));
        assert_eq!(said.matches("# EOF\n").count(), usize::from(!to_file));
    }
}

#[test]
fn a_live_file_is_written_with_every_report_and_is_always_whole() {
    for (name, end) in [("openmetrics", "# EOF\n"), ("html", "</html>\n")] {
        let folder = fresh(&format!("live-{name}"));
        let file = folder.join("out");
        let path = file.to_str().expect("text");
        let mut child = httpmon(&["-r", name, "-o", path, "--lateness=0"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        for report in 1..4u32 {
            // The first of the run needs votes; the last ends the interval of those before it.
            let first = if report == 1 { 16 } else { 0 };
            let votes = std::iter::repeat_n(report * 10, first);
            for second in votes.chain(report * 10..=report * 10 + 10) {
                writeln!(
                    stdin,
                    "192.0.2.7 - - [01/Jan/2199:00:00:{second:02} +0000] \"GET /n{report} HTTP/1.1\" 200 1"
                )
                .expect("it reads");
            }
            until_it_shows(&file, &format!("/n{report}"), end);
        }
        drop(stdin);
        let said = child.wait_with_output().expect("it ends");
        assert_eq!((said.status.code(), said.stdout), (Some(0), Vec::new()));
        assert_eq!(names_in(&folder), ["out"]);
    }
}

/// A live run that writes to a file, fed with one request a second.
struct Fed {
    child: std::process::Child,
    stdin: std::process::ChildStdin,
    second: u32,
}

impl Fed {
    fn live(report: &str, path: &Path) -> Fed {
        let path = path.to_str().expect("text");
        let mut child = httpmon(&["-r", report, "-o", path, "--lateness=0", "-i10s"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let stdin = child.stdin.take().expect("a pipe");
        Fed {
            child,
            stdin,
            second: 0,
        }
    }

    /// Ten seconds more, and the one that ends them; the first of all needs votes.
    fn report(&mut self) {
        let first = if self.second == 0 { 16 } else { 0 };
        let votes = std::iter::repeat_n(self.second, first);
        for second in votes.chain(self.second..=self.second + 10) {
            writeln!(
                self.stdin,
                "192.0.2.7 - - [01/Jan/2199:00:{:02}:{:02} +0000] \"GET / HTTP/1.1\" 200 1",
                second / 60,
                second % 60
            )
            .expect("it reads");
        }
        self.second += 10;
    }

    fn end(self) -> (Option<i32>, String) {
        drop(self.stdin);
        let said = self.child.wait_with_output().expect("it ends");
        let errors = String::from_utf8_lossy(&said.stderr).into_owned();
        (said.status.code(), errors)
    }
}

#[test]
fn a_file_that_is_renamed_or_emptied_is_followed() {
    let folder = fresh("rotated");
    let (file, old) = (folder.join("out"), folder.join("out.1"));
    let second = "\"report\",\"from\":\"2199-01-01T00:00:10Z";
    let earlier = "{\"earlier\":true}\n";
    fs::write(&file, earlier).expect("a file");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("a mode");
    let mut fed = Fed::live("json", &file);
    fed.report();
    until_it_shows(&file, "00:00:00Z", "\n");
    fs::rename(&file, &old).expect("a rename");
    fed.report();
    until_it_shows(&file, "00:00:10Z", "\n");
    assert!(!fs::read_to_string(&old).expect("a file").contains(second));
    assert!(
        fs::read_to_string(&old)
            .expect("a file")
            .starts_with(earlier)
    );
    let mode = fs::metadata(&file).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    fs::File::options()
        .write(true)
        .truncate(true)
        .open(&file)
        .expect("a file");
    fed.report();
    until_it_shows(&file, "00:00:20Z", "\n");
    assert_eq!(fed.end().0, Some(0));
    let text = fs::read_to_string(&file).expect("a file");
    assert!(!text.contains('\0') && !text.contains(second), "{text}");
    assert!(
        text.lines()
            .last()
            .is_some_and(|line| line.contains("summary"))
    );
}

#[test]
fn a_full_disk_is_said_once_and_ends_no_live_run() {
    for report in ["json", "html"] {
        let mut fed = Fed::live(report, Path::new("/dev/full"));
        (0..4).for_each(|_| fed.report());
        let (code, errors) = fed.end();
        assert_eq!(code, Some(2), "{errors}");
        assert_eq!(
            errors.matches("--output: /dev/full: ").count(),
            1,
            "{errors}"
        );
    }
}
