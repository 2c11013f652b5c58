//! The config: which network of the ResNet family.

mod parts;
mod validate;

use serde::{Deserialize, Serialize};

pub use parts::{
    AntiAliasing, Attention, BlockKind, Family, Head, HeadLayer, ShortcutKind, Stem,
    StemConvolutions, StemPool, StrideOn,
};
pub use validate::{ConfigError, MOST_STAGES};

/// The channels of the usual stem, and of the first stage before a block's expansion (He et al. 2015, table 1).
pub const STEM_CHANNELS: usize = 64;
/// Height and width of the usual stem's kernel (table 1).
pub const STEM_KERNEL: usize = 7;

/// What a ResNet is built from. Make one with [`ResNetConfig::reference`] or [`ResNetConfig::torchvision`], and change what is
/// different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResNetConfig {
    /// Whose conventions the network follows: names of the layers, and where a block has a projection shortcut.
    pub family: Family,
    /// The kind of residual block.
    pub block: BlockKind,
    /// Blocks in each stage: four of them, or three in networks for small images. The reference calls it `architecture`.
    pub repetitions: Vec<usize>,
    /// Channels of the input image: 3 for RGB.
    pub input_channels: usize,
    /// Length of the logits. The reference calls it `output_num`. 1 for a binary classifier: see
    /// [`distinguished`](Self::distinguished). 0 without a head: the network gives pooled features alone.
    pub classes: usize,
    /// What stands between the last stage and the head's layers.
    pub head: Head,
    /// Which convolution of a bottleneck block carries the stride.
    pub stride_on: StrideOn,
    /// torchvision's `groups` of a bottleneck's 3x3 convolution: 32 in ResNeXt (Xie et al. 2017), otherwise 1.
    #[serde(default = "one_group")]
    pub groups: usize,
    /// torchvision's `width_per_group`: channels of each group where a block's width is 64. 64, or 128 in a Wide ResNet
    /// (Zagoruyko and Komodakis 2016).
    #[serde(default = "usual_width")]
    pub width_per_group: usize,
    /// What an image meets first.
    #[serde(default, skip_serializing_if = "is_default")]
    pub stem: Stem,
    /// A block's channels before expansion, in each stage: torchvision's `planes`. Usually 64, 128, 256 and 512.
    #[serde(default = "widths_of_four", skip_serializing_if = "is_widths_of_four")]
    pub widths: Vec<usize>,
    /// How a block's input gets the shape of its output.
    #[serde(default, skip_serializing_if = "is_default")]
    pub shortcut: ShortcutKind,
    /// What weighs the channels that come out of a block's convolutions.
    #[serde(default, skip_serializing_if = "is_default")]
    pub attention: Option<Attention>,
    /// How convolutions of stride 2 are kept from aliasing.
    #[serde(default, skip_serializing_if = "is_default")]
    pub anti_aliasing: Option<AntiAliasing>,
    /// Whether batch norm and ReLU come before each convolution (He et al. 2016, "Identity Mappings"): ResNetV2.
    #[serde(default, skip_serializing_if = "is_default")]
    pub pre_activation: bool,
    /// The layers from the pooled features to the logits. None: one linear layer with a bias, as nearly always.
    #[serde(default, skip_serializing_if = "is_default")]
    pub head_layers: Vec<HeadLayer>,
}

/// The default of files without the field.
const fn one_group() -> usize {
    1
}

const fn usual_width() -> usize {
    STEM_CHANNELS
}

fn widths_of_four() -> Vec<usize> {
    ResNetConfig::usual_widths(4)
}

fn is_widths_of_four(widths: &[usize]) -> bool {
    widths == widths_of_four()
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The torchvision networks, by depth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Depth {
    /// `torchvision.models.resnet18`
    D18,
    /// `torchvision.models.resnet34`
    D34,
    /// `torchvision.models.resnet50`
    D50,
    /// `torchvision.models.resnet101`
    D101,
    /// `torchvision.models.resnet152`
    D152,
}

impl Depth {
    /// Every depth torchvision has.
    pub const ALL: [Self; 5] = [Self::D18, Self::D34, Self::D50, Self::D101, Self::D152];

    /// The number in the network's name: 50 for ResNet-50.
    pub const fn layers(self) -> usize {
        match self {
            Self::D18 => 18,
            Self::D34 => 34,
            Self::D50 => 50,
            Self::D101 => 101,
            Self::D152 => 152,
        }
    }

    const fn blocks(self) -> (BlockKind, [usize; 4]) {
        match self {
            Self::D18 => (BlockKind::NoBottleneck, [2, 2, 2, 2]),
            Self::D34 => (BlockKind::NoBottleneck, [3, 4, 6, 3]),
            Self::D50 => (BlockKind::Bottleneck, [3, 4, 6, 3]),
            Self::D101 => (BlockKind::Bottleneck, [3, 4, 23, 3]),
            Self::D152 => (BlockKind::Bottleneck, [3, 8, 36, 3]),
        }
    }
}

impl ResNetConfig {
    /// The reference implementation's `ResNet(architecture, input_width, output_num, block_type, input_channels)`.
    pub fn reference(
        architecture: [usize; 4],
        input_width: usize,
        output_num: usize,
        block: BlockKind,
        input_channels: usize,
    ) -> Self {
        Self {
            family: Family::Reference,
            input_channels,
            head: Head::Flatten { input_width },
            ..Self::of(block, architecture.to_vec(), output_num)
        }
    }

    /// `torchvision.models.resnetN(num_classes=classes)`: the v1.5 network, with the stride on the 3x3 convolution.
    ///
    /// For the v1 network of He et al. set [`stride_on`](Self::stride_on) to [`StrideOn::Conv1`].
    pub fn torchvision(depth: Depth, classes: usize) -> Self {
        let (block, repetitions) = depth.blocks();
        Self::of(block, repetitions.to_vec(), classes)
    }

    /// torchvision's network of these blocks in each stage.
    pub fn of(block: BlockKind, repetitions: Vec<usize>, classes: usize) -> Self {
        Self {
            family: Family::Torchvision,
            block,
            widths: Self::usual_widths(repetitions.len()),
            repetitions,
            input_channels: 3,
            classes,
            head: Head::AveragePool,
            stride_on: StrideOn::Conv2,
            groups: one_group(),
            width_per_group: usual_width(),
            stem: Stem::default(),
            shortcut: ShortcutKind::Projection,
            attention: None,
            anti_aliasing: None,
            pre_activation: false,
            head_layers: Vec::new(),
        }
    }

    /// 64, 128, 256, 512: doubled from stage to stage.
    pub fn usual_widths(stages: usize) -> Vec<usize> {
        let stages = stages.min(MOST_STAGES);
        (0..stages).map(|stage| STEM_CHANNELS << stage).collect()
    }

    /// How many classes the network distinguishes. A single logit means two: after the sigmoid it is the probability of the
    /// second, class 1, as PyTorch's `BCEWithLogitsLoss` has it.
    pub const fn distinguished(&self) -> usize {
        if self.classes == 1 { 2 } else { self.classes }
    }

    /// By how much the network shrinks an image's sides: 32 for those of ImageNet, 4 for those of CIFAR. Every stage but the
    /// first halves them.
    pub fn total_stride(&self) -> usize {
        self.stem.stride()
            << self
                .repetitions
                .len()
                .clamp(1, MOST_STAGES)
                .saturating_sub(1)
    }

    /// Channels that come out of the last stage.
    pub fn last_channels(&self) -> usize {
        let width = self.widths.last().copied().unwrap_or(0);
        width.saturating_mul(self.block.expansion())
    }

    /// The input's width whose last map is `side` pixels wide, for a flatten head. `None`: too wide.
    pub fn input_width_of(&self, side: usize) -> Option<usize> {
        side.checked_mul(self.total_stride())
            .filter(|&width| width <= validate::MOST_WIDTH)
    }

    /// Whether it has what files of format 1 cannot say.
    pub fn is_of_format_1(&self) -> bool {
        let Self {
            family,
            input_channels,
            head,
            stride_on,
            groups,
            width_per_group,
            ..
        } = *self;
        let repetitions = self.repetitions.clone();
        let plain = Self {
            family,
            input_channels,
            head,
            stride_on,
            groups,
            width_per_group,
            ..Self::of(self.block, repetitions, self.classes)
        };
        self.repetitions.len() == 4
            && self.classes > 0
            && self.head != Head::ConcatPool
            && *self == plain
    }

    /// The usual name: "ResNet-50", or the repetition counts where no paper gives one.
    pub fn name(&self) -> String {
        let attention = match self.attention {
            Some(Attention::SqueezeExcite { .. }) => "SE-",
            Some(Attention::EfficientChannel { .. }) => "ECA-",
            None => "",
        };
        let depth = self.depth_in_name();
        let version = if self.pre_activation { "V2" } else { "" };
        let (groups, width) = (self.groups, self.width_per_group);
        let name = match (groups, width) {
            (1, STEM_CHANNELS) => format!("ResNet{version}{depth}"),
            (1, width) if width % STEM_CHANNELS == 0 => {
                format!("Wide ResNet{version}{depth}-{}", width / STEM_CHANNELS)
            }
            (1, width) => format!("ResNet{version}{depth} of width {width}"),
            (groups, width) => format!("ResNeXt{version}{depth} {groups}x{width}d"),
        };
        let deep = matches!(self.stem.convolutions, StemConvolutions::Deep { .. });
        let variant = match (deep, self.shortcut) {
            (true, ShortcutKind::AveragePool) => "-D",
            (true, _) => "-C",
            _ => "",
        };
        format!("{attention}{name}{variant}")
    }

    /// "-50" where a paper has the number, else the repetition counts.
    fn depth_in_name(&self) -> String {
        let known = Depth::ALL.into_iter().find(|depth| {
            let (block, repetitions) = depth.blocks();
            (block, &repetitions[..]) == (self.block, &self.repetitions[..])
        });
        if let Some(depth) = known {
            return format!("-{}", depth.layers());
        }
        // He et al. 2015, section 4.2: three stages of n blocks are 6 n + 2 layers deep.
        if let [a, b, c] = self.repetitions[..]
            && a == b
            && b == c
        {
            return format!("-{}", 3 * a * self.block.convolutions() + 2);
        }
        let counts: Vec<_> = self.repetitions.iter().map(usize::to_string).collect();
        format!(" [{}]", counts.join(", "))
    }
}
