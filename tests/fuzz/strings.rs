//! What must be true of arguments whatever they are: rules, expressions, times, durations, lists and format strings.

use httpmon::run;

/// Options whose value is a text of its own kind. None of them opens anything.
const OPTIONS: [&str; 16] = [
    "alert",
    "where",
    "since",
    "until",
    "interval",
    "window",
    "lateness",
    "patience",
    "idle-exit",
    "threshold",
    "top",
    "trusted",
    "client",
    "format",
    "threads",
    "report",
];

/// Takes the text as the value of each option, and its lines as arguments.
///
/// # Panics
///
/// If something is not as it must be.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let line = text.lines().next().unwrap_or_default();
    for option in OPTIONS {
        let argument = format!("--{option}={line}");
        let Err(error) = run::options(&["--replay", &argument]) else {
            continue;
        };
        let said = error.to_string();
        assert!(said.contains(option), "{argument:?}: {said}");
        // A sentence, and where the mistake is: not all of a text without end.
        assert!(
            said.len() <= 4096 + 8 * argument.len(),
            "{argument:?}: {said}"
        );
    }
    let arguments: Vec<&str> = text.lines().take(8).collect();
    // These read files before anything is known of them.
    let reads = |argument: &&str| argument.contains("mmdb") || argument.contains("tz");
    if !arguments.iter().any(reads) {
        let first = run::options(&arguments).map(|_| ());
        assert_eq!(run::options(&arguments).map(|_| ()), first);
    }
}
