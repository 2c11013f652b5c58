//! A classification that is computed step by step, and can be stopped between them.

use std::sync::Arc;
use std::time::Duration;

use web_time::Instant;

use super::network::{NetworkRun, Outputs, Trace};
use super::probabilities::probabilities;
use super::{Classification, Evidence, EvidenceFor, Prediction};
use crate::backend::DeviceError;
use crate::error::Error;
use crate::weights::ModelMetadata;

/// A classification under way, from [`Classifier::begin`](super::Classifier::begin). Dropping it ends the work.
///
/// It keeps the network and the labels that it began with, whatever becomes of its classifier meanwhile.
///
/// ```no_run
/// # use resnet_web::classifier::{Classification, Classifier};
/// # async fn classify(classifier: &Classifier, rgba: &[u8], is_cancelled: impl Fn() -> bool)
/// #     -> Result<Option<Classification>, resnet_web::Error> {
/// let mut run = classifier.begin(rgba, 640, 480, 5, None)?;
/// while run.advance()? {
///     if is_cancelled() {
///         return Ok(None);
///     }
/// }
/// Ok(Some(run.finish().await?))
/// # }
/// ```
#[derive(Debug)]
pub struct Run {
    network: NetworkRun,
    metadata: Arc<ModelMetadata>,
    top: usize,
    evidence: Option<EvidenceFor>,
    embedding: bool,
    preprocessing: Duration,
    /// Time in the network so far, without what the caller did between steps.
    spent: Duration,
}

impl Run {
    pub(super) fn new(
        network: NetworkRun,
        metadata: Arc<ModelMetadata>,
        top: usize,
        evidence: Option<EvidenceFor>,
        preprocessing: Duration,
    ) -> Self {
        Self {
            network,
            metadata,
            top,
            evidence,
            embedding: false,
            preprocessing,
            spent: Duration::ZERO,
        }
    }

    /// Has the run return the features that enter the head's layers, as well
    /// ([`Classification::embedding`]). They are computed in any case.
    #[must_use]
    pub fn with_embedding(mut self) -> Self {
        self.embedding = true;
        self
    }

    /// Computes the next step and returns whether there are more before [`finish`](Self::finish): on the CPU the stem and each
    /// block are a step, on a GPU the whole network is one submission of `finish`.
    ///
    /// # Errors
    /// [`DeviceError`] if a step before has failed, [`ShapeError`](crate::resnet::ShapeError).
    pub fn advance(&mut self) -> Result<bool, Error> {
        let start = Instant::now();
        let more = self.network.advance();
        self.spent += start.elapsed();
        more
    }

    /// Computes everything that is left.
    ///
    /// # Errors
    /// [`DeviceError`] if a step before has failed, the device is lost, or it returns what is no number.
    pub async fn finish(self) -> Result<Classification, Error> {
        let start = Instant::now();
        let traced = self.evidence.is_some();
        let outputs = self.network.finish(self.embedding, traced).await?;
        let Outputs {
            features,
            logits,
            trace,
        } = outputs;
        // A device that is lost or out of memory can return anything.
        if logits
            .iter()
            .chain(&features)
            .any(|value| !value.is_finite())
        {
            let reason = "it returned numbers that are not finite".to_owned();
            return Err(DeviceError::Failed { reason }.into());
        }
        let probabilities = probabilities(&logits);
        let mut order: Vec<_> = (0..self.metadata.network.distinguished()).collect();
        order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
        let map = |(trace, wanted)| {
            let class_index = match wanted {
                EvidenceFor::First => order[0],
                EvidenceFor::Class(class) => class,
            };
            evidence_of(trace, class_index, logits.len())
        };
        let evidence = trace.zip(self.evidence).map(map);
        order.truncate(self.top);
        let prediction = |index: usize| Prediction {
            index,
            label: self.metadata.label(index),
            probability: probabilities[index],
        };
        Ok(Classification {
            top: order.into_iter().map(prediction).collect(),
            preprocess_milliseconds: self.preprocessing.as_secs_f64() * 1e3,
            network_milliseconds: (self.spent + start.elapsed()).as_secs_f64() * 1e3,
            evidence,
            embedding: self.embedding.then_some(features),
        })
    }
}

/// The class activation map of a class, in a network with this many logits.
fn evidence_of(trace: Trace, class_index: usize, logits: usize) -> Evidence {
    let single = logits == 1;
    let logit = if single { 0 } else { class_index };
    let ([height, width], mut values) = trace.class_map(logit);
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
