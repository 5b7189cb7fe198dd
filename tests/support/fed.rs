//! A program that reads on standard input what a test has.

use std::io::{ErrorKind, Write};
use std::process::{Command, Output, Stdio};

/// Runs it to its end. It need not read all.
pub fn output(command: &mut Command, input: impl Into<Vec<u8>>) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.into();
    // Apart, since it may wait for its output to be read before it reads on.
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("it ends");
    match writer.join().expect("no panic") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => panic!("{error}"),
        _ => output,
    }
}
