//! Text to roff with the man(7) macros: escaping and line breaks. It knows nothing about httpmon.
//!
//! No line of source is longer than 80 bytes, no text can be taken for a macro, and all of it is ASCII, so that
//! `mandoc -T lint` has no complaint and every formatter shows the same.

/// The longest line of roff that is written.
const LINE: usize = 78;

/// A page that is being written.
#[derive(Debug, Default)]
pub struct Roff {
    out: String,
}

impl Roff {
    /// The page.
    pub fn finish(self) -> String {
        self.out
    }

    /// A line as it is.
    pub fn raw(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    /// A macro line; arguments are put in quotes.
    pub fn request(&mut self, name: &str, arguments: &[&str]) {
        self.out.push('.');
        self.out.push_str(name);
        for argument in arguments {
            self.out.push_str(" \"");
            self.out.push_str(&argument.replace('"', "\\(dq"));
            self.out.push('"');
        }
        self.out.push('\n');
    }

    /// The text of a paragraph. What is between backquotes, and words that begin with two dashes, are
    /// bold; sentences begin on lines of their own.
    pub fn text(&mut self, text: &str) {
        let mut line = String::new();
        let mut code = false;
        for word in text.split_whitespace() {
            let option = !code && word.starts_with("--");
            let mut roff = String::new();
            for (i, part) in word.split('`').enumerate() {
                if i > 0 {
                    code = !code;
                    roff.push_str(if code { "\\fB" } else { "\\fR" });
                }
                let literal = code || word.starts_with('-');
                escape(part, literal, &mut roff);
            }
            if option {
                let end = roff.trim_end_matches([',', '.', ':', ';']).len();
                roff.insert_str(end, "\\fR");
                roff.insert_str(0, "\\fB");
            }
            if !line.is_empty() && line.len() + 1 + roff.len() > LINE {
                self.flush(&mut line);
            }
            if line.is_empty() {
                // At the beginning of a line these two would make it a macro.
                if roff.starts_with(['.', '\'']) {
                    line.push_str("\\&");
                }
            } else {
                line.push(' ');
            }
            line.push_str(&roff);
            if word.ends_with('.') && !code {
                self.flush(&mut line);
            }
        }
        assert!(!code, "a backquote is open: {text}");
        self.flush(&mut line);
    }

    fn flush(&mut self, line: &mut String) {
        if !line.is_empty() {
            self.out.push_str(line);
            self.out.push('\n');
            line.clear();
        }
    }

    /// An item: what it is called, in roff, and the text on it.
    pub fn item(&mut self, tag: &str, text: &str) {
        self.request("TP", &[]);
        self.out.push_str(tag);
        self.out.push('\n');
        self.text(text);
    }

    /// Lines to copy, unchanged.
    pub fn example(&mut self, lines: &[&str]) {
        // A paragraph right after a title is one too many.
        let last = self.out.lines().next_back().unwrap_or("");
        if !last.starts_with(".SH") && !last.starts_with(".SS") {
            self.request("PP", &[]);
        }
        self.request("RS", &["4"]);
        self.request("EX", &[]);
        for line in lines {
            let mut roff = String::new();
            escape(line, true, &mut roff);
            if roff.is_empty() || roff.starts_with(['.', '\'']) {
                roff.insert_str(0, "\\&");
            }
            // An escaped newline is none: the line goes on.
            let mut rest = roff.as_str();
            // After a space, a tab or a comma; a line of the source must not begin with a dot, nor end in an escape.
            while rest.len() > LINE
                && let Some(at) = rest[..LINE].rfind([' ', ',', '\t']).filter(|&at| at > 0)
            {
                self.out.push_str(&rest[..=at]);
                self.out.push_str("\\\n");
                rest = &rest[at + 1..];
            }
            self.out.push_str(rest);
            self.out.push('\n');
        }
        self.request("EE", &[]);
        self.request("RE", &[]);
    }
}

/// A name in bold.
pub fn bold(name: &str) -> String {
    let mut out = "\\fB".to_owned();
    escape(name, true, &mut out);
    out + "\\fR"
}

/// `text` without anything that roff would read as its own. In `literal` text a dash is the one that
/// shells read, and quotes are the straight ones.
fn escape(text: &str, literal: bool, out: &mut String) {
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\e"),
            '-' if literal => out.push_str("\\-"),
            '\'' => out.push_str("\\(aq"),
            '`' => out.push_str("\\(ga"),
            '^' => out.push_str("\\(ha"),
            '~' => out.push_str("\\(ti"),
            c if c.is_ascii() => out.push(c),
            c => out.push_str(&format!("\\[u{:04X}]", c as u32)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> String {
        let mut roff = Roff::default();
        roff.text(text);
        roff.finish()
    }

    #[test]
    fn text_is_escaped_and_each_sentence_begins_a_line() {
        assert_eq!(text("One. Two, …"), "One.\nTwo, \\[u2026]\n");
        assert_eq!(
            text("see --lateness, or -5"),
            "see \\fB\\-\\-lateness\\fR, or \\-5\n"
        );
        assert_eq!(
            text("`tail -F x.` goes on: out-of-order"),
            "\\fBtail \\-F x.\\fR goes on: out-of-order\n"
        );
        assert_eq!(text(".so 'x' a\\b"), "\\&.so \\(aqx\\(aq a\\eb\n");
    }

    #[test]
    fn lines_are_short_and_examples_stay_one_line() {
        let long = "word ".repeat(60);
        assert!(text(&long).lines().all(|line| line.len() <= LINE));
        let mut roff = Roff::default();
        roff.example(&[&long]);
        let page = roff.finish();
        assert!(page.lines().all(|line| line.len() <= LINE + 1));
        assert!(page.replace("\\\n", "").contains(long.trim_end()));
    }
}
