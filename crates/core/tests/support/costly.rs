//! Files that ask for far more memory or time than they have bytes, in any size.

#[path = "onnx.rs"]
mod onnx;

use std::io::Write;

use onnx::{Message, external, graph, i64s, int, ints, model, node, tensor, zeros};
use resnet_web_core::resnet::spec::TensorSpec;
use resnet_web_core::resnet::{Depth, NetworkSpec, ResNetConfig};

/// A kind of file: what it does, and the file of a size.
pub struct Costly {
    pub name: &'static str,
    /// The fuzz target that reads it.
    pub target: &'static str,
    /// Writes the file; what it repeats, it repeats `n` times.
    pub file: fn(n: usize) -> Vec<u8>,
}

const fn costly(target: &'static str, name: &'static str, file: fn(usize) -> Vec<u8>) -> Costly {
    Costly { name, target, file }
}

/// Every kind that is known.
pub const COSTLY: &[Costly] = &[
    costly("pytorch", "a class named by two long texts", |n| {
        let pickle = Pickle::new().text(n).keep(0).text(n).keep(1);
        pickle.times(n, |p| p.get(0).get(1).op(b"\x93")).zip()
    }),
    costly("pytorch", "calls of a class with a long name", |n| {
        let pickle = Pickle::new().global("m", &"n".repeat(n)).keep(0);
        let pickle = pickle.op(b")").keep(1);
        pickle.times(n, |p| p.get(0).get(1).op(b"R")).zip()
    }),
    costly("pytorch", "ordered dictionaries of one list", |n| {
        let pickle = Pickle::new().op(b"K\x01K\x02\x86").keep(0);
        let pickle = pickle.op(b"](").times(n, |p| p.get(0)).op(b"e\x85").keep(1);
        let pickle = pickle.global("collections", "OrderedDict").keep(2);
        pickle.times(n, |p| p.get(2).get(1).op(b"R")).zip()
    }),
    costly("pytorch", "tensors of many sides", |n| {
        Pickle::with_tensor("0", n).times(n, Pickle::tensor).zip()
    }),
    costly("pytorch", "tensors of sixteen sides", |n| {
        Pickle::with_tensor("0", 16).times(n, Pickle::tensor).zip()
    }),
    costly("pytorch", "tensors under one long key", |n| {
        let pickle = Pickle::with_tensor("0", 1).tensor().keep(3);
        let pickle = pickle.text(n).keep(4).op(b"}(");
        pickle.times(n, |p| p.get(4).get(3)).op(b"u").zip()
    }),
    costly("pytorch", "numbers under one long key", |n| {
        let pickle = Pickle::new().text(n).keep(0).op(b"}(");
        pickle.times(n, |p| p.get(0).op(b"N")).op(b"u").zip()
    }),
    costly("pytorch", "one tensor under many names", |n| {
        let pickle = Pickle::with_tensor("0", 16).tensor().keep(3).op(b"}(");
        let name = |p: Pickle, i: usize| p.op(b"J").op(&(i as u32).to_le_bytes());
        (0..n).fold(pickle, |p, i| name(p, i).get(3)).op(b"u").zip()
    }),
    costly("pytorch", "one dictionary held many times", |n| {
        let pickle = Pickle::new().op(b"}").keep(0).op(b"(U\x01a").keep(1);
        let pickle = pickle.op(b"K\x07").keep(2);
        let pickle = pickle.times(n, |p| p.get(1).get(2)).op(b"u0}(");
        pickle.times(n, |p| p.get(1).get(0)).op(b"u").zip()
    }),
    costly("pytorch", "one module inside another many times", |n| {
        let module = Pickle::new().module(|p| p.op(b"}")).keep(1).op(b"0");
        let outer = |p: Pickle| {
            let modules = p.op(b"}(");
            let name = |p: Pickle, i: usize| p.op(b"J").op(&(i as u32).to_le_bytes()).get(1);
            (0..n).fold(modules, name).op(b"u")
        };
        module.module(outer).zip()
    }),
    costly("pytorch", "a module that holds itself", |n| {
        let module = Pickle::new().global("m", "C").op(b")\x81").keep(0);
        let modules = module
            .op(b"}")
            .named("_modules")
            .op(b"}")
            .named(&"x".repeat(n));
        modules.get(0).op(b"ssb").zip()
    }),
    costly("pytorch", "many dictionaries of tensors", |n| {
        let pickle = Pickle::with_tensor("0", 1).tensor().keep(3).op(b"}(");
        let name = |p: Pickle, i: usize| p.op(b"J").op(&(i as u32).to_le_bytes());
        let dict = |p: Pickle| p.op(b"}").named("a").get(3).op(b"s");
        (0..n).fold(pickle, |p, i| dict(name(p, i))).op(b"u").zip()
    }),
    costly("pytorch", "storages of a class with a long name", |n| {
        let class = format!("{}Storage", "n".repeat(n));
        let pickle = Pickle::new().storage(&class, "0").keep(0);
        pickle.times(n, |p| p.get(0).op(b"Q")).zip()
    }),
    costly("pytorch", "tensors in a storage with a long key", |n| {
        let key = "k".repeat(n);
        let pickle = Pickle::with_tensor(&key, 1).op(b"}(");
        let name = |p: Pickle, i: usize| p.op(b"J").op(&(i as u32).to_le_bytes());
        (0..n)
            .fold(pickle, |p, i| name(p, i).tensor())
            .op(b"u")
            .zip_with(&[(&format!("data/{key}"), b"\0\0\0\0")])
    }),
    costly("pytorch", "small tuples off a stack that was high", |n| {
        let pickle = Pickle::new().op(b"(").times(n, |p| p.op(b"N")).op(b"1");
        pickle.times(n, |p| p.op(b"(Nt\x85")).zip()
    }),
    costly("pytorch", "values that are dropped", |n| {
        Pickle::new().times(n, |p| p.op(b"]0")).op(b"N").zip()
    }),
    costly("pytorch", "marks", |n| {
        Pickle::new().times(n, |p| p.op(b"(")).zip()
    }),
    costly("pytorch", "a place in the memo beyond all others", |n| {
        let place = (n as u32).to_le_bytes();
        Pickle::new().op(b"Nr").op(&place).zip()
    }),
    costly("pytorch", "text that is no UTF-8", |n| {
        let length = (n as u32).to_le_bytes();
        let text = vec![0xff; n];
        Pickle::new().op(b"X").op(&length).op(&text).zip()
    }),
    costly("pytorch", "names of many parts", |n| {
        let pickle = Pickle::with_tensor("0", 1).op(b"}(");
        ["x", "y"]
            .into_iter()
            .fold(pickle, |p, end| p.named(&parted(n, end)).tensor())
            .op(b"u")
            .zip()
    }),
    costly("pytorch", "an archive of many files", |n| {
        let names: Vec<_> = (0..n).map(|i| format!("data/{i}")).collect();
        let files: Vec<_> = names.iter().map(|name| (&**name, &b""[..])).collect();
        Pickle::new().op(b"N").zip_with(&files)
    }),
    costly("pytorch", "one long key listed many times", |n| {
        let key = "k".repeat(n);
        let object = Pickle::new().storage("FloatStorage", &key).op(b"Q");
        let keys = Pickle::new().op(b"](").named(&key).keep(0).op(b"0");
        legacy(object, keys.times(n, |p| p.get(0)).op(b"e"), n)
    }),
    costly("pytorch", "many storages of one long key", |n| {
        let object = Pickle::new()
            .storage("FloatStorage", &"k".repeat(n))
            .keep(0);
        let object = object.times(n, |p| p.get(0).op(b"Q"));
        legacy(object, Pickle::new().op(b"]"), 0)
    }),
    costly("safetensors", "names of many parts", |n| {
        let [x, y] = ["x", "y"].map(|end| empty_tensor(&parted(n, end), "[0]"));
        safetensors(&format!("{{{x},{y}}}"))
    }),
    costly("safetensors", "many tensors", |n| {
        let tensors: Vec<_> = (0..n)
            .map(|i| empty_tensor(&i.to_string(), "[0]"))
            .collect();
        safetensors(&format!("{{{}}}", tensors.join(",")))
    }),
    costly("safetensors", "many sides", |n| {
        let shape = format!("[0{}]", ",0".repeat(n));
        safetensors(&format!("{{{}}}", empty_tensor("a", &shape)))
    }),
    costly("safetensors", "what is no tensor", |n| {
        safetensors(&format!("{{\"a\":[[]{}]}}", ",[]".repeat(n)))
    }),
    costly("safetensors", "blocks that are only described", |n| {
        // As many as are built in one stage, whatever the size.
        let description = format!(
            r#"{{"format":1,"name":"x","family":"torchvision","block":"bottleneck","repetitions":[1024,1024,1024,1024],
            "input_channels":3,"classes":1,"head":{{"kind":"average-pool"}},"stride_on":"conv2","preprocessing":
            {{"resize_short_side":256,"crop":224,"mean":[0,0,0],"std":[1,1,1]}},"labels":[],
            "source":"{}","license":"","dtype":"f32"}}"#,
            "x".repeat(n)
        );
        let entry = serde_json::to_string(&description).unwrap();
        let [stem, block] =
            ["conv1.weight", "layer1.0.conv1.weight"].map(|name| empty_tensor(name, "[0]"));
        safetensors(&format!(
            "{{\"__metadata__\":{{\"resnet-web\":{entry}}},{stem},{block}}}"
        ))
    }),
    costly("safetensors", "many networks", |n| {
        let layers = ["conv1.weight", "layer1.0.conv1.weight"];
        let names = (0..n).flat_map(|i| layers.map(|layer| format!("{i}.{layer}")));
        let tensors: Vec<_> = names.map(|name| empty_tensor(&name, "[0]")).collect();
        safetensors(&format!("{{{}}}", tensors.join(",")))
    }),
    costly("safetensors", "networks of every convention", |n| {
        let layers = [
            "conv1.weight",
            "conv1.0.weight",
            "stem.conv.weight",
            "stem.conv1.weight",
            "embedder.embedder.convolution.weight",
            "0.weight",
            "0.0.weight",
            "layer1.0.conv1.weight",
            "layer1.blocks.0.conv1.weight",
            "stages.0.blocks.0.conv1.weight",
            "res2.0.conv1.weight",
            "encoder.stages.0.layers.0.layer.0.convolution.weight",
            "conv2_x.0.residual_function.0.weight",
            "4.0.conv1.weight",
            "4.0.convpath.0.0.weight",
            "fc.weight",
        ];
        let names = (0..n / 8).flat_map(|i| layers.map(|layer| format!("{i}.{layer}")));
        let tensors: Vec<_> = names.map(|name| empty_tensor(&name, "[0,0]")).collect();
        safetensors(&format!("{{{}}}", tensors.join(",")))
    }),
    costly("safetensors", "networks inside each other", |n| {
        let prefixes = (0..90).map(|depth| "4.".repeat(depth));
        let stems = prefixes.map(|prefix| format!("{prefix}0.weight"));
        let deepest = "4.".repeat(90);
        let blocks = (0..n).map(|i| format!("{deepest}{i}.conv1.weight"));
        let names = stems.chain(blocks);
        let tensors: Vec<_> = names.map(|name| empty_tensor(&name, "[0,0,0,0]")).collect();
        safetensors(&format!("{{{}}}", tensors.join(",")))
    }),
    costly("safetensors", "a head of many layers", |n| {
        let heads = (0..n).map(|i| empty_tensor(&format!("fc.{i}.weight"), "[0,512]"));
        let convolutions = [
            "conv1.weight",
            "layer1.0.conv1.weight",
            "layer1.0.conv2.weight",
        ];
        let shapes = ["[64,0,7,7]", "[512,0,3,3]", "[512,0,3,3]"];
        let convolutions = convolutions.iter().zip(shapes);
        let convolutions = convolutions.map(|(name, shape)| empty_tensor(name, shape));
        let tensors: Vec<_> = heads.chain(convolutions).collect();
        safetensors(&format!("{{{}}}", tensors.join(",")))
    }),
    costly("safetensors", "blocks with high numbers", |n| {
        // The fewest tensors that so many blocks can have.
        let highest = (n / 8 - 1).min(1023);
        let others = (0..n).map(|i| empty_tensor(&i.to_string(), "[0]"));
        let blocks = (1..=4).map(|i| empty_tensor(&format!("layer{i}.{highest}.x"), "[0]"));
        // A stem of no input channels.
        let stem = empty_tensor("conv1.weight", "[64,0,7,7]");
        let head = r#""fc.weight":{"dtype":"F32","shape":[1,512],"data_offsets":[0,2048]}"#;
        let tensors = others.chain(blocks).chain([stem, head.to_owned()]);
        let header = format!("{{{}}}", tensors.collect::<Vec<_>>().join(","));
        [safetensors(&header), vec![0; 2048]].concat()
    }),
    costly("burnpack", "names of many parts", |n| {
        let names = ["x", "y"].map(|end| parted(n, end));
        burnpack(&names, &[("shape", &[0]), ("data_offsets", &[0, 0])])
    }),
    costly("burnpack", "many tensors", |n| {
        let names: Vec<_> = (0..n).map(|i| i.to_string()).collect();
        burnpack(&names, &[("shape", &[0]), ("data_offsets", &[0, 0])])
    }),
    costly("burnpack", "tensors of which nothing is said", |n| {
        let names: Vec<_> = (0..n).map(|i| i.to_string()).collect();
        burnpack(&names, &[])
    }),
    costly("burnpack", "many sides", |n| {
        burnpack(&["a".to_owned()], &[("shape", &vec![0; n])])
    }),
    costly("onnx", "a chain of nodes", |n| {
        model(&graph(&chain(n, "x"), &[]))
    }),
    costly("onnx", "nodes from last to first", |n| {
        let nodes: Vec<_> = chain(n, "x").into_iter().rev().collect();
        model(&graph(&nodes, &[]))
    }),
    costly("onnx", "a circle of nodes", |n| {
        model(&graph(&chain(n, "y"), &[]))
    }),
    costly("onnx", "sums that double", |n| {
        let first = node("Relu", &["x"], &["0"], &[]);
        let sums = (0..n).map(|i| {
            let from = i.to_string();
            let to = if i + 1 == n {
                "y".to_owned()
            } else {
                (i + 1).to_string()
            };
            node("Add", &[&from, &from], &[&to], &[])
        });
        model(&graph(
            &[first].into_iter().chain(sums).collect::<Vec<_>>(),
            &[],
        ))
    }),
    costly("onnx", "lists that double", |n| {
        let lists = (0..n).map(|i| {
            let [from, to] = [i, i + 1].map(|i| i.to_string());
            node("Concat", &[&from, &from], &[&to], &[int("axis", 0)])
        });
        model(&graph(&lists.collect::<Vec<_>>(), &[i64s("0", &[1])]))
    }),
    costly("onnx", "a list of a size that is asked for", |n| {
        let lists = (0..n).map(|i| node("ConstantOfShape", &["size"], &[&i.to_string()], &[]));
        let size = i64s("size", &[1 << 20, 1 << 20]);
        model(&graph(&lists.collect::<Vec<_>>(), &[size]))
    }),
    costly("onnx", "views of one list", |n| {
        let list = i64s("list", &vec![1; n]);
        let kinds = [
            "Cast",
            "Identity",
            "Unsqueeze",
            "Shape",
            "Transpose",
            "Mul",
            "Gather",
        ];
        let nodes = (0..n).map(|i| {
            node(
                kinds[i % kinds.len()],
                &["list", "list"],
                &[&i.to_string()],
                &[],
            )
        });
        model(&graph(&nodes.collect::<Vec<_>>(), &[list]))
    }),
    costly("onnx", "turned weights", |n| {
        let weight = zeros("w", &[1, 1, 1, n as i64]);
        let nodes = (0..n).map(|i| {
            node(
                "Transpose",
                &["w"],
                &[&i.to_string()],
                &[ints("perm", &[3, 2, 1, 0])],
            )
        });
        model(&graph(&nodes.collect::<Vec<_>>(), &[weight]))
    }),
    costly("onnx", "scales of one weight", |n| {
        let weight = tensor("w", 3, &[n as i64]).bytes(9, &vec![0; n]);
        let scale = zeros("s", &[n as i64]);
        let nodes = (0..n).map(|i| node("DequantizeLinear", &["w", "s"], &[&i.to_string()], &[]));
        model(&graph(&nodes.collect::<Vec<_>>(), &[weight, scale]))
    }),
    costly("onnx", "batch norms of one list", |n| {
        let nodes = (0..n).map(|i| {
            let (from, to) = (
                if i == 0 {
                    "x".to_owned()
                } else {
                    i.to_string()
                },
                (i + 1).to_string(),
            );
            node(
                "BatchNormalization",
                &[&from, "a", "a", "a", "a"],
                &[&to],
                &[],
            )
        });
        model(&graph(
            &nodes.collect::<Vec<_>>(),
            &[zeros("a", &[n as i64])],
        ))
    }),
    costly("onnx", "blocks of one weight", |n| {
        let window = [ints("kernel_shape", &[3, 3]), ints("pads", &[1; 4])];
        let pool = [
            ints("kernel_shape", &[3; 2]),
            ints("strides", &[2; 2]),
            ints("pads", &[1; 4]),
        ];
        let stem = [
            ints("kernel_shape", &[7; 2]),
            ints("strides", &[2; 2]),
            ints("pads", &[3; 4]),
        ];
        let mut nodes = vec![
            node("Conv", &["x", "stem"], &["s"], &stem),
            node("MaxPool", &["s"], &["0"], &pool),
        ];
        for i in 0..n / 8 {
            let name = |part: &str| format!("{i}{part}");
            let [a, b, c, d] = ["a", "b", "c", "d"].map(name);
            let [from, to] = [i, i + 1].map(|i| i.to_string());
            nodes.push(node("Conv", &[&from, "w"], &[&a], &window));
            nodes.push(node("Relu", &[&a], &[&b], &[]));
            nodes.push(node("Conv", &[&b, "w"], &[&c], &window));
            nodes.push(node("Add", &[&c, &from], &[&d], &[]));
            nodes.push(node("Relu", &[&d], &[&to], &[]));
        }
        nodes.push(node(
            "GlobalAveragePool",
            &[&(n / 8).to_string()],
            &["y"],
            &[],
        ));
        let weights = [zeros("stem", &[8, 3, 7, 7]), zeros("w", &[8, 8, 3, 3])];
        model(&graph(&nodes, &weights))
    }),
    costly("onnx", "a node of many inputs", |n| {
        model(&graph(&[node("Concat", &vec!["x"; n], &["y"], &[])], &[]))
    }),
    costly("onnx", "a node of many outputs", |n| {
        let names: Vec<_> = (0..n).map(|i| i.to_string()).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        model(&graph(&[node("Relu", &["x"], &names, &[])], &[]))
    }),
    costly("onnx", "a node of many attributes", |n| {
        model(&graph(
            &[node("Relu", &["x"], &["y"], &vec![int("a", 1); n])],
            &[],
        ))
    }),
    costly("onnx", "an attribute of many numbers", |n| {
        model(&graph(
            &[node("Relu", &["x"], &["y"], &[ints("a", &vec![1; n])])],
            &[],
        ))
    }),
    costly("onnx", "many tensors", |n| {
        let tensors: Vec<_> = (0..n).map(|i| tensor(&i.to_string(), 1, &[0])).collect();
        model(&graph(&chain(1, "x"), &tensors))
    }),
    costly("onnx", "many sides", |n| {
        model(&graph(&chain(1, "x"), &[tensor("a", 1, &vec![0; n])]))
    }),
    costly("onnx", "many files beside it", |n| {
        let tensors =
            (0..n).map(|i| external(&i.to_string(), &[1], &[("location", &i.to_string())]));
        model(&graph(&chain(1, "x"), &tensors.collect::<Vec<_>>()))
    }),
    costly("onnx", "empty nodes", |n| {
        model(&graph(&vec![Message::default(); n], &[]))
    }),
    costly("onnx", "a long name", |n| {
        let long = "n".repeat(n);
        model(&graph(&[node(&long, &["x", &long], &["y"], &[])], &[]))
    }),
    costly("labels", "numbers", |n| {
        format!("[0{}]", ",0".repeat(n)).into_bytes()
    }),
    costly("labels", "one long label that is none", |n| {
        format!("[[0{}]]", ",0".repeat(n)).into_bytes()
    }),
    costly("labels", "lines", |n| "a\n".repeat(n).into_bytes()),
    costly("labels", "numbered lines", |n| {
        let lines = (0..n).map(|i| format!("{i}:a\n"));
        lines.collect::<String>().into_bytes()
    }),
    costly("labels", "a table", |n| {
        let rows = (0..n).map(|i| format!("{i},\"a\"\n"));
        ("index,label\n".to_owned() + &rows.collect::<String>()).into_bytes()
    }),
    costly("labels", "a dictionary of Python's", |n| {
        let entries = (0..n).map(|i| format!("{i}:'a',"));
        format!("{{{}}}", entries.collect::<String>()).into_bytes()
    }),
    costly("labels", "commas of Python's", |n| {
        format!("[{}]", ",".repeat(n)).into_bytes()
    }),
];

/// Nodes from `first` to `y`, one after the other.
fn chain(n: usize, first: &str) -> Vec<Message> {
    let nodes = (0..n).map(|i| {
        let from = if i == 0 {
            first.to_owned()
        } else {
            i.to_string()
        };
        let to = if i + 1 == n {
            "y".to_owned()
        } else {
            (i + 1).to_string()
        };
        node("Relu", &[&from], &[&to], &[])
    });
    nodes.collect()
}

/// `a.a.a.…` and the end.
fn parted(n: usize, end: &str) -> String {
    "a.".repeat(n) + end
}

/// A pickle as it grows.
struct Pickle(Vec<u8>);

impl Pickle {
    fn new() -> Self {
        Self(b"\x80\x02".to_vec())
    }

    /// Adds opcodes as they are.
    fn op(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    fn times(self, n: usize, each: impl Fn(Self) -> Self) -> Self {
        (0..n).fold(self, |pickle, _| each(pickle))
    }

    /// Keeps the top of the stack in the memo.
    fn keep(self, place: u8) -> Self {
        self.op(&[b'q', place])
    }

    /// Takes a value from the memo.
    fn get(self, place: u8) -> Self {
        self.op(&[b'h', place])
    }

    fn named(self, text: &str) -> Self {
        let length = (text.len() as u32).to_le_bytes();
        self.op(b"X").op(&length).op(text.as_bytes())
    }

    fn text(self, n: usize) -> Self {
        self.named(&"t".repeat(n))
    }

    fn global(self, module: &str, name: &str) -> Self {
        self.op(format!("c{module}\n{name}\n").as_bytes())
    }

    /// A module without tensors of its own.
    fn module(self, modules: impl Fn(Self) -> Self) -> Self {
        let object = self.global("m", "C").op(b")\x81}").named("_modules");
        modules(object).op(b"sb")
    }

    /// What makes a storage of one number.
    fn storage(self, class: &str, key: &str) -> Self {
        let fields = self.op(b"(").named("storage").global("torch", class);
        fields.named(key).named("cpu").op(b"K\x01t")
    }

    /// Keeps what makes a tensor of one number, of so many sides: storage, arguments, function.
    fn with_tensor(key: &str, sides: usize) -> Self {
        let pickle = Self::new().storage("FloatStorage", key).op(b"Q").keep(0);
        let ones = |p: Self| p.op(b"(").times(sides, |p| p.op(b"K\x01")).op(b"t");
        let pickle = ones(ones(pickle.op(b"(").get(0).op(b"K\x00")));
        let pickle = pickle.op(b"\x89}t").keep(1);
        pickle.global("torch._utils", "_rebuild_tensor_v2").keep(2)
    }

    /// The tensor that was kept.
    fn tensor(self) -> Self {
        self.get(2).get(1).op(b"R")
    }

    /// The archive that `torch.save` makes of it.
    fn zip(self) -> Vec<u8> {
        self.zip_with(&[("data/0", b"\0\0\0\0")])
    }

    fn zip_with(self, files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut archive = rawzip::ZipArchiveWriter::new(&mut bytes);
        let pickle = self.op(b".").0;
        let files = files.iter().copied();
        for (name, content) in [("data.pkl", &*pickle)].into_iter().chain(files) {
            let path = format!("archive/{name}");
            let (mut entry, config) = archive.new_file(&path).start().unwrap();
            let mut writer = config.wrap(&mut entry);
            writer.write_all(content).unwrap();
            let (_, descriptor) = writer.finish().unwrap();
            entry.finish(descriptor).unwrap();
        }
        archive.finish().unwrap();
        bytes
    }
}

/// The smallest ResNet, in the stream before PyTorch 1.6, all zero. Its vectors are views of every `step`th number from
/// the first on.
pub fn network_of_views(step: usize) -> Vec<u8> {
    let config = ResNetConfig {
        repetitions: vec![1, 1, 1, 1],
        ..ResNetConfig::torchvision(Depth::D18, 10)
    };
    let int = |p: Pickle, value: usize| p.op(b"J").op(&(value as u32).to_le_bytes());
    let tuple = |p: Pickle, values: &[usize]| values.iter().fold(p.op(b"("), |p, &v| int(p, v));
    let mut pickle = Pickle::new().storage("FloatStorage", "0").op(b"Q").keep(0);
    pickle = pickle.global("torch._utils", "_rebuild_tensor_v2").keep(1);
    pickle = pickle.op(b"}(");
    let mut numbers = 0;
    for TensorSpec { name, shape } in NetworkSpec::new(&config).unwrap().tensors() {
        let (offset, strides) = match &shape[..] {
            [_] => (0, vec![step]),
            sides => {
                let strides = (1..=sides.len()).map(|i| sides[i..].iter().product());
                (numbers, strides.collect())
            }
        };
        pickle = int(pickle.named(&name).get(1).op(b"(").get(0), offset);
        pickle = tuple(tuple(pickle, &shape).op(b"t"), &strides).op(b"t");
        pickle = pickle.op(b"\x89}tR");
        numbers += shape.iter().product::<usize>();
    }
    let keys = Pickle::new().op(b"](").named("0").op(b"e");
    let count = (numbers as u64).to_le_bytes();
    let file = legacy(pickle.op(b"u"), keys, 0);
    [&file[..], &count, &vec![0; 4 * numbers]].concat()
}

/// The stream of `torch.save` before PyTorch 1.6, of so many storages, all empty.
fn legacy(object: Pickle, keys: Pickle, storages: usize) -> Vec<u8> {
    let magic = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
    let preamble = [&magic[..], b"\x80\x02M\xe9\x03.", b"\x80\x02}."].concat();
    [
        preamble,
        object.op(b".").0,
        keys.op(b".").0,
        vec![0; 8 * storages],
    ]
    .concat()
}

fn safetensors(header: &str) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat()
}

fn empty_tensor(name: &str, shape: &str) -> String {
    format!("\"{name}\":{{\"dtype\":\"F32\",\"shape\":{shape},\"data_offsets\":[0,0]}}")
}

/// A burnpack file of these tensors, each described alike.
fn burnpack(names: &[String], fields: &[(&str, &[u64])]) -> Vec<u8> {
    let mut index = Vec::new();
    let mut encoder = minicbor::Encoder::new(&mut index);
    let result = (|| {
        encoder.map(1)?.str("tensors")?.map(names.len() as u64)?;
        for name in names {
            encoder.str(name)?.map(fields.len() as u64 + 1)?;
            encoder.str("dtype")?.str("F32")?;
            for (field, numbers) in fields {
                encoder.str(field)?.array(numbers.len() as u64)?;
                for &number in *numbers {
                    encoder.u64(number)?;
                }
            }
        }
        Ok::<_, minicbor::encode::Error<_>>(())
    })();
    result.unwrap();
    let length = (index.len() as u32).to_le_bytes();
    [&b"NRUB\x01\x00"[..], &length, &index].concat()
}
