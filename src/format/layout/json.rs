//! Lines of JSON by the keys that a mapping names.

use super::super::json::{Path, slot};
use super::super::timestamp::TimeForm;
use super::super::unparsed::Field;
use super::{Fit, Layout, LayoutPiece, LayoutValue, LineBuffer, MomentPart};

/// An object with these keys, in their order; those that lead to several values are once. Without
/// a time or a status no line would be a record: they are added under their own names.
pub(super) fn from_keys(keys: &[(Field, Path)]) -> Layout {
    let mut root = JsonNode::default();
    let given = |field: Field| keys.iter().any(|(given, _)| slot(*given) == slot(field));
    for (field, path) in keys {
        root.insert(path, *field);
    }
    for (name, field) in [("time", Field::Time), ("status", Field::Status)] {
        if !given(field) {
            root.insert(&[name.to_owned()], field);
        }
    }
    let mut line = LineBuffer::default();
    root.write(&mut line);
    line.text(b"\n");
    Layout {
        header: Vec::new(),
        line: line.pieces,
    }
}

/// A value, or an object.
#[derive(Default)]
struct JsonNode {
    field: Option<Field>,
    children: Vec<(String, JsonNode)>,
}

impl JsonNode {
    fn insert(&mut self, path: &[String], field: Field) {
        let Some((name, rest)) = path.split_first() else {
            // Of two fields under one key the first is.
            self.field.get_or_insert(field);
            return;
        };
        let index = match self.children.iter().position(|(known, _)| known == name) {
            Some(index) => index,
            None => {
                self.children.push((name.clone(), JsonNode::default()));
                self.children.len() - 1
            }
        };
        self.children[index].1.insert(rest, field);
    }

    fn write(&self, line: &mut LineBuffer) {
        if let Some(field) = self.field {
            return value(field, line);
        }
        for (i, (name, node)) in self.children.iter().enumerate() {
            let before = if i == 0 { '{' } else { ',' };
            let name = name.replace('\\', "\\\\").replace('"', "\\\"");
            line.text(format!("{before}\"{name}\":").as_bytes());
            node.write(line);
        }
        line.text(b"}");
    }
}

fn value(field: Field, line: &mut LineBuffer) {
    let value = match field {
        Field::Time => Some(LayoutValue::Time(MomentPart::Whole(TimeForm::Iso))),
        Field::Start => Some(LayoutValue::Start(MomentPart::Whole(TimeForm::Iso))),
        _ => LayoutValue::of(field),
    };
    let value = match value {
        None => return line.text(b"null"),
        Some(number @ (LayoutValue::Status | LayoutValue::Bytes | LayoutValue::Duration(_))) => {
            return line.value(number);
        }
        Some(text) => text,
    };
    line.text(b"\"");
    line.pieces.push(LayoutPiece::Value(value, Fit::AsIs));
    line.text(b"\"");
}
