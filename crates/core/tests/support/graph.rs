//! ONNX models written from a few lines of text.

use std::collections::BTreeMap;

/// The bytes of a model. Each line is one of
///
/// - `input NAME SIDE…`, where 0 is a side that is open,
/// - `bytes NAME SIDE…`, an input of 8-bit numbers,
/// - `output NAME`,
/// - `f32 NAME SIDE…`, `i8 NAME SIDE…`: an initialiser that counts up from 1,
/// - `floats NAME NUMBER…`, `ints NAME NUMBER…`: an initialiser of one axis,
/// - `external NAME FILE OFFSET SIDE…`: an f32 initialiser in a file beside the model,
/// - `KIND INPUT… -> OUTPUT… ATTRIBUTE=VALUE…`, a node: values are a text, a number with a point, whole numbers with commas.
///   `_` is an input that is left out. Its name is "the OUTPUT"; it has none if the output's name begins with `unnamed`.
pub fn model(text: &str) -> Vec<u8> {
    let mut graph = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (what, rest) = words.split_first().expect("a line has a word");
        let (number, message) = match *what {
            "input" => (11, value_info(rest, 1)),
            "bytes" => (11, value_info(rest, 2)),
            "output" => (12, bytes(1, rest[0].as_bytes())),
            "f32" | "i8" | "floats" | "ints" | "external" => (5, tensor(what, rest)),
            kind => (1, node(kind, rest)),
        };
        graph.extend(bytes(number, &message));
    }
    [number(1, 8), bytes(2, b"test"), bytes(7, &graph)].concat()
}

/// A field that is a number.
pub fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

/// A field of bytes.
pub fn bytes(field: u64, value: &[u8]) -> Vec<u8> {
    let head = [varint(field << 3 | 2), varint(value.len() as u64)];
    [&head.concat()[..], value].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn value_info(words: &[&str], kind: u64) -> Vec<u8> {
    let side = |side: &&str| match *side {
        "0" => bytes(1, &bytes(2, b"N")),
        side => bytes(1, &number(1, side.parse().expect("a side"))),
    };
    let sides: Vec<u8> = words[1..].iter().flat_map(side).collect();
    let kind = bytes(1, &[number(1, kind), bytes(2, &sides)].concat());
    [bytes(1, words[0].as_bytes()), bytes(2, &kind)].concat()
}

fn tensor(what: &str, words: &[&str]) -> Vec<u8> {
    let name = bytes(8, words[0].as_bytes());
    let list = &words[1..];
    let shape: Vec<u64> = match what {
        "floats" | "ints" => vec![list.len() as u64],
        "external" => list[2..]
            .iter()
            .map(|side| side.parse().expect("a side"))
            .collect(),
        _ => list
            .iter()
            .map(|side| side.parse().expect("a side"))
            .collect(),
    };
    let count = shape
        .iter()
        .fold(1_u64, |count, &side| count.saturating_mul(side));
    let kind = BTreeMap::from([("i8", 3), ("ints", 7)]);
    let (message, data) = match what {
        "i8" => (9, (1..=count).map(|i| i as u8).collect()),
        "ints" => {
            let int = |text: &&str| text.parse::<i64>().expect("a whole number").to_le_bytes();
            (9, list.iter().flat_map(int).collect())
        }
        "floats" => {
            let float = |text: &&str| text.parse::<f32>().expect("a number").to_le_bytes();
            (9, list.iter().flat_map(float).collect())
        }
        "external" => (13, entry("location", list[0])),
        _ if count < 1 << 20 => (
            9,
            (1..=count).flat_map(|i| (i as f32).to_le_bytes()).collect(),
        ),
        // Its shape is a lie.
        _ => (9, Vec::new()),
    };
    let shape: Vec<u8> = shape.into_iter().flat_map(|side| number(1, side)).collect();
    let kind = number(2, kind.get(what).copied().unwrap_or(1));
    let mut tensor = [shape, kind, name, bytes(message, &data)].concat();
    if what == "external" {
        tensor.extend(bytes(13, &entry("offset", list[1])));
        tensor.extend(number(14, 1));
    }
    tensor
}

/// A key and its text.
fn entry(key: &str, text: &str) -> Vec<u8> {
    [bytes(1, key.as_bytes()), bytes(2, text.as_bytes())].concat()
}

fn node(kind: &str, words: &[&str]) -> Vec<u8> {
    let arrow = words
        .iter()
        .position(|&word| word == "->")
        .expect("a node has an arrow");
    let (attributes, outputs): (Vec<&str>, Vec<&str>) = words[arrow + 1..]
        .iter()
        .partition(|word| word.contains('='));
    let inputs = words[..arrow]
        .iter()
        .map(|&name| if name == "_" { "" } else { name });
    let mut node: Vec<u8> = inputs.flat_map(|name| bytes(1, name.as_bytes())).collect();
    node.extend(outputs.iter().flat_map(|name| bytes(2, name.as_bytes())));
    if !outputs[0].starts_with("unnamed") {
        node.extend(bytes(3, format!("the {}", outputs[0]).as_bytes()));
    }
    node.extend(bytes(4, kind.as_bytes()));
    for attribute in attributes {
        let (name, value) = attribute.split_once('=').expect("an attribute has a value");
        let value = match (value.parse::<i64>(), value.parse::<f32>()) {
            (Ok(int), _) => number(3, int as u64),
            (_, Ok(float)) => [varint(2 << 3 | 5), float.to_le_bytes().to_vec()].concat(),
            _ if value.contains(',') => {
                let ints = value.split(',').filter(|int| !int.is_empty());
                ints.flat_map(|int| number(8, int.parse::<i64>().expect("a whole number") as u64))
                    .collect()
            }
            _ => bytes(4, value.as_bytes()),
        };
        node.extend(bytes(5, &[bytes(1, name.as_bytes()), value].concat()));
    }
    node
}
