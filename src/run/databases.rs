//! The databases of `--mmdb`, and what cannot be asked without them.

use crate::cli::Options;
use crate::error::Error;
use crate::filter::Filter;
use crate::geo::{DIMENSIONS, Database, Locator};
use crate::render::escape;
use crate::stats::top::Top;

/// Reads the databases; `None` where no file was given.
///
/// # Errors
///
/// Names the option and the way out: where a file cannot be read or is none, or where none was given and is
/// needed for what is counted or asked.
pub(super) fn open<'f>(
    options: &Options,
    tops: &[Top],
    mut filters: impl Iterator<Item = &'f Filter>,
) -> Result<Option<Locator>, Error> {
    if options.mmdb.is_empty() {
        let counted = |name: &&str| tops.iter().any(|top| top.dimension.is_of(name));
        let needed = DIMENSIONS.iter().find(|name| counted(name));
        let mut asked = || filters.find_map(|f| DIMENSIONS.iter().find(|name| f.asks(name)));
        return match needed.or_else(&mut asked) {
            None => Ok(None),
            Some(name) => Err(Error::new(format!(
                "--{}: {name} needs a database: --mmdb FILE, such as GeoLite2-{}.mmdb",
                asker(options, name),
                if *name == "asn" { "ASN" } else { "Country" }
            ))),
        };
    }
    let read = |file: &std::ffi::OsString| {
        let wrong = |why: String| {
            let file = escape::terminal(file.to_string_lossy().as_bytes(), false);
            Error::new(format!("--mmdb: {file}: {why}"))
        };
        let bytes = std::fs::read(file).map_err(|error| {
            wrong(match error.kind() {
                std::io::ErrorKind::NotFound => "no such file".to_owned(),
                _ => error.to_string(),
            })
        })?;
        Database::new(bytes).map_err(wrong)
    };
    let databases: Result<Vec<Database>, Error> = options.mmdb.iter().map(read).collect();
    databases.map(|databases| Some(Locator::new(databases)))
}

/// The option that asks for a dimension.
fn asker(options: &Options, dimension: &str) -> &'static str {
    let is_asked = |filter: &Filter| filter.asks(dimension);
    if options.top.iter().any(|top| top.dimension.is_of(dimension)) {
        "top"
    } else if options.filter.as_ref().is_some_and(is_asked) {
        "where"
    } else {
        "alert"
    }
}
