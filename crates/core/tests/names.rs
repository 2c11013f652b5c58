//! Which network is found in a file of whose tensors only the names and shapes are known.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{self, Read};

use flate2::read::GzDecoder;
use resnet_web_core::resnet::config::{
    AntiAliasing, Attention, HeadLayer, ShortcutKind, Stem, StemConvolutions, StemPool,
};
use resnet_web_core::resnet::{BlockKind, Depth, Head, NetworkSpec, ResNetConfig, StrideOn};
use resnet_web_core::weights::head::usual_names;
use resnet_web_core::weights::index::{Dtype, Format, TensorEntry, TensorIndex, WeightSets};
use resnet_web_core::weights::infer::infer;
use resnet_web_core::weights::naming::{Backbone, CONVENTIONS, Convention};
use resnet_web_core::weights::{
    Assumption, ByteSource, Choices, Description, Note, TensorSource, WeightFile,
};
use serde::Deserialize;

/// Small networks of the whole family, as the libraries save them.
const FAMILY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/family");

/// What the fixtures say of one.
#[derive(Deserialize)]
struct Member {
    weights: String,
    config: ResNetConfig,
}

fn family() -> Vec<(Member, Vec<u8>)> {
    let files = fs::read_dir(FAMILY)
        .unwrap()
        .map(|file| file.unwrap().path());
    let described = files.filter(|path| path.extension().is_some_and(|end| end == "json"));
    let mut members: Vec<_> = described
        .map(|path| {
            let member: Member = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
            let packed = fs::File::open(format!("{FAMILY}/{}", member.weights)).unwrap();
            let mut bytes = Vec::new();
            GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
            (member, bytes)
        })
        .collect();
    assert!(!members.is_empty());
    members.sort_by(|(a, _), (b, _)| a.weights.cmp(&b.weights));
    members
}

#[test]
fn every_member_of_the_family_is_inferred_from_its_tensors() {
    let mut report = Vec::new();
    for (Member { weights, config }, bytes) in family() {
        let found = match WeightFile::open(bytes.as_slice(), &Choices::default()) {
            Ok(file) => file,
            Err(error) => {
                report.push(format!("{weights}: {error}"));
                continue;
            }
        };
        let network = &found.metadata().network;
        // What tensors do not show is assumed, and said to be.
        let shown = ResNetConfig {
            stride_on: network.stride_on,
            anti_aliasing: network.anti_aliasing,
            stem: Stem {
                pool: network.stem.pool,
                ..config.stem.clone()
            },
            shortcut: network.shortcut,
            ..config.clone()
        };
        if *network != shown {
            report.push(format!("{weights}: {network:?} instead of {shown:?}"));
        }
        for (is_as_it_is, assumption) in [
            (network.stride_on == config.stride_on, Assumption::Stride),
            // Only a graph shows Caffe's pooling, and only graphs have it.
            (
                network.stem == config.stem || config.stem.pool == StemPool::MaxOverEnd,
                Assumption::StemPool,
            ),
            (network.shortcut == config.shortcut, Assumption::Shortcut),
            (
                network.anti_aliasing == config.anti_aliasing,
                Assumption::AntiAliasing,
            ),
        ] {
            if !is_as_it_is && !found.assumed().contains(&assumption) {
                report.push(format!(
                    "{weights}: {assumption:?} is not among what is assumed"
                ));
            }
        }

        let mut choices = Choices::default();
        choices.stride_on = Some(config.stride_on);
        choices.anti_aliasing = config.anti_aliasing;
        choices.stem_pool = Some(config.stem.pool);
        choices.shortcut = Some(config.shortcut);
        let chosen = WeightFile::open(bytes.as_slice(), &choices).unwrap();
        if chosen.metadata().network != config {
            let found = &chosen.metadata().network;
            report.push(format!(
                "{weights}, chosen: {found:?} instead of {config:?}"
            ));
        }
        let of_structure = [
            Assumption::Stride,
            Assumption::StemPool,
            Assumption::Shortcut,
        ];
        if chosen
            .assumed()
            .iter()
            .any(|known| of_structure.contains(known))
        {
            report.push(format!("{weights}, chosen: {:?}", chosen.assumed()));
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

/// The names and shapes of tensors.
type Tensors = Vec<(String, Vec<usize>)>;

/// A safetensors file of these tensors, all of them zeros.
struct Zeros {
    header: Vec<u8>,
    size: u64,
}

impl Zeros {
    fn new(tensors: &Tensors) -> Self {
        let mut end = 0;
        let entries = tensors.iter().map(|(name, shape)| {
            let start = end;
            end += 4 * shape.iter().product::<usize>();
            format!(
                r#""{name}":{{"dtype":"F32","shape":{shape:?},"data_offsets":[{start},{end}]}}"#
            )
        });
        let entries = entries.collect::<Vec<_>>().join(",");
        let mut text = format!("{{{entries}}}");
        // As the library does.
        while !text.len().is_multiple_of(8) {
            text.push(' ');
        }
        let header = [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat();
        let size = (header.len() + end) as u64;
        Self { header, size }
    }
}

impl ByteSource for Zeros {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        for (i, byte) in buffer.iter_mut().enumerate() {
            *byte = self.header.get(offset as usize + i).copied().unwrap_or(0);
        }
        Ok(())
    }
}

/// The tensors of a network under its own names.
fn tensors(config: &ResNetConfig) -> Tensors {
    let tensors = NetworkSpec::new(config).unwrap().tensors();
    tensors.into_iter().map(|t| (t.name, t.shape)).collect()
}

fn basic() -> ResNetConfig {
    ResNetConfig::torchvision(Depth::D18, 10)
}

fn bottleneck() -> ResNetConfig {
    ResNetConfig::torchvision(Depth::D50, 1000)
}

/// Networks for CIFAR: three stages of 16, 32 and 64 channels.
fn cifar() -> ResNetConfig {
    ResNetConfig {
        stem: Stem {
            convolutions: StemConvolutions::Conv3x3,
            channels: 16,
            pool: StemPool::None,
        },
        widths: vec![16, 32, 64],
        ..ResNetConfig::of(BlockKind::NoBottleneck, vec![3, 3, 3], 10)
    }
}

fn resnet_d(config: ResNetConfig) -> ResNetConfig {
    ResNetConfig {
        stem: Stem {
            convolutions: StemConvolutions::Deep { channels: [32, 32] },
            ..Stem::default()
        },
        shortcut: ShortcutKind::AveragePool,
        ..config
    }
}

fn squeezed(config: ResNetConfig) -> ResNetConfig {
    let reduced = config
        .widths
        .iter()
        .map(|width| width * config.block.expansion() / 16);
    ResNetConfig {
        attention: Some(Attention::SqueezeExcite {
            reduced: reduced.collect(),
        }),
        ..config
    }
}

fn pre_activated(config: ResNetConfig) -> ResNetConfig {
    ResNetConfig {
        pre_activation: true,
        ..config
    }
}

/// With the stride where Caffe's networks have it.
fn of_caffe(config: ResNetConfig) -> ResNetConfig {
    ResNetConfig {
        stride_on: StrideOn::Conv1,
        ..config
    }
}

/// Without head.
fn headless(config: ResNetConfig) -> ResNetConfig {
    ResNetConfig {
        classes: 0,
        head_layers: Vec::new(),
        ..config
    }
}

/// The tensors under other names: each of `pairs` is a beginning and what stands in its place, or a part of the name in dots. The first that
/// fits is taken.
fn renamed(tensors: Tensors, pairs: &[(&str, &str)]) -> Tensors {
    let rename = |name: String| {
        let pair = pairs.iter().find(|(from, _)| name.starts_with(from));
        pair.map_or(name.clone(), |(from, to)| name.replacen(from, to, 1))
    };
    tensors
        .into_iter()
        .map(|(name, shape)| (rename(name), shape))
        .collect()
}

/// With parts of names, wherever they stand, replaced.
fn replaced(tensors: Tensors, pairs: &[(&str, &str)]) -> Tensors {
    let replace = |name: String| {
        pairs
            .iter()
            .fold(name, |name, (from, to)| name.replace(from, to))
    };
    tensors
        .into_iter()
        .map(|(name, shape)| (replace(name), shape))
        .collect()
}

fn below(prefix: &str, tensors: Tensors) -> Tensors {
    tensors
        .into_iter()
        .map(|(name, shape)| (format!("{prefix}{name}"), shape))
        .collect()
}

fn with(mut tensors: Tensors, more: &[(&str, &[usize])]) -> Tensors {
    tensors.extend(
        more.iter()
            .map(|(name, shape)| ((*name).to_owned(), shape.to_vec())),
    );
    tensors
}

fn without(mut tensors: Tensors, parts: &[&str]) -> Tensors {
    tensors.retain(|(name, _)| !parts.iter().any(|part| name.contains(part)));
    tensors
}

fn linear(name: &str, inputs: usize, outputs: usize) -> Tensors {
    vec![
        (format!("{name}.weight"), vec![outputs, inputs]),
        (format!("{name}.bias"), vec![outputs]),
    ]
}

fn norm(name: &str, channels: usize) -> Tensors {
    let parts = ["weight", "bias", "running_mean", "running_var"];
    parts
        .map(|part| (format!("{name}.{part}"), vec![channels]))
        .to_vec()
}

/// What is found: whose names, the network's name, the number of classes, and what is said of it.
fn found(tensors: &Tensors, choices: &Choices) -> String {
    let file = match WeightFile::open(Zeros::new(tensors), choices) {
        Ok(file) => file,
        Err(error) => return error.to_string(),
    };
    let metadata = file.metadata();
    let mut said = vec![
        file.convention().name.to_owned(),
        metadata.name.clone(),
        metadata.network.classes.to_string(),
    ];
    said.extend(file.notes().iter().map(|note| match note {
        Note::Ignored { tensors } => format!("ignored {tensors}"),
        Note::Head { layer } => format!("head {layer}"),
        Note::NoHead => "no head".to_owned(),
        other => format!("{other:?}"),
    }));
    let sets = file.weight_sets();
    said.extend(
        sets.taken
            .map(|taken| format!("took {taken} of {}", sets.names.join(", "))),
    );
    said.join("; ")
}

struct Case {
    name: &'static str,
    tensors: Tensors,
    /// The network, where more of it counts than its name.
    config: Option<ResNetConfig>,
    /// What [`found`] says.
    found: &'static str,
}

fn case(name: &'static str, tensors: Tensors, found: &'static str) -> Case {
    Case {
        name,
        tensors,
        config: None,
        found,
    }
}

fn cases() -> Vec<Case> {
    let of = |config: &ResNetConfig| tensors(config);
    let case_of = |name, config: ResNetConfig, tensors, found| Case {
        config: Some(config),
        ..case(name, tensors, found)
    };
    let basic = basic();
    let bottleneck = bottleneck();
    let body = |config: &ResNetConfig| without(of(config), &["fc."]);
    let by_number = [
        ("conv1.", "0."),
        ("bn1.", "1."),
        ("layer1.", "4."),
        ("layer2.", "5."),
        ("layer3.", "6."),
        ("layer4.", "7."),
    ];
    let detectron = |prefix: &str| {
        let inner = replaced(
            body(&bottleneck),
            &[
                ("layer1.", "res2."),
                ("layer2.", "res3."),
                ("layer3.", "res4."),
                ("layer4.", "res5."),
                ("downsample.0.", "shortcut."),
                ("downsample.1.", "shortcut.norm."),
                ("bn1.", "conv1.norm."),
                ("bn2.", "conv2.norm."),
                ("bn3.", "conv3.norm."),
            ],
        );
        let stem = [("conv1.", "stem.conv1."), ("bn1.", "stem.conv1.norm.")];
        below(prefix, renamed(inner, &stem))
    };
    let legacy = |config: &ResNetConfig| {
        let blocks = replaced(of(config), &[(".se.", ".se_module.")]);
        let outside = [
            ("conv1.", "layer0.conv1."),
            ("bn1.", "layer0.bn1."),
            ("fc.", "last_linear."),
        ];
        renamed(blocks, &outside)
    };
    let d = resnet_d(basic.clone());
    let d50 = resnet_d(bottleneck.clone());
    let open_mmlab_stem = [
        ("conv1.0.", "stem.0."),
        ("conv1.1.", "stem.1."),
        ("conv1.3.", "stem.3."),
        ("conv1.4.", "stem.4."),
        ("conv1.6.", "stem.6."),
        ("bn1.", "stem.7."),
    ];
    let embeddings = headless(basic.clone());
    let with_head = |head: Tensors| [body(&basic), head].concat();
    let linear_head = |layers: &[HeadLayer]| ResNetConfig {
        head_layers: layers.to_vec(),
        ..basic.clone()
    };
    let dense = |outputs, bias| HeadLayer::Linear { outputs, bias };
    let (relu, batch_norm) = (HeadLayer::Relu, HeadLayer::BatchNorm);
    let v2 = pre_activated(bottleneck.clone());
    let rs = ResNetConfig {
        stem: Stem {
            pool: StemPool::Convolution,
            ..d50.stem.clone()
        },
        ..squeezed(d50.clone())
    };
    let two = |a: &str, b: &str| {
        let student = below(a, of(&basic));
        [student, below(b, of(&basic))].concat()
    };
    vec![
        // Prefixes, and what is beside.
        case("torchvision", of(&basic), "torchvision; ResNet-18; 10"),
        case(
            "DataParallel",
            below("module.", of(&basic)),
            "torchvision; ResNet-18; 10",
        ),
        case(
            "torch.compile in Lightning, and a loss's buffers beside",
            with(
                below("_orig_mod.model.", of(&basic)),
                &[("criterion.weight", &[10])],
            ),
            "torchvision; ResNet-18; 10; ignored criterion.weight",
        ),
        case(
            "averaged weights, with their counter",
            with(below("module.", of(&basic)), &[("n_averaged", &[])]),
            "torchvision; ResNet-18; 10; ignored n_averaged",
        ),
        case(
            "a backbone and its head under different prefixes",
            renamed(
                of(&basic),
                &[("fc", "model.head.fc"), ("", "model.backbone.")],
            ),
            "torchvision; ResNet-18; 10; head model.head.fc",
        ),
        case(
            "a student and a teacher",
            two("student.", "teacher."),
            "torchvision; ResNet-18; 10; took student of student, teacher",
        ),
        case(
            "a network and the average that is kept of it",
            two("model.", "ema.module."),
            "torchvision; ResNet-18; 10; took model of model, ema.module",
        ),
        case(
            "a small student and a large teacher",
            [below("s.", of(&basic)), below("teacher.", of(&bottleneck))].concat(),
            "torchvision; ResNet-18; 10; took s of s, teacher",
        ),
        case(
            "two networks, of which the larger is taken",
            [below("a.", of(&basic)), below("b.", of(&bottleneck))].concat(),
            "torchvision; ResNet-50; 1000; took b of b, a",
        ),
        // Libraries.
        case_of(
            "OpenMMLab",
            bottleneck.clone(),
            renamed(of(&bottleneck), &[("fc", "head.fc"), ("", "backbone.")]),
            "torchvision; ResNet-50; 1000; head head.fc",
        ),
        case_of(
            "OpenMMLab's ResNetV1d",
            d50.clone(),
            below("backbone.", renamed(of(&d50), &open_mmlab_stem)),
            "torchvision; ResNet-50-D; 1000",
        ),
        case_of(
            "OpenMMLab's ResNetV1d, whose first stage does not average",
            d50.clone(),
            renamed(
                of(&d50),
                &[
                    ("layer1.0.downsample.1.", "layer1.0.downsample.0."),
                    ("layer1.0.downsample.2.", "layer1.0.downsample.1."),
                ],
            ),
            "torchvision; ResNet-50-D; 1000",
        ),
        case_of(
            "Detectron2",
            headless(of_caffe(bottleneck.clone())),
            detectron("backbone.bottom_up."),
            "Detectron2; ResNet-50; 0; no head",
        ),
        case_of(
            "Detectron2's classifier",
            of_caffe(bottleneck.clone()),
            [detectron(""), linear("linear", 2048, 1000)].concat(),
            "Detectron2; ResNet-50; 1000",
        ),
        case_of(
            "Cadene's SE-ResNet",
            squeezed(ResNetConfig {
                stem: Stem {
                    pool: StemPool::MaxOverEnd,
                    ..Stem::default()
                },
                stride_on: StrideOn::Conv1,
                ..bottleneck.clone()
            }),
            legacy(&squeezed(bottleneck.clone())),
            "torchvision; SE-ResNet-50; 1000",
        ),
        case_of(
            "a whole module of timm's resnetblur18",
            ResNetConfig {
                anti_aliasing: Some(AntiAliasing::Blur),
                ..basic.clone()
            },
            with(
                of(&basic),
                &[
                    ("maxpool.1.filt", &[64, 1, 3, 3]),
                    ("layer2.0.aa.filt", &[128, 1, 3, 3]),
                    ("layer3.0.aa.filt", &[256, 1, 3, 3]),
                    ("layer4.0.aa.filt", &[512, 1, 3, 3]),
                ],
            ),
            "torchvision; ResNet-18; 10",
        ),
        case_of(
            "senet.pytorch, without biases",
            squeezed(basic.clone()),
            without(
                replaced(
                    of(&squeezed(basic.clone())),
                    &[(".se.fc1.", ".se.fc.0."), (".se.fc2.", ".se.fc.2.")],
                ),
                &["se.fc.0.bias", "se.fc.2.bias"],
            ),
            "torchvision; SE-ResNet-18; 10",
        ),
        case_of(
            "timm's SE-ResNet-D",
            squeezed(d50.clone()),
            of(&squeezed(d50.clone())),
            "torchvision; SE-ResNet-50-D; 1000",
        ),
        case_of(
            "ResNet-RS",
            rs.clone(),
            of(&rs),
            "torchvision; SE-ResNet-50-D; 1000",
        ),
        case_of(
            "timm's ResNetV2, whose head is a 1x1 convolution",
            v2.clone(),
            of(&v2)
                .into_iter()
                .map(|(name, shape)| match (&*name, &shape[..]) {
                    ("head.fc.weight", &[outputs, inputs]) => (name, vec![outputs, inputs, 1, 1]),
                    _ => (name, shape),
                })
                .collect(),
            "timm's resnetv2; ResNetV2-50; 1000",
        ),
        case_of(
            "fastai",
            ResNetConfig {
                head: Head::ConcatPool,
                ..linear_head(&[
                    batch_norm,
                    dense(512, false),
                    relu,
                    batch_norm,
                    dense(10, false),
                ])
            },
            [
                below("0.", renamed(body(&basic), &by_number)),
                norm("1.2", 1024),
                without(linear("1.4", 1024, 512), &["bias"]),
                norm("1.6", 512),
                without(linear("1.8", 512, 10), &["bias"]),
            ]
            .concat(),
            "torchvision, by number; ResNet-18; 10; head 1.2, 1.4, 1.6, 1.8",
        ),
        case_of(
            "fastai with a network of timm's",
            ResNetConfig {
                head: Head::ConcatPool,
                ..basic.clone()
            },
            [below("0.model.", body(&basic)), linear("1.4", 1024, 10)].concat(),
            "torchvision; ResNet-18; 10; head 1.4",
        ),
        case_of(
            "fastai's xresnet",
            resnet_d(bottleneck.clone()),
            renamed(
                replaced(
                    of(&d50),
                    &[
                        ("downsample.1.", "idpath.1.0."),
                        ("downsample.2.", "idpath.1.1."),
                        (".conv1.w", ".convpath.0.0.w"),
                        (".conv2.w", ".convpath.1.0.w"),
                        (".conv3.w", ".convpath.2.0.w"),
                        (".bn1.", ".convpath.0.1."),
                        (".bn2.", ".convpath.1.1."),
                        (".bn3.", ".convpath.2.1."),
                    ],
                ),
                &[
                    ("conv1.0.", "0.0."),
                    ("conv1.1.", "0.1."),
                    ("conv1.3.", "1.0."),
                    ("conv1.4.", "1.1."),
                    ("conv1.6.", "2.0."),
                    ("bn1.", "2.1."),
                    ("layer1.0.idpath.1.", "4.0.idpath.0."),
                    ("layer1.", "4."),
                    ("layer2.", "5."),
                    ("layer3.", "6."),
                    ("layer4.", "7."),
                    ("fc.", "11."),
                ],
            ),
            "fastai's xresnet; ResNet-50-D; 1000",
        ),
        case_of(
            "a Sequential of torchvision's children and a linear layer",
            basic.clone(),
            [renamed(body(&basic), &by_number), linear("10", 512, 10)].concat(),
            "torchvision, by number; ResNet-18; 10; head 10",
        ),
        case_of(
            "a Sequential of timm's children, whose stem is one",
            d.clone(),
            [
                below(
                    "features.",
                    renamed(body(&d), &[&[("conv1.", "0.")], &by_number[1..]].concat()),
                ),
                linear("classifier", 512, 10),
            ]
            .concat(),
            "torchvision, by number; ResNet-18-D; 10; head classifier",
        ),
        case_of(
            "a Hugging Face model without head",
            embeddings.clone(),
            renamed(
                replaced(
                    body(&basic),
                    &[
                        ("downsample.0.", "shortcut.convolution."),
                        ("downsample.1.", "shortcut.normalization."),
                        (".conv1.w", ".layer.0.convolution.w"),
                        (".conv2.w", ".layer.1.convolution.w"),
                        (".bn1.", ".layer.0.normalization."),
                        (".bn2.", ".layer.1.normalization."),
                    ],
                ),
                &[
                    ("conv1.", "embedder.embedder.convolution."),
                    ("bn1.", "embedder.embedder.normalization."),
                    ("layer1.", "encoder.stages.0.layers."),
                    ("layer2.", "encoder.stages.1.layers."),
                    ("layer3.", "encoder.stages.2.layers."),
                    ("layer4.", "encoder.stages.3.layers."),
                ],
            ),
            "Hugging Face; ResNet-18; 0; no head",
        ),
        // Networks for CIFAR.
        case_of(
            "CIFAR, option A",
            ResNetConfig {
                shortcut: ShortcutKind::ZeroPadded,
                ..cifar()
            },
            without(renamed(of(&cifar()), &[("fc", "linear")]), &["downsample"]),
            "torchvision; ResNet-20; 10",
        ),
        case_of(
            "CIFAR, projections",
            cifar(),
            replaced(
                renamed(of(&cifar()), &[("fc", "module.linear"), ("", "module.")]),
                &[("downsample", "shortcut")],
            ),
            "torchvision; ResNet-20; 10",
        ),
        case_of(
            "pytorch-cifar100",
            ResNetConfig {
                stem: Stem {
                    convolutions: StemConvolutions::Conv3x3,
                    channels: 64,
                    pool: StemPool::None,
                },
                ..basic.clone()
            },
            renamed(
                replaced(
                    of(&basic)
                        .into_iter()
                        .map(|(name, shape)| match &*name {
                            "conv1.weight" => (name, vec![64, 3, 3, 3]),
                            _ => (name, shape),
                        })
                        .collect(),
                    &[
                        ("downsample", "shortcut"),
                        (".conv1.w", ".residual_function.0.w"),
                        (".conv2.w", ".residual_function.3.w"),
                        (".bn1.", ".residual_function.1."),
                        (".bn2.", ".residual_function.4."),
                    ],
                ),
                &[
                    ("conv1.", "conv1.0."),
                    ("bn1.", "conv1.1."),
                    ("layer1.", "conv2_x."),
                    ("layer2.", "conv3_x."),
                    ("layer3.", "conv4_x."),
                    ("layer4.", "conv5_x."),
                ],
            ),
            "pytorch-cifar100; ResNet-18; 10",
        ),
        // Self-supervised networks: no layer of theirs has classes.
        case_of(
            "DINO's backbone, BarlowTwins', VICReg's",
            embeddings.clone(),
            body(&basic),
            "torchvision; ResNet-18; 0; no head",
        ),
        case(
            "MoCo",
            with(
                [
                    below("module.encoder_q.", of(&basic)),
                    below("module.encoder_k.", of(&basic)),
                ]
                .concat(),
                &[("module.queue", &[128, 100]), ("module.queue_ptr", &[1])],
            ),
            "torchvision; ResNet-18; 0; no head; ignored module.encoder_q.fc.bias, module.encoder_q.fc.weight, \
             module.queue, module.queue_ptr; took module.encoder_q of module.encoder_q, module.encoder_k",
        ),
        case(
            "MoCo v3",
            [
                below("module.base_encoder.", body(&basic)),
                linear("module.base_encoder.fc.0", 512, 256),
                below("module.momentum_encoder.", body(&basic)),
                linear("module.momentum_encoder.fc.0", 512, 256),
                linear("module.predictor.0", 256, 256),
            ]
            .concat(),
            "torchvision; ResNet-18; 0; no head; ignored module.base_encoder.fc.0.bias, \
             module.base_encoder.fc.0.weight, module.predictor.0.bias, module.predictor.0.weight; \
             took module.base_encoder of module.base_encoder, module.momentum_encoder",
        ),
        case(
            "SimCLR",
            [
                below("backbone.", renamed(body(&basic), &by_number)),
                linear("projection_head.layers.0", 512, 512),
                linear("projection_head.layers.2", 512, 128),
            ]
            .concat(),
            "torchvision, by number; ResNet-18; 0; no head; ignored projection_head.layers.0.bias, \
             projection_head.layers.0.weight, projection_head.layers.2.bias, projection_head.layers.2.weight",
        ),
        case(
            "BYOL",
            [
                below("online_network.encoder.", body(&basic)),
                linear("online_network.projection.net.0", 512, 512),
                below("target_network.encoder.", body(&basic)),
                linear("target_network.projection.net.0", 512, 512),
            ]
            .concat(),
            "torchvision; ResNet-18; 0; no head; ignored online_network.projection.net.0.bias, \
             online_network.projection.net.0.weight, target_network.projection.net.0.bias, \
             target_network.projection.net.0.weight; took online_network.encoder of online_network.encoder, \
             target_network.encoder",
        ),
        case(
            "SimSiam",
            [
                below("module.encoder.", body(&basic)),
                linear("module.encoder.fc.0", 512, 512),
                linear("module.encoder.fc.3", 512, 512),
                linear("module.predictor.0", 512, 128),
            ]
            .concat(),
            "torchvision; ResNet-18; 0; no head; ignored module.encoder.fc.0.bias, module.encoder.fc.0.weight, \
             module.encoder.fc.3.bias, module.encoder.fc.3.weight, module.predictor.0.bias and 1 more (6 in all)",
        ),
        case(
            "DINO's checkpoint",
            [
                below("student.module.backbone.", body(&basic)),
                linear("student.module.head.mlp.0", 512, 256),
                below("teacher.backbone.", body(&basic)),
                linear("teacher.head.mlp.0", 512, 256),
                vec![(
                    "teacher.head.last_layer.weight_v".to_owned(),
                    vec![100, 256],
                )],
            ]
            .concat(),
            "torchvision; ResNet-18; 0; no head; ignored student.module.head.mlp.0.bias, \
             student.module.head.mlp.0.weight, teacher.head.last_layer.weight_v, teacher.head.mlp.0.bias, \
             teacher.head.mlp.0.weight; took student.module.backbone of student.module.backbone, teacher.backbone",
        ),
        case(
            "solo-learn, with the classifier that it trains beside",
            [
                below("backbone.", body(&basic)),
                linear("classifier", 512, 10),
                linear("projector.0", 512, 128),
                linear("predictor.0", 128, 128),
            ]
            .concat(),
            "torchvision; ResNet-18; 10; head classifier; ignored predictor.0.bias, predictor.0.weight, \
             projector.0.bias, projector.0.weight",
        ),
        // Heads.
        case_of(
            "a head with dropout",
            basic.clone(),
            with_head(linear("fc.1", 512, 10)),
            "torchvision; ResNet-18; 10; head fc.1",
        ),
        case_of(
            "linear, ReLU, dropout, linear",
            linear_head(&[dense(256, true), relu, dense(10, true)]),
            with_head([linear("fc.0", 512, 256), linear("fc.3", 256, 10)].concat()),
            "torchvision; ResNet-18; 10; head fc.0, fc.3",
        ),
        case_of(
            "dropout, linear, batch norm, ReLU, linear, ReLU, linear",
            linear_head(&[
                dense(256, true),
                batch_norm,
                relu,
                dense(64, true),
                relu,
                dense(10, true),
            ]),
            with_head(
                [
                    linear("fc.1", 512, 256),
                    norm("fc.2", 256),
                    linear("fc.4", 256, 64),
                    linear("fc.6", 64, 10),
                ]
                .concat(),
            ),
            "torchvision; ResNet-18; 10; head fc.1, fc.2, fc.4, fc.6",
        ),
        case_of(
            "linear layers that follow one another at once",
            linear_head(&[dense(256, true), dense(10, true)]),
            with_head([linear("fc.0", 512, 256), linear("fc.1", 256, 10)].concat()),
            "torchvision; ResNet-18; 10; head fc.0, fc.1",
        ),
        case_of(
            "linear layers with names of their own",
            linear_head(&[dense(256, true), relu, dense(10, true)]),
            [
                below("resnet.", body(&basic)),
                linear("fc1", 512, 256),
                linear("fc2", 256, 10),
            ]
            .concat(),
            "torchvision; ResNet-18; 10; head fc1, fc2",
        ),
        case_of(
            "a linear layer without bias",
            linear_head(&[dense(10, false)]),
            with_head(without(linear("fc", 512, 10), &["bias"])),
            "torchvision; ResNet-18; 10",
        ),
        case_of(
            "a flattened map",
            ResNetConfig {
                head: Head::Flatten { input_width: 64 },
                ..basic.clone()
            },
            with_head(linear("fc", 2048, 10)),
            "torchvision; ResNet-18; 10",
        ),
        case(
            "two heads",
            [
                below("trunk.", body(&basic)),
                linear("age", 512, 10),
                linear("sex", 512, 2),
            ]
            .concat(),
            "the file's network cannot be built here: it has several linear layers, any of which may be its head: age, sex",
        ),
        case(
            "linear layers in an order that does not show",
            [
                body(&basic),
                linear("top.hidden", 512, 256),
                linear("top.out", 256, 10),
            ]
            .concat(),
            "the file's network cannot be built here: its head has several linear layers, and which follows which does not \
             show: top.hidden, top.out. Expected: layers of one `Sequential`",
        ),
        // Other widths and numbers of stages.
        case_of(
            "half as wide",
            ResNetConfig {
                stem: Stem {
                    channels: 32,
                    ..Stem::default()
                },
                widths: vec![32, 64, 128, 256],
                ..bottleneck.clone()
            },
            of(&ResNetConfig {
                stem: Stem {
                    channels: 32,
                    ..Stem::default()
                },
                widths: vec![32, 64, 128, 256],
                ..bottleneck.clone()
            }),
            "torchvision; ResNet-50; 1000",
        ),
        case_of(
            "the last stage cut off",
            headless(ResNetConfig::of(BlockKind::NoBottleneck, vec![2, 2, 2], 0)),
            without(body(&basic), &["layer4"]),
            "torchvision; ResNet-14; 0; no head",
        ),
        // What is refused.
        case(
            "a stage missing",
            without(of(&basic), &["layer3"]),
            "the file's network cannot be built here: it has blocks in stages up to 4, but none in stage 3",
        ),
        case(
            "group norm",
            without(of(&v2), &["running"]),
            "the file's network cannot be built here: its norms have no running means, so they are no batch norms: a \
             ResNet with group norm, as BiT's is with standardised weights, is not supported",
        ),
        case(
            "ResNeSt",
            with(of(&d50), &[("layer1.0.conv2.fc1.weight", &[32, 64, 1, 1])]),
            "the file's network cannot be built here: it has split attention (ResNeSt)",
        ),
        case(
            "antialiased-cnns",
            with(
                of(&bottleneck),
                &[("layer2.0.conv3.0.filt", &[128, 1, 4, 4])],
            ),
            "the file's network cannot be built here: `layer2.0.conv3.0.filt` is a filter of antialiased-cnns, which blurs \
             shortcuts, too; of networks with blur pooling only timm's load",
        ),
        case(
            "antialiased-cnns, whose shortcut blurs, too",
            with(
                of(&basic),
                &[
                    ("maxpool.1.filt", &[64, 1, 3, 3]),
                    ("layer2.0.downsample.0.filt", &[64, 1, 3, 3]),
                ],
            ),
            "the file's network cannot be built here: `layer2.0.downsample.0.filt` is a filter of antialiased-cnns, which \
             blurs shortcuts, too; of networks with blur pooling only timm's load",
        ),
        case(
            "Cadene's SE-ResNet-18, with a ReLU before squeeze-and-excitation",
            legacy(&squeezed(basic.clone())),
            "the file's network cannot be built here: it is an SE-ResNet-18 or 34 of Cadene's or timm's legacy ones, with a \
             ReLU before squeeze-and-excitation, which is not supported; timm's other SE-ResNets load",
        ),
        case(
            "an average and a maximum in an order that does not show",
            with_head(linear("fc", 1024, 10)),
            "the file's network cannot be built here: its linear layer takes 1024 features, of two pools whose order does not \
             show; expected 512, or fastai's head, which takes the largest values before the averages. An ONNX file shows the \
             order",
        ),
        case(
            "a head with weight norm",
            with(
                body(&basic),
                &[
                    ("fc.bias", &[10]),
                    ("fc.weight_g", &[10, 1]),
                    ("fc.weight_v", &[10, 512]),
                ],
            ),
            "the file's network cannot be built here: its head is no linear layer with a `weight`: fc.bias, fc.weight_g, \
             fc.weight_v. Remove weight norm, spectral norm or pruning before the file is saved",
        ),
        case(
            "a head with weight norm, as PyTorch 2 saves it",
            with(
                body(&basic),
                &[
                    ("fc.bias", &[10]),
                    ("fc.parametrizations.weight.original0", &[10, 1]),
                    ("fc.parametrizations.weight.original1", &[10, 512]),
                ],
            ),
            "the file's network cannot be built here: its head is no linear layer with a `weight`: fc.bias, \
             fc.parametrizations.weight.original0, fc.parametrizations.weight.original1. Remove weight norm, spectral norm or \
             pruning before the file is saved",
        ),
        case(
            "spectral norm",
            replaced(of(&basic), &[("conv1.weight", "conv1.weight_orig")]),
            "the file holds what seems to be a network with spectral norm or pruning, which have to be removed before it is \
             saved. Expected: a ResNet with the tensor names of torchvision, timm, Hugging Face, fastai, OpenMMLab, \
             Detectron2, burn or the reference implementation",
        ),
        case(
            "kuangliu's PreActResNet",
            [
                without(body(&basic), &["bn", "downsample.1"]),
                norm("layer1.0.bn1", 64),
                norm("layer2.0.bn1", 64),
                norm("layer2.0.bn2", 128),
                linear("linear", 512, 10),
            ]
            .concat(),
            "the file's network cannot be built here: its blocks begin with a batch norm, as kuangliu's PreActResNet's do: \
             networks with pre-activation load with the names of timm's `resnetv2` or as ONNX, if a batch norm follows the last \
             stage",
        ),
        case(
            "a detector",
            with(
                below("backbone.body.", body(&bottleneck)),
                &[
                    ("backbone.fpn.inner_blocks.0.weight", &[256, 256, 1, 1]),
                    ("roi_heads.box_head.fc6.weight", &[1024, 12544]),
                ],
            ),
            "the file holds what seems to be a detection network (Faster or Mask R-CNN). Expected: a ResNet with the tensor \
             names of torchvision, timm, Hugging Face, fastai, OpenMMLab, Detectron2, burn or the reference implementation",
        ),
        case(
            "CLIP",
            with(
                below("visual.", of(&bottleneck)),
                &[("visual.attnpool.positional_embedding", &[50, 2048])],
            ),
            "the file holds what seems to be CLIP, whose ResNet pools by attention. Expected: a ResNet with the tensor names of \
             torchvision, timm, Hugging Face, fastai, OpenMMLab, Detectron2, burn or the reference implementation",
        ),
        case(
            "layers among the network's own",
            with(of(&basic), &[("layer1.0.attention.weight", &[64, 64])]),
            "the file holds tensors that ResNet-18 has no place for: layer1.0.attention.weight",
        ),
        case(
            "a tensor lost",
            without(of(&basic), &["layer3.1.bn1.running_var"]),
            "the file lacks tensors that ResNet-18 needs: layer3.1.bn1.running_var",
        ),
    ]
}

#[test]
fn networks_are_found_under_the_names_that_people_have() {
    let mut report = Vec::new();
    for case in cases() {
        let choices = Choices::default();
        let said = found(&case.tensors, &choices);
        if said != case.found {
            report.push(format!("{}: {said} instead of {}", case.name, case.found));
        }
        let opened = WeightFile::open(Zeros::new(&case.tensors), &choices);
        if let (Some(config), Ok(file)) = (case.config, opened)
            && file.metadata().network != config
        {
            let found = &file.metadata().network;
            report.push(format!("{}: {found:?} instead of {config:?}", case.name));
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

#[test]
fn a_bias_that_a_library_leaves_out_is_zero() {
    let config = squeezed(basic());
    let names = [(".se.fc1.", ".se.fc.0."), (".se.fc2.", ".se.fc.2.")];
    let tensors = without(replaced(tensors(&config), &names), &["se.fc.0.bias"]);
    let mut file = WeightFile::open(Zeros::new(&tensors), &Choices::default()).unwrap();
    assert_eq!(file.take("layer1.0.se.fc1.bias", &[4]), Ok(vec![0.0; 4]));
}

/// `bytes` with one text replaced by another of the same length.
fn patched(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut patched = bytes.to_vec();
    let places = bytes.windows(from.len()).enumerate();
    for (at, _) in places.filter(|(_, window)| *window == from) {
        patched[at..at + to.len()].copy_from_slice(to);
    }
    assert_ne!(patched, bytes);
    patched
}

#[test]
fn whole_modules_that_compute_something_else_are_refused() {
    let whole = |name: &str| {
        let packed = fs::File::open(format!("{FAMILY}/../weights/{name}.gz")).unwrap();
        let mut bytes = Vec::new();
        GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
        bytes
    };
    // The first dilation, of which a pickle refers to the name afterwards.
    let dilated = |mut bytes: Vec<u8>| {
        let name = b"dilation";
        let at = bytes
            .windows(name.len())
            .position(|part| part == name)
            .unwrap();
        let sides = b"K\x01K\x01\x86";
        let own = bytes[at..]
            .windows(sides.len())
            .position(|part| part == sides);
        bytes[at + own.unwrap() + 1] = 2;
        bytes
    };
    let cases = [
        (
            "SiLU",
            patched(
                &whole("basic-module.pth"),
                b"activation\nReLU",
                b"activation\nSiLU",
            ),
            "the file's network cannot be built here: its module `layer4.0.relu` is the activation SiLU; expected ReLU",
        ),
        (
            "SiLU in a traced program",
            patched(&whole("basic-traced.pt"), b"\nReLU", b"\nSiLU"),
            "the file's network cannot be built here: its module `layer4.0.relu` is the activation SiLU; expected ReLU",
        ),
        (
            "a dilated convolution",
            dilated(whole("basic-module.pth")),
            "the file's network cannot be built here: its module `conv1` is dilated, as in networks for segmentation",
        ),
    ];
    let mut report = Vec::new();
    for (name, bytes, expected) in cases {
        let said = match WeightFile::open(bytes.as_slice(), &Choices::default()) {
            Ok(_) => "it was loaded".to_owned(),
            Err(error) => error.to_string(),
        };
        if said != expected {
            report.push(format!("{name}: {said} instead of {expected}"));
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

#[test]
fn what_keeps_a_network_from_aliasing_is_said_or_assumed() {
    use AntiAliasing::{Average, Blur};

    let small = ResNetConfig::of(BlockKind::NoBottleneck, vec![2], 10);
    let d = resnet_d(bottleneck());
    // The network, the file's name, the architecture that a configuration beside it names; what is found, and whether it is
    // assumed.
    let cases = [
        (bottleneck(), "pytorch_model.bin", None, None, true),
        (d.clone(), "model.safetensors", None, None, true),
        (d.clone(), "resnetaa50d_a1h.pth", None, Some(Average), false),
        (
            bottleneck(),
            "seresnextaa101d_32x8d.bin",
            None,
            Some(Average),
            false,
        ),
        (basic(), "ResNetBlur18.pth", None, Some(Blur), false),
        (bottleneck(), "resnet50-11ad3fa6.pth", None, None, false),
        (bottleneck(), "wide_resnet50_2.pth", None, None, false),
        (bottleneck(), "my-resnet.pth", None, None, true),
        (d.clone(), "model.bin", Some("resnet50d"), None, false),
        (d, "model.bin", Some("resnetaa50d"), Some(Average), false),
        (
            basic(),
            "resnet18.pth",
            Some("resnetblur18"),
            Some(Blur),
            false,
        ),
        // Networks that have no such variants.
        (cifar(), "model.pth", None, None, false),
        (small, "model.pth", None, None, false),
    ];
    let mut report = Vec::new();
    for (config, name, architecture, expected, is_assumed) in cases {
        let mut choices = Choices::default();
        choices.name = Some(name.to_owned());
        choices.described = architecture.map(|architecture| {
            let text = format!(r#"{{"architecture": "{architecture}"}}"#);
            Box::new(Description::read(text.as_bytes()).unwrap().choices())
        });
        let file = WeightFile::open(Zeros::new(&tensors(&config)), &choices).unwrap();
        let found = file.metadata().network.anti_aliasing;
        let assumed = file.assumed().contains(&Assumption::AntiAliasing);
        if (found, assumed) != (expected, is_assumed) {
            report.push(format!(
                "{name}, {architecture:?}: {found:?}, assumed: {assumed}"
            ));
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

#[test]
fn images_are_assumed_to_be_prepared_as_the_names_library_does() {
    let grouped = ResNetConfig {
        groups: 32,
        width_per_group: 8,
        ..bottleneck()
    };
    let cases = [
        ("torchvision", bottleneck(), [0.229, 0.224, 0.225], 1.0),
        ("Detectron2", bottleneck(), [1.0; 3], 255.0),
        ("Detectron2", grouped, [57.375, 57.12, 58.395], 255.0),
    ];
    let mut report = Vec::new();
    for (name, config, std, range) in cases {
        let convention = CONVENTIONS.iter().find(|c| c.name == name).unwrap();
        let index = index_of(&config, convention);
        let named = index.tensors.into_iter();
        let named = named.map(|(name, entry)| (name, entry.shape)).collect();
        let file = WeightFile::open(Zeros::new(&named), &Choices::default()).unwrap();
        let found = file.metadata().preprocessing;
        if (found.std, found.range) != (std, range) {
            report.push(format!("{name}, {}: {found:?}", config.name()));
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

/// An index of the tensors of a network, under the usual names of a convention.
fn index_of(config: &ResNetConfig, convention: &'static Convention) -> TensorIndex {
    let spec = NetworkSpec::new(config).unwrap();
    let mut index = TensorIndex {
        format: Format::Pytorch,
        tensors: BTreeMap::new(),
        metadata: HashMap::new(),
        weight_sets: WeightSets::default(),
    };
    let backbone = Backbone::new(&index, convention, String::new());
    let names = backbone.names(&index, &spec, &usual_names(&backbone, &spec).layers);
    index.tensors = tensors(config)
        .into_iter()
        .map(|(name, mut shape)| {
            if convention.transposed_head && shape.len() == 2 {
                shape.reverse();
            }
            let entry = TensorEntry {
                dtype: Dtype::F32,
                shape,
                offset: 0,
                strides: None,
            };
            (names[&name].clone(), entry)
        })
        .collect();
    index
}

#[test]
fn every_network_is_inferred_from_its_tensors_under_every_name() {
    let torchvision = |depth| ResNetConfig::torchvision(depth, 1000);
    let grouped = |depth, groups, width_per_group| ResNetConfig {
        groups,
        width_per_group,
        ..torchvision(depth)
    };
    let reference =
        |architecture, width, block| ResNetConfig::reference(architecture, width, 10, block, 1);
    let cases: &[(&str, ResNetConfig)] = &[
        ("ResNet-18", torchvision(Depth::D18)),
        ("ResNet-34", torchvision(Depth::D34)),
        ("ResNet-50", torchvision(Depth::D50)),
        ("ResNet-101", torchvision(Depth::D101)),
        ("ResNet-152", torchvision(Depth::D152)),
        ("Wide ResNet-50-2", grouped(Depth::D50, 1, 128)),
        ("Wide ResNet-101-2", grouped(Depth::D101, 1, 128)),
        ("ResNeXt-50 32x4d", grouped(Depth::D50, 32, 4)),
        ("ResNeXt-101 32x8d", grouped(Depth::D101, 32, 8)),
        ("ResNeXt-101 64x4d", grouped(Depth::D101, 64, 4)),
        (
            "ResNet-18",
            reference([2, 2, 2, 2], 64, BlockKind::NoBottleneck),
        ),
        (
            "ResNet-50",
            reference([3, 4, 6, 3], 224, BlockKind::Bottleneck),
        ),
        (
            "ResNet [1, 1, 1, 1]",
            reference([1, 1, 1, 1], 32, BlockKind::Bottleneck),
        ),
    ];
    let mut report = Vec::new();
    for (name, config) in cases {
        assert_eq!(config.name(), *name);
        let conventions = CONVENTIONS.iter().filter(|c| c.family == config.family);
        for convention in conventions {
            let index = index_of(config, convention);
            let mut found = Backbone::find(&index);
            let first = found.remove(0);
            // Some libraries have networks of one kind only.
            if first.is_pre_activated() || convention.name == "fastai's xresnet" {
                continue;
            }
            let inferred = infer(&index, &first, &found, &Choices::default());
            let inferred = inferred.map(|inferred| inferred.config);
            let found = (first.convention.name, found.len(), inferred);
            let mut expected = config.clone();
            let is_grouped = config.groups > 1 || config.block == BlockKind::NoBottleneck;
            if convention.name == "Detectron2" && !is_grouped {
                expected = of_caffe(expected);
            }
            if found != (convention.name, 0, Ok(expected)) {
                report.push(format!(
                    "{name} with {}'s names: {found:?}",
                    convention.name
                ));
            }
        }
    }
    assert_eq!(report, Vec::<String>::new());
}
