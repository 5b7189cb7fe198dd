//! The grammar of expressions, by recursive descent.
//!
//! [`GRAMMAR`] is all of it; the man page shows the same lines.

use std::net::IpAddr;

use super::pattern::Pattern;
use super::slips;
use super::words::{OPERATORS, name};
use super::{Expr, Mistake, Needle, Order, Quantity, Test};
use crate::format::unparsed::DurationUnit;
use crate::format::values;
use crate::stats::dimension::{self, Of};

/// The grammar. What is in quotes is written literally; braces mean none or more.
pub const GRAMMAR: &[&str] = &[
    r#"expression = and { "or" and }"#,
    r#"and        = not { "and" not }"#,
    r#"not        = "not" not | "(" expression ")" | comparison"#,
    r#"comparison = name operator value"#,
    r#"name       = a dimension | "bytes" | "duration""#,
    r#"operator   = "=" | "!=" | "^=" | "$=" | "*=" | "~""#,
    r#"           | "<" | "<=" | ">" | ">=""#,
    r#"           (~ is a glob, with * and ?; in '/quotes and slashes/', a regular expression)"#,
    r#"value      = a word up to white space or a parenthesis"#,
    r#"           | anything in single or double quotes"#,
];

/// Deeper nesting is a mistake, not a filter.
const DEPTH: usize = 100;

pub(super) fn expression(text: &str) -> Result<Expr, Mistake> {
    let (expr, len) = prefix(text)?;
    let rest = text[len..].trim_start();
    if rest.is_empty() {
        return Ok(expr);
    }
    let why = slips::joined(rest).unwrap_or_else(|| "expected 'and', 'or' or the end".to_owned());
    Err(Mistake {
        at: text.len() - rest.len(),
        why,
    })
}

pub(super) fn prefix(text: &str) -> Result<(Expr, usize), Mistake> {
    let mut input = Input {
        text,
        at: 0,
        depth: 0,
    };
    let expr = input.or()?;
    Ok((expr, input.at))
}

/// Which keys of a dimension an operator and a value mean: one, or a range with both its ends, around the last key if it
/// begins behind its end (`hour=22..6`).
fn range(keys: &[&'static str], operator: &str, value: &str) -> Option<Vec<&'static str>> {
    let last = keys.len() - 1;
    let place = |value: &str| {
        let same = |key: &&str| *key == value || key.strip_prefix('0') == Some(value);
        keys.iter().position(same)
    };
    let (from, to) = match operator {
        "=" | "!=" => match value.split_once("..") {
            Some((from, to)) => (place(from)?, place(to)?),
            None => (place(value)?, place(value)?),
        },
        "<" => match place(value)? {
            0 => return Some(Vec::new()),
            at => (0, at - 1),
        },
        "<=" => (0, place(value)?),
        ">" if place(value)? == last => return Some(Vec::new()),
        ">" => (place(value)? + 1, last),
        ">=" => (place(value)?, last),
        _ => return None,
    };
    let steps = (to + keys.len() - from) % keys.len();
    Some(
        (0..=steps)
            .map(|step| keys[(from + step) % keys.len()])
            .collect(),
    )
}

/// The regular expression that a value in quotes is: what is between two slashes.
fn expression_in(value: &str) -> Option<&str> {
    value.strip_prefix('/')?.strip_suffix('/')
}

struct Input<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl<'t> Input<'t> {
    fn mistake(&self, why: impl Into<String>) -> Mistake {
        Mistake {
            at: self.at,
            why: why.into(),
        }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// Takes a word of the grammar, in any case, where it is a word of its own.
    fn word(&mut self, word: &str) -> bool {
        self.space();
        let rest = self.rest();
        let taken = rest
            .get(..word.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(word));
        let ends = |rest: &str| {
            rest.chars()
                .next()
                .is_none_or(|c| c.is_whitespace() || c == '(' || c == ')')
        };
        let taken = taken && ends(&rest[word.len()..]);
        if taken {
            self.at += word.len();
        }
        taken
    }

    fn or(&mut self) -> Result<Expr, Mistake> {
        let mut list = vec![self.and()?];
        while self.word("or") {
            list.push(self.and()?);
        }
        Ok(if list.len() == 1 {
            list.remove(0)
        } else {
            Expr::Or(list)
        })
    }

    fn and(&mut self) -> Result<Expr, Mistake> {
        let mut list = vec![self.not()?];
        while self.word("and") {
            list.push(self.not()?);
        }
        Ok(if list.len() == 1 {
            list.remove(0)
        } else {
            Expr::And(list)
        })
    }

    fn not(&mut self) -> Result<Expr, Mistake> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.mistake("too deeply nested"));
        }
        let expr = if self.word("not") {
            Expr::Not(Box::new(self.not()?))
        } else if self.rest().starts_with('(') {
            self.at += 1;
            let expr = self.or()?;
            self.space();
            if !self.rest().starts_with(')') {
                return Err(self.mistake("expected ')'"));
            }
            self.at += 1;
            expr
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn comparison(&mut self) -> Result<Expr, Mistake> {
        self.space();
        let start = self.at;
        let name = name(self.rest());
        let dimension = dimension::named(name);
        let quantity = match name {
            "status" => Some(Quantity::Status),
            "bytes" => Some(Quantity::Bytes),
            "duration" => Some(Quantity::Duration),
            _ => None,
        };
        if dimension.is_none() && quantity.is_none() {
            if let Some(why) = slips::begun(self.rest()).or_else(|| slips::named(name)) {
                return Err(self.mistake(why));
            }
            let what = if name.is_empty() {
                "expected a comparison such as status>=500".to_owned()
            } else {
                let meant = dimension::meant(name, &["bytes", "duration"]);
                format!("unknown name '{name}'{meant}")
            };
            return Err(self.mistake(format!("{what} ({}, bytes, duration)", dimension::names())));
        }
        self.at += name.len();
        self.space();
        let operator = OPERATORS
            .iter()
            .find(|operator| self.rest().starts_with(**operator));
        let operator = operator.ok_or_else(|| {
            if let Some(why) = slips::operated(name, self.rest()) {
                return self.mistake(why);
            }
            // To a shell, < and > outside of quotes are not part of the argument.
            let quotes = if self.rest().is_empty() {
                "; the whole expression is in quotes"
            } else {
                ""
            };
            let operators = OPERATORS.join(" ");
            self.mistake(format!("expected an operator ({operators}){quotes}"))
        })?;
        let operator_at = self.at;
        self.at += operator.len();
        let (value_at, value) = self.value()?;
        let wrong = |at: usize, why: String| Err(Mistake { at, why });
        let quoted = self.text[value_at..].starts_with(['"', '\'']);
        if !quoted && let Some((at, why)) = slips::slip(name, operator, &value) {
            return wrong(value_at + at, why);
        }
        let order = match *operator {
            "=" => Some(Order::Equal),
            "!=" => Some(Order::Unequal),
            "<" => Some(Order::Less),
            "<=" => Some(Order::AtMost),
            ">" => Some(Order::More),
            ">=" => Some(Order::AtLeast),
            _ => None,
        };
        if let (Some(quantity), Some(order)) = (quantity, order)
            && !(quantity == Quantity::Status && is_class(&value))
        {
            return match number(quantity, &value) {
                Some(number) => Ok(Expr::Number(quantity, order, number)),
                None => wrong(value_at, format!("'{value}' is not {}", form(quantity))),
            };
        }
        if let Some(dimension) = dimension
            && let Of::Scale(keys) = dimension.of
        {
            let Some(found) = range(keys, operator, &value.to_ascii_lowercase()) else {
                let (first, last) = (keys[0], keys[keys.len() - 1]);
                let why = format!(
                    "expected {first} to {last}, or a range such as {name}={first}..{last}"
                );
                return wrong(value_at, why);
            };
            let expr = Expr::Key(dimension, Test::AnyOf(found));
            return Ok(match *operator {
                "!=" => Expr::Not(Box::new(expr)),
                _ => expr,
            });
        }
        let Some(dimension) = dimension else {
            return wrong(
                operator_at,
                format!("{name} is a number: '{operator}' does not apply (= != < <= > >=)"),
            );
        };
        let bytes = value.clone().into_bytes();
        let test = match *operator {
            "=" | "!=" if name == "status" && is_class(&value) => Test::Class(bytes[0]),
            "=" | "!=" if matches!(name, "client" | "network") && value.contains('/') => {
                match network(&value) {
                    Some((address, bits)) => Test::Network(address, bits),
                    None => {
                        return wrong(
                            value_at,
                            format!("'{value}' is not a network such as 10.0.0.0/8"),
                        );
                    }
                }
            }
            "=" | "!=" => Test::Is(bytes),
            "^=" => Test::Begins(bytes),
            "$=" => Test::Ends(bytes),
            "*=" => Test::Contains(Needle::new(&bytes)),
            "~" => match expression_in(&value).filter(|_| quoted) {
                Some(pattern) => match Pattern::new(pattern) {
                    Ok(pattern) => Test::Pattern(pattern),
                    Err(why) => return wrong(value_at + 2, why),
                },
                None => Test::Glob(bytes),
            },
            _ => {
                return wrong(
                    start,
                    format!(
                        "{name} is not a number: '{operator}' does not apply (= != ^= $= *= ~)"
                    ),
                );
            }
        };
        // A client is in a network of any size, which a network is only of its own.
        let dimension = match test {
            Test::Network(..) => dimension::named("client").expect("it is in the table"),
            _ => dimension,
        };
        let expr = Expr::Key(dimension, test);
        Ok(if *operator == "!=" {
            Expr::Not(Box::new(expr))
        } else {
            expr
        })
    }

    /// A value and where it begins.
    fn value(&mut self) -> Result<(usize, String), Mistake> {
        self.space();
        let (start, rest) = (self.at, self.rest());
        if let Some(quote) = rest.chars().next().filter(|&c| c == '"' || c == '\'') {
            let end = rest[1..]
                .find(quote)
                .ok_or_else(|| self.mistake("a quote that is not closed"))?;
            self.at += end + 2;
            return Ok((start, rest[1..=end].to_owned()));
        }
        let end = rest
            .find(|c: char| c.is_whitespace() || c == '(' || c == ')')
            .unwrap_or(rest.len());
        if end == 0 {
            return Err(
                self.mistake("expected a value (in quotes, if it is empty or holds spaces)")
            );
        }
        self.at += end;
        Ok((start, rest[..end].to_owned()))
    }
}

/// `5xx`
fn is_class(value: &str) -> bool {
    matches!(value.as_bytes(), [b'1'..=b'5', b'x', b'x'])
}

fn form(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Status => "a status such as 404, or a class such as 5xx",
        Quantity::Bytes => "a number of bytes such as 500, 20kB or 3MB",
        Quantity::Duration => "a duration such as 250ms or 1.5s",
    }
}

fn number(quantity: Quantity, value: &str) -> Option<u64> {
    match quantity {
        Quantity::Status => value.parse().ok().filter(|status| *status <= 999),
        Quantity::Bytes => {
            let is_part = |c: char| c.is_ascii_digit() || c == '.';
            let (number, unit) = value.split_at(value.find(|c| !is_part(c)).unwrap_or(value.len()));
            let decimals = match unit {
                "" | "B" => 0,
                "kB" => 3,
                "MB" => 6,
                "GB" => 9,
                _ => return None,
            };
            // There is no half of a byte: `0.5kB` is one, `0.5` is not.
            let (whole, part) = number.split_once('.').unwrap_or((number, ""));
            if part.len() > decimals || whole.is_empty() || number.ends_with('.') {
                return None;
            }
            format!("{whole}{part:0<decimals$}").parse().ok()
        }
        // The unit must be there: a bare 5 would be seconds to some and milliseconds to others.
        Quantity::Duration if value.ends_with(|c: char| c.is_ascii_digit()) => None,
        Quantity::Duration => values::duration(value.as_bytes(), DurationUnit::Written)
            .ok()
            .flatten(),
    }
}

fn network(value: &str) -> Option<(IpAddr, u8)> {
    let (address, bits) = value.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let bits: u8 = bits.parse().ok()?;
    (bits <= if address.is_ipv4() { 32 } else { 128 }).then_some((address, bits))
}

#[cfg(test)]
mod tests {
    use super::{GRAMMAR, OPERATORS};
    use crate::filter::Filter;
    use proptest::prelude::*;

    #[test]
    fn the_grammar_has_every_operator_and_word() {
        let grammar = GRAMMAR.join("\n");
        let words = ["or", "and", "not", "bytes", "duration", "(", ")"];
        for word in OPERATORS.into_iter().chain(words) {
            assert!(grammar.contains(&format!("\"{word}\"")), "{word}");
        }
    }

    #[test]
    fn mistakes_say_where_and_what() {
        for (text, at, word) in [
            ("", 0, "expected a comparison"),
            ("   ", 3, "expected a comparison"),
            ("color=red", 0, "unknown name 'color'"),
            ("status", 6, "operator"),
            ("status=", 7, "value"),
            ("status=abc", 7, "404"),
            ("status^=5", 8, ""),
            ("section>5", 0, "not a number"),
            ("bytes~5", 5, "is a number"),
            ("bytes>5XB", 6, "20kB"),
            ("duration>5", 9, "250ms"),
            ("client=10.0.0.0/33", 7, "10.0.0.0/8"),
            ("(status=200", 11, "')'"),
            ("status=200)", 10, "the end"),
            ("status=200 status=300", 11, "'and'"),
            ("status=200 and", 14, "expected a comparison"),
            ("not", 3, "expected a comparison"),
            ("path='x", 5, "not closed"),
            ("orange=1", 0, "unknown name 'orange'"),
            ("!status=404", 0, "not status=404"),
            ("status=200 and !path=/", 15, "not status=404"),
            ("status:404", 0, "write '=': status=404"),
            ("host:example.com", 0, "host=example.com"),
            ("param:", 0, "which needs a parameter"),
            ("status<>200", 7, "write '!='"),
            ("status=>500", 7, "write '>='"),
            ("status=<500", 7, "write '<='"),
            ("status!==500", 8, "write '!='"),
            ("status=404,410", 10, "status=A or status=B"),
            ("method=GET|POST", 10, "method=A or method=B"),
            ("client!=192.0.2.1,192.0.2.2", 17, "client!=A or client!=B"),
            ("status=404, path=/", 10, "joined by 'and', not by ','"),
            ("status in (404, 410)", 7, "status=A or status=B"),
            ("path contains api", 5, "write '*='"),
            ("path LIKE api", 5, "write '~'"),
            ("path startsWith /api", 5, "write '^='"),
        ] {
            match Filter::parse(text) {
                Err(mistake) => assert!(
                    mistake.at == at && mistake.why.contains(word),
                    "{text}: {mistake:?}"
                ),
                Ok(_) => assert_eq!(text, "status^=5", "only this one can be read"),
            }
        }
    }

    #[test]
    fn nesting_has_an_end() {
        assert!(Filter::parse(&format!("{}status=200", "not ".repeat(90))).is_ok());
        assert!(Filter::parse(&"(".repeat(100_000)).is_err());
        assert!(Filter::parse(&format!("{}status=200", "not ".repeat(100_000))).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_at_a_place_inside_it(text in "[a-z=!<>~^$*()'\" 0-9./x\u{e9}]{0,40}") {
            if let Err(mistake) = Filter::parse(&text) {
                prop_assert!(mistake.at <= text.len() && text.is_char_boundary(mistake.at));
            }
        }
    }
}
