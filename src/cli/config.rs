//! The arguments file: one argument per line, named by `HTTPMON_CONFIG_PATH`.

use std::ffi::OsString;
use std::path::Path;

use crate::error::Error;

/// The environment variable that names the file.
pub const VARIABLE: &str = "HTTPMON_CONFIG_PATH";

/// Reads the file: blank lines and lines that begin with `#` are left out, white space around an
/// argument is cut.
///
/// # Errors
///
/// If the file cannot be read or is not UTF-8; the error names the variable and the file.
pub fn read(path: &Path) -> Result<Vec<OsString>, Error> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Error::new(format!(
            "{}: {VARIABLE}: {error} (unset {VARIABLE} to go without)",
            path.display()
        ))
    })?;
    Ok(arguments(&text))
}

fn arguments(text: &str) -> Vec<OsString> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(OsString::from)
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn comments_and_blank_lines_are_left_out() {
        assert_eq!(
            super::arguments("# mine\n\n --threshold=20 \n--top\nclient=3\r\n  # end"),
            ["--threshold=20", "--top", "client=3"]
        );
    }
}
