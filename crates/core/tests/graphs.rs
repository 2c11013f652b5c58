//! Graphs of ONNX that are written line by line: which network each is, which values its tensors have, and what is said of those
//! that are no ResNet or that want to do harm. Files of real exporters are in `tests/onnx.rs` of the repository.

mod support {
    pub mod graph;
}

use resnet_web_core::image::{ChannelOrder, PreprocessingChoice};
use resnet_web_core::resnet::config::{
    AntiAliasing, Attention, HeadLayer, ShortcutKind, Stem, StemConvolutions, StemPool,
};
use resnet_web_core::resnet::{BlockKind, Head, ResNetConfig, StrideOn};
use resnet_web_core::weights::{
    Assumption, ByteSource, Choices, Note, TensorSource, WeightError, WeightFile,
};
use support::graph::{bytes, model, number};

/// A network of one stage with one block, as PyTorch exports it.
const SMALL: &str = "
    input image 0 3 32 32
    f32 stem.w 8 3 7 7
    f32 stem.b 8
    Conv image stem.w stem.b -> stem kernel_shape=7,7 strides=2,2 pads=3,3,3,3
    Relu stem -> stem.relu
    MaxPool stem.relu -> x kernel_shape=3,3 strides=2,2 pads=1,1,1,1
    f32 one.w 8 8 3 3
    f32 one.b 8
    Conv x one.w one.b -> one kernel_shape=3,3 pads=1,1,1,1
    Relu one -> one.relu
    f32 two.w 8 8 3 3
    f32 two.b 8
    Conv one.relu two.w two.b -> two kernel_shape=3,3 pads=1,1,1,1
    Add two x -> sum
    Relu sum -> map
    GlobalAveragePool map -> pooled
    Flatten pooled -> features axis=1
    f32 fc.w 5 8
    f32 fc.b 5
    Gemm features fc.w fc.b -> logits transB=1
    output logits
";

/// The same with lines in place of others.
fn changed(changes: &[(&str, &str)]) -> String {
    let mut text = SMALL.to_owned();
    for (line, instead) in changes {
        assert!(text.contains(line), "no «{line}» to change");
        text = text.replace(line, instead);
    }
    text
}

fn small() -> ResNetConfig {
    ResNetConfig {
        stem: Stem {
            channels: 8,
            ..Stem::default()
        },
        widths: vec![8],
        ..ResNetConfig::of(BlockKind::NoBottleneck, vec![1], 5)
    }
}

fn open(model: &[u8]) -> Result<WeightFile<'_>, WeightError> {
    WeightFile::open(model, &Choices::default())
}

const RELU: &str = "Relu one -> one.relu";
const POOL: &str = "MaxPool stem.relu -> x kernel_shape=3,3 strides=2,2 pads=1,1,1,1";
const ADD: &str = "Add two x -> sum";
const FLATTEN: &str = "Flatten pooled -> features axis=1";
const GLOBAL: &str = "GlobalAveragePool map -> pooled";
const GEMM: &str = "Gemm features fc.w fc.b -> logits transB=1";
const OUTPUT: &str = "output logits";
const STEM: &str = "Conv image stem.w stem.b -> stem kernel_shape=7,7 strides=2,2 pads=3,3,3,3";

type Changes = &'static [(&'static str, &'static str)];
/// What it is, how it differs from [`SMALL`], and how its config does.
type Case = (&'static str, Changes, fn(&mut ResNetConfig));

const SAME: fn(&mut ResNetConfig) = |_| {};

fn cases() -> Vec<Case> {
    vec![
        ("PyTorch's export", &[], SAME),
        (
            "nodes in another order",
            &[(RELU, ""), (OUTPUT, "output logits\nRelu one -> one.relu")],
            SAME,
        ),
        (
            "what changes nothing",
            &[(
                RELU,
                "Cast one -> cast to=1\nIdentity cast -> same\nDropout same -> dropped mask\nRelu dropped -> one.relu",
            )],
            SAME,
        ),
        (
            "Clip as a ReLU",
            &[(RELU, "floats zero 0\nClip one zero -> one.relu")],
            SAME,
        ),
        (
            "the addition the other way round",
            &[(ADD, "Add x two -> sum")],
            SAME,
        ),
        (
            "batch norm in a node of its own",
            &[(
                "Conv x one.w one.b -> one",
                "f32 g 8\nf32 h 8\nf32 m 8\nf32 v 8\nBatchNormalization raw g h m v -> one\nConv x one.w -> raw",
            )],
            SAME,
        ),
        (
            "a factor and a summand as batch norm",
            &[(
                "Conv x one.w one.b -> one",
                "f32 g 1 8 1 1\nf32 h 8 1 1\nMul raw g -> scaled\nAdd h scaled -> one\nConv x one.w -> raw",
            )],
            SAME,
        ),
        (
            "padding in a node of its own, for the pool too",
            &[
                (
                    STEM,
                    "ints pads 0 0 3 3 0 0 3 3\nPad image pads -> wide\nConv wide stem.w stem.b -> stem strides=2,2",
                ),
                (
                    POOL,
                    "ints pool.pads 0 0 1 1 0 0 1 1\nPad stem.relu pool.pads -> framed\nMaxPool framed -> x kernel_shape=3,3 strides=2,2",
                ),
            ],
            SAME,
        ),
        (
            "TensorFlow's image, channels last",
            &[(
                "input image 0 3 32 32",
                "input pixels 0 32 32 3\nTranspose pixels -> image perm=0,3,1,2",
            )],
            SAME,
        ),
        (
            "a matrix product and a sum as linear layer",
            &[
                ("f32 fc.w 5 8", "f32 fc.w 8 5"),
                (
                    GEMM,
                    "MatMul features fc.w -> product\nAdd product fc.b -> logits",
                ),
            ],
            SAME,
        ),
        (
            "a 1x1 convolution as linear layer",
            &[
                ("f32 fc.w 5 8", "f32 fc.w 5 8 1 1"),
                (FLATTEN, "Conv pooled fc.w fc.b -> classified"),
                (GEMM, "Flatten classified -> logits"),
            ],
            SAME,
        ),
        (
            "a mean over height and width, and a softmax at the end",
            &[
                (GLOBAL, "ReduceMean map -> features axes=2,3 keepdims=0"),
                (FLATTEN, ""),
                (
                    OUTPUT,
                    "Softmax logits -> probabilities axis=-1\noutput probabilities",
                ),
            ],
            SAME,
        ),
        (
            "a sigmoid of one logit",
            &[
                ("f32 fc.w 5 8", "f32 fc.w 1 8"),
                ("f32 fc.b 5", "f32 fc.b 1"),
                (OUTPUT, "Sigmoid logits -> probability\noutput probability"),
            ],
            |config| config.classes = 1,
        ),
        (
            "one logit of each image, without an axis of its own",
            &[
                ("f32 fc.w 5 8", "f32 fc.w 1 8"),
                ("f32 fc.b 5", "f32 fc.b 1"),
                (
                    OUTPUT,
                    "ints axis 1\nSqueeze logits axis -> logit\nSigmoid logit -> probability\noutput probability",
                ),
            ],
            |config| config.classes = 1,
        ),
        (
            "one image's logits as a list",
            &[(
                OUTPUT,
                "ints all -1\nReshape logits all -> list\nSoftmax list -> probabilities axis=0\noutput probabilities",
            )],
            SAME,
        ),
        (
            "an average over all of the map, its shape worked out",
            &[
                (GLOBAL, "AveragePool map -> pooled kernel_shape=8,8"),
                (
                    FLATTEN,
                    "Shape pooled -> sides\nints first 0\nints open -1\nGather sides first -> batch\nConcat batch open -> shape axis=0\nReshape pooled shape -> features",
                ),
            ],
            SAME,
        ),
        (
            "an average over all of the map and its padding, which does not count",
            &[(
                GLOBAL,
                "AveragePool map -> pooled kernel_shape=9,9 pads=1,1,0,0",
            )],
            SAME,
        ),
        (
            "no head",
            &[(GEMM, ""), (OUTPUT, "output features")],
            |config| config.classes = 0,
        ),
        ("the map as output", &[(OUTPUT, "output map")], |config| {
            config.classes = 0
        }),
        (
            "several outputs, of which the second is what counts",
            &[(OUTPUT, "Tanh logits -> odd\noutput odd\noutput logits")],
            SAME,
        ),
        (
            "a head of several layers",
            &[(
                GEMM,
                "f32 a.w 6 8\nf32 a.b 6\nGemm features a.w a.b -> a transB=1\nRelu a -> b\nf32 fc2.w 5 6\nGemm b fc2.w fc.b -> logits transB=1",
            )],
            |config| {
                config.head_layers = vec![
                    HeadLayer::Linear {
                        outputs: 6,
                        bias: true,
                    },
                    HeadLayer::Relu,
                    HeadLayer::Linear {
                        outputs: 5,
                        bias: true,
                    },
                ]
            },
        ),
        (
            "a flatten head",
            &[
                (GLOBAL, ""),
                (FLATTEN, "Flatten map -> features axis=1"),
                ("f32 fc.w 5 8", "f32 fc.w 5 512"),
            ],
            |config| config.head = Head::Flatten { input_width: 32 },
        ),
        (
            "concatenated pools",
            &[
                (
                    GLOBAL,
                    "GlobalMaxPool map -> largest\nGlobalAveragePool map -> mean\nConcat largest mean -> pooled axis=1",
                ),
                ("f32 fc.w 5 8", "f32 fc.w 5 16"),
            ],
            |config| config.head = Head::ConcatPool,
        ),
        (
            "a stem for small images",
            &[
                ("f32 stem.w 8 3 7 7", "f32 stem.w 8 3 3 3"),
                (
                    STEM,
                    "Conv image stem.w stem.b -> stem kernel_shape=3,3 pads=1,1,1,1",
                ),
                (POOL, "Identity stem.relu -> x"),
            ],
            |config| {
                config.stem = Stem {
                    convolutions: StemConvolutions::Conv3x3,
                    channels: 8,
                    pool: StemPool::None,
                }
            },
        ),
        (
            "Caffe's pool over the end",
            &[(
                POOL,
                "MaxPool stem.relu -> x kernel_shape=3,3 strides=2,2 ceil_mode=1",
            )],
            |config| config.stem.pool = StemPool::MaxOverEnd,
        ),
        (
            "TensorFlow's SAME pool over the end",
            &[(
                POOL,
                "MaxPool stem.relu -> x kernel_shape=3,3 strides=2,2 auto_pad=SAME_UPPER",
            )],
            |config| config.stem.pool = StemPool::MaxOverEnd,
        ),
        (
            "a max pool that is kept from aliasing",
            &[(
                POOL,
                "MaxPool stem.relu -> m kernel_shape=3,3 pads=1,1,1,1\nints mirror 0 0 1 1 0 0 1 1\nPad m mirror -> framed mode=reflect\nfloats k 0.0625 0.125 0.0625 0.125 0.25 0.125 0.0625 0.125 0.0625\nints single 1 1 3 3\nints all 8 1 3 3\nReshape k single -> kernel\nExpand kernel all -> blur.w\nConv framed blur.w -> x group=8 strides=2,2",
            )],
            |config| config.anti_aliasing = Some(AntiAliasing::Blur),
        ),
        (
            "squeeze-and-excitation",
            &[(
                ADD,
                "GlobalAveragePool two -> s0\nf32 s1.w 4 8 1 1\nf32 s1.b 4\nConv s0 s1.w s1.b -> s1\nRelu s1 -> s2\nf32 s3.w 8 4 1 1\nf32 s3.b 8\nConv s2 s3.w s3.b -> s3\nSigmoid s3 -> gate\nMul two gate -> gated\nAdd gated x -> sum",
            )],
            |config| config.attention = Some(Attention::SqueezeExcite { reduced: vec![4] }),
        ),
        (
            "efficient channel attention",
            &[(
                ADD,
                "ReduceMean two -> s0 axes=2,3 keepdims=0\nints row 0 1 -1\nReshape s0 row -> s1\nf32 s.w 1 1 3\nConv s1 s.w -> s2 kernel_shape=3, pads=1,1\nSigmoid s2 -> s3\nints column 0 -1 1 1\nReshape s3 column -> gate\nMul gate two -> gated\nAdd gated x -> sum",
            )],
            |config| config.attention = Some(Attention::EfficientChannel { kernels: vec![3] }),
        ),
        (
            "a second stage, its shortcut an average and a projection",
            &[
                (
                    GLOBAL,
                    "f32 p.w 16 8 3 3\nConv map p.w -> p kernel_shape=3,3 strides=2,2 pads=1,1,1,1\nRelu p -> p.relu\nf32 q.w 16 16 3 3\nConv p.relu q.w -> q kernel_shape=3,3 pads=1,1,1,1\nAveragePool map -> halved kernel_shape=2,2 strides=2,2 ceil_mode=1\nf32 r.w 16 8 1 1\nConv halved r.w -> r\nAdd q r -> t\nRelu t -> second\nGlobalAveragePool second -> pooled",
                ),
                ("f32 fc.w 5 8", "f32 fc.w 5 16"),
            ],
            |config| {
                config.repetitions = vec![1, 1];
                config.widths = vec![8, 16];
                config.shortcut = ShortcutKind::AveragePool;
            },
        ),
        (
            "a second stage, its shortcut padded with channels of zeros",
            &[
                (
                    GLOBAL,
                    "f32 p.w 16 8 3 3\nConv map p.w -> p kernel_shape=3,3 strides=2,2 pads=1,1,1,1\nRelu p -> p.relu\nf32 q.w 16 16 3 3\nConv p.relu q.w -> q kernel_shape=3,3 pads=1,1,1,1\nints from 0 0\nints to 99999999 99999999\nints axes 2 3\nints by 2 2\nSlice map from to axes by -> halved\nints zeros 0 4 0 0 0 4 0 0\nPad halved zeros -> r\nAdd q r -> t\nRelu t -> second\nGlobalAveragePool second -> pooled",
                ),
                ("f32 fc.w 5 8", "f32 fc.w 5 16"),
            ],
            |config| {
                config.repetitions = vec![1, 1];
                config.widths = vec![8, 16];
                config.shortcut = ShortcutKind::ZeroPadded;
            },
        ),
        (
            "bottlenecks, the stride on the first 1x1",
            &[
                (
                    GLOBAL,
                    "f32 p.w 2 8 1 1\nConv map p.w -> p strides=2,2\nRelu p -> p.relu\nf32 q.w 2 2 3 3\nConv p.relu q.w -> q kernel_shape=3,3 pads=1,1,1,1\nRelu q -> q.relu\nf32 u.w 8 2 1 1\nConv q.relu u.w -> u\nf32 r.w 8 8 1 1\nConv map r.w -> r strides=2,2\nAdd u r -> t\nRelu t -> second\nGlobalAveragePool second -> pooled",
                ),
                (
                    "Conv one.relu two.w two.b -> two kernel_shape=3,3 pads=1,1,1,1",
                    "Conv one.relu two.w two.b -> b kernel_shape=3,3 pads=1,1,1,1\nRelu b -> b.relu\nf32 three.w 8 2 1 1\nConv b.relu three.w -> two",
                ),
                ("f32 one.w 8 8 3 3", "f32 one.w 2 8 1 1"),
                ("f32 one.b 8", "f32 one.b 2"),
                ("f32 two.w 8 8 3 3", "f32 two.w 2 2 3 3"),
                ("f32 two.b 8", "f32 two.b 2"),
                (
                    "Conv x one.w one.b -> one kernel_shape=3,3 pads=1,1,1,1",
                    "Conv x one.w one.b -> one",
                ),
            ],
            |config| {
                config.block = BlockKind::Bottleneck;
                config.repetitions = vec![1, 1];
                config.widths = vec![2, 2];
                config.stride_on = StrideOn::Conv1;
            },
        ),
    ]
}

#[test]
fn a_graph_is_read_as_the_network_that_it_computes() {
    let mut report = Vec::new();
    for (name, changes, change) in cases() {
        let mut expected = small();
        change(&mut expected);
        match open(&model(&changed(changes))) {
            Ok(mut file) => {
                let found = &file.metadata().network;
                if *found != expected {
                    report.push(format!("{name}: {found:?}\n    instead of {expected:?}"));
                }
                for tensor in file.spec().tensors() {
                    if let Err(error) = file.take(&tensor.name, &tensor.shape) {
                        report.push(format!("{name}: {error}"));
                    }
                }
            }
            Err(error) => report.push(format!("{name}: {error}")),
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

/// Bytes that count up from 1, as 32-bit floats.
fn counted(count: usize) -> Vec<f32> {
    (1..=count).map(|i| i as f32).collect()
}

#[test]
fn a_tensor_has_the_values_that_the_graph_computes_with() {
    /// What it is, how it differs from [`SMALL`], a tensor of the network, and its first values.
    type Case = (&'static str, Changes, &'static str, &'static [f32]);
    let cases: &[Case] = &[
        (
            "a weight as it is",
            &[],
            "layer1.0.conv1.weight",
            &[1.0, 2.0, 3.0],
        ),
        (
            "a bias is a batch norm's",
            &[],
            "layer1.0.bn1.bias",
            &[1.0, 2.0, 3.0],
        ),
        (
            "a matrix is transposed",
            &[
                ("f32 fc.w 5 8", "f32 fc.w 8 5"),
                (
                    GEMM,
                    "MatMul features fc.w -> product\nAdd product fc.b -> logits",
                ),
            ],
            "fc.weight",
            &[1.0, 6.0, 11.0],
        ),
        (
            "a kernel of TensorFlow's is permuted",
            &[(
                "f32 one.w 8 8 3 3",
                "f32 hwio 3 3 8 8\nTranspose hwio -> one.w perm=3,2,0,1",
            )],
            "layer1.0.conv1.weight",
            &[1.0, 65.0, 129.0],
        ),
        (
            "batch norm with another epsilon",
            &[(
                "Conv x one.w one.b -> one",
                "floats g 2 2 2 2 2 2 2 2\nf32 h 8\nfloats m 1 1 1 1 1 1 1 1\nfloats v 3 3 3 3 3 3 3 3\nBatchNormalization raw g h m v -> one epsilon=1.0\nConv x one.w -> raw",
            )],
            "layer1.0.bn1.bias",
            // 2 (0 - 1) / sqrt(3 + 1) + 1
            &[0.0, 1.0, 2.0],
        ),
        (
            "numbers of 8 bits with a scale",
            &[(
                "f32 one.w 8 8 3 3",
                "i8 whole 8 8 3 3\nfloats scale 0.5\nDequantizeLinear whole scale -> one.w",
            )],
            "layer1.0.conv1.weight",
            &[0.5, 1.0, 1.5],
        ),
        (
            "a scale for each output channel of a matrix that is transposed",
            &[
                (
                    "f32 fc.w 5 8",
                    "i8 whole 8 5\nfloats scale 1 10 100 1000 10000\nDequantizeLinear whole scale -> fc.w axis=1",
                ),
                (
                    GEMM,
                    "MatMul features fc.w -> product\nAdd product fc.b -> logits",
                ),
            ],
            "fc.weight",
            &[1.0, 6.0, 11.0, 16.0, 21.0, 26.0, 31.0, 36.0, 20.0, 70.0],
        ),
        (
            "a zero point",
            &[(
                "f32 one.w 8 8 3 3",
                "i8 whole 8 8 3 3\nfloats scale 0.5\ni8 zero 1\nDequantizeLinear whole scale zero -> one.w",
            )],
            "layer1.0.conv1.weight",
            &[0.0, 0.5, 1.0],
        ),
        (
            "a constant that is worked out",
            &[(
                "f32 one.b 8",
                "floats a 1 2 3 4 5 6 7 8\nfloats b 10\nMul a b -> one.b",
            )],
            "layer1.0.bn1.bias",
            &[10.0, 20.0],
        ),
    ];
    let mut report = Vec::new();
    for (name, changes, tensor, expected) in cases {
        let model = model(&changed(changes));
        let values = open(&model).and_then(|mut file| {
            let tensors = file.spec().tensors();
            let spec = tensors
                .into_iter()
                .find(|spec| spec.name == *tensor)
                .expect("it has the tensor");
            file.take(&spec.name, &spec.shape)
        });
        match values {
            Ok(values)
                if values
                    .iter()
                    .zip(*expected)
                    .all(|(x, y)| (x - y).abs() < 1e-5 * y.abs().max(1.0)) => {}
            Ok(values) => report.push(format!(
                "{name}: {:?} instead of {expected:?}",
                &values[..expected.len()]
            )),
            Err(error) => report.push(format!("{name}: {error}")),
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

#[test]
fn a_graph_says_how_images_are_normalised() {
    let usual = |image: &'static str| vec![("input image 0 3 32 32", image)];
    let normalised = "input pixels 0 3 64 64
        floats mean 0.5 0.25 0.125
        floats std 0.5 0.25 0.2
        ints shape 1 3 1 1
        Reshape mean shape -> m
        Reshape std shape -> s
        Sub pixels m -> centred
        Div centred s -> image";
    let reversed = "input pixels 0 32 32 3
        ints order 2 1 0
        Gather pixels order -> bgr axis=3
        floats mean 102 127.5 204
        Sub bgr mean -> centred
        Transpose centred -> image perm=0,3,1,2";
    let sized = PreprocessingChoice {
        resize_short_side: Some(40),
        crop: Some(30),
        ..PreprocessingChoice::default()
    };
    let file = |changes: Vec<(&str, &str)>| {
        let model = model(&changed(&changes));
        let file = open(&model).expect("it loads");
        let mut choices = Choices::default();
        choices.preprocessing = Some(sized);
        let open = WeightFile::open(&model[..], &choices).expect("it loads");
        let assumed =
            [&file, &open].map(|file| file.assumed().contains(&Assumption::Preprocessing));
        (file.metadata().preprocessing, assumed)
    };
    // How images get their size is no graph's to say.
    let (nothing, no_size) = ([true, true], [true, false]);
    let (plain, assumed) = file(Vec::new());
    assert_eq!((plain.crop, assumed), (32, nothing));

    let (found, assumed) = file(usual(normalised));
    assert_eq!(found.mean, [0.5, 0.25, 0.125]);
    assert_eq!(found.std, [0.5, 0.25, 0.2]);
    assert_eq!((found.crop, assumed), (64, no_size));

    let (found, _) = file(usual(reversed));
    assert_eq!(found.mean, [0.4, 0.5, 0.8]);
    assert_eq!(found.std, [1.0 / 255.0; 3]);
    assert_eq!(format!("{:?}", found.channel_order), "Bgr");

    let bytes = "bytes pixels 0 3 32 32\nCast pixels -> image to=1";
    let (found, assumed) = file(usual(bytes));
    assert_eq!(
        (found.mean, found.std, found.range),
        ([0.0; 3], [1.0; 3], 255.0)
    );
    assert_eq!(assumed, no_size, "bytes are not normalised outside");
}

#[test]
fn what_a_graph_shows_is_not_described_once_more() {
    let model = model(&changed(&[(
        "input image 0 3 32 32",
        "input pixels 0 3 32 32\nfloats half 0.5\nSub pixels half -> image",
    )]));
    let preprocessing = |mean: f32| PreprocessingChoice {
        mean: Some([mean; 3]),
        crop: Some(30),
        ..PreprocessingChoice::default()
    };
    let mut beside = Choices::default();
    beside.stride_on = Some(StrideOn::Conv1);
    beside.preprocessing = Some(preprocessing(0.25));
    let mut choices = beside.clone();
    choices.preprocessing = None;
    choices.described = Some(Box::new(beside));
    let open = |choices: &Choices| {
        let file = WeightFile::open(&model[..], choices).expect("it loads");
        let metadata = file.metadata();
        let found = metadata.preprocessing;
        (metadata.network.stride_on, found.mean, found.crop)
    };
    assert_eq!(open(&choices), (StrideOn::Conv2, [0.5; 3], 30));
    choices.preprocessing = Some(preprocessing(0.75));
    assert_eq!(open(&choices), (StrideOn::Conv2, [0.75; 3], 30));
}

#[test]
fn outputs_that_are_not_the_networks_are_noted() {
    // The outputs, the network's classes, and what is noted.
    let cases: [(&str, usize, &[&str]); 5] = [
        ("output logits", 5, &[]),
        (
            "output features
output logits",
            5,
            &["ignored features"],
        ),
        (
            "output logits
output map
output x",
            5,
            &["ignored map, x"],
        ),
        (
            "Tanh logits -> odd
output odd
output logits",
            5,
            &["ignored odd"],
        ),
        (
            "output map
output features",
            0,
            &["no head", "ignored features"],
        ),
    ];
    let mut report = Vec::new();
    for (outputs, classes, expected) in cases {
        let model = model(&changed(&[(OUTPUT, outputs)]));
        let file = open(&model).expect("it loads");
        let notes = file.notes().iter().map(|note| match note {
            Note::Ignored { tensors } => format!("ignored {tensors}"),
            Note::NoHead => "no head".to_owned(),
            note => format!("{note:?}"),
        });
        let found = (file.metadata().network.classes, notes.collect::<Vec<_>>());
        if found.0 != classes || found.1 != expected {
            report.push(format!("{outputs}: {found:?}"));
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

#[test]
fn numbers_of_channels_are_in_the_order_of_the_network() {
    let model = model(&changed(&[(
        "input image 0 3 32 32",
        "input pixels 0 3 32 32\nints order 2 1 0\nGather pixels order -> image axis=1",
    )]));
    let beside = PreprocessingChoice {
        mean: Some([0.1, 0.2, 0.3]),
        std: Some([0.4, 0.5, 0.6]),
        ..PreprocessingChoice::default()
    };
    let mut of_bgr = beside;
    of_bgr.channel_order = Some(ChannelOrder::Bgr);
    // What is described beside the graph, and the network's order, mean and deviation.
    let cases = [
        (
            None,
            (
                ChannelOrder::Bgr,
                [0.406, 0.456, 0.485],
                [0.225, 0.224, 0.229],
            ),
        ),
        (
            Some(beside),
            (ChannelOrder::Bgr, [0.3, 0.2, 0.1], [0.6, 0.5, 0.4]),
        ),
        (
            Some(of_bgr),
            (ChannelOrder::Rgb, [0.3, 0.2, 0.1], [0.6, 0.5, 0.4]),
        ),
    ];
    let mut report = Vec::new();
    for (preprocessing, expected) in cases {
        let mut described = Choices::default();
        described.preprocessing = preprocessing;
        let mut choices = Choices::default();
        choices.described = Some(Box::new(described));
        let file = WeightFile::open(&model[..], &choices).expect("it loads");
        let found = file.metadata().preprocessing;
        let found = (found.channel_order, found.mean, found.std);
        if found != expected {
            report.push(format!(
                "{preprocessing:?}: {found:?} instead of {expected:?}"
            ));
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

#[test]
fn what_is_no_resnet_is_named() {
    let cases: &[(&str, Changes, &str)] = &[
        (
            "another activation",
            &[(RELU, "LeakyRelu one -> one.relu")],
            "node LeakyRelu \"the one.relu\"",
        ),
        (
            "a node without a name",
            &[(RELU, "Tanh one -> unnamed\nRelu unnamed -> one.relu")],
            "node Tanh \"unnamed\" is no part",
        ),
        (
            "ReLU6",
            &[(
                RELU,
                "floats low 0\nfloats high 6\nClip one low high -> one.relu",
            )],
            "node Clip \"the one.relu\" is no ReLU: it has an upper limit (ReLU6)",
        ),
        (
            "no activation",
            &[(RELU, "Identity one -> one.relu")],
            "node Conv \"the one\"",
        ),
        (
            "a layer between blocks",
            &[(
                GLOBAL,
                "MaxPool map -> odd kernel_shape=3,3\nGlobalAveragePool odd -> pooled",
            )],
            "node MaxPool \"the odd\"",
        ),
        (
            "an average that leaves pixels out, in a map of 2x2 of 3x3",
            &[
                ("input image 0 3 32 32", "input image 0 3 12 12"),
                (
                    GLOBAL,
                    "AveragePool map -> pooled kernel_shape=2,2 strides=2,2",
                ),
            ],
            "node AveragePool \"the pooled\" does not average all of the map",
        ),
        (
            "an average of several windows",
            &[(
                GLOBAL,
                "AveragePool map -> pooled kernel_shape=4,4 strides=4,4",
            )],
            "node AveragePool \"the pooled\" does not average all of the map",
        ),
        (
            "several labels at once",
            &[(OUTPUT, "Sigmoid logits -> odd\noutput odd")],
            "node Sigmoid \"the odd\" of 5 logits is not supported. Export the model without it",
        ),
        (
            "a softmax of one logit",
            &[
                ("f32 fc.w 5 8", "f32 fc.w 1 8"),
                ("f32 fc.b 5", "f32 fc.b 1"),
                (OUTPUT, "Softmax logits -> odd\noutput odd"),
            ],
            "node Softmax \"the odd\" of 1 logits",
        ),
        (
            "a softmax over images",
            &[(OUTPUT, "Softmax logits -> odd axis=0\noutput odd")],
            "node Softmax \"the odd\" is not over the classes",
        ),
        (
            "an activation of features",
            &[(GEMM, ""), (OUTPUT, "Sigmoid features -> odd\noutput odd")],
            "node Sigmoid \"the odd\" of 0 logits",
        ),
        (
            "a cast to whole numbers",
            &[(
                RELU,
                "Cast one -> whole to=6\nCast whole -> float to=1\nRelu float -> one.relu",
            )],
            "node Cast \"the whole\" rounds",
        ),
        (
            "an image of one channel, expanded",
            &[(
                "input image 0 3 32 32",
                "input grey 0 1 32 32\nints shape 1 3 1 1\nExpand grey shape -> image",
            )],
            "node Expand \"the image\"",
        ),
        (
            "an image times -1",
            &[(
                "input image 0 3 32 32",
                "input pixels 0 3 32 32\nfloats factor -1\nMul pixels factor -> image",
            )],
            "its input is multiplied by -1, which is no normalisation. Export",
        ),
        (
            "an image times 0",
            &[(
                "input image 0 3 32 32",
                "input pixels 0 3 32 32\nfloats factor 0\nMul pixels factor -> image",
            )],
            "its input is multiplied by 0, which is no normalisation. Export",
        ),
        (
            "a linear layer that scales",
            &[(GEMM, "Gemm features fc.w fc.b -> logits transB=1 alpha=0.5")],
            "is no linear layer of a constant weight, or scales what that gives. Export the model without it",
        ),
        (
            "padding with ones",
            &[(
                RELU,
                "ints pads 0 0 1 1 0 0 1 1\nfloats value 1\nPad one pads value -> odd\nRelu odd -> one.relu",
            )],
            "node Pad \"the odd\" does not pad height and width with zeros",
        ),
        (
            "a pool that rounds up",
            &[(
                POOL,
                "MaxPool stem.relu -> x kernel_shape=3,3 strides=2,2 pads=1,1,1,1 ceil_mode=1",
            )],
            "rounding (ceil_mode)",
        ),
        (
            "no shortcut",
            &[(ADD, "Identity two -> sum")],
            "is no part of a ResNet there",
        ),
        (
            "a dilated convolution",
            &[(
                "kernel_shape=3,3 pads=1,1,1,1\n    Relu one",
                "kernel_shape=3,3 pads=2,2,2,2 dilations=2,2\n    Relu one",
            )],
            "node Conv \"the one\" is dilated",
        ),
        (
            "uneven padding",
            &[(
                STEM,
                "Conv image stem.w stem.b -> stem strides=2,2 pads=2,2,3,3",
            )],
            "node Conv \"the stem\" pads unevenly",
        ),
        (
            "another stride",
            &[(
                STEM,
                "Conv image stem.w stem.b -> stem strides=1,1 pads=3,3,3,3",
            )],
            "stride of 1, expected 2",
        ),
        (
            "another stem",
            &[("f32 stem.w 8 3 7 7", "f32 stem.w 8 3 5 5")],
            "is in no stem",
        ),
        (
            "a weight from the image",
            &[("Conv x one.w one.b -> one", "Conv x x -> one")],
            "has no constant weight",
        ),
        (
            "a gate that is none",
            &[(ADD, "Mul two x -> odd\nAdd odd x -> sum")],
            "node Mul \"the odd\"",
        ),
        (
            "a projection that is not needed",
            &[(ADD, "f32 r.w 8 8 1 1\nConv x r.w -> r\nAdd two r -> sum")],
            "node Add \"the sum\"",
        ),
        (
            "a bias in place of a weight",
            &[("f32 one.b 8", "f32 one.b 7")],
            "7 numbers for 8 channels",
        ),
        (
            "two images",
            &[(
                "input image 0 3 32 32",
                "input image 0 3 32 32\ninput other 0 3 32 32",
            )],
            "does not have one input",
        ),
        ("no output", &[(OUTPUT, "")], "no output"),
        (
            "an output of nothing",
            &[(OUTPUT, "output nothing")],
            "no node gives its output",
        ),
        (
            "a loop",
            &[(RELU, "Add one one.relu -> one.relu")],
            "waits for itself or for what is not there",
        ),
        (
            "two nodes that wait for each other",
            &[(RELU, "Add one b -> a\nRelu a -> b\nRelu a -> one.relu")],
            "waits for itself or for what is not there",
        ),
        (
            "an input from nowhere",
            &[(RELU, "Relu nowhere -> one.relu")],
            "node Relu \"the one.relu\" waits for",
        ),
        (
            "a shape that is a lie",
            &[("f32 one.w 8 8 3 3", "f32 one.w 8 8 3 3000000")],
            "has 0 bytes",
        ),
        (
            "a side of 2^63",
            &[("f32 one.w 8 8 3 3", "f32 one.w 8 8 3 9223372036854775808")],
            "larger than any file",
        ),
        (
            "a folder above",
            &[("f32 one.w 8 8 3 3", "external one.w ../weights 0 8 8 3 3")],
            "outside its folder",
        ),
        (
            "an absolute path",
            &[("f32 one.w 8 8 3 3", "external one.w /etc/passwd 0 8 8 3 3")],
            "outside its folder",
        ),
        (
            "a drive",
            &[("f32 one.w 8 8 3 3", "external one.w C:weights 0 8 8 3 3")],
            "outside its folder",
        ),
        (
            "an address",
            &[(
                "f32 one.w 8 8 3 3",
                "external one.w https://example.org 0 8 8 3 3",
            )],
            "outside its folder",
        ),
        (
            "a folder",
            &[("f32 one.w 8 8 3 3", "external one.w .. 0 8 8 3 3")],
            "outside its folder",
        ),
        (
            "a file that is not there",
            &[("f32 one.w 8 8 3 3", "external one.w weights.bin 0 8 8 3 3")],
            "`weights.bin`: choose both",
        ),
    ];
    let mut report = Vec::new();
    for (name, changes, words) in cases {
        match open(&model(&changed(changes)))
            .err()
            .map(|error| error.to_string())
        {
            Some(error) if error.contains(words) => {}
            Some(error) => report.push(format!("{name}: no «{words}» in: {error}")),
            None => report.push(format!("{name}: it loads")),
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

#[test]
fn weights_in_a_file_beside_are_read_there() {
    let text = changed(&[("f32 one.w 8 8 3 3", "external one.w weights.bin 4 8 8 3 3")]);
    let model = model(&text);
    let beside: Vec<u8> = counted(577)
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let open = |length: usize| {
        let bytes = &beside[..length];
        let files =
            |name: &str| (name == "weights.bin").then(|| Box::new(bytes) as Box<dyn ByteSource>);
        let mut file = WeightFile::open_beside(&model[..], &files, &Choices::default())?;
        file.take("layer1.0.conv1.weight", &[8, 8, 3, 3])
    };
    assert_eq!(open(beside.len()).expect("it is whole")[..2], [2.0, 3.0]);
    let error = open(beside.len() - 1).expect_err("it is cut short");
    assert!(error.to_string().contains("cut short"), "{error}");
}

#[test]
fn a_damaged_or_hostile_model_is_an_error() {
    let whole = model(SMALL);
    let graph = |graph: &[u8]| [number(1, 8), bytes(7, graph)].concat();
    let many =
        |field: u64, message: &[u8], count: usize| graph(&bytes(field, message).repeat(count));
    let node = [bytes(1, b"a"), bytes(2, b"b"), bytes(4, b"Relu")].concat();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("a million empty nodes", many(1, b"", 1 << 20)),
        ("a million nodes", many(1, &node, 1 << 20)),
        (
            "a million initialisers",
            many(5, &bytes(8, b"same"), 1 << 20),
        ),
        ("a million inputs", many(11, b"", 1 << 20)),
        ("a million outputs", many(12, b"", 1 << 20)),
        (
            "a node of a million inputs",
            graph(&bytes(1, &bytes(1, b"").repeat(1 << 20))),
        ),
        (
            "a list of a million numbers",
            graph(&bytes(1, &bytes(5, &bytes(8, &[1; 1 << 20])))),
        ),
        (
            "a tensor of a million axes",
            graph(&bytes(5, &bytes(1, &[1; 1 << 20]))),
        ),
        (
            "a text of a hundred megabytes",
            graph(&bytes(1, &bytes(3, &vec![b'x'; 100 << 20]))),
        ),
        ("two graphs", [whole.clone(), bytes(7, b"")].concat()),
        (
            "a length beyond the end",
            [number(1, 8), vec![0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f]].concat(),
        ),
        (
            "a length that wraps around",
            [number(1, 8), vec![0x3a], vec![0xff; 9], vec![1]].concat(),
        ),
        (
            "a number that does not end",
            [vec![8, 8, 0x3a], vec![0xff; 64]].concat(),
        ),
        ("a group, which ONNX has none of", vec![8, 8, 0x3b, 0x3c]),
    ];
    let loads = cases.iter().filter(|(_, bytes)| open(bytes).is_ok());
    let names: Vec<_> = loads.map(|(name, _)| name).collect();
    assert!(names.is_empty(), "these load: {names:?}");

    // Whatever a byte becomes, and wherever the file ends: an answer.
    let names = model(SMALL).len();
    for place in (0..names).filter(|place| place % 7 == 0 || *place < 700) {
        let _ = open(&whole[..place]).map(|_| ());
        for value in [0, 0x7f, 0xff] {
            let mut changed = whole.clone();
            changed[place] = value;
            if let Ok(mut file) = open(&changed) {
                let _ = file.take("layer1.0.conv1.weight", &[8, 8, 3, 3]);
            }
        }
    }
}
