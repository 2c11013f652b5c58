//! ONNX models made to do harm: each is an error that says what is wrong, or a network that could not be another.
//! What reading them costs is in `reading_costs.rs`.

#![allow(clippy::unwrap_used)]

#[path = "support/onnx.rs"]
mod onnx;

use onnx::{Message, external, graph, i64s, int, ints, model, node, resnet, tensor, value, zeros};
use resnet_web_core::weights::{ByteSource, Choices, TensorSource, WeightFile};

/// Reads a model as far as its tensors' values. Any file is found beside it, of 64 bytes.
fn read(bytes: &[u8]) -> Result<(), String> {
    let beside = |_: &str| Some(Box::new(&[0_u8; 64][..]) as Box<dyn ByteSource>);
    let file = WeightFile::open_beside(bytes, &beside, &Choices::default());
    let mut file = file.map_err(|error| error.to_string())?;
    for tensor in file.spec().tensors() {
        file.take(&tensor.name, &tensor.shape)
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// The small ResNet with another node in the place of the one whose output is `output`.
fn with_node(output: &str, other: Message) -> Vec<u8> {
    let (mut nodes, initialisers) = resnet();
    let marked = Message::default().bytes(2, output.as_bytes()).0;
    let place = nodes
        .iter()
        .position(|node| node.0.windows(marked.len()).any(|part| part == marked));
    nodes[place.unwrap()] = other;
    model(&graph(&nodes, &initialisers))
}

/// The small ResNet with another tensor in the place of the one called `name`.
fn with_tensor(name: &str, other: Message) -> Vec<u8> {
    let (nodes, mut initialisers) = resnet();
    let marked = Message::default().bytes(8, name.as_bytes()).0;
    let place = initialisers
        .iter()
        .position(|tensor| tensor.0.windows(marked.len()).any(|part| part == marked));
    initialisers[place.unwrap()] = other;
    model(&graph(&nodes, &initialisers))
}

/// The convolution of the first block, with these attributes.
fn with_attributes(attributes: &[Message]) -> Vec<u8> {
    with_node("a1", node("Conv", &["m", "a1.weight"], &["a1"], attributes))
}

/// A linear layer's weight in a file of its own.
fn in_file(entries: &[(&str, &str)]) -> Vec<u8> {
    with_tensor("fc.bias", external("fc.bias", &[10], entries))
}

/// What is wrong, the file, and what the error must say.
fn cases() -> Vec<(&'static str, Vec<u8>, &'static [&'static str])> {
    const THREE: [i64; 2] = [3, 3];
    let kernel = || ints("kernel_shape", &THREE);
    let large = i64::MAX;
    let small = || {
        let (nodes, initialisers) = resnet();
        model(&graph(&nodes, &initialisers))
    };
    let changed = |node: Message| with_node("f", node);
    let mut cases = vec![
        // Graphs that are none.
        (
            "a node that takes its own output",
            with_node("a2", node("Relu", &["a2"], &["a2"], &[])),
            &["waits for itself"][..],
        ),
        (
            "two nodes that take each other's",
            with_node("a2", node("Relu", &["a3"], &["a2"], &[])),
            &["waits for itself"],
        ),
        (
            "a node that takes what is not there",
            with_node("a2", node("Relu", &["nothing"], &["a2"], &[])),
            &[],
        ),
        (
            "two nodes with one output",
            with_node("a2", node("Relu", &["a1"], &["a1"], &[])),
            &[],
        ),
        ("no nodes", model(&graph(&[], &[])), &[]),
        (
            "no graph",
            Message::default().number(1, 8).bytes(2, b"a test").0,
            &[],
        ),
        ("a graph of nothing", model(&Message::default()), &[]),
        (
            "no output",
            model(
                &Message::default()
                    .each(1, resnet().0)
                    .each(5, resnet().1)
                    .bytes(11, value("x", &[1, 3, 32, 32]).as_ref()),
            ),
            &["output"],
        ),
        (
            "an output that is the input",
            model(
                &Message::default()
                    .bytes(11, value("x", &[1, 3, 32, 32]).as_ref())
                    .bytes(12, value("x", &[1]).as_ref()),
            ),
            &[],
        ),
        // Sides.
        (
            "a side of 2^63",
            with_tensor("fc.bias", tensor("fc.bias", 1, &[i64::MIN])),
            &[],
        ),
        (
            "sides whose product wraps around",
            with_tensor("fc.bias", tensor("fc.bias", 1, &[1 << 62, 8])),
            &[],
        ),
        (
            "sides whose product is zero at the end",
            with_tensor("fc.bias", tensor("fc.bias", 1, &[large, large, 0])),
            &[],
        ),
        (
            "a side of -1",
            with_tensor("fc.bias", tensor("fc.bias", 1, &[-1])),
            &[],
        ),
        (
            "a hundred sides",
            with_tensor("fc.bias", tensor("fc.bias", 1, &[1; 100])),
            &[],
        ),
        (
            "fewer numbers than its sides say",
            with_tensor("fc.bias", tensor("fc.bias", 1, &[10]).bytes(9, &[0; 36])),
            &["36", "40"],
        ),
        (
            "more numbers than its sides say",
            with_tensor("fc.bias", tensor("fc.bias", 1, &[10]).bytes(9, &[0; 44])),
            &["44", "40"],
        ),
        (
            "no numbers",
            with_tensor("fc.bias", tensor("fc.bias", 1, &[10])),
            &[],
        ),
        (
            "numbers of text",
            with_tensor("fc.bias", tensor("fc.bias", 8, &[10])),
            &[],
        ),
        (
            "numbers of an unknown type",
            with_tensor("fc.bias", tensor("fc.bias", 99, &[10]).bytes(9, &[0; 40])),
            &[],
        ),
        (
            "a weight that is not a number",
            with_tensor("fc.bias", tensor("fc.bias", 1, &[10]).bytes(9, &[0xff; 40])),
            &["finite"],
        ),
        // Windows.
        (
            "a kernel of 0",
            with_attributes(&[ints("kernel_shape", &[0, 0])]),
            &[],
        ),
        (
            "a kernel that is not the weight's",
            with_attributes(&[ints("kernel_shape", &[5, 5]), ints("pads", &[2; 4])]),
            &[],
        ),
        (
            "a stride of 0",
            with_attributes(&[kernel(), ints("strides", &[0, 0]), ints("pads", &[1; 4])]),
            &[],
        ),
        (
            "a stride of -1",
            with_attributes(&[kernel(), ints("strides", &[-1, -1]), ints("pads", &[1; 4])]),
            &[],
        ),
        (
            "a stride of 2^63 - 1",
            with_attributes(&[
                kernel(),
                ints("strides", &[large; 2]),
                ints("pads", &[1; 4]),
            ]),
            &[],
        ),
        (
            "negative padding",
            with_attributes(&[kernel(), ints("pads", &[-1; 4])]),
            &[],
        ),
        (
            "padding of 2^63 - 1",
            with_attributes(&[kernel(), ints("pads", &[large; 4])]),
            &[],
        ),
        (
            "a dilation",
            with_attributes(&[kernel(), ints("dilations", &[2; 2]), ints("pads", &[2; 4])]),
            &["dilat"],
        ),
        (
            "0 groups",
            with_attributes(&[kernel(), ints("pads", &[1; 4]), int("group", 0)]),
            &[],
        ),
        (
            "-1 groups",
            with_attributes(&[kernel(), ints("pads", &[1; 4]), int("group", -1)]),
            &[],
        ),
        (
            "2^63 - 1 groups",
            with_attributes(&[kernel(), ints("pads", &[1; 4]), int("group", large)]),
            &[],
        ),
        (
            "no weight",
            with_node("a1", node("Conv", &["m"], &["a1"], &[])),
            &[],
        ),
        (
            "a weight out of the image",
            with_node("a1", node("Conv", &["m", "x"], &["a1"], &[])),
            &[],
        ),
        (
            "a weight of two sides",
            with_node("a1", node("Conv", &["m", "fc"], &["a1"], &[kernel()])),
            &[],
        ),
        // Shapes that are worked out.
        (
            "an axis of 2^63 - 1",
            changed(node("Flatten", &["p"], &["f"], &[int("axis", large)])),
            &[],
        ),
        (
            "an axis of -2^63",
            changed(node("Flatten", &["p"], &["f"], &[int("axis", i64::MIN)])),
            &[],
        ),
        (
            "an order of axes that is none",
            changed(node(
                "Transpose",
                &["p"],
                &["f"],
                &[ints("perm", &[9, 9, 9, 9])],
            )),
            &[],
        ),
        (
            "an order of negative axes",
            changed(node(
                "Transpose",
                &["p"],
                &["f"],
                &[ints("perm", &[-1, -2, -3, -4])],
            )),
            &[],
        ),
        (
            "a shape with two unknown sides",
            changed(node("Reshape", &["p", "shape"], &["f"], &[])),
            &[],
        ),
        (
            "axes without end",
            changed(node(
                "Squeeze",
                &["p"],
                &["f"],
                &[ints("axes", &[large; 32])],
            )),
            &[],
        ),
        // Other files.
        (
            "a file in the folder above",
            in_file(&[("location", "../data")]),
            &["outside its folder"],
        ),
        (
            "a file in a folder",
            in_file(&[("location", "a/data")]),
            &["outside its folder"],
        ),
        (
            "a file of the system",
            in_file(&[("location", "/etc/passwd")]),
            &["outside its folder"],
        ),
        (
            "a file of Windows'",
            in_file(&[("location", "C:\\data")]),
            &["outside its folder"],
        ),
        (
            "the folder above",
            in_file(&[("location", "..")]),
            &["outside its folder"],
        ),
        (
            "a name with a zero",
            in_file(&[("location", "data\0.png")]),
            &["outside its folder"],
        ),
        ("a file without a name", in_file(&[("offset", "0")]), &[]),
        (
            "a place beyond a file's end",
            in_file(&[("location", "data"), ("offset", "60")]),
            &["cut short"],
        ),
        (
            "a place of 2^64",
            in_file(&[("location", "data"), ("offset", "18446744073709551616")]),
            &[],
        ),
        (
            "a place before a file's start",
            in_file(&[("location", "data"), ("offset", "-8")]),
            &[],
        ),
        (
            "a length that wraps around",
            in_file(&[
                ("location", "data"),
                ("offset", "8"),
                ("length", "18446744073709551608"),
            ]),
            &[],
        ),
        (
            "a length that is not the tensor's",
            in_file(&[("location", "data"), ("length", "36")]),
            &[],
        ),
    ];
    // Protocol buffers that are none: a valid model up to each of its bytes, and fields that are not what they say.
    let whole = small();
    for (what, end) in [("half of a model", 2), ("nearly all of a model", 1)] {
        cases.push((
            what,
            whole[..whole.len() - whole.len() / 2 * (end - 1) - 1].to_vec(),
            &[],
        ));
    }
    let start = || Message::default().number(1, 8).bytes(2, b"a test");
    cases.extend([
        (
            "a number without end",
            [start().0, vec![0x38], vec![0xff; 12]].concat(),
            &[][..],
        ),
        (
            "a field longer than the file",
            start().varint(7 << 3 | 2).varint(1 << 40).0,
            &[],
        ),
        (
            "a field of 2^64 bytes",
            start().varint(7 << 3 | 2).varint(u64::MAX).0,
            &[],
        ),
        ("a group", start().varint(7 << 3 | 3).0, &[]),
        (
            "a kind of field that is none",
            start().varint(7 << 3 | 7).0,
            &[],
        ),
        ("field 0", start().number(0, 0).0, &[]),
        (
            "graphs in graphs",
            {
                let nested = (0..1000).fold(Message::default(), |inner, _| {
                    let attribute = Message::default()
                        .bytes(1, b"then_branch")
                        .bytes(6, inner.as_ref());
                    let node = Message::default()
                        .bytes(4, b"If")
                        .bytes(5, attribute.as_ref());
                    Message::default().bytes(1, node.as_ref())
                });
                model(&nested)
            },
            &[],
        ),
    ]);
    cases
}

#[test]
fn every_one_is_an_error_in_words() {
    let mut report = Vec::new();
    for (what, bytes, words) in cases() {
        match read(&bytes) {
            Ok(()) => report.push(format!("{what}: it loads")),
            Err(error) => {
                let missing = words.iter().filter(|word| !error.contains(**word));
                report.extend(missing.map(|word| format!("{what}: no «{word}» in: {error}")));
            }
        }
    }
    assert!(report.is_empty(), "{}", report.join("\n"));
}

#[test]
fn the_network_that_they_change_loads() {
    let (nodes, initialisers) = resnet();
    assert_eq!(read(&model(&graph(&nodes, &initialisers))), Ok(()));
    // In any order of its nodes, with what it does not use, and with a tensor in another file.
    let reversed: Vec<_> = nodes.iter().rev().cloned().collect();
    assert_eq!(read(&model(&graph(&reversed, &initialisers))), Ok(()));
    let unused = [
        initialisers,
        vec![i64s("unused", &[1, 2]), zeros("unused too", &[3])],
    ]
    .concat();
    assert_eq!(read(&model(&graph(&nodes, &unused))), Ok(()));
    assert_eq!(
        read(&in_file(&[
            ("location", "data"),
            ("offset", "24"),
            ("length", "40")
        ])),
        Ok(())
    );
}

#[test]
fn a_model_that_ends_at_any_byte_is_an_error() {
    let (nodes, initialisers) = resnet();
    let whole = model(&graph(&nodes, &initialisers));
    // The last bytes are the opset, which a reader may do without.
    let report: Vec<_> = (0..whole.len() - 4)
        .filter(|&end| read(&whole[..end]).is_ok())
        .collect();
    assert_eq!(report, Vec::<usize>::new());
}
