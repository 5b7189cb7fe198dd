//! `httpmon`: arguments in, exit status out; everything else is the library's.

use std::process::ExitCode;

fn main() -> ExitCode {
    httpmon::run::main(std::env::args_os().skip(1))
}
