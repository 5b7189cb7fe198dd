//! Traffic as the lines that servers would log of it, in several formats.

use std::io::{self, Write};

use crate::traffic::{Entry, START, Traffic};

/// A format to log in.
#[derive(Debug)]
pub struct Form {
    /// Its name.
    pub name: &'static str,
    /// What comes before the first line.
    pub header: &'static str,
    write: fn(&Entry<'_>, &mut Vec<u8>) -> io::Result<()>,
}

impl Form {
    /// The log of a server.
    pub fn log(&self, traffic: &Traffic) -> Vec<u8> {
        let mut log = self.header.as_bytes().to_vec();
        for entry in traffic.entries() {
            // Writing to memory does not fail.
            let _ = (self.write)(&entry, &mut log);
            log.push(b'\n');
        }
        log
    }
}

impl Entry<'_> {
    /// Hour, minute and second.
    fn clock(&self) -> String {
        let time = self.time - START;
        format!("{:02}:{:02}:{:02}", time / 3600, time / 60 % 60, time % 60)
    }

    fn common(&self) -> String {
        let Entry {
            client,
            target,
            status,
            bytes,
            ..
        } = self;
        format!(
            r#"{client} - - [20/Nov/2026:{} +0000] "GET {target} HTTP/1.1" {status} {bytes}"#,
            self.clock()
        )
    }

    fn combined(&self) -> String {
        format!(
            r#"{} "https://www.example.com/start" "{}""#,
            self.common(),
            self.agent
        )
    }

    fn seconds(&self) -> String {
        format!("0.{:06}", self.bytes)
    }
}

/// The most common format, by which the others are measured.
pub const COMBINED: Form = Form {
    name: "combined",
    header: "",
    write: |e, log| write!(log, "{}", e.combined()),
};

/// JSON lines, as nginx is often set up to write.
pub const JSON: Form = Form {
    name: "json, flat",
    header: "",
    write: |e, log| {
        let Entry {
            client,
            target,
            status,
            bytes,
            agent,
            ..
        } = e;
        write!(
            log,
            r#"{{"time_iso8601":"2026-11-20T{}+00:00","remote_addr":"{client}","request":"GET {target} HTTP/1.1","#,
            e.clock()
        )?;
        write!(
            log,
            r#""status":"{status}","body_bytes_sent":"{bytes}","request_time":"{}","http_user_agent":"{agent}"}}"#,
            e.seconds()
        )
    },
};

/// A W3C extended log, with the fields of IIS.
pub const W3C: Form = Form {
    name: "w3c",
    header: "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-bytes time-taken\n",
    write: |e, log| {
        let Entry {
            client,
            target,
            status,
            bytes,
            ..
        } = e;
        let (stem, query) = target.split_once('?').unwrap_or((target, "-"));
        let agent = e.agent.replace(' ', "+");
        write!(
            log,
            "2026-11-20 {} 192.0.2.80 GET {stem} {query} 443 - {client} {agent} - {status} {bytes} 17",
            e.clock()
        )
    },
};

/// The other formats.
pub const OTHERS: [Form; 6] = [
    Form {
        name: "common",
        header: "",
        write: |e, log| write!(log, "{}", e.common()),
    },
    Form {
        name: "vhost_combined",
        header: "",
        write: |e, log| write!(log, "www.example.com:443 {}", e.combined()),
    },
    Form {
        name: "combined, durations",
        header: "",
        write: |e, log| write!(log, "{} {}", e.combined(), e.seconds()),
    },
    Form {
        name: "combined, syslog",
        header: "",
        write: |e, log| {
            write!(
                log,
                "<190>Nov 20 {} web1 nginx[812]: {}",
                e.clock(),
                e.combined()
            )
        },
    },
    Form {
        name: "csv",
        header: "\"remotehost\",\"rfc931\",\"authuser\",\"date\",\"request\",\"status\",\"bytes\"\n",
        write: |e, log| {
            let Entry {
                client,
                time,
                target,
                status,
                bytes,
                ..
            } = e;
            write!(
                log,
                r#""{client}","-","-",{time},"GET {target} HTTP/1.1",{status},{bytes}"#
            )
        },
    },
    Form {
        name: "json, nested",
        header: "",
        write: |e, log| {
            let Entry {
                client,
                time,
                target,
                status,
                bytes,
                agent,
                ..
            } = e;
            write!(
                log,
                r#"{{"level":"info","ts":{time}.5,"logger":"http.log.access","msg":"handled request","request":{{"remote_ip":"{client}","client_ip":"{client}","#
            )?;
            write!(
                log,
                r#""proto":"HTTP/2.0","method":"GET","host":"www.example.com","uri":"{target}","headers":{{"User-Agent":["{agent}"],"Accept":["*/*"]}}}},"#
            )?;
            write!(
                log,
                r#""duration":{},"size":{bytes},"status":{status}}}"#,
                e.seconds()
            )
        },
    },
];

/// What is no access log at all.
pub const NO_LOG: Form = Form {
    name: "no access log",
    header: "",
    write: |e, log| {
        let Entry { client, target, .. } = e;
        write!(
            log,
            r#"2026/11/20 {} [error] 812#812: *4711 open() "/srv{target}" failed (2: No such file or directory), client: {client}"#,
            e.clock()
        )
    },
};
