//! A photo's way: pixels, the network, the most probable classes.

use burn::prelude::*;
use resnet_web_core::size::product;
use resnet_web_kernels::packing::padded;
use serde::Serialize;
use web_time::Instant;

use crate::backend::{DeviceError, Processor};
use crate::cpu::CpuResNet;
use crate::cpu::ops::{arithmetics, packed_size, supported};
use crate::error::Error;
#[cfg(feature = "webgpu")]
use crate::gpu::{ClassMaps, Options, Plan};
use crate::image::{ImageError, preprocess};
use crate::inspect::Inspection;
use crate::memory::{Footprint, Packing};
use crate::resnet::NetworkSpec;
use crate::resnet::conv::{Arithmetic, ConvShape};
use crate::summary::{LayerTime, Summary};
use crate::weights::index::Format;
#[cfg(feature = "webgpu")]
use crate::weights::synthetic;
use crate::weights::{
    Assumption, ByteSource, Choices, ModelMetadata, Note, WeightError, WeightFile, WeightSets,
};

/// A network with its labels, ready to classify on one device.
#[derive(Debug)]
pub struct Classifier {
    network: Network,
    spec: NetworkSpec,
    arithmetic: Arithmetic,
    metadata: ModelMetadata,
    origin: Origin,
}

/// The network where it is computed.
#[derive(Debug)]
enum Network {
    Cpu(Box<CpuResNet>),
    #[cfg(feature = "webgpu")]
    Gpu(Box<Plan>),
}

/// What kind of file weights came from, and what it did not tell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Origin {
    /// The file's format.
    pub format: Format,
    /// Whose names its tensors have: "torchvision", "Hugging Face".
    pub naming: &'static str,
    /// Where the usual was taken, because nobody told.
    pub assumed: Vec<Assumption>,
    /// What is worth knowing of how the file was read.
    pub notes: Vec<Note>,
    /// The sets of weights in it, where there are several.
    pub weight_sets: WeightSets,
}

/// What a network on a GPU is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct OnGpu {
    /// Dispatches of a run, all in one submission.
    pub dispatches: usize,
    /// Bytes of the GPU's memory, weights and maps.
    pub bytes: u64,
}

/// A class and how probable the network finds it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Prediction {
    /// Position among the logits; of a single logit class 1 is the one it stands for, class 0 the other.
    pub index: usize,
    /// The class's name.
    pub label: String,
    /// After the softmax, or the sigmoid of a single logit: 0 to 1.
    pub probability: f32,
}

/// What a photo shows, and how long it took to tell.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Classification {
    /// The most probable classes, the first most of all.
    pub top: Vec<Prediction>,
    /// From pixels to the normalised tensor, in milliseconds.
    pub preprocess_milliseconds: f64,
    /// From there to probabilities on the host, in milliseconds.
    pub network_milliseconds: f64,
    /// Where in the picture the evidence for a class lies, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}

/// Which class's evidence is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvidenceFor {
    /// The most probable one's.
    First,
    /// That of the class with this position among the logits.
    Class(usize),
}

/// A class's activation map (Zhou et al. 2016, section 2): what each place of the last stage's maps, which lie over the
/// prepared picture, adds to the class's logit. Together with the class's bias the places sum up to the logit. Where a
/// single logit tells two classes apart, what speaks for class 1 speaks against class 0.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// The class's position among the logits.
    pub class_index: usize,
    /// Of the map.
    pub width: usize,
    /// Of the map.
    pub height: usize,
    /// Row by row.
    pub values: Vec<f32>,
}

/// What is left of a run to tell evidence from.
enum Trace<'a> {
    /// The last stage's maps, and the network that made them.
    Cpu(&'a CpuResNet, Tensor<4>),
    #[cfg(feature = "webgpu")]
    Gpu(ClassMaps),
}

impl Classifier {
    /// Reads a weight file and builds its network on `processor`, batch norm folded. The bytes can go afterwards.
    ///
    /// # Errors
    /// [`WeightError`], what is wrong with the file, or that its network is too large for memory; a GPU that is lost or on which it has no room.
    pub fn load(
        bytes: impl ByteSource,
        choices: &Choices,
        processor: &Processor,
    ) -> Result<Self, Error> {
        let mut file = WeightFile::open(bytes, choices)?;
        check_for_pictures(&file)?;
        let spec = file.spec().clone();
        let arithmetic = on(processor, choices.arithmetic);
        let shape = file.metadata().input_shape();
        footprint(&spec, shape, arithmetic, processor)?.check(MEMORY_FOR_NETWORKS)?;
        let network = match processor {
            Processor::Cpu => {
                let network = CpuResNet::load(spec.clone(), &mut file, arithmetic)?;
                Network::Cpu(Box::new(network))
            }
            #[cfg(feature = "webgpu")]
            Processor::Gpu(gpu) => Network::Gpu(Box::new(Plan::of_network(
                &spec,
                &mut file,
                shape,
                Options::default(),
                gpu,
            )?)),
        };
        Ok(Self {
            network,
            spec,
            arithmetic,
            metadata: file.metadata().clone(),
            origin: Origin {
                format: file.format(),
                naming: file.convention().name,
                assumed: file.assumed().to_vec(),
                notes: file.notes().to_vec(),
                weight_sets: file.weight_sets(),
            },
        })
    }

    /// What the weight file says of itself, or what its tensors tell.
    pub fn metadata(&self) -> &ModelMetadata {
        &self.metadata
    }

    /// What its convolutions calculate with.
    pub fn arithmetic(&self) -> Arithmetic {
        self.arithmetic
    }

    /// What they can calculate with on its device.
    pub fn arithmetics(&self) -> Vec<Arithmetic> {
        match &self.network {
            Network::Cpu(_) => arithmetics(),
            #[cfg(feature = "webgpu")]
            Network::Gpu(_) => vec![Arithmetic::F32],
        }
    }

    /// How many dispatches a run has on a GPU, and how many bytes it takes there.
    pub fn on_gpu(&self) -> Option<OnGpu> {
        match &self.network {
            Network::Cpu(_) => None,
            #[cfg(feature = "webgpu")]
            Network::Gpu(plan) => Some(OnGpu {
                dispatches: plan.dispatches(),
                bytes: plan.bytes(),
            }),
        }
    }

    /// What kind of file the weights came from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Gives the classes other names, in the order of the logits.
    ///
    /// # Errors
    /// [`WeightError::LabelCount`] where there are more or fewer than classes; those before stay.
    pub fn set_labels(&mut self, labels: Vec<String>) -> Result<(), WeightError> {
        self.metadata.set_labels(labels)?;
        self.origin
            .assumed
            .retain(|&assumption| assumption != Assumption::Labels);
        Ok(())
    }

    /// Every layer, for one picture.
    ///
    /// # Errors
    /// Where the metadata's crop does not fit its network.
    pub fn summary(&self) -> Result<Summary, Error> {
        Ok(Summary::of_network(
            &self.spec,
            self.metadata.input_shape(),
        )?)
    }

    /// Classifies a picture of RGBA pixels, 8 bits each, row by row; tells where the evidence for a class lies, too, if that
    /// is asked for. It comes of the same run.
    ///
    /// # Errors
    /// Pixels that are no picture, a class that is none, or a device that fails.
    pub async fn classify(
        &self,
        rgba: &[u8],
        width: u32,
        height: u32,
        top: usize,
        evidence: Option<EvidenceFor>,
    ) -> Result<Classification, Error> {
        let classes = self.spec.config.distinguished();
        if let Some(EvidenceFor::Class(class)) = evidence
            && class >= classes
        {
            return Err(Error::NoSuchClass { class, classes });
        }
        let start = Instant::now();
        let pixels = preprocess(rgba, width, height, &self.metadata.preprocessing)?;
        let prepared = Instant::now();
        let (logits, trace) = self.run(pixels, evidence.is_some()).await?;
        // A device that is lost or out of memory can answer with anything.
        if logits.iter().any(|logit| !logit.is_finite()) {
            let reason = "it answered with numbers that are not finite".to_owned();
            return Err(DeviceError::Failed { reason }.into());
        }
        let probabilities = probabilities(&logits);
        let mut order: Vec<_> = (0..classes).collect();
        order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
        let of_class = |(trace, wanted): (Trace<'_>, EvidenceFor)| match wanted {
            EvidenceFor::First => trace.evidence(order[0], logits.len()),
            EvidenceFor::Class(class) => trace.evidence(class, logits.len()),
        };
        let evidence = trace.zip(evidence).map(of_class);
        order.truncate(top);
        let prediction = |index: usize| Prediction {
            index,
            label: self.metadata.label(index),
            probability: probabilities[index],
        };
        Ok(Classification {
            top: order.into_iter().map(prediction).collect(),
            preprocess_milliseconds: (prepared - start).as_secs_f64() * 1e3,
            network_milliseconds: prepared.elapsed().as_secs_f64() * 1e3,
            evidence,
        })
    }

    /// Classifies a picture as [`classify`](Self::classify) does, and looks at every layer meanwhile.
    ///
    /// # Errors
    /// Pixels that are no picture; a network on a GPU, which has to be loaded on the CPU to be looked into.
    pub fn inspect(&self, rgba: &[u8], width: u32, height: u32) -> Result<Inspection, Error> {
        let pixels = preprocess(rgba, width, height, &self.metadata.preprocessing)?;
        match &self.network {
            Network::Cpu(network) => {
                let image = on_cpu(pixels, self.metadata.input_shape());
                Ok(Inspection::of(network, image)?)
            }
            #[cfg(feature = "webgpu")]
            Network::Gpu(_) => {
                let reason = "layers are looked at on the CPU: load the weights there".to_owned();
                Err(DeviceError::Failed { reason }.into())
            }
        }
    }

    /// Runs the network on a prepared picture `[1, channels, height, width]` of the metadata's size, row by row.
    ///
    /// # Errors
    /// Another number of values, or a device that fails.
    pub async fn logits(&self, input: Vec<f32>) -> Result<Vec<f32>, Error> {
        Ok(self.run(input, false).await?.0)
    }

    /// The logits, and what evidence can be told from where that is wanted.
    async fn run(
        &self,
        input: Vec<f32>,
        traced: bool,
    ) -> Result<(Vec<f32>, Option<Trace<'_>>), Error> {
        let shape = self.metadata.input_shape();
        let (expected, found) = (shape.iter().product(), input.len());
        if found != expected {
            return Err(ImageError::Values { expected, found }.into());
        }
        match &self.network {
            Network::Cpu(network) => {
                let features = network.features(on_cpu(input, shape))?;
                let trace = traced.then(|| Trace::Cpu(network, features.clone()));
                let logits = network.head(features).into_data_async().await;
                let logits = logits.map_err(|error| DeviceError::Failed {
                    reason: error.to_string(),
                })?;
                Ok((logits.iter::<f32>().collect(), trace))
            }
            #[cfg(feature = "webgpu")]
            Network::Gpu(plan) if traced => {
                let (logits, maps) = plan.run_with_class_maps(&input).await?;
                Ok((logits, Some(Trace::Gpu(maps))))
            }
            #[cfg(feature = "webgpu")]
            Network::Gpu(plan) => Ok((plan.run(&input).await?, None)),
        }
    }

    /// How long a GPU takes for each layer, in the order of computation; the picture makes no difference. `None` on the CPU,
    /// and where the GPU or the browser does not tell.
    ///
    /// # Errors
    /// A device that is lost.
    pub async fn layer_times(&self) -> Result<Option<Vec<LayerTime>>, Error> {
        match &self.network {
            Network::Cpu(_) => Ok(None),
            #[cfg(feature = "webgpu")]
            Network::Gpu(plan) => {
                let picture = synthetic::input(self.metadata.input_shape());
                Ok(plan.layer_times(&picture).await?)
            }
        }
    }
}

impl Trace<'_> {
    /// The evidence for a class of a network with so many logits.
    fn evidence(self, class_index: usize, logits: usize) -> Evidence {
        let single = logits == 1;
        let logit = if single { 0 } else { class_index };
        let ([height, width], mut values) = match self {
            Self::Cpu(network, features) => {
                let [_, _, height, width] = features.dims();
                ([height, width], network.evidence(features, logit))
            }
            #[cfg(feature = "webgpu")]
            Self::Gpu(maps) => (maps.size(), maps.of_class(logit)),
        };
        if single && class_index == 0 {
            values.iter_mut().for_each(|value| *value = -*value);
        }
        Evidence {
            class_index,
            width,
            height,
            values,
        }
    }
}

/// An image `[1, channels, height, width]` as the CPU's tensor.
fn on_cpu(image: Vec<f32>, shape: [usize; 4]) -> Tensor<4> {
    Tensor::from_data(TensorData::new(image, shape), &Device::flex())
}

/// What a processor calculates with that is asked for this.
fn on(processor: &Processor, arithmetic: Arithmetic) -> Arithmetic {
    match processor {
        Processor::Cpu => supported(arithmetic),
        #[cfg(feature = "webgpu")]
        Processor::Gpu(_) => Arithmetic::F32,
    }
}

/// Bytes of the browser's memory that the module itself, the picture, and gaps between allocations take.
const REST: u64 = 1 << 28;
/// Bytes that networks can have in a module's own memory, which ends where its addresses do.
const IN_MEMORY: u64 = (4 << 30) - REST;
/// The same in memory that threads share, which ends where tools/lib/wasm-module.mjs says.
const IN_SHARED_MEMORY: u64 = (2 << 30) - REST;
/// What holds here; natively there is as much as there is.
const MEMORY_FOR_NETWORKS: u64 = if cfg!(not(target_arch = "wasm32")) {
    u64::MAX
} else if cfg!(target_feature = "atomics") {
    IN_SHARED_MEMORY
} else {
    IN_MEMORY
};

/// What a network takes in this program's memory.
fn footprint(
    spec: &NetworkSpec,
    input_shape: [usize; 4],
    arithmetic: Arithmetic,
    processor: &Processor,
) -> Result<Footprint, Error> {
    let footprint = Footprint::of(spec, input_shape, &OnCpu(arithmetic))?;
    Ok(match processor {
        Processor::Cpu => footprint,
        // Nothing stays, but each tensor is packed and converted on its way.
        #[cfg(feature = "webgpu")]
        Processor::Gpu(_) => Footprint {
            weights: footprint.largest_tensor,
            ..footprint
        },
    })
}

/// The form in which the CPU keeps weights, of convolutions that calculate with this.
struct OnCpu(Arithmetic);

impl Packing for OnCpu {
    fn convolution(&self, shape: ConvShape) -> u64 {
        packed_size(ConvShape {
            arithmetic: self.0,
            ..shape
        })
    }

    fn linear(&self, [features, classes]: [usize; 2]) -> u64 {
        product(&[features, padded(classes)])
    }
}

/// Checks that pictures can go through a file's network.
fn check_for_pictures(file: &WeightFile<'_>) -> Result<(), WeightError> {
    fn fault(error: impl ToString) -> WeightError {
        WeightError::Architecture {
            reason: error.to_string(),
        }
    }
    let metadata = file.metadata();
    metadata.preprocessing.validate().map_err(fault)?;
    let channels = metadata.network.input_channels;
    if channels != 3 {
        return Err(fault(format!(
            "it takes {channels} input channels, and a picture has 3"
        )));
    }
    file.spec()
        .check_input(metadata.input_shape())
        .map_err(fault)
}

/// Probabilities of the classes that logits tell apart: those of the softmax, or both of a single logit's sigmoid.
fn probabilities(logits: &[f32]) -> Vec<f32> {
    match *logits {
        [logit] => [-logit, logit]
            .map(|logit| (1.0 / (1.0 + f64::from(-logit).exp())) as f32)
            .to_vec(),
        _ => softmax(logits),
    }
}

/// Probabilities of logits, with the largest taken off first so that no exponential overflows.
fn softmax(logits: &[f32]) -> Vec<f32> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exponentials: Vec<_> = logits
        .iter()
        .map(|&logit| f64::from(logit - largest).exp())
        .collect();
    let sum: f64 = exponentials.iter().sum();
    exponentials.into_iter().map(|e| (e / sum) as f32).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::resnet::{BlockKind, Depth, ResNetConfig};

    #[test]
    fn what_is_too_large_for_the_browser_is_known_beforehand() {
        let plain = ResNetConfig::torchvision;
        let wide = ResNetConfig {
            width_per_group: 128,
            ..plain(Depth::D101, 1000)
        };
        let reference = ResNetConfig::reference([3, 4, 6, 3], 224, 1000, BlockKind::Bottleneck, 3);
        // Crop; whether it fits alone, and into memory that threads share.
        let cases = [
            (plain(Depth::D50, 1000), 224, [true, true]),
            (plain(Depth::D152, 1000), 224, [true, true]),
            (plain(Depth::D50, 21_841), 224, [true, true]),
            (wide, 224, [true, true]),
            (reference, 224, [true, true]),
            (plain(Depth::D50, 1000), 2048, [true, true]),
            (plain(Depth::D18, 400_000), 224, [true, false]),
            (plain(Depth::D18, 900_000), 224, [false, false]),
            (plain(Depth::D50, 1 << 20), 224, [false, false]),
        ];
        let mut report = Vec::new();
        for (config, crop, expected) in cases {
            let spec = NetworkSpec::new(&config).unwrap();
            for arithmetic in [Arithmetic::F32, Arithmetic::Int8] {
                let shape = [1, 3, crop, crop];
                let footprint = footprint(&spec, shape, arithmetic, &Processor::Cpu).unwrap();
                let refused = [IN_MEMORY, IN_SHARED_MEMORY].map(|most| footprint.check(most).err());
                let found = refused.clone().map(|error| error.is_none());
                let codes = refused.into_iter().flatten().map(|e| Error::from(e).code());
                if found != expected || codes.into_iter().any(|code| code != "too-large") {
                    report.push(format!(
                        "{}, {} classes, {arithmetic:?}, {crop} pixels: {found:?}, {footprint:?}",
                        config.name(),
                        config.classes
                    ));
                }
            }
        }
        assert_eq!(report, Vec::<String>::new());
    }

    #[test]
    fn probabilities_are_the_softmax_or_both_of_a_single_sigmoid() {
        let cases: &[(&[f32], &[f32])] = &[
            (&[0.0, 0.0], &[0.5, 0.5]),
            (&[1000.0, 1000.0, -1000.0], &[0.5, 0.5, 0.0]),
            (
                &[1.0, 2.0, 3.0],
                &[0.090_030_57, 0.244_728_47, 0.665_240_94],
            ),
            // torch.sigmoid(torch.tensor(2.0))
            (&[2.0], &[0.119_202_92, 0.880_797_1]),
            (&[-200.0], &[1.0, 0.0]),
            (&[0.0], &[0.5, 0.5]),
        ];
        for (logits, expected) in cases {
            let found = probabilities(logits);
            assert!(
                found
                    .iter()
                    .zip(*expected)
                    .all(|(f, e)| (f - e).abs() < 1e-6),
                "{logits:?}: {found:?} instead of {expected:?}"
            );
        }
    }
}
