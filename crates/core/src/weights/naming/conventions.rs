//! Every convention that is known.

use super::Layer::{
    ChannelConvolution, Convolution, Expand, FirstNorm, Norm, PooledShortcut, PooledShortcutNorm,
    Reduce, Shortcut, ShortcutNorm,
};
use super::{Block, Convention, numbered};
use crate::resnet::Family;

/// torchvision's block, and what libraries with the same names add to it.
const BLOCK: Block = &[
    (Convolution(0), "conv1"),
    (Norm(0), "bn1"),
    (Convolution(1), "conv2"),
    (Norm(1), "bn2"),
    (Convolution(2), "conv3"),
    (Norm(2), "bn3"),
    (Shortcut, "downsample.0"),
    (ShortcutNorm, "downsample.1"),
    // timm's and OpenMMLab's ResNet-D.
    (PooledShortcut, "downsample.1"),
    (PooledShortcutNorm, "downsample.2"),
    // Networks for CIFAR.
    (Shortcut, "shortcut.0"),
    (ShortcutNorm, "shortcut.1"),
    // timm; Cadene's models, and timm's legacy ones; OpenMMLab; senet.pytorch, without biases.
    (Reduce, "se.fc1"),
    (Expand, "se.fc2"),
    (Reduce, "se_module.fc1"),
    (Expand, "se_module.fc2"),
    (Reduce, "se_layer.conv1.conv"),
    (Expand, "se_layer.conv2.conv"),
    (Reduce, "se.fc.0"),
    (Expand, "se.fc.2"),
    (ChannelConvolution, "se.conv"),
];

/// torchvision's conventions, which most others have in part.
const TORCHVISION: Convention = Convention {
    // timm's names are the same, OpenMMLab's nearly.
    name: "torchvision",
    family: Family::Torchvision,
    inner: "",
    stems: &[
        &[["conv1", "bn1"]],
        // timm
        &[
            ["conv1.0", "conv1.1"],
            ["conv1.3", "conv1.4"],
            ["conv1.6", "bn1"],
        ],
        // OpenMMLab
        &[
            ["stem.0", "stem.1"],
            ["stem.3", "stem.4"],
            ["stem.6", "stem.7"],
        ],
        // Cadene's models of squeeze-and-excitation
        &[["layer0.conv1", "layer0.bn1"]],
        // networks for segmentation
        &[["conv1", "bn1"], ["conv2", "bn2"], ["conv3", "bn3"]],
    ],
    stem_pool: ["maxpool.0", "maxpool.1"],
    stage: numbered("layer{}.", 1),
    block: BLOCK,
    final_norm: None,
    heads: &["fc", "last_linear", "linear"],
    // PyTorch's names.
    norm_parameters: ["weight", "bias"],
    transposed_head: false,
};

/// The name of Detectron2's convention.
pub const DETECTRON: &str = "Detectron2";

/// Every convention that is known.
pub static CONVENTIONS: [Convention; 9] = [
    TORCHVISION,
    Convention {
        name: "the reference implementation",
        family: Family::Reference,
        stems: &[&[["preliminary.0", "preliminary.1"]]],
        block: &[
            (Convolution(0), "block.0"),
            (Norm(0), "block.1"),
            (Convolution(1), "block.3"),
            (Norm(1), "block.4"),
            (Convolution(2), "block.6"),
            (Norm(2), "block.7"),
            (Shortcut, "shortcut.0"),
            (ShortcutNorm, "shortcut.1"),
        ],
        heads: &["final.1"],
        ..TORCHVISION
    },
    Convention {
        // transformers' ResNetForImageClassification, and ResNetModel.
        name: "Hugging Face",
        inner: "resnet.",
        stems: &[&[[
            "embedder.embedder.convolution",
            "embedder.embedder.normalization",
        ]]],
        stage: numbered("encoder.stages.{}.layers.", 0),
        block: &[
            (Convolution(0), "layer.0.convolution"),
            (Norm(0), "layer.0.normalization"),
            (Convolution(1), "layer.1.convolution"),
            (Norm(1), "layer.1.normalization"),
            (Convolution(2), "layer.2.convolution"),
            (Norm(2), "layer.2.normalization"),
            (Shortcut, "shortcut.convolution"),
            (ShortcutNorm, "shortcut.normalization"),
        ],
        heads: &["classifier.1"],
        ..TORCHVISION
    },
    Convention {
        // The ResNet of burn's model collection.
        name: "burn",
        stems: &[&[["conv1", "bn1"]]],
        stage: numbered("layer{}.blocks.", 1),
        block: &[
            (Convolution(0), "conv1"),
            (Norm(0), "bn1"),
            (Convolution(1), "conv2"),
            (Norm(1), "bn2"),
            (Convolution(2), "conv3"),
            (Norm(2), "bn3"),
            (Shortcut, "downsample.conv"),
            (ShortcutNorm, "downsample.bn"),
        ],
        norm_parameters: ["gamma", "beta"],
        transposed_head: true,
        ..TORCHVISION
    },
    Convention {
        // ResNetV2, with pre-activation.
        name: "timm's resnetv2",
        stems: &[
            &[["stem.conv", ""]],
            &[
                ["stem.conv1", "stem.norm1"],
                ["stem.conv2", "stem.norm2"],
                ["stem.conv3", ""],
            ],
        ],
        stage: numbered("stages.{}.blocks.", 0),
        block: &[
            (FirstNorm, "norm1"),
            (Convolution(0), "conv1"),
            (Norm(0), "norm2"),
            (Convolution(1), "conv2"),
            (Norm(1), "norm3"),
            (Convolution(2), "conv3"),
            (Shortcut, "downsample.conv"),
            (PooledShortcut, "downsample.conv"),
        ],
        final_norm: Some("norm"),
        heads: &["head.fc"],
        ..TORCHVISION
    },
    Convention {
        // A `Sequential` of torchvision's children, as fastai's learners and many feature extractors are.
        name: "torchvision, by number",
        stems: &[
            &[["0", "1"]],
            &[["0.0", "0.1"], ["0.3", "0.4"], ["0.6", "1"]],
        ],
        stem_pool: ["3.0", "3.1"],
        stage: numbered("{}.", 4),
        heads: &["fc"],
        ..TORCHVISION
    },
    Convention {
        name: "fastai's xresnet",
        stems: &[&[["0.0", "0.1"], ["1.0", "1.1"], ["2.0", "2.1"]]],
        stage: numbered("{}.", 4),
        block: &[
            (Convolution(0), "convpath.0.0"),
            (Norm(0), "convpath.0.1"),
            (Convolution(1), "convpath.1.0"),
            (Norm(1), "convpath.1.1"),
            (Convolution(2), "convpath.2.0"),
            (Norm(2), "convpath.2.1"),
            (PooledShortcut, "idpath.1.0"),
            (PooledShortcutNorm, "idpath.1.1"),
            (PooledShortcut, "idpath.0.0"),
            (PooledShortcutNorm, "idpath.0.1"),
        ],
        heads: &["11"],
        ..TORCHVISION
    },
    Convention {
        name: DETECTRON,
        stems: &[
            &[["stem.conv1", "stem.conv1.norm"]],
            &[
                ["stem.conv1", "stem.conv1.norm"],
                ["stem.conv2", "stem.conv2.norm"],
                ["stem.conv3", "stem.conv3.norm"],
            ],
        ],
        stage: numbered("res{}.", 2),
        block: &[
            (Convolution(0), "conv1"),
            (Norm(0), "conv1.norm"),
            (Convolution(1), "conv2"),
            (Norm(1), "conv2.norm"),
            (Convolution(2), "conv3"),
            (Norm(2), "conv3.norm"),
            (Shortcut, "shortcut"),
            (ShortcutNorm, "shortcut.norm"),
        ],
        heads: &["linear"],
        ..TORCHVISION
    },
    Convention {
        // A well-known collection of networks for CIFAR-100.
        name: "pytorch-cifar100",
        stems: &[&[["conv1.0", "conv1.1"]]],
        stage: numbered("conv{}_x.", 2),
        block: &[
            (Convolution(0), "residual_function.0"),
            (Norm(0), "residual_function.1"),
            (Convolution(1), "residual_function.3"),
            (Norm(1), "residual_function.4"),
            (Convolution(2), "residual_function.6"),
            (Norm(2), "residual_function.7"),
            (Shortcut, "shortcut.0"),
            (ShortcutNorm, "shortcut.1"),
        ],
        ..TORCHVISION
    },
];
