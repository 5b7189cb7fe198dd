//! A writer of small MaxMind DB files, by the specification of the format, version 2.0
//! (<https://maxmind.github.io/MaxMind-DB/>): IPv6 trees with records of 24 bits, IPv4 below `::/96`.

use std::net::IpAddr;

/// A value of the data section.
#[derive(Debug, Clone)]
pub enum Value {
    Text(&'static str),
    Number(u32),
    Short(u16),
    Map(Vec<(&'static str, Value)>),
}

/// Where a branch of the tree leads.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Branch {
    Nowhere,
    Node(usize),
    /// The offset of a value in the data section.
    Data(usize),
}

/// A database that knows `networks`: an address, the bits that count of it, and what is known.
pub fn database(kind: &'static str, networks: &[(&str, u32, Value)]) -> Vec<u8> {
    let mut nodes = vec![[Branch::Nowhere; 2]];
    let mut data = Vec::new();
    for (address, bits, value) in networks {
        let address: IpAddr = address.parse().expect("an address");
        let (address, bits) = match address {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()), bits + 96),
            IpAddr::V6(v6) => (v6.to_bits(), *bits),
        };
        let bit = |i: u32| (address >> (127 - i) & 1) as usize;
        let mut node = 0;
        for i in 0..bits - 1 {
            node = match nodes[node][bit(i)] {
                Branch::Node(next) => next,
                Branch::Nowhere => {
                    nodes.push([Branch::Nowhere; 2]);
                    let next = nodes.len() - 1;
                    nodes[node][bit(i)] = Branch::Node(next);
                    next
                }
                Branch::Data(_) => panic!("networks do not overlap"),
            };
        }
        nodes[node][bit(bits - 1)] = Branch::Data(data.len());
        write(value, &mut data);
    }
    let mut file = Vec::new();
    for branch in nodes.iter().flatten() {
        let record = match *branch {
            Branch::Nowhere => nodes.len(),
            Branch::Node(next) => next,
            // Behind the separator of 16 bytes.
            Branch::Data(offset) => nodes.len() + 16 + offset,
        };
        file.extend_from_slice(&(record as u32).to_be_bytes()[1..]);
    }
    file.extend([0; 16]);
    file.extend(data);
    file.extend_from_slice(b"\xab\xcd\xefMaxMind.com");
    control(MAP, 9, &mut file);
    let mut field = |name: &str, kind: u8, bytes: &[u8]| {
        text(name, &mut file);
        control(kind, bytes.len(), &mut file);
        file.extend_from_slice(bytes);
    };
    field("binary_format_major_version", U16, &[2]);
    field("binary_format_minor_version", U16, &[]);
    field("build_epoch", U64, &[0x69, 0, 0, 0]);
    field("database_type", TEXT, kind.as_bytes());
    field("description", MAP, &[]);
    field("ip_version", U16, &[6]);
    field("languages", ARRAY, &[]);
    field("node_count", U32, &(nodes.len() as u32).to_be_bytes());
    field("record_size", U16, &[24]);
    file
}

const TEXT: u8 = 2;
const U16: u8 = 5;
const U32: u8 = 6;
const MAP: u8 = 7;
const U64: u8 = 9;
const ARRAY: u8 = 11;

/// The byte or two that say what follows, and how long it is.
fn control(kind: u8, len: usize, out: &mut Vec<u8>) {
    let (short, more) = match len {
        0..29 => (len as u8, None),
        29..285 => (29, Some((len - 29) as u8)),
        _ => panic!("longer than any test needs"),
    };
    match kind {
        ..8 => out.push(kind << 5 | short),
        _ => out.extend([short, kind - 7]),
    }
    out.extend(more);
}

fn text(text: &str, out: &mut Vec<u8>) {
    control(TEXT, text.len(), out);
    out.extend_from_slice(text.as_bytes());
}

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Text(of) => text(of, out),
        Value::Number(number) => {
            control(U32, 4, out);
            out.extend(number.to_be_bytes());
        }
        Value::Short(number) => {
            control(U16, 2, out);
            out.extend(number.to_be_bytes());
        }
        Value::Map(pairs) => {
            control(MAP, pairs.len(), out);
            for (key, value) in pairs {
                text(key, out);
                write(value, out);
            }
        }
    }
}
