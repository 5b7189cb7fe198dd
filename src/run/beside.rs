//! Several pipes, read side by side: each has its thread, and gives whole lines as they come.

use std::fs::File;
use std::io::{self, Read};

use super::file;
use super::follow::{finish, give};
use super::operands::Operand;
use crate::input::source::LogInput;
use crate::thread;

/// Bytes read at once.
const BLOCK: usize = 64 << 10;

/// Reads `operands` to their ends. `take` is given the number of one and lines of it, or why it cannot be read on; it
/// says whether anyone still listens.
pub(super) fn read(operands: &[Operand], take: impl Fn(usize, io::Result<Vec<u8>>) -> bool + Sync) {
    std::thread::scope(|scope| {
        for (n, operand) in operands.iter().enumerate() {
            let take = &take;
            let started = thread::start_within(scope, move || {
                if let Err(error) = read_one(operand, |lines| take(n, Ok(lines))) {
                    take(n, Err(error));
                }
            });
            if let Err(error) = started {
                take(n, Err(error));
            }
        }
    });
}

fn read_one(operand: &Operand, take: impl Fn(Vec<u8>) -> bool) -> io::Result<()> {
    match operand {
        Operand::Stdin => {
            file::widen_stdin();
            read_lines(LogInput::new(io::stdin().lock()), take)
        }
        // One that nobody writes to yet keeps this thread only.
        Operand::File(name) => read_lines(LogInput::new(File::open(name)?), take),
    }
}

fn read_lines(mut source: impl Read, take: impl Fn(Vec<u8>) -> bool) -> io::Result<()> {
    let mut block = vec![0; BLOCK];
    let mut tail = Vec::new();
    loop {
        let mut lines = Vec::new();
        let read = source.read(&mut block);
        match read {
            Ok(count) if count > 0 => give(&mut tail, &block[..count], &mut lines),
            _ => finish(std::mem::take(&mut tail), &mut lines),
        }
        if !lines.is_empty() && !take(lines) || read? == 0 {
            return Ok(());
        }
    }
}
