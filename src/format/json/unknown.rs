//! The keys of an object that mean nothing to the reader: what a user may have to name.

use super::names::NameNode;
use super::scan::Scan;
use super::{DEPTH, JsonReader, Slots};

/// So many are named.
const MOST: usize = 16;
/// The same where all are.
const MOST_OF_ALL: usize = 64;

impl JsonReader {
    /// The paths, with dots, of the texts and numbers in an object that are under no known name.
    #[cold]
    pub(in crate::format) fn unknown(&mut self, line: &[u8]) -> Vec<String> {
        let root = self.root.get_or_init(|| JsonReader::tree(&self.own, &[]));
        self.scratch.clear();
        let mut slots = Slots::new();
        let mut scan = Scan::new(line, &mut slots.0, &mut self.scratch, &mut self.memo);
        let mut found = Vec::new();
        let _ = scan.unknown(Some(root), &mut String::new(), DEPTH, &mut found, false);
        found
    }
}

impl Scan<'_, '_> {
    /// Goes over an object, and notes the paths below `path` that `node` does not know; those of values of every kind if `all`.
    /// `None` where it ends too early.
    pub(super) fn unknown(
        &mut self,
        node: Option<&NameNode>,
        path: &mut String,
        depth: usize,
        found: &mut Vec<String>,
        all: bool,
    ) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        self.at += 1;
        loop {
            self.space();
            if self.line.get(self.at) == Some(&b'}') {
                self.at += 1;
                return Some(());
            }
            let (start, end, _) = self.string().ok()?;
            let name = &self.line[start..end];
            let child = node.and_then(|node| node.find(name, self.memo));
            self.space();
            self.at += 1;
            self.space();
            let len = path.len();
            if len > 0 {
                path.push('.');
            }
            path.push_str(&String::from_utf8_lossy(name));
            match self.line.get(self.at)? {
                b'{' => self.unknown(child, path, depth, found, all)?,
                first => {
                    let says = all || *first == b'"' || first.is_ascii_digit();
                    let known = child.is_some_and(|child| child.field.is_some());
                    if says && !known && found.len() < if all { MOST_OF_ALL } else { MOST } {
                        found.push(path.clone());
                    }
                    self.value(None, depth).ok()?;
                }
            }
            path.truncate(len);
            self.space();
            if self.line.get(self.at) == Some(&b',') {
                self.at += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::JsonReader;

    #[test]
    fn what_no_name_fits_is_named() {
        for (line, want) in [
            (
                r#"{"time":1,"status":200,"who":"192.0.2.7","ask":{"for":"/a","ok":true},"more":[1]}"#,
                &["who", "ask.for"][..],
            ),
            ("{}", &[]),
            (r#"{"a":1,"#, &["a"]),
            (r#"{"a""#, &[]),
            (r#"{"a"}"#, &[]),
        ] {
            assert_eq!(
                JsonReader::new(&[]).unknown(line.as_bytes()),
                want,
                "{line}"
            );
        }
    }
}
