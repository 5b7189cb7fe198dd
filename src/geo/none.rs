//! Without the feature `mmdb` no database can be read.

use std::convert::Infallible;
use std::net::IpAddr;

use super::Location;

/// A database; there is never one.
#[derive(Debug)]
pub struct Database(Infallible);

impl Database {
    /// None.
    ///
    /// # Errors
    ///
    /// Always.
    pub fn new(_: Vec<u8>) -> Result<Database, String> {
        Err("this httpmon was built without the feature mmdb".to_owned())
    }

    /// Is never called.
    pub(super) fn find(&self, _: IpAddr) -> Location {
        match self.0 {}
    }
}
