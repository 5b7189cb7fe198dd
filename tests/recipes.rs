//! The scripts of man/examples, run by httpmon against a listener on this machine, and what arrives there.
#![cfg(unix)]

#[path = "support/fed.rs"]
mod fed;

#[path = "support/folder.rs"]
mod folder;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::JoinHandle;

use folder::fresh;
use serde_json::{Value, json};

/// An alert whose causes are named by whoever writes the log, and that is over.
const RULE: &str = "Errors: 5xx > 5% over 1m min 10";

fn log() -> String {
    let line = |second: i32, status: i32| {
        format!(
            "192.0.2.7 - - [01/Jan/2026:00:00:{second:02} +0000] \"GET /<@here>`'$(id)&/x HTTP/1.1\" {status} 1\n"
        )
    };
    let failed = (0..20).map(|i| line(i, 503));
    let well = (0..400).map(|i| line(20 + i / 20, 200));
    failed.chain(well).collect()
}

/// Whether these programs are there; without one the test says that it is left out.
fn have(programs: &[&str]) -> bool {
    programs.iter().all(|program| {
        let mut command = Command::new(program);
        command.arg("--version").stdout(Stdio::null());
        let found = command.stderr(Stdio::null()).status().is_ok();
        if !found {
            let _ = writeln!(std::io::stderr(), "left out: there is no {program}");
        }
        found
    })
}

fn example(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("man/examples").join(name)
}

/// Runs httpmon over a log with this rule and script.
fn httpmon(script: &str, rule: &str, log: String, env: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpmon"));
    command
        .args(["--replay", "--quiet", "--report", "json"])
        .args(["--alert", rule, "--on-alert-in-replay", "--on-alert"])
        .arg(example(script))
        .envs(env.iter().copied())
        .env("NO_PROXY", "*")
        .env_remove("HTTPMON_CONFIG_PATH");
    let output = fed::output(&mut command, log);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{script}");
    output
}

/// The alerts that httpmon wrote.
fn alerts(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    let read = |line: &str| serde_json::from_str(line).expect("JSON");
    text.lines().map(read).collect()
}

/// What came to a server: the path and the body of each request.
type Received = Vec<(String, Value)>;

/// A server that takes all that it is given.
struct Server {
    address: SocketAddr,
    thread: JoinHandle<Received>,
}

impl Server {
    fn new() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let thread = std::thread::spawn(move || {
            let mut received = Received::new();
            for stream in listener.incoming() {
                let Some(request) = receive(&stream.expect("a connection")) else {
                    break;
                };
                received.push(request);
            }
            received
        });
        Server { address, thread }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Nothing more comes.
    fn end(self) -> Received {
        drop(TcpStream::connect(self.address).expect("it listens"));
        self.thread.join().expect("no panic")
    }
}

/// A request; `None` where there is none.
fn receive(mut stream: &TcpStream) -> Option<(String, Value)> {
    let mut lines = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    lines.read_line(&mut line).expect("a line");
    let path = line.split(' ').nth(1)?.to_owned();
    loop {
        line.clear();
        lines.read_line(&mut line).expect("a header");
        let header = line.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
    }
    let mut body = vec![0; length];
    lines.read_exact(&mut body).expect("a body");
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        .expect("it is answered");
    Some((path, serde_json::from_slice(&body).expect("JSON")))
}

/// Runs a script that posts, with the address of a server in a variable; what came, and the alerts.
fn posted(
    script: &str,
    address: (&str, &str),
    env: &[(&str, &str)],
) -> Option<(Received, Vec<Value>)> {
    if !have(&["curl", "jq"]) {
        return None;
    }
    let server = Server::new();
    let url = server.url(address.1);
    let mut all = vec![(address.0, url.as_str())];
    all.extend(env);
    let output = httpmon(script, RULE, log(), &all);
    let received = server.end();
    let alerts = alerts(&output);
    assert_eq!((received.len(), alerts.len()), (2, 2), "{script}");
    Some((received, alerts))
}

#[test]
fn ntfy_gets_a_sentence() {
    let env = [("NTFY_TOPIC", "ops")];
    let Some((received, alerts)) = posted("alert-ntfy", ("NTFY_URL", ""), &env) else {
        return;
    };
    assert_eq!(
        received[0],
        (
            "/".to_owned(),
            json!({
                "topic": "ops",
                "title": "Errors fires",
                "message": "Errors: 5xx is 100.0% of 10 hits over 1m, threshold 5%, from /<@here>`'$(id)& and client 192.0.2.7",
                "priority": 4,
                "tags": ["rotating_light"]
            })
        )
    );
    assert_eq!(received[1].1["title"], "Errors is over");
    assert_eq!(received[1].1["message"], alerts[1]["summary"]);
    assert_eq!(received[1].1["priority"], 2);
}

#[test]
fn slack_gets_no_mention_from_a_log() {
    let Some((received, alerts)) = posted("alert-slack", ("SLACK_WEBHOOK", "/services/T/B/x"), &[])
    else {
        return;
    };
    let (path, first) = &received[0];
    assert_eq!(path, "/services/T/B/x");
    let text = first["text"].as_str().expect("text");
    assert!(
        text.starts_with(":red_circle: Errors: 5xx is 100.0% of 10 hits over 1m"),
        "{text}"
    );
    assert!(
        text.contains("/&lt;@here&gt;") && !text.contains('<'),
        "{text}"
    );
    assert_eq!(first["blocks"][0]["text"]["text"], alerts[0]["summary"]);
    let lines = first["blocks"][1]["text"]["text"].as_str().expect("text");
    assert!(
        lines.starts_with("```Errors generated an alert - 5xx = 100.0%"),
        "{lines}"
    );
    assert_eq!(lines.matches('`').count(), 6, "{lines}");
    assert!(
        received[1].1["text"]
            .as_str()
            .is_some_and(|text| { text.starts_with(":large_green_circle: Errors is over after") })
    );
}

#[test]
fn teams_gets_a_card() {
    let Some((received, alerts)) = posted("alert-teams", ("TEAMS_WEBHOOK", "/workflows/x"), &[])
    else {
        return;
    };
    for ((path, body), (alert, color)) in received
        .iter()
        .zip(alerts.iter().zip(["Attention", "Good"]))
    {
        assert_eq!(path, "/workflows/x");
        let card = &body["attachments"][0]["content"];
        assert_eq!(card["type"], "AdaptiveCard");
        let run = |index: usize| &card["body"][index]["inlines"][0];
        assert_eq!(run(0)["text"], alert["summary"]);
        assert_eq!(run(0)["color"], color);
        assert_eq!(run(1)["text"], alert["text"]);
    }
}

#[test]
fn pagerduty_gets_an_incident_and_its_end() {
    let env = [("PAGERDUTY_KEY", "k"), ("PAGERDUTY_SOURCE", "web1")];
    let Some((received, alerts)) = posted("alert-pagerduty", ("PAGERDUTY_URL", ""), &env) else {
        return;
    };
    let action = |index: usize| {
        let (path, body) = &received[index];
        assert_eq!(path, "/v2/enqueue");
        assert_eq!(body["routing_key"], "k");
        assert_eq!(body["dedup_key"], alerts[0]["id"]);
        assert_eq!(body["payload"]["summary"], alerts[index]["summary"]);
        assert_eq!(body["payload"]["source"], "web1");
        assert_eq!(
            body["payload"]["custom_details"]["text"],
            alerts[index]["text"]
        );
        body["event_action"].clone()
    };
    assert_eq!([action(0), action(1)], ["trigger", "resolve"]);
}

#[test]
fn alertmanager_gets_an_alert_that_lasts_a_day_until_it_is_over() {
    let Some((received, alerts)) = posted("alert-alertmanager", ("ALERTMANAGER_URL", ""), &[])
    else {
        return;
    };
    for ((path, body), alert) in received.iter().zip(&alerts) {
        assert_eq!(path, "/api/v2/alerts");
        let first = &body[0];
        assert_eq!(
            first["labels"],
            json!({"alertname": "Errors", "job": "httpmon"})
        );
        assert_eq!(first["annotations"]["summary"], alert["summary"]);
        assert_eq!(first["startsAt"], alerts[0]["since"]);
    }
    let end: jiff::Timestamp = received[0].1[0]["endsAt"]
        .as_str()
        .and_then(|end| end.parse().ok())
        .expect("a time");
    let ahead = end.as_second() - jiff::Timestamp::now().as_second();
    assert!((86_000..=86_400).contains(&ahead), "{ahead}");
    assert_eq!(received[1].1[0]["endsAt"], alerts[1]["at"]);
}

/// A folder with a program of this name, which notes what it is given.
fn folder(name: &str, program: &str, body: &str) -> PathBuf {
    let folder = fresh(&format!("recipes-{name}"));
    // Another process writes it, so that no fork of this one has it open for writing.
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("cat >{program} && chmod +x {program}")]);
    let text = format!("#!/bin/sh\nexec >>'{}/out'\n{body}\n", folder.display());
    assert!(
        fed::output(shell.current_dir(&folder), text)
            .status
            .success()
    );
    folder
}

fn noted(folder: &Path) -> String {
    fs::read_to_string(folder.join("out")).unwrap_or_default()
}

#[test]
fn a_mail_has_a_subject_and_a_body() {
    let folder = folder("mail", "sendmail", "echo \"$@\"; cat; echo .");
    let sendmail = folder.join("sendmail");
    let sendmail = sendmail.to_str().expect("text");
    let env = [("MAIL_TO", "ops@example.com"), ("SENDMAIL", sendmail)];
    httpmon("alert-mail", RULE, log(), &env);
    let noted = noted(&folder);
    let mails: Vec<&str> = noted.split_terminator("\n.\n").collect();
    assert_eq!(mails.len(), 2, "{noted}");
    assert_eq!(
        mails[0],
        "-i -t\nTo: ops@example.com\nSubject: Errors: 5xx is 100.0% of 10 hits over 1m, threshold 5%, from /<@here>`'$(id)& and client 192.0.2.7\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\nX-Httpmon-State: firing\n\nErrors generated an alert - 5xx = 100.0%, triggered at 2026-01-01T00:00:09Z\n  100.0% of 10 hits over 1m, threshold 5% | from /<@here>`'$(id)& 100%, client 192.0.2.7 100%, status 503 100%"
    );
    assert!(
        mails[1].contains("\nSubject: Errors is over after "),
        "{noted}"
    );
    // A subject is ASCII.
    fs::remove_file(folder.join("out")).expect("the file");
    httpmon("alert-mail", "Störung: hits > 3 over 1s", log(), &env);
    let noted = self::noted(&folder);
    assert!(
        noted.contains("\nSubject: =?UTF-8?B?U3TDtnJ1bmc6IGhpdHMg"),
        "{noted}"
    );
}

#[test]
fn a_client_that_comes_back_is_banned_for_longer_and_nothing_else_is() {
    if !have(&["jq"]) {
        return;
    }
    let folder = folder("ban", "nft", "echo \"$@\"");
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", folder.display());
    let line = |second: i32, client: &str| {
        let (m, s) = (second / 60, second % 60);
        format!("{client} - - [01/Jan/2026:00:{m:02}:{s:02} +0000] \"GET /x HTTP/1.1\" 404 1\n")
    };
    let mut log = String::new();
    for round in 0..3 {
        for client in ["192.0.2.7", "2001:db8::1"] {
            log += &line(round * 10, client).repeat(3);
        }
        log += &line(round * 10 + 5, "203.0.113.1");
    }
    let rule = "Scanner: 404 > 2 over 1s by client";
    httpmon("alert-ban", rule, log, &[("PATH", &path)]);
    let mut want = String::new();
    for minutes in [10, 20, 40] {
        for (set, client) in [("banned4", "192.0.2.7"), ("banned6", "2001:db8::1")] {
            want += &format!("delete element inet httpmon {set} {{ {client} }}\n");
            want += &format!("add element inet httpmon {set} {{ {client} timeout {minutes}m }}\n");
        }
    }
    assert_eq!(noted(&folder), want);

    // What is no address is not banned, and the script says so.
    for client in [
        "scanner.example.com",
        "999.0.0.1",
        "-",
        "192.0.2.7;reboot",
        "",
    ] {
        let mut command = Command::new(example("alert-ban"));
        let alert = json!({"state": "firing", "dim": "client", "key": client});
        let output = fed::output(command.env("PATH", &path), alert.to_string());
        assert_eq!(output.status.success(), client.is_empty(), "{client}");
    }
    let alert = json!({"state": "firing", "dim": "section", "key": "192.0.2.7"});
    let mut command = Command::new(example("alert-ban"));
    let output = fed::output(command.env("PATH", &path), alert.to_string());
    assert!(output.status.success());
    assert_eq!(noted(&folder), want);
}

#[test]
fn every_script_is_tested_and_can_be_run() {
    let tests = include_str!("recipes.rs");
    for entry in fs::read_dir(example("")).expect("a folder") {
        let entry = entry.expect("a file");
        let name = entry.file_name().into_string().expect("text");
        let Some("alert") = name.split('-').next() else {
            continue;
        };
        assert!(tests.contains(&format!("\"{name}\"")), "{name}");
        let mode = entry.metadata().expect("a file").permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "{name}");
    }
}
