//! What is known of a record only by the options of a run: its group of paths, and whether it was referred by the site itself.

use std::sync::Arc;

use crate::filter::glob;
use crate::format::record::Record;
use crate::stats::dimension::referring_host;

/// The patterns of `--group` and the hosts of `--own`.
#[derive(Debug, Clone)]
pub struct Marks {
    groups: Arc<[String]>,
    own: Arc<[String]>,
}

impl Marks {
    /// Those of these options; `None` where there are none.
    pub(super) fn new(groups: &[String], own: &[String]) -> Option<Marks> {
        let any = !groups.is_empty() || !own.is_empty();
        any.then(|| Marks {
            groups: groups.into(),
            own: own.into(),
        })
    }

    /// Marks a record. Of several patterns the first that matches its path counts.
    #[inline(never)]
    pub(super) fn mark<'a>(&'a self, record: &mut Record<'a>) {
        if let Some(request) = &record.request {
            let path = request.path();
            let group = self.groups.iter().map(|group| group.as_bytes());
            record.group = group.into_iter().find(|group| glob(group, path));
        }
        let host = record.referrer.and_then(referring_host);
        record.refers_itself = host.is_some_and(|host| self.own.iter().any(|own| is_of(host, own)));
    }
}

/// Whether a host is `own`, or in that domain.
fn is_of(host: &[u8], own: &str) -> bool {
    let Some(rest) = host.len().checked_sub(own.len()) else {
        return false;
    };
    let (rest, end) = host.split_at(rest);
    end.eq_ignore_ascii_case(own.as_bytes()) && (rest.is_empty() || rest.ends_with(b"."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_of_its_domain() {
        for (host, want) in [
            ("example.com", true),
            ("WWW.Example.com", true),
            ("notexample.com", false),
            ("example.com.evil.net", false),
            ("com", false),
        ] {
            assert_eq!(is_of(host.as_bytes(), "example.com"), want, "{host}");
        }
    }
}
