//! Where a client is: the network that announces its address, and the country, by databases in the MaxMind
//! DB format.
//!
//! A look-up costs some hundred nanoseconds and most clients come again, so the results are remembered.
//! What no database knows of an address stays unknown: nothing is guessed.

#[cfg(feature = "mmdb")]
mod mmdb;
#[cfg(not(feature = "mmdb"))]
#[path = "none.rs"]
mod mmdb;

use std::net::IpAddr;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

pub use mmdb::Database;

/// Clients remembered; after that the memory starts again, empty.
const REMEMBERED: usize = 1 << 16;

/// Bytes of the longest address; what is longer is a name.
const MAX_ADDRESS: usize = 45;

static NOWHERE: Location = Location {
    asn: None,
    country: None,
};

/// The dimensions that need a database.
pub const DIMENSIONS: [&str; 2] = ["asn", "country"];

/// Where a client is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Location {
    /// The autonomous system and who runs it: `AS64496 Example`.
    pub asn: Option<Box<[u8]>>,
    /// The country's code of two letters, by ISO 3166-1.
    pub country: Option<Box<[u8]>>,
}

/// The databases of a run.
#[derive(Debug, Clone)]
pub struct Locator {
    databases: Arc<[Database]>,
    known: HashMap<Vec<u8>, Location, RandomState>,
}

impl Locator {
    /// Locator by these databases; the first that knows something is believed.
    pub fn new(databases: Vec<Database>) -> Locator {
        Locator {
            databases: databases.into(),
            known: HashMap::default(),
        }
    }

    /// Where `client` is; unknown if it is not an address.
    #[inline]
    pub fn locate(&mut self, client: &[u8]) -> &Location {
        if client.len() > MAX_ADDRESS {
            return &NOWHERE;
        }
        if self.known.len() >= REMEMBERED && !self.known.contains_key(client) {
            self.known.clear();
        }
        let Locator { databases, known } = self;
        known
            .entry_ref(client)
            .or_insert_with(|| find(databases, client))
    }
}

#[cold]
fn find(databases: &[Database], client: &[u8]) -> Location {
    let text = std::str::from_utf8(client).ok();
    let Some(address) = text.and_then(|text| text.parse::<IpAddr>().ok()) else {
        return Location::default();
    };
    let address = address.to_canonical();
    let mut location = Location::default();
    for database in databases {
        let found = database.find(address);
        location.asn = location.asn.or(found.asn);
        location.country = location.country.or(found.country);
    }
    location
}
