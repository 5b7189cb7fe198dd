//! One value of an object or of pairs, by its own key.

use super::names::NameNode;
use super::scan::{NAMED, Scan};
use super::{DEPTH, Field, JsonReader, Slots, pairs, slot};

/// Where the value is kept.
const PLACE: Field = Field::Client;

/// Finds a value by its key: a text, a number, `true` or `false`, or the first of these in an array.
#[derive(Debug, Clone)]
pub(in crate::format) struct OneValue(JsonReader);

impl OneValue {
    /// The value under `name`, in which a dot steps into an object.
    pub(in crate::format) fn new(name: &str) -> OneValue {
        let mut root = NameNode::default();
        let path: Vec<&str> = name.split('.').collect();
        root.insert(&path, PLACE, NAMED);
        if path.len() > 1 {
            root.insert(&[name], PLACE, NAMED);
        }
        root.index(&mut 0);
        OneValue(JsonReader {
            root: root.clone().into(),
            labels: root.into(),
            ..JsonReader::new(&[])
        })
    }

    /// Its value in a text that is an object, or else pairs.
    pub(in crate::format) fn find<'a>(&'a mut self, text: &'a [u8]) -> Option<&'a [u8]> {
        let mut found = Slots::new();
        if text.first() == Some(&b'{') {
            // What is behind it may be cut off.
            let _ = self.0.find(text, &mut found);
        } else {
            found = self.0.find_pairs(text, 0);
        }
        let value = found.0[slot(PLACE)]?;
        let from = if value.decoded { &self.0.scratch } else { text };
        from.get(value.start..value.end)
    }

    /// The keys that a text has, with dots where they step into objects.
    pub(in crate::format) fn keys(text: &[u8]) -> Vec<String> {
        if text.first() != Some(&b'{') {
            return pairs::keys(text);
        }
        let mut reader = OneValue::new("-").0;
        let (mut slots, mut found) = (Slots::new(), Vec::new());
        let mut scan = Scan::new(text, &mut slots.0, &mut reader.scratch, &mut reader.memo);
        let _ = scan.unknown(None, &mut String::new(), DEPTH, &mut found, true);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::OneValue;

    #[test]
    fn a_value_is_found_by_its_own_key() {
        let object = r#"{"a":"x","n":-1.5,"yes":true,"no":null,"b":{"c":"d\"e","f.g":[["y"],"z"]},"h.i":"j","e":""}"#;
        for (text, name, want) in [
            (object, "a", Some("x")),
            (object, "n", Some("-1.5")),
            (object, "yes", Some("true")),
            (object, "no", None),
            (object, "b", None),
            (object, "b.c", Some("d\"e")),
            (object, "b.f.g", Some("y")),
            (object, "h.i", Some("j")),
            (object, "e", Some("")),
            (object, "missing", None),
            (r#"a=1 b="x y" c.d=z"#, "b", Some("x y")),
            (r#"a=1 b="x y" c.d=z"#, "c.d", Some("z")),
            ("a:1\tb:x y\tc:z", "b", Some("x y")),
            ("a:1\tb:x y\tc:z", "host", None),
            (r#"{"a":"x""#, "a", Some("x")),
            ("{", "a", None),
            ("", "a", None),
        ] {
            let mut one = OneValue::new(name);
            let found = one.find(text.as_bytes());
            assert_eq!(found, want.map(str::as_bytes), "{name} in {text}");
        }
        assert_eq!(
            OneValue::keys(object.as_bytes()),
            ["a", "n", "yes", "no", "b.c", "b.f.g", "h.i", "e"]
        );
        assert_eq!(OneValue::keys(b"a=1 b=\"x y\" c.d=z"), ["a", "b", "c.d"]);
        assert_eq!(OneValue::keys(b"a:1\tb:x y"), ["a", "b"]);
    }
}
