//! ONNX models made on the spot: <https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>.

// Each test uses a part.
#![allow(dead_code)]

/// A message of protocol buffers.
#[derive(Debug, Clone, Default)]
pub struct Message(pub Vec<u8>);

impl Message {
    /// A number, which takes as many bytes as it needs, seven bits in each.
    pub fn varint(mut self, mut number: u64) -> Self {
        while number > 127 {
            self.0.push(number as u8 | 128);
            number >>= 7;
        }
        self.0.push(number as u8);
        self
    }

    /// A field of a number.
    pub fn number(self, field: u64, number: u64) -> Self {
        self.varint(field << 3).varint(number)
    }

    /// A field of bytes: a text, or a message.
    pub fn bytes(self, field: u64, bytes: &[u8]) -> Self {
        let mut message = self.varint(field << 3 | 2).varint(bytes.len() as u64);
        message.0.extend(bytes);
        message
    }

    /// A field of bytes for each of a list.
    pub fn each(self, field: u64, items: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        let items = items.into_iter();
        items.fold(self, |message, item| message.bytes(field, item.as_ref()))
    }
}

impl AsRef<[u8]> for Message {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// ONNX's data types.
pub const F32: u64 = 1;
pub const I64: u64 = 7;

/// An attribute of whole numbers.
pub fn ints(name: &str, numbers: &[i64]) -> Message {
    let attribute = Message::default().bytes(1, name.as_bytes());
    let numbers = numbers.iter();
    let attribute = numbers.fold(attribute, |all, &number| all.number(8, number as u64));
    attribute.number(20, 7)
}

/// An attribute of one whole number.
pub fn int(name: &str, number: i64) -> Message {
    let attribute = Message::default().bytes(1, name.as_bytes());
    attribute.number(3, number as u64).number(20, 2)
}

/// A node.
pub fn node(kind: &str, inputs: &[&str], outputs: &[&str], attributes: &[Message]) -> Message {
    let node = Message::default().each(1, inputs).each(2, outputs);
    node.bytes(4, kind.as_bytes()).each(5, attributes)
}

/// A tensor without numbers.
pub fn tensor(name: &str, kind: u64, shape: &[i64]) -> Message {
    let sides = shape.iter();
    let tensor = sides.fold(Message::default(), |all, &side| all.number(1, side as u64));
    tensor.number(2, kind).bytes(8, name.as_bytes())
}

/// A tensor of 64-bit numbers.
pub fn i64s(name: &str, numbers: &[i64]) -> Message {
    let bytes: Vec<u8> = numbers
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    tensor(name, I64, &[numbers.len() as i64]).bytes(9, &bytes)
}

/// A tensor of zeros.
pub fn zeros(name: &str, shape: &[i64]) -> Message {
    let count: i64 = shape.iter().product();
    tensor(name, F32, shape).bytes(9, &vec![0; 4 * count as usize])
}

/// A tensor whose numbers are in another file.
pub fn external(name: &str, shape: &[i64], entries: &[(&str, &str)]) -> Message {
    let entries = entries.iter().map(|(key, value)| {
        let entry = Message::default().bytes(1, key.as_bytes());
        entry.bytes(2, value.as_bytes())
    });
    tensor(name, F32, shape).each(13, entries).number(14, 1)
}

/// An input or output of floats.
pub fn value(name: &str, shape: &[i64]) -> Message {
    let sides = shape
        .iter()
        .map(|&side| Message::default().number(1, side as u64));
    let shape = Message::default().each(1, sides);
    let kind = Message::default().number(1, F32).bytes(2, shape.as_ref());
    let kind = Message::default().bytes(1, kind.as_ref());
    Message::default()
        .bytes(1, name.as_bytes())
        .bytes(2, kind.as_ref())
}

/// A graph from `x`, an image, to `y`.
pub fn graph(nodes: &[Message], initialisers: &[Message]) -> Message {
    let graph = Message::default().each(1, nodes).each(5, initialisers);
    let input = value("x", &[1, 3, 32, 32]);
    let output = value("y", &[1, 10]);
    graph.bytes(11, input.as_ref()).bytes(12, output.as_ref())
}

/// A model of a graph.
pub fn model(graph: &Message) -> Vec<u8> {
    let opset = Message::default().number(2, 17);
    let model = Message::default().number(1, 8).bytes(2, b"a test");
    model.bytes(7, graph.as_ref()).bytes(8, opset.as_ref()).0
}

/// A small ResNet: a stem, two blocks, a linear layer. Nodes and initialisers, to be changed.
pub fn resnet() -> (Vec<Message>, Vec<Message>) {
    let mut nodes = Vec::new();
    let mut initialisers = Vec::new();
    let mut convolution = |from: &str, to: &str, shape: [i64; 4], stride: i64| {
        let weight = format!("{to}.weight");
        initialisers.push(zeros(&weight, &shape));
        let pad = shape[2] / 2;
        let attributes = [
            ints("kernel_shape", &shape[2..]),
            ints("strides", &[stride; 2]),
            ints("pads", &[pad; 4]),
        ];
        node("Conv", &[from, &weight], &[to], &attributes)
    };
    let relu = |from: &str, to: &str| node("Relu", &[from], &[to], &[]);
    nodes.push(convolution("x", "s", [4, 3, 7, 7], 2));
    nodes.push(relu("s", "s'"));
    let pool = [
        ints("kernel_shape", &[3; 2]),
        ints("strides", &[2; 2]),
        ints("pads", &[1; 4]),
    ];
    nodes.push(node("MaxPool", &["s'"], &["m"], &pool));
    nodes.push(convolution("m", "a1", [4, 4, 3, 3], 1));
    nodes.push(relu("a1", "a2"));
    nodes.push(convolution("a2", "a3", [4, 4, 3, 3], 1));
    nodes.push(node("Add", &["a3", "m"], &["a4"], &[]));
    nodes.push(relu("a4", "a"));
    nodes.push(convolution("a", "b1", [8, 4, 3, 3], 2));
    nodes.push(relu("b1", "b2"));
    nodes.push(convolution("b2", "b3", [8, 8, 3, 3], 1));
    nodes.push(convolution("a", "b0", [8, 4, 1, 1], 2));
    nodes.push(node("Add", &["b3", "b0"], &["b4"], &[]));
    nodes.push(relu("b4", "b"));
    nodes.push(node("GlobalAveragePool", &["b"], &["p"], &[]));
    nodes.push(node("Flatten", &["p"], &["f"], &[int("axis", 1)]));
    nodes.push(node(
        "Gemm",
        &["f", "fc", "fc.bias"],
        &["y"],
        &[int("transB", 1)],
    ));
    initialisers.push(zeros("fc", &[10, 8]));
    initialisers.push(zeros("fc.bias", &[10]));
    (nodes, initialisers)
}
