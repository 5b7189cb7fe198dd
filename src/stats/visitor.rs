//! Visitors: a client and its user agent on one day, as web analytics count them where there are no cookies.

use std::io::Write;

use super::calendar::midnight;
use crate::format::record::{Record, VisitorMark};
use crate::hashing::GOLDEN_RATIO;
use crate::time::Zone;

/// `2026-11-20 192.0.2.7 5f0c2a91`: the day in the log's own zone, the client, and a number that stands for the agent,
/// which would be longer than all the rest.
pub(super) fn visitor<'b>(record: &Record<'_>, agent: &[u8], text: &'b mut Vec<u8>) -> &'b [u8] {
    text.clear();
    // Memory takes all.
    if let Some(date) = Zone::fixed(record.offset).date_of(record.time) {
        let _ = write!(text, "{date} ");
    }
    text.extend_from_slice(record.client);
    let _ = write!(text, " {:08x}", agent_number(agent));
    text
}

/// A number for an agent, the same in every run: FNV-1a of 64 bits, folded to 32.
pub(super) fn agent_number(agent: &[u8]) -> u32 {
    let hash = agent.iter().fold(0xcbf2_9ce4_8422_2325u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    (hash ^ (hash >> 32)) as u32
}

/// A number for the agent of a record with this number and for the record's day, the same in every run and not 0; `None` where
/// a rollup does not say it.
pub(super) fn mark(record: &Record<'_>, agent: u32) -> Option<u32> {
    match record.visitor() {
        VisitorMark::Logged => {
            let both = u64::from(agent) << 32 ^ midnight(record) as u64;
            let mixed = both.wrapping_mul(GOLDEN_RATIO);
            Some(((mixed >> 32) as u32).max(1))
        }
        VisitorMark::Carried(mark) => Some(mark),
        VisitorMark::Lost => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Second;

    #[test]
    fn a_visitor_is_another_on_another_day_or_with_another_agent() {
        let mut text = Vec::new();
        let mut of = |time: i64, offset: i32, agent: &[u8]| {
            let record = Record {
                time: Second(time),
                offset,
                client: b"192.0.2.7",
                ..Record::EMPTY
            };
            String::from_utf8_lossy(visitor(&record, agent, &mut text)).into_owned()
        };
        // 2026-11-20T23:30:00Z.
        let first = of(1_795_217_400, 0, b"a");
        assert!(first.starts_with("2026-11-20 192.0.2.7 "), "{first}");
        assert_eq!(of(1_795_217_400 - 3600, 0, b"a"), first);
        assert_ne!(of(1_795_217_400, 0, b"b"), first);
        assert!(of(1_795_217_400, 3600, b"a").starts_with("2026-11-21 "));
    }
}
