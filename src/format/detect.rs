//! What input that is no access log looks like, and what to do about it.

use memchr::memmem;

use super::{carrier, w3c};

/// A kind of input that people pipe in by mistake.
struct Mistaken {
    test: fn(&[u8]) -> bool,
    says: &'static str,
}

/// What its first bytes give away, whatever follows. They hold no newline, so its first line is enough.
static SURE: &[Mistaken] = &[Mistaken {
    test: |b| b.starts_with(b"\xff\xfe") || b.starts_with(b"\xfe\xff"),
    says: "UTF-16 text (iconv -f UTF-16 -t UTF-8 FILE | httpmon reads it)",
}];

/// Guesses, the better ones first.
static LOOKS: &[Mistaken] = &[
    Mistaken {
        test: |b| b.contains(&0),
        says: "binary data",
    },
    Mistaken {
        test: |b| nginx_error_log(body(b)),
        says: "an nginx error log (the access log stands beside it, in access.log by default)",
    },
    Mistaken {
        test: |b| apache_error_log(body(b)),
        says: "an Apache error log (the access log stands beside it, in access.log or access_log)",
    },
    Mistaken {
        test: |b| body(b).first() == Some(&b'{'),
        says: "JSON without a status or a time that httpmon knows (--format 'json: time=KEY status=KEY' names them)",
    },
    Mistaken {
        test: |b| memmem::find(b, b"#Fields:").is_some(),
        says: "a W3C extended log whose #Fields has no status or no time, or does not fit its lines",
    },
    Mistaken {
        test: w3c::is_dated,
        says: "a W3C extended log without its #Fields line (--format '#Fields: date time …' gives its list)",
    },
    Mistaken {
        test: |b| carrier::len(first_line(b)) > 0,
        says: "lines of syslog, the journal or a container that carry no access log that httpmon knows (--format '…' takes the server's own LogFormat or log_format)",
    },
    Mistaken {
        test: |b| b.first() == Some(&b'<'),
        says: "HTML or XML",
    },
    Mistaken {
        test: |b| {
            first_line(b)
                .iter()
                .filter(|&&c| c == b',' || c == b';')
                .count()
                >= 4
        },
        says: "comma-separated values of a shape that httpmon does not know (--format '…' takes the server's own LogFormat or log_format)",
    },
];

/// What the beginning of some input looks like, with the way out where there is one.
///
/// `sample` is the first line or lines, as raw bytes.
pub fn looks_like(sample: &[u8]) -> &'static str {
    let sample = sample.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample);
    let mut looks = SURE.iter().chain(LOOKS);
    looks.find(|look| (look.test)(sample)).map_or(
        "no log format that httpmon knows (--format '…' takes the server's own LogFormat or log_format)",
        |look| look.says,
    )
}

/// What a file surely is that begins with these bytes, and no log as it is: UTF-16.
pub fn surely(beginning: &[u8]) -> Option<&'static str> {
    let look = SURE.iter().find(|look| (look.test)(beginning));
    look.map(|look| look.says)
}

/// What the first line carries, and the lines after it.
fn body(sample: &[u8]) -> &[u8] {
    &sample[carrier::len(first_line(sample))..]
}

fn first_line(sample: &[u8]) -> &[u8] {
    sample.split(|&b| b == b'\n').next().unwrap_or(sample)
}

/// Whether a line is of a server's error log: what comes closest to it means nothing.
pub(super) fn is_error_log(line: &[u8]) -> bool {
    nginx_error_log(body(line)) || apache_error_log(body(line))
}

/// `2025/01/03 16:41:26 [error] 31#31: …`
fn nginx_error_log(sample: &[u8]) -> bool {
    let shape = b"dddd/dd/dd dd:dd:dd [";
    sample.len() > shape.len()
        && shape.iter().zip(sample).all(|(&want, &b)| {
            if want == b'd' {
                b.is_ascii_digit()
            } else {
                b == want
            }
        })
}

/// `[Thu Oct 13 12:24:49.880562 2022] [auth_basic:error] …`
fn apache_error_log(sample: &[u8]) -> bool {
    const DAYS: [&[u8]; 7] = [
        b"[Mon ", b"[Tue ", b"[Wed ", b"[Thu ", b"[Fri ", b"[Sat ", b"[Sun ",
    ];
    DAYS.iter().any(|day| sample.starts_with(day))
}

#[cfg(test)]
mod tests {
    use super::{looks_like, surely};

    #[test]
    fn what_people_pipe_in_by_mistake_is_named() {
        for (sample, word) in [
            (&b"\xff\xfeG\0E\0"[..], "UTF-16"),
            (b"\x7fELF\x02\0\0", "binary"),
            (
                b"2025/01/03 16:41:26 [error] 31#31: *3 open() failed",
                "nginx error log",
            ),
            (
                b"[Thu Oct 13 12:24:49.880562 2022] [core:error] x",
                "Apache error log",
            ),
            (b"{\"ts\":1}", "JSON"),
            (b"web-1  | {\"ts\":1}", "JSON"),
            (
                b"#Version: 1.0\n#Fields: date time\n",
                "#Fields has no status",
            ),
            (b"2000-10-10 13:55:36 10.0.0.1 GET /", "without its #Fields"),
            (b"Oct 11 22:14:15 web sshd: Accepted", "syslog"),
            (b"<13>Oct  1 22:14:15 web sshd: Accepted", "syslog"),
            (
                b"web-1  | 2025/01/03 16:41:26 [error] 31#31: *3 open()",
                "nginx error log",
            ),
            (b"web-1  | a, b, c, d, e", "container"),
            (b"<!DOCTYPE html>", "HTML"),
            (b"a,b,c,d,e", "comma"),
            (b"hello", "no log format"),
            (b"", "no log format"),
        ] {
            assert!(
                looks_like(sample).contains(word),
                "{word}: {}",
                looks_like(sample)
            );
            let sure = word == "UTF-16";
            assert_eq!(surely(sample), sure.then(|| looks_like(sample)), "{word}");
        }
    }
}
