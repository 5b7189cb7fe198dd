//! What must be true of a database of --mmdb whatever bytes it is: it is refused, or each address is somewhere or nowhere.

use httpmon::geo::{Database, Locator};

const ADDRESSES: [&str; 8] = [
    "0.0.0.0",
    "192.0.2.7",
    "198.51.100.1",
    "255.255.255.255",
    "::",
    "2001:db8::7",
    "::ffff:192.0.2.7",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
];

/// Reads it and looks up addresses.
///
/// # Panics
///
/// If something is not as it must be.
pub fn check(data: &[u8]) {
    let read = || Database::new(data.to_vec());
    let (Ok(one), Ok(other)) = (read(), read()) else {
        return;
    };
    let mut one = Locator::new(vec![one]);
    let mut both = Locator::new(vec![other, read().expect("it was one")]);
    for address in ADDRESSES {
        let found = one.locate(address.as_bytes()).clone();
        assert_eq!(both.locate(address.as_bytes()), &found);
    }
}
