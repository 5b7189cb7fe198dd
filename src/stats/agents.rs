//! Browsers and systems, by what user agents say of themselves. One row each.
//!
//! Browsers name those that they want to be taken for as well, so the order of the rows matters: the first that matches
//! counts. What a robot says is a disguise, and counts as neither.

/// What an agent contains, and what that is called.
type Named = (&'static [u8], &'static str);

/// Edge, Opera and others name Chrome too, and all of them Safari.
const BROWSERS: [Named; 17] = [
    (b"Edg/", "Edge"),
    (b"EdgA/", "Edge"),
    (b"EdgiOS/", "Edge"),
    (b"Edge/", "Edge"),
    (b"OPR/", "Opera"),
    (b"Opera", "Opera"),
    (b"SamsungBrowser/", "Samsung Internet"),
    (b"YaBrowser/", "Yandex"),
    (b"Vivaldi/", "Vivaldi"),
    (b"UCBrowser/", "UC Browser"),
    (b"FxiOS/", "Firefox"),
    (b"Firefox/", "Firefox"),
    (b"CriOS/", "Chrome"),
    (b"Chrome/", "Chrome"),
    (b"Trident/", "Internet Explorer"),
    (b"MSIE ", "Internet Explorer"),
    (b"Safari/", "Safari"),
];

/// Android is a Linux, and an iPhone says that it is like Mac OS X.
const SYSTEMS: [Named; 12] = [
    (b"Windows", "Windows"),
    (b"Android", "Android"),
    (b"iPhone", "iOS"),
    (b"iPad", "iOS"),
    (b"iPod", "iOS"),
    (b"CrOS", "ChromeOS"),
    (b"Mac OS X", "macOS"),
    (b"Macintosh", "macOS"),
    (b"FreeBSD", "FreeBSD"),
    (b"OpenBSD", "OpenBSD"),
    (b"Linux", "Linux"),
    (b"X11", "Linux"),
];

/// The browser that an agent is; `None` if it is none of these.
pub(super) fn browser(agent: &[u8]) -> Option<&'static [u8]> {
    first(&BROWSERS, agent)
}

/// The system that an agent runs on; `None` if it is none of these.
pub(super) fn system(agent: &[u8]) -> Option<&'static [u8]> {
    first(&SYSTEMS, agent)
}

/// What an agent calls itself: the name behind `compatible;`, or else its first product, without a version.
pub(super) fn token(agent: &[u8]) -> Option<&[u8]> {
    let is_name = |&&b: &&u8| !b" /;,()".contains(&b);
    let name = |text: &'_ [u8]| text.iter().take_while(is_name).count();
    const COMPATIBLE: &[u8] = b"compatible; ";
    if let Some(at) = memchr::memmem::find(agent, COMPATIBLE) {
        let text = &agent[at + COMPATIBLE.len()..];
        let len = name(text);
        // A browser of old said `compatible; MSIE 9.0`.
        if len > 0 && &text[..len] != b"MSIE" {
            return Some(&text[..len]);
        }
    }
    let len = name(agent);
    (len > 0).then(|| &agent[..len])
}

fn first(rows: &[Named], agent: &[u8]) -> Option<&'static [u8]> {
    let found = rows
        .iter()
        .find(|(pattern, _)| memchr::memmem::find(agent, pattern).is_some());
    found.map(|(_, name)| name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_are_what_they_say_first() {
        for (agent, want) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0",
                (Some("Edge"), Some("Windows")),
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-G991B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Mobile Safari/537.36",
                (Some("Chrome"), Some("Android")),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148 Safari/604.1",
                (Some("Safari"), Some("iOS")),
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
                (Some("Firefox"), Some("Linux")),
            ),
            ("tool/1.0", (None, None)),
        ] {
            let found = (browser(agent.as_bytes()), system(agent.as_bytes()));
            let want = (want.0.map(str::as_bytes), want.1.map(str::as_bytes));
            assert_eq!(found, want, "{agent}");
        }
    }

    #[test]
    fn agents_have_a_name_of_their_own() {
        for (agent, want) in [
            ("curl/8.5.0", Some("curl")),
            ("Mozilla/5.0 (X11; Linux x86_64)", Some("Mozilla")),
            (
                "Mozilla/5.0 (compatible; ExampleBot/1.2; +https://example.com/bot)",
                Some("ExampleBot"),
            ),
            (
                "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1)",
                Some("Mozilla"),
            ),
            ("Example Reader 2", Some("Example")),
            ("compatible; ", Some("compatible")),
            ("/x", None),
            ("", None),
        ] {
            assert_eq!(token(agent.as_bytes()), want.map(str::as_bytes), "{agent}");
        }
    }
}
