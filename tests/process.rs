//! The program in its surroundings: pipes, signals, a reader that goes away, a closed standard error.
//!
//! Nothing waits for a time to pass. A test knows that the program is under way once it has read a
//! report; the logs lie in the year 2199, so that no record is near the wall clock or old.
#![cfg(unix)]

#[path = "support/deadline.rs"]
mod deadline;
#[path = "support/folder.rs"]
mod folder;

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// One line for each second from `from` to before `to`.
fn log(from: u32, to: u32) -> String {
    let line = |s: u32| {
        let (hour, minute, second) = (s / 3600, s / 60 % 60, s % 60);
        format!(
            "192.0.2.7 - - [01/Jan/2199:{hour:02}:{minute:02}:{second:02} +0000] \"GET /a HTTP/1.1\" 200 100\n"
        )
    };
    (from..to).map(line).collect()
}

fn httpmon(args: &[&str]) -> Command {
    deadline::start();
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpmon"));
    command
        .args(args)
        .env_remove("HTTPMON_CONFIG_PATH")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A program that has read `log(0, seconds)` and written its first report, which is a line of JSON.
struct UnderWay {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    first: String,
}

const LIVE: [&str; 3] = ["-i10s", "--lateness=5s", "--report=json"];

fn under_way(args: &[&str], seconds: u32) -> UnderWay {
    let mut child = httpmon(args).spawn().expect("httpmon starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    stdin
        .write_all(log(0, seconds).as_bytes())
        .expect("it reads");
    let mut first = String::new();
    stdout.read_line(&mut first).expect("it writes");
    assert!(first.contains("\"type\":\"report\""), "{first}");
    UnderWay {
        child,
        stdin,
        stdout,
        first,
    }
}

impl UnderWay {
    fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args([format!("-{name}"), self.child.id().to_string()])
            .status();
        assert!(status.expect("kill runs").success());
    }

    fn stderr(&mut self) -> String {
        let mut text = String::new();
        let mut stderr = self.child.stderr.take().expect("a pipe");
        stderr.read_to_string(&mut text).expect("text");
        text
    }
}

/// What a replay of `log(0, seconds)` writes with the cadence of [`LIVE`].
fn replayed(seconds: u32) -> String {
    let mut child = httpmon(&[&LIVE[..], &["--replay"]].concat())
        .spawn()
        .expect("httpmon starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin
        .write_all(log(0, seconds).as_bytes())
        .expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn int_and_term_close_what_is_open_print_the_summary_once_and_end_by_that_signal() {
    for (name, number) in [("INT", 2), ("TERM", 15)] {
        let mut run = under_way(&LIVE, 18);
        run.signal(name);
        let mut rest = String::new();
        run.stdout.read_to_string(&mut rest).expect("text");
        let status = run.child.wait().expect("it ends");
        assert_eq!(status.signal(), Some(number), "{name}: {status}");
        assert_eq!(run.first.clone() + &rest, replayed(18), "{name}");
        assert_eq!(rest.matches("\"type\":\"summary\"").count(), 1);
        assert_eq!(run.stderr(), "");
        // Open to here: no end of input brought the summary about.
        drop(run.stdin);
    }
}

#[test]
fn a_second_signal_ends_at_once_though_the_output_is_blocked() {
    // 600 reports are more than a pipe holds, and nobody reads on.
    let mut run = under_way(&["-i1s", "--lateness=0", "--report=json"], 600);
    // Two signals may become one, so more may be needed until two have arrived.
    for _ in 0..1000 {
        if let Some(status) = run.child.try_wait().expect("it can be asked") {
            assert_eq!(status.signal(), Some(2), "{status}");
            return;
        }
        run.signal("INT");
    }
    run.child.kill().expect("it is there");
    panic!("a thousand signals did not end it");
}

#[test]
fn usr1_prints_the_summary_so_far_and_the_run_goes_on() {
    let mut run = under_way(&LIVE, 18);
    run.signal("USR1");
    let mut summary = String::new();
    run.stdout.read_line(&mut summary).expect("it writes");
    let partial = "\"to\":\"2199-01-01T00:00:17Z\",\"partial\":true,\"lines\":18";
    assert!(summary.contains(partial), "{summary}");
    run.stdin
        .write_all(log(18, 20).as_bytes())
        .expect("it reads");
    drop(run.stdin);
    let mut rest = String::new();
    run.stdout.read_to_string(&mut rest).expect("text");
    assert_eq!(run.first + &rest, replayed(20));
    assert!(run.child.wait().expect("it ends").success());
}

#[test]
fn a_reader_of_the_output_that_goes_away_ends_the_run_well() {
    let mut run = under_way(&LIVE, 18);
    drop(run.stdout);
    // It notices at the next report. Another test that is just starting a program may hold the reading end for a
    // moment more, so that a report goes nowhere without an error: then the next one says so.
    let minutes = (0..1000).map(|minute| log(18 + minute * 60, 78 + minute * 60));
    let _ = minutes
        .map(|lines| run.stdin.write_all(lines.as_bytes()))
        .find(Result::is_err);
    let status = run.child.wait().expect("it ends");
    assert_eq!(status.code(), Some(0), "{status}");
    let mut stderr = String::new();
    let mut pipe = run.child.stderr.take().expect("a pipe");
    pipe.read_to_string(&mut stderr).expect("text");
    assert_eq!(stderr, "");
}

#[test]
fn a_reader_that_was_never_there_is_no_error_either() {
    for args in [&["--help"][..], &["--generate=man"], &["--replay"]] {
        let mut child = httpmon(args).spawn().expect("httpmon starts");
        drop(child.stdout.take());
        drop(child.stdin.take());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert_eq!(output.stderr, b"", "{args:?}");
    }
}

#[test]
fn a_closed_standard_error_is_no_reason_to_panic() {
    // Both have something to say there: a foreign log, and a wrong option.
    for (args, code) in [(&["--replay"][..], 0), (&["--nope"], 2)] {
        let mut gone = httpmon(args).spawn().expect("httpmon starts");
        drop(gone.stderr.take());
        // It says nothing before its input has ended.
        let input = gone
            .stdin
            .take()
            .map(|mut stdin| stdin.write_all(b"foreign\n"));
        assert!(code == 2 || input.is_some_and(|result| result.is_ok()));
        let output = gone.wait_with_output().expect("it ends");
        assert_eq!(
            output.status.code(),
            Some(code),
            "{args:?}: its reader is gone"
        );

        let closed = Command::new("sh")
            .args([
                "-c",
                "exec \"$0\" \"$@\" 2>&-",
                env!("CARGO_BIN_EXE_httpmon"),
            ])
            .args(args)
            .env_remove("HTTPMON_CONFIG_PATH")
            .stdin(Stdio::null())
            .output()
            .expect("sh runs");
        assert_eq!(closed.status.code(), Some(code), "{args:?}: it is closed");
        assert_eq!(closed.stdout.is_empty(), code == 2);
    }
}

#[test]
fn idle_exit_ends_a_run_whose_input_stays_open() {
    let mut run = under_way(&[&LIVE[..], &["--idle-exit=1s"]].concat(), 18);
    let mut rest = String::new();
    run.stdout.read_to_string(&mut rest).expect("text");
    assert_eq!(run.first.clone() + &rest, replayed(18));
    assert!(run.child.wait().expect("it ends").success());
    drop(run.stdin);
}

#[test]
fn an_old_log_without_replay_is_told_about_once() {
    let old = log(0, 40).replace("2199", "2019");
    for (args, shown) in [(&["-q"][..], true), (&["-q", "--replay"], false)] {
        let mut child = httpmon(args).spawn().expect("httpmon starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(old.as_bytes()).expect("it reads");
        drop(stdin);
        let output = child.wait_with_output().expect("it ends");
        let stderr = String::from_utf8(output.stderr).expect("text");
        let hint = " days: if nothing is written to it any more, --replay reads it as history\n";
        assert_eq!(
            stderr.starts_with("httpmon: this log goes back "),
            shown,
            "{stderr}"
        );
        assert_eq!(stderr.ends_with(hint), shown, "{stderr}");
        assert_eq!(stderr.lines().count(), usize::from(shown), "{stderr}");
    }
}

#[test]
fn a_file_and_standard_input_are_live() {
    let path = folder::fresh("file-and-input").join("access.log");
    let old = log(0, 40).replace("2199", "2019");
    std::fs::write(&path, &old).expect("a file");
    let file = path.to_str().expect("a name");
    for (args, live) in [(&[file][..], false), (&[file, "-"], true)] {
        let mut child = httpmon(args).spawn().expect("httpmon starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        // A run that reads the file alone may have ended.
        let _ = stdin.write_all(old.as_bytes());
        drop(stdin);
        let output = child.wait_with_output().expect("it ends");
        let stderr = String::from_utf8(output.stderr).expect("text");
        let hint = "--replay reads it as history";
        assert_eq!(stderr.contains(hint), live, "{args:?}: {stderr}");
    }
}

#[test]
fn a_quiet_run_says_at_its_end_what_could_not_be_read_also_by_a_signal() {
    let long = "garbage \x1b[2J".to_owned() + &"-".repeat(500);
    let input = format!("{}{long}\nmore\n{}", log(0, 20), log(20, 40));
    let wanted = "httpmon: 2 of 42 lines are no log entries, the first is line 21: \
                  time: no time such as [10/Oct/2000:13:55:36 -0700], at byte 10: garbage \\x1b[2J--";
    for (name, number) in [("-INT", Some(2)), ("-TERM", Some(15)), ("", None)] {
        let args = ["-q", "-t0.5", "-w10s", "--lateness=0", "--report=json"];
        let mut child = httpmon(&args).spawn().expect("httpmon starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        // All in one write, so that all is read before the alert is written.
        stdin.write_all(input.as_bytes()).expect("it reads");
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut alert = String::new();
        stdout.read_line(&mut alert).expect("it writes");
        assert!(alert.contains("\"state\":\"firing\""), "{alert}");
        // Open to the end, where a signal is to bring that about.
        let _open = number.map(|_| {
            let pid = child.id().to_string();
            let status = Command::new("kill").args([name, &pid]).status();
            assert!(status.expect("kill runs").success());
            stdin
        });
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.signal(), number, "{}", output.status);
        let stderr = String::from_utf8(output.stderr).expect("text");
        assert!(stderr.starts_with(wanted), "{stderr}");
        assert!(stderr.ends_with("-\n") && stderr.len() < 320, "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
    }
}

#[test]
fn a_slow_pipe_a_fast_pipe_and_a_file_give_the_same_bytes() {
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("process-a-file");
    std::fs::write(&file, log(0, 90)).expect("a file");
    let name = file.to_str().expect("UTF-8");
    let from_file = httpmon(&[&LIVE[..], &[name]].concat())
        .output()
        .expect("it runs");
    assert_eq!(String::from_utf8_lossy(&from_file.stdout), replayed(90));

    // Up to a report that must come, then the next lines in halves.
    let mut run = under_way(&LIVE, 36);
    let mut shown = run.first;
    for second in 36..90 {
        let line = log(second, second + 1);
        let (head, tail) = line.split_at(20);
        run.stdin.write_all(head.as_bytes()).expect("it reads");
        run.stdin.write_all(tail.as_bytes()).expect("it reads");
        if second % 10 == 5 {
            run.stdout.read_line(&mut shown).expect("it writes");
        }
    }
    drop(run.stdin);
    run.stdout.read_to_string(&mut shown).expect("text");
    assert_eq!(shown, replayed(90));
}

#[test]
fn a_named_pipe_is_read_as_a_file_is() {
    let pipe = folder::fresh("fifo").join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo runs").success());
    // More threads than one read regular files in parts, and this as it comes.
    for threads in ["1", "2", "2", "2"] {
        let path = pipe.clone();
        // Opening it waits for httpmon to open its end.
        let writer = std::thread::spawn(move || std::fs::write(path, log(0, 5000)));
        let name = pipe.to_str().expect("UTF-8");
        let output = httpmon(&["--replay", "--threads", threads, "--report=json", name])
            .output()
            .expect("httpmon runs");
        assert!(writer.join().expect("the writer ends").is_ok());
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(text.contains("\"lines\":5000,\"hits\":5000,"), "{text}");
    }
}

#[test]
fn a_directory_on_standard_input_is_named_as_such() {
    let output = httpmon(&["--replay"])
        .stdin(std::fs::File::open("/").expect("there is a root"))
        .output()
        .expect("httpmon runs");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "httpmon: standard input: is a directory\n"
    );
}

/// Standard input from a file is read from where it is, and read to its end.
#[test]
fn standard_input_from_a_file_is_read_from_its_place_to_its_end() {
    let path = folder::fresh("place").join("access.log");
    let line = "192.0.2.7 - - [20/Nov/2026:09:00:00 +0000] \"GET /a HTTP/1.1\" 200 5\n";
    std::fs::write(&path, line.repeat(9000)).expect("a file");
    for threads in ["1", "2", "3"] {
        let script = format!(
            "{{ read first; '{}' --replay --threads {threads} --threshold 1000 --report json; cat; }} <'{}'",
            env!("CARGO_BIN_EXE_httpmon"),
            path.display()
        );
        let output = Command::new("sh").args(["-c", &script]).output();
        let output = output.expect("a shell");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert_eq!(text.lines().count(), 1, "nothing is left: {text}");
        assert!(text.contains("\"lines\":8999,\"hits\":8999,"), "{text}");
    }
}
