//! From an image's pixels to the most probable classes.

mod memory;
mod network;
mod probabilities;
mod run;

use std::sync::Arc;

use serde::Serialize;
use web_time::Instant;

use crate::backend::Processor;
use crate::error::Error;
use crate::image::{ImageError, preprocess};
use crate::inspect::Inspection;
use crate::resnet::NetworkSpec;
use crate::resnet::conv::Arithmetic;
use crate::summary::{LayerTime, Summary};
use crate::weights::index::Format;
use crate::weights::{
    Assumption, Beside, ByteSource, Choices, ModelMetadata, Note, WeightError, WeightFile,
    WeightSets,
};
use memory::{MEMORY_FOR_NETWORKS, footprint};
use network::{DeviceNetwork, NetworkRun, arithmetic_on};
pub use run::Run;

/// A network with its labels, ready to classify on one device.
///
/// ```
/// # use std::{fs::File, io::Read};
/// # use flate2::read::GzDecoder;
/// use resnet_web::backend::{self, DeviceKind};
/// use resnet_web::classifier::Classifier;
/// use resnet_web::weights::Choices;
///
/// # let mut weights = Vec::new();
/// # let packed = File::open("tests/fixtures/weights/basic.safetensors.gz")?;
/// # GzDecoder::new(packed).read_to_end(&mut weights)?;
/// # pollster::block_on(async {
/// let (processor, report) = backend::open(DeviceKind::Cpu, false).await?;
/// println!("{} is off by {} at most", report.name, report.self_check.worst_error);
///
/// let mut classifier = Classifier::load(weights.as_slice(), &Choices::default(), &processor)?;
/// let labels = (0..classifier.metadata().network.classes).map(|class| format!("breed {class}"));
/// classifier.set_labels(labels.collect())?;
///
/// let (width, height) = (320, 240);
/// let grey = vec![128; 4 * width as usize * height as usize];
/// let result = classifier.classify(&grey, width, height, 3, None).await?;
/// assert_eq!(result.top.len(), 3);
/// assert!(result.top[0].label.starts_with("breed"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Classifier {
    network: DeviceNetwork,
    spec: NetworkSpec,
    arithmetic: Arithmetic,
    /// Shared with runs under way, which keep the labels that they began with.
    metadata: Arc<ModelMetadata>,
    origin: Origin,
}

/// What kind of file the weights came from, and what it did not say.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Origin {
    /// The file's format.
    pub format: Format,
    /// The naming convention of its tensors: "torchvision", "Hugging Face".
    pub naming: &'static str,
    /// What neither the file nor the caller said and the usual was taken for.
    pub assumed: Vec<Assumption>,
    /// What is worth knowing of how the file was read.
    pub notes: Vec<Note>,
    /// The sets of weights in it, if there are several.
    pub weight_sets: WeightSets,
}

/// What a network takes on a GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "engine.ts"))]
pub struct OnGpu {
    /// Dispatches of a run, all in one submission.
    pub dispatches: usize,
    /// Bytes of the GPU's memory, weights and feature maps.
    pub bytes: u64,
}

/// A class and its probability.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "engine.ts"))]
pub struct Prediction {
    /// The class index: the position among the logits. A single logit stands for class 1, and class 0 is the other one.
    pub index: usize,
    /// The class's name.
    pub label: String,
    /// After the softmax, or the sigmoid of a single logit: 0 to 1.
    pub probability: f32,
}

/// What an image shows, and how long it took to compute.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "engine.ts", optional_fields))]
pub struct Classification {
    /// The most probable classes, most probable first.
    pub top: Vec<Prediction>,
    /// From pixels to the network's input, in milliseconds.
    pub preprocess_milliseconds: f64,
    /// From there to probabilities on the host, in milliseconds.
    pub network_milliseconds: f64,
    /// The class activation map, if one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// The features that enter the head's layers, if they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding: Option<Vec<f32>>,
}

/// The class whose activation map is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EvidenceFor {
    /// The most probable class.
    First,
    /// The class with this index.
    Class(usize),
}

/// A class activation map (Zhou et al. 2016, section 2): what each place of the last stage's feature maps, which cover the
/// preprocessed image, adds to the class's logit. The sum over all places is the logit without the class's bias. Where a
/// single logit distinguishes two classes, what raises class 1 lowers class 0.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
#[cfg_attr(
    test,
    derive(ts_rs::TS),
    ts(export_to = "engine.ts", rename = "ClassEvidence")
)]
pub struct Evidence {
    /// The class index.
    pub class_index: usize,
    /// The map's width.
    pub width: usize,
    /// The map's height.
    pub height: usize,
    /// The map, row by row.
    pub values: Vec<f32>,
}

impl Classifier {
    /// Reads a weight file and builds its network on `processor`, batch norm folded. The bytes are not needed afterwards.
    ///
    /// # Errors
    /// [`WeightError`] if something is wrong with the file or the network is too large for memory,
    /// [`DeviceError`](crate::backend::DeviceError) if the GPU is lost or has no room for it.
    pub fn load(
        bytes: impl ByteSource,
        choices: &Choices,
        processor: &Processor,
    ) -> Result<Self, Error> {
        Self::load_beside(bytes, &|_| None, choices, processor)
    }

    /// As [`load`](Self::load), with files of external data: see [`WeightFile::open_beside`].
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_beside<'bytes>(
        bytes: impl ByteSource + 'bytes,
        beside: &Beside<'bytes>,
        choices: &Choices,
        processor: &Processor,
    ) -> Result<Self, Error> {
        let mut file = WeightFile::open_beside(bytes, beside, choices)?;
        check_takes_images(&file)?;
        let spec = file.spec().clone();
        let arithmetic = arithmetic_on(processor, choices.arithmetic);
        let shape = file.metadata().input_shape();
        footprint(&spec, shape, arithmetic, processor)?.check(MEMORY_FOR_NETWORKS)?;
        let network = DeviceNetwork::load(&spec, &mut file, shape, arithmetic, processor)?;
        Ok(Self {
            network,
            spec,
            arithmetic,
            metadata: Arc::new(file.metadata().clone()),
            origin: Origin {
                format: file.format(),
                naming: file.convention().name,
                assumed: file.assumed().to_vec(),
                notes: file.notes().to_vec(),
                weight_sets: file.weight_sets(),
            },
        })
    }

    /// What the weight file says of itself, or what its tensors show.
    pub fn metadata(&self) -> &ModelMetadata {
        &self.metadata
    }

    /// What its convolutions compute in.
    pub fn arithmetic(&self) -> Arithmetic {
        self.arithmetic
    }

    /// Everything that convolutions can compute in on its device.
    pub fn arithmetics(&self) -> Vec<Arithmetic> {
        self.network.arithmetics()
    }

    /// What the network takes on a GPU. `None` on the CPU.
    pub fn on_gpu(&self) -> Option<OnGpu> {
        self.network.on_gpu()
    }

    /// What kind of file the weights came from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Replaces the classes' labels, in the order of the logits.
    ///
    /// # Errors
    /// [`WeightError::LabelCount`] if there are more or fewer labels than classes. The labels stay as they were then.
    pub fn set_labels(&mut self, labels: Vec<String>) -> Result<(), WeightError> {
        Arc::make_mut(&mut self.metadata).set_labels(labels)?;
        self.origin
            .assumed
            .retain(|&assumption| assumption != Assumption::Labels);
        Ok(())
    }

    /// A row for each layer, for one image.
    ///
    /// # Errors
    /// [`ShapeError`](crate::resnet::ShapeError) if the crop of the metadata does not fit the network.
    pub fn summary(&self) -> Result<Summary, Error> {
        Ok(Summary::of_network(
            &self.spec,
            self.metadata.input_shape(),
        )?)
    }

    /// Classifies an image of RGBA pixels, 8 bits each, row by row. The same run gives the class activation map that
    /// `evidence` asks for.
    ///
    /// # Errors
    /// [`ImageError`] for pixels that are no image, [`Error::NoClasses`], [`Error::NoSuchClass`],
    /// [`DeviceError`](crate::backend::DeviceError).
    pub async fn classify(
        &self,
        rgba: &[u8],
        width: u32,
        height: u32,
        top: usize,
        evidence: Option<EvidenceFor>,
    ) -> Result<Classification, Error> {
        let run = self.begin(rgba, width, height, top, evidence)?;
        run.finish().await
    }

    /// Begins what [`classify`](Self::classify) does, for a caller that may want to stop it: preprocesses the image, and
    /// leaves the network to the [`Run`].
    ///
    /// # Errors
    /// [`ImageError`] for pixels that are no image, [`Error::NoClasses`], [`Error::NoSuchClass`].
    pub fn begin(
        &self,
        rgba: &[u8],
        width: u32,
        height: u32,
        top: usize,
        evidence: Option<EvidenceFor>,
    ) -> Result<Run, Error> {
        let classes = self.spec.config.distinguished();
        if classes == 0 {
            return Err(Error::NoClasses);
        }
        if let Some(EvidenceFor::Class(class)) = evidence
            && class >= classes
        {
            return Err(Error::NoSuchClass { class, classes });
        }
        self.begin_run(rgba, width, height, top, evidence)
    }

    /// The features that enter the head's layers: after the average pool, one number for each channel of the last stage. They
    /// place an image among others: what looks alike has a small angle between its embeddings.
    ///
    /// A network without a head has nothing but these. They come with a classification, too: [`Run::with_embedding`].
    ///
    /// # Errors
    /// [`ImageError`] for pixels that are no image, [`DeviceError`](crate::backend::DeviceError).
    pub async fn embed(&self, rgba: &[u8], width: u32, height: u32) -> Result<Vec<f32>, Error> {
        let run = self.begin_embedding(rgba, width, height)?;
        Ok(run.finish().await?.embedding.unwrap_or_default())
    }

    /// Begins what [`embed`](Self::embed) does. The run's result has the embedding, and no classes.
    ///
    /// # Errors
    /// [`ImageError`] for pixels that are no image.
    pub fn begin_embedding(&self, rgba: &[u8], width: u32, height: u32) -> Result<Run, Error> {
        Ok(self
            .begin_run(rgba, width, height, 0, None)?
            .with_embedding())
    }

    fn begin_run(
        &self,
        rgba: &[u8],
        width: u32,
        height: u32,
        top: usize,
        evidence: Option<EvidenceFor>,
    ) -> Result<Run, Error> {
        let start = Instant::now();
        let pixels = preprocess(rgba, width, height, &self.metadata.preprocessing)?;
        let preprocessing = start.elapsed();
        Ok(Run::new(
            self.begin_network(pixels)?,
            self.metadata.clone(),
            top,
            evidence,
            preprocessing,
        ))
    }

    /// Runs the network on an image of RGBA pixels, as [`classify`](Self::classify) does, and inspects every layer.
    ///
    /// # Errors
    /// [`ImageError`] for pixels that are no image; [`DeviceError::Failed`](crate::backend::DeviceError::Failed) on a GPU: load
    /// the network on the CPU to inspect it.
    pub fn inspect(&self, rgba: &[u8], width: u32, height: u32) -> Result<Inspection, Error> {
        let pixels = preprocess(rgba, width, height, &self.metadata.preprocessing)?;
        self.network.inspect(pixels)
    }

    /// Runs the network on a preprocessed image `[1, channels, height, width]` of the metadata's size, row by row. A network
    /// without classes has no logits.
    ///
    /// # Errors
    /// [`ImageError::Values`] for another number of values, [`DeviceError`](crate::backend::DeviceError).
    pub async fn logits(&self, input: Vec<f32>) -> Result<Vec<f32>, Error> {
        Ok(self
            .begin_network(input)?
            .finish(false, false)
            .await?
            .logits)
    }

    fn begin_network(&self, input: Vec<f32>) -> Result<NetworkRun, ImageError> {
        let shape = self.metadata.input_shape();
        let (expected, found) = (shape.iter().product(), input.len());
        if found != expected {
            return Err(ImageError::Values { expected, found });
        }
        Ok(self.network.begin(input))
    }

    /// How long a GPU takes for each layer, in the order of computation; it is the same for every image. `None` on the CPU,
    /// and if the GPU or the browser has no timestamps.
    ///
    /// # Errors
    /// [`DeviceError::Lost`](crate::backend::DeviceError::Lost).
    pub async fn layer_times(&self) -> Result<Option<Vec<LayerTime>>, Error> {
        self.network.layer_times().await
    }
}

/// Checks that the network of a file takes images.
fn check_takes_images(file: &WeightFile<'_>) -> Result<(), WeightError> {
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
            "it takes {channels} input channels, and an image has 3"
        )));
    }
    file.spec()
        .check_input(metadata.input_shape())
        .map_err(fault)
}
