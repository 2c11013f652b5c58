//! The whole ResNet family against PyTorch: `tests/fixtures/family`.

use std::collections::{BTreeMap, HashMap};

use burn::prelude::*;
use resnet_web::cpu::CpuResNet;
#[cfg(feature = "webgpu")]
use resnet_web::gpu::{Gpu, Options, Plan};
use resnet_web::network::ResNet;
use resnet_web::observe::{Observer, Output};
use resnet_web::resnet::config::StemPool;
use resnet_web::resnet::conv::Arithmetic;
use resnet_web::resnet::{NetworkSpec, ResNetConfig};
use resnet_web::summary::Summary;
use resnet_web::threads;
use resnet_web::weights::format::index;
use resnet_web::weights::index::TensorIndex;
use resnet_web::weights::synthetic::input;
use resnet_web::weights::{Assumption, Choices, TensorSource, WeightError, WeightFile};
#[cfg(feature = "webgpu")]
use resnet_web_core::storage_dtype::StorageDtype;
use serde::Deserialize;

/// How far a value may be off in f32; logits have a size of about 2.
const TOLERANCE: f32 = 1e-3;
/// The same in eight bits, and the part of it that is not a multiple of what rounding alone changes in PyTorch.
const TOLERANCE_INT8: f32 = 5e-2;
/// Where maps are stored with significands of 11 bits.
#[cfg(feature = "webgpu")]
const TOLERANCE_F16: f32 = 2e-2;

/// The descriptions and the files of these networks.
macro_rules! members {
    ($($name:literal $form:literal,)*) => {
        &[$((
            include_str!(concat!("../fixtures/family/", $name, ".json")),
            include_bytes!(concat!("../fixtures/family/", $name, ".", $form, ".gz")),
        )),*]
    };
}

const MEMBERS: &[(&str, &[u8])] = members! {
    "resnet18" "safetensors",
    "resnet50" "safetensors",
    "resnet50-v1" "safetensors",
    "resnet50-caffe" "safetensors",
    "stem-3x3" "safetensors",
    "stem-3x3-bottleneck" "safetensors",
    "stem-3x3-max-pool" "safetensors",
    "resnet20-option-a" "safetensors",
    "resnet20-option-a-after" "safetensors",
    "resnet20-projection" "safetensors",
    "resnet18c" "safetensors",
    "resnet50c" "safetensors",
    "resnet18d" "safetensors",
    "resnet50d" "safetensors",
    "resnet10t" "safetensors",
    "resnet14t" "safetensors",
    "resnetrs50" "safetensors",
    "resnet50-half" "safetensors",
    "resnext" "safetensors",
    "resnext50_32x4d" "safetensors",
    "wide_resnet50_2" "safetensors",
    "seresnet18" "safetensors",
    "seresnet50" "safetensors",
    "seresnext26d" "safetensors",
    "ecaresnet26t" "safetensors",
    "ecaresnet-basic" "safetensors",
    "resnetblur18" "safetensors",
    "resnetblur50" "safetensors",
    "resnetblur50d" "safetensors",
    "resnetaa34d" "safetensors",
    "resnetaa50" "safetensors",
    "seresnetaa50d" "safetensors",
    "seresnet50d-wide" "safetensors",
    "resnetv2_18" "safetensors",
    "resnetv2_18d" "safetensors",
    "resnetv2_50" "safetensors",
    "resnetv2_50d" "safetensors",
    "resnetv2_50t" "safetensors",
    "head-none" "safetensors",
    "head-none-d" "safetensors",
    "head-no-bias" "safetensors",
    "head-one-logit" "pth",
    "head-dropout" "pth",
    "head-mlp" "pth",
    "head-mlp-of-three" "safetensors",
    "head-mlp-batch-norm" "safetensors",
    "head-fastai" "pth",
    "head-fastai-1" "pth",
    "head-flatten" "safetensors",
};

/// A network of the family, and what PyTorch computes with it.
#[derive(Debug, Deserialize)]
pub struct Member {
    pub case: String,
    pub config: ResNetConfig,
    /// What the file does not show and is not as it usually is.
    choices: Choices,
    /// The file's names of tensors that have another in the spec.
    renamed: HashMap<String, String>,
    pub input_shape: [usize; 4],
    embedding: Vec<f32>,
    logits: Option<Vec<f32>>,
    class_map: Option<ClassMap>,
    /// How far PyTorch is off with convolutions that are rounded to eight bits.
    int8: f32,
    #[serde(skip)]
    bytes: Vec<u8>,
}

/// What each place of the last map adds to a logit.
#[derive(Debug, Deserialize)]
struct ClassMap {
    class: usize,
    values: Vec<f32>,
}

/// The tensors of a network's file under the names that its spec has for them.
struct Tensors<'a> {
    index: TensorIndex,
    member: &'a Member,
}

impl TensorSource for Tensors<'_> {
    fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, WeightError> {
        let Member { renamed, bytes, .. } = self.member;
        let name = renamed.get(name).map_or(name, String::as_str);
        let Some(entry) = self.index.tensors.get(name) else {
            let reason = format!("it has no {name}");
            return Err(WeightError::Format { reason });
        };
        // Linear layers can be 1x1 convolutions.
        let ones = &entry.shape[shape.len().min(entry.shape.len())..];
        if !entry.shape.starts_with(shape) || ones.iter().any(|&side| side != 1) {
            let reason = format!("{name} is {:?} instead of {shape:?}", entry.shape);
            return Err(WeightError::Format { reason });
        }
        entry.values(name, &bytes.as_slice())
    }
}

/// What an engine computes.
struct Found {
    engine: String,
    /// How far each value may be off.
    tolerance: f32,
    /// `None` where it does not return that.
    embedding: Option<Vec<f32>>,
    /// Of one run or several.
    logits: Vec<Vec<f32>>,
    class_map: Option<Vec<f32>>,
}

/// Every network.
pub async fn members() -> Vec<Member> {
    let mut members = Vec::new();
    for &(json, packed) in MEMBERS {
        members.push(Member {
            bytes: unpacked(packed).await,
            ..serde_json::from_str(json).unwrap()
        });
    }
    members
}

#[cfg(not(target_arch = "wasm32"))]
async fn unpacked(packed: &[u8]) -> Vec<u8> {
    use std::io::Read;

    let mut bytes = Vec::new();
    let mut decoder = flate2::read::GzDecoder::new(packed);
    decoder.read_to_end(&mut bytes).unwrap();
    bytes
}

/// By the browser: a crate for it would have burn's dependencies compiled once more, with other features.
#[cfg(target_arch = "wasm32")]
async fn unpacked(packed: &[u8]) -> Vec<u8> {
    use js_sys::{Function, Promise, Uint8Array};
    use wasm_bindgen::JsValue;
    use wasm_bindgen_futures::JsFuture;

    let unpack = Function::new_with_args(
        "packed",
        "const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
         return new Response(stream).arrayBuffer();",
    );
    let promise = unpack.call1(&JsValue::NULL, &Uint8Array::from(packed));
    let buffer = JsFuture::from(Promise::from(promise.unwrap())).await;
    Uint8Array::new(&buffer.unwrap()).to_vec()
}

impl Member {
    /// A line for everything that the burn module computes differently.
    pub async fn module_faults(&self) -> Vec<String> {
        let found = async {
            let (spec, mut source) = self.parts()?;
            let network = ResNet::load(spec, &mut source, &Device::flex()).map_err(line)?;
            let mut seen = Seen::default();
            network
                .probabilities(self.image(), &mut seen)
                .map_err(line)?;
            self.compare_rows(&seen)?;
            Ok(Found {
                engine: "burn".to_owned(),
                tolerance: TOLERANCE,
                embedding: Some(read(network.embedding(self.image()).map_err(line)?).await),
                logits: vec![read(network.forward(self.image()).map_err(line)?).await],
                class_map: None,
            })
        };
        self.compare(found.await)
    }

    /// A line for everything that the CPU computes differently, with layers fused and with all of them observed.
    pub async fn cpu_faults(&self, arithmetic: Arithmetic) -> Vec<String> {
        let found = async {
            let (spec, mut source) = self.parts()?;
            let network = CpuResNet::load(spec, &mut source, arithmetic).map_err(line)?;
            let observed = network.forward_observed(self.image(), &mut Seen::default());
            let observed = read(observed.map_err(line)?).await;
            let features = network.features(self.image()).map_err(line)?;
            let embedding = network.pool(features.clone());
            let class = self.class_map.as_ref().map(|map| map.class);
            Ok(Found {
                engine: format!("CPU, {arithmetic:?}, {} threads", threads::count()),
                tolerance: match arithmetic {
                    Arithmetic::F32 => TOLERANCE,
                    _ => TOLERANCE_INT8 + 2.0 * self.int8,
                },
                embedding: Some(read(embedding.clone()).await),
                logits: vec![read(network.classify(embedding)).await, observed],
                class_map: class.map(|class| network.evidence(features, class)),
            })
        };
        self.compare(found.await)
    }

    /// A line for everything that is different if the file is opened as any other: its network follows from names and shapes,
    /// and from the fixture's choices where these do not show it.
    pub async fn file_faults(&self) -> Vec<String> {
        let found = async {
            self.compare_assumed()?;
            let mut file = WeightFile::open(self.bytes.as_slice(), &self.choices).map_err(line)?;
            let spec = file.spec().clone();
            let network = CpuResNet::load(spec, &mut file, Arithmetic::F32).map_err(line)?;
            Ok(Found {
                engine: "as a file".to_owned(),
                tolerance: TOLERANCE,
                embedding: None,
                logits: vec![read(network.forward(self.image()).map_err(line)?).await],
                class_map: None,
            })
        };
        self.compare(found.await)
    }

    /// A line for everything that a GPU computes differently.
    #[cfg(feature = "webgpu")]
    pub async fn gpu_faults(&self, gpu: &Gpu) -> Vec<String> {
        let found = async {
            let (spec, mut source) = self.parts()?;
            let options = Options::default();
            let plan = Plan::of_network(&spec, &mut source, self.input_shape, options, gpu);
            let plan = plan.map_err(line)?;
            let image = input(self.input_shape);
            let class_map = match &self.class_map {
                Some(map) => {
                    let (_, maps) = plan.run_with_class_maps(&image).await.map_err(line)?;
                    Some(maps.of_class(map.class))
                }
                None => None,
            };
            let outputs = plan.run_with_features(&image).await.map_err(line)?;
            // Without a head, the features are all that there is.
            let has_logits = self.logits.is_some();
            Ok(Found {
                engine: format!("GPU, {:?}", gpu.storage_dtype()),
                tolerance: match gpu.storage_dtype() {
                    StorageDtype::F32 => TOLERANCE,
                    StorageDtype::F16 => TOLERANCE_F16,
                },
                embedding: Some(outputs.features),
                logits: has_logits.then_some(outputs.logits).into_iter().collect(),
                class_map,
            })
        };
        self.compare(found.await)
    }

    /// A line for every map that a GPU computes differently than the CPU does, class activation maps among them, and for every
    /// dispatch whose layer is not in the summary.
    #[cfg(feature = "webgpu")]
    pub async fn gpu_map_faults(&self, gpu: &Gpu) -> Vec<String> {
        let (spec, mut source) = self.parts().unwrap();
        let network = CpuResNet::load(spec.clone(), &mut source, Arithmetic::F32).unwrap();
        let mut expected = Maps::default();
        network
            .forward_observed(self.image(), &mut expected)
            .unwrap();
        let shape = self.input_shape;
        let plan = Plan::of_network(&spec, &mut source, shape, Options::observing(), gpu).unwrap();
        let image = input(shape);
        let outputs = plan.run_with_features(&image).await.unwrap();
        let mut faults = Vec::new();
        let mut compare = |name: &str, expected: &[f32], found: &[f32]| {
            let largest = expected.iter().fold(0.0, |max: f32, v| max.max(v.abs()));
            // NaN is not within it either.
            let is_near = worst(expected, found) <= TOLERANCE * largest;
            if !is_near || expected.len() != found.len() {
                faults.push(format!("{}, {name}: not the CPU's", self.case));
            }
        };
        for (name, found) in &outputs.observed {
            let expected: Vec<f32> = match expected.0.remove(name) {
                Some(map) => map.into_data_async().await.unwrap().iter().collect(),
                None => Vec::new(),
            };
            compare(name, &expected, found);
        }
        if self.logits.is_some() {
            let features = network.features(self.image()).unwrap();
            let (_, maps) = plan.run_with_class_maps(&image).await.unwrap();
            let found = maps.of_class(0);
            compare("class map", &network.evidence(features, 0), &found);
        }
        let summary = Summary::of_network(&spec, shape).unwrap();
        for layer in plan.layers() {
            if !summary.rows.iter().any(|row| row.name == layer) {
                faults.push(format!("{}, {layer}: not in the summary", self.case));
            }
        }
        faults
    }

    /// Without choices, what is not as it usually is in this network is assumed wrongly, and listed as assumed; nothing else is
    /// wrong.
    fn compare_assumed(&self) -> Result<(), String> {
        let file = WeightFile::open(self.bytes.as_slice(), &Choices::default()).map_err(line)?;
        let (expected, found) = (&self.config, &file.metadata().network);
        let mut needed = Choices::default();
        let mut wrong = Vec::new();
        if found.stride_on != expected.stride_on {
            needed.stride_on = Some(expected.stride_on);
            wrong.push(Assumption::Stride);
        }
        if found.stem.pool != expected.stem.pool {
            needed.stem_pool = Some(expected.stem.pool);
            wrong.push(match expected.stem.pool {
                // Networks with Caffe's pool have its stride, too, and that is what a caller is asked for.
                StemPool::MaxOverEnd => Assumption::Stride,
                _ => Assumption::StemPool,
            });
        }
        if found.shortcut != expected.shortcut {
            needed.shortcut = Some(expected.shortcut);
            wrong.push(Assumption::Shortcut);
        }
        if found.anti_aliasing != expected.anti_aliasing {
            needed.anti_aliasing = expected.anti_aliasing;
            wrong.push(Assumption::AntiAliasing);
        }
        wrong.retain(|assumption| !file.assumed().contains(assumption));
        if !wrong.is_empty() {
            return Err(format!("wrong, and not listed as assumed: {wrong:?}"));
        }
        if needed != self.choices {
            return Err(format!(
                "it needs the choices {needed:?}, and the fixture has {:?}",
                self.choices
            ));
        }
        Ok(())
    }

    /// The summary has a row for each layer that is observed, with its shape, and no others.
    fn compare_rows(&self, Seen(seen): &Seen) -> Result<(), String> {
        let (spec, _) = self.parts()?;
        let summary = Summary::of_network(&spec, self.input_shape).map_err(line)?;
        let rows = summary.rows.into_iter();
        let rows: Shapes = rows.map(|row| (row.name, row.output_shape)).collect();
        if rows == *seen {
            return Ok(());
        }
        let differs = |a: &Shapes, b: &Shapes| -> Vec<String> {
            let rows = a.iter().filter(|(name, shape)| b.get(*name) != Some(shape));
            rows.map(|(name, shape)| format!("{name} {shape:?}"))
                .collect()
        };
        Err(format!(
            "the summary has {:?}, the network {:?}",
            differs(&rows, seen),
            differs(seen, &rows)
        ))
    }

    fn parts(&self) -> Result<(NetworkSpec, Tensors<'_>), String> {
        let spec = NetworkSpec::new(&self.config).map_err(line)?;
        let index = index(&self.bytes.as_slice(), None).map_err(line)?;
        Ok((
            spec,
            Tensors {
                index,
                member: self,
            },
        ))
    }

    fn image(&self) -> Tensor<4> {
        let data = TensorData::new(input(self.input_shape), self.input_shape);
        Tensor::from_data(data, &Device::flex())
    }

    fn compare(&self, found: Result<Found, String>) -> Vec<String> {
        let found = match found {
            Ok(found) => found,
            Err(error) => return vec![format!("{}: {error}", self.case)],
        };
        // Without a head, the features are all that there is.
        let logits = self.logits.as_ref().unwrap_or(&self.embedding);
        let mut parts = vec![("embedding", Some(&self.embedding), &found.embedding)];
        let runs: Vec<_> = found.logits.into_iter().map(Some).collect();
        parts.extend(runs.iter().map(|run| ("logits", Some(logits), run)));
        let class_map = self.class_map.as_ref().map(|map| &map.values);
        parts.push(("class map", class_map, &found.class_map));
        let mut faults = Vec::new();
        for (what, expected, values) in parts {
            let (Some(expected), Some(values)) = (expected, values) else {
                continue;
            };
            let fault = match worst(expected, values) {
                _ if expected.len() != values.len() => {
                    format!("{} values instead of {}", values.len(), expected.len())
                }
                // NaN is not within it either.
                worst if worst <= found.tolerance => continue,
                worst => format!(
                    "off by {worst}, {:.4?} instead of {:.4?}",
                    &values[..values.len().min(5)],
                    &expected[..expected.len().min(5)]
                ),
            };
            faults.push(format!("{} ({}), {what}: {fault}", self.case, found.engine));
        }
        faults
    }
}

/// Keeps every layer's output.
#[cfg(feature = "webgpu")]
#[derive(Default)]
struct Maps(BTreeMap<String, Tensor<1>>);

#[cfg(feature = "webgpu")]
impl Observer for Maps {
    fn see(&mut self, layer: &str, output: Output<'_>) {
        let flat = match output {
            Output::Map(x) => x.clone().flatten(0, 3),
            Output::Vector(x) => x.clone().flatten(0, 1),
        };
        self.0.insert(layer.to_owned(), flat);
    }
}

/// The outputs' shapes, by the layers' names.
type Shapes = BTreeMap<String, Vec<usize>>;

/// Keeps every layer's shape.
#[derive(Default)]
struct Seen(Shapes);

impl Observer for Seen {
    fn see(&mut self, layer: &str, output: Output<'_>) {
        let shape = match output {
            Output::Map(map) => map.dims().to_vec(),
            Output::Vector(values) => values.dims().to_vec(),
        };
        self.0.insert(layer.to_owned(), shape);
    }
}

/// The largest difference, or NaN.
fn worst(expected: &[f32], found: &[f32]) -> f32 {
    let differences = expected.iter().zip(found).map(|(e, f)| (e - f).abs());
    differences.fold(
        0.0,
        |worst: f32, d| {
            if d.is_nan() || d > worst { d } else { worst }
        },
    )
}

async fn read(tensor: Tensor<2>) -> Vec<f32> {
    let data = tensor.into_data_async().await.unwrap();
    data.iter::<f32>().collect()
}

fn line(error: impl ToString) -> String {
    error.to_string()
}
