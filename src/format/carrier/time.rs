//! The time of a carrier: what an entry without one is stamped with.
//!
//! Loggers, containers and collectors write it in many forms and places: `2025-10-10 13:55:36,123 [INFO]`,
//! `[2025-10-10 13:55:36 +0000] [17]`, `2025-10-10T13:55:36.123Z stdout F`, `[I 251010 13:55:36 web:2348]`. Where there are several,
//! one that says its offset counts before one that does not, and of those the last, which is nearest to the entry.
//! RFC 3164 and klog write no year: that is no time.

use super::super::timestamp::{Stamp, Timestamps};

/// So many bytes before an entry are looked at.
const MOST: usize = 512;

/// The time in `prefix`, which is what is before an entry.
pub(in crate::format) fn time(prefix: &[u8], times: &Timestamps) -> Option<Stamp> {
    let prefix = &prefix[..prefix.len().min(MOST)];
    let mut best: Option<Stamp> = None;
    let mut at = 0;
    while at < prefix.len() {
        let begins = at == 0 || b" \t[(|>=\"".contains(&prefix[at - 1]);
        let found = if begins {
            times.leading(&prefix[at..])
        } else {
            None
        };
        let Some(stamp) = found else {
            at += 1;
            continue;
        };
        at += stamp.len;
        if best.is_none_or(|held| stamp.zoned >= held.zoned) {
            best = Some(stamp);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Zone;

    #[test]
    fn the_nearest_time_with_an_offset_counts() {
        // 2025-10-10T13:55:36Z.
        const WANT: i64 = 1_760_104_536;
        for prefix in [
            "2025-10-10 13:55:36,123 [INFO] ",
            "2025-10-10T13:55:36.123456789Z stdout F INFO:     ",
            "[2025-10-10 15:55:36 +0200] [17] [INFO] ",
            "2025-10-10 13:55:36.123 | INFO     | uvicorn:send:443 - ",
            "[I 251010 13:55:36 web:2348] ",
            "[I 2025-10-10 13:55:36.123 ServerApp] ",
            "<134>1 2025-10-10T13:55:36Z web app 17 - - ",
            "web-1  | 2025/10/10 13:55:36 ",
            "0|app  | 2025-10-10T13:55:36: ",
            "[2025-10-10T13:55:36Z INFO  actix_web::middleware::logger] ",
            "2025-10-10T13:55:36.123Z stdout F 2025-10-10 15:55:36,123 INFO ",
            "2025-10-10T13:50:00Z 2025-10-10T15:55:36+02:00 ",
            "I, [2025-10-10T13:55:36.123456 #17]  INFO -- : ",
            "2025-10-10T13:55:36.123Z\tinfo\t",
            "[10/Oct/2025 13:55:36] ",
            "Fri, 10 Oct 2025 13:55:36 GMT morgan ",
            "1760104536.123 ",
        ] {
            let stamp = time(prefix.as_bytes(), &Timestamps::new(Zone::UTC));
            assert_eq!(stamp.map(|stamp| stamp.time.0), Some(WANT), "{prefix}");
        }
        for prefix in [
            "",
            "INFO:     ",
            "Oct 10 13:55:36 web app[17]: ",
            "I1010 13:55:36.123456       1 httplog.go:132] ",
            "13:55:36 web.1   | ",
            "2025-10-10 ",
            "2025-02-31 13:55:36 ",
            "0|app      | ",
            "x2025-10-10 13:55:36 ",
        ] {
            let stamp = time(prefix.as_bytes(), &Timestamps::new(Zone::UTC));
            assert_eq!(stamp, None, "{prefix}");
        }
    }
}
