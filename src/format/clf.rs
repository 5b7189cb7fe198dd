//! NCSA's Common Log Format and its descendants: common, combined, vhost_combined.
//!
//! `client ident user [time] "request" status bytes`, then, in combined, `"referrer" "agent"` and
//! whatever a site adds. See Apache's `mod_log_config` and nginx's `log_format combined`.

use super::step::{Head, Step, entry_steps, referrer_and_agent};
use super::{Format, FormatSource};

fn request() -> Vec<Step> {
    let mut steps = vec![Step::Between];
    steps.extend(entry_steps());
    steps
}

fn any() -> Vec<Step> {
    let mut steps = vec![Step::Head(Head::Any)];
    steps.extend(request());
    steps.extend([Step::Optional, Step::Between]);
    steps.extend(referrer_and_agent());
    steps.extend([Step::Forwarded, Step::Tail]);
    steps
}

fn common() -> Vec<Vec<Step>> {
    let mut steps = vec![Step::Head(Head::Client)];
    steps.extend(request());
    vec![steps]
}

fn combined_after(head: Head) -> Vec<Step> {
    let mut steps = vec![Step::Head(head)];
    steps.extend(request());
    // The tail looks for the last quote: it begins with the one that ends the agent.
    let [fields @ .., _] = referrer_and_agent();
    steps.push(Step::Between);
    steps.extend(fields);
    steps.extend([Step::Optional, Step::Forwarded, Step::Tail]);
    steps
}

/// All of them, distinguished by the shape of each line.
pub(super) const ANY: Format = Format {
    name: "clf",
    about: "common, combined or vhost_combined",
    sample: "",
    begins: |_| true,
    source: FormatSource::Steps(|| vec![any()]),
};

/// The Common Log Format.
pub(super) const COMMON: Format = Format {
    name: "common",
    about: "the Common Log Format of NCSA httpd, also without a protocol (HTTP/0.9); more fields may follow",
    sample: r#"192.0.2.7 - - [10/Oct/2025:13:55:36 -0700] "GET /pages/create HTTP/1.1" 200 2326"#,
    begins: |_| true,
    source: FormatSource::Steps(common),
};

/// Apache's and nginx's combined.
pub(super) const COMBINED: Format = Format {
    name: "combined",
    about: "common with referrer and user agent, the default of nginx and of most Apache set-ups; more fields may follow",
    sample: r#"192.0.2.7 - ann [10/Oct/2025:13:55:36 -0700] "GET /pages/create HTTP/1.1" 200 2326 "https://example.com/" "Mozilla/5.0""#,
    begins: |_| true,
    source: FormatSource::Steps(|| vec![combined_after(Head::Client)]),
};

/// Apache's vhost_combined.
pub(super) const VHOST_COMBINED: Format = Format {
    name: "vhost_combined",
    about: "combined after the virtual host and its port, Debian's choice for Apache with several sites",
    sample: r#"www.example.com:443 192.0.2.7 - - [10/Oct/2025:13:55:36 -0700] "GET / HTTP/1.1" 200 2326 "-" "Mozilla/5.0""#,
    begins: |_| true,
    source: FormatSource::Steps(|| vec![combined_after(Head::Host)]),
};
