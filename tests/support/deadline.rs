//! An end for tests that wait for a program: a suite that hangs says nothing, one that is aborted does.

use std::io::Write;
use std::sync::Once;
use std::time::Duration;

/// Far more than all tests of a file take on a slow and busy machine.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// Aborts the tests of this file if they have not ended in time. The pipes of the programs that they wait for are closed by
/// that, and libtest has named what was running.
pub fn start() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        std::thread::spawn(|| {
            std::thread::sleep(LONGEST);
            let _ = writeln!(
                std::io::stderr(),
                "a test has waited for {LONGEST:?}, and is aborted"
            );
            std::process::abort();
        });
    });
}
