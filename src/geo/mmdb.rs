//! One database: GeoLite2-ASN, GeoLite2-Country and -City, or any other that has their keys, or those of
//! IPinfo. It is read into memory as a whole.

use std::net::IpAddr;

use maxminddb::{LookupResult, PathElement, Reader};

use super::Location;

type Lookup<'d> = LookupResult<'d, Vec<u8>>;

/// A database.
#[derive(Debug)]
pub struct Database(Reader<Vec<u8>>);

impl Database {
    /// Reads a database from the bytes of its file.
    ///
    /// # Errors
    ///
    /// If they are not a database: why.
    pub fn new(bytes: Vec<u8>) -> Result<Database, String> {
        Reader::from_source(bytes)
            .map(Database)
            .map_err(|error| format!("not a MaxMind DB: {error}"))
    }

    /// What it knows of an address.
    pub(super) fn find(&self, address: IpAddr) -> Location {
        // An IPv6 address in a database of IPv4 is an error there, and unknown here.
        match self.0.lookup(address) {
            Ok(found) if found.has_data() => Location {
                asn: asn(&found).map(|asn| asn.into_bytes().into()),
                country: country(&found).map(|code| code.as_bytes().into()),
            },
            _ => Location::default(),
        }
    }
}

fn text<'d>(found: &Lookup<'d>, path: &[&str]) -> Option<&'d str> {
    let path: Vec<PathElement<'_>> = path.iter().map(|key| PathElement::Key(key)).collect();
    found.decode_path(&path).ok().flatten()
}

/// A whole number, of whatever size it was written: MaxMind's are of 32 bits, other writers take the smallest.
fn number(found: &Lookup<'_>, key: &str) -> Option<u64> {
    let path = [PathElement::Key(key)];
    let as_u32 = || {
        found
            .decode_path::<u32>(&path)
            .ok()
            .flatten()
            .map(u64::from)
    };
    let as_u16 = || {
        found
            .decode_path::<u16>(&path)
            .ok()
            .flatten()
            .map(u64::from)
    };
    let as_u64 = || found.decode_path::<u64>(&path).ok().flatten();
    let as_i32 = || found.decode_path::<i32>(&path).ok().flatten();
    let positive = || u64::try_from(as_i32()?).ok();
    as_u32().or_else(as_u16).or_else(as_u64).or_else(positive)
}

fn asn(found: &Lookup<'_>) -> Option<String> {
    let number = number(found, "autonomous_system_number");
    let (asn, name) = match number {
        Some(number) => (
            format!("AS{number}"),
            text(found, &["autonomous_system_organization"]),
        ),
        None => (text(found, &["asn"])?.to_owned(), text(found, &["as_name"])),
    };
    Some(match name {
        Some(name) => format!("{asn} {name}"),
        None => asn,
    })
}

fn country<'d>(found: &Lookup<'d>) -> Option<&'d str> {
    text(found, &["country", "iso_code"]).or_else(|| text(found, &["country_code"]))
}
