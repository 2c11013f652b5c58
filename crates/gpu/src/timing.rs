//! How long a GPU takes for each layer, by its own timestamps.

use resnet_web_core::summary::LayerTime;

/// Milliseconds from the first timestamp to the second of every pair: nanoseconds, in 64 bits each.
///
/// Drivers may reset their clock at any time. A pair whose clock went back counts as zero.
pub fn milliseconds(timestamps: &[u8]) -> Vec<f64> {
    let (timestamps, _) = timestamps.as_chunks();
    let taken = |pair: &[[u8; 8]; 2]| {
        let [begin, end] = pair.map(u64::from_le_bytes);
        end.saturating_sub(begin) as f64 / 1e6
    };
    timestamps.as_chunks().0.iter().map(taken).collect()
}

/// The mean of runs of the same layers; `None` without a run, and where the clock stood still in all of them.
pub fn mean(runs: &[Vec<LayerTime>]) -> Option<Vec<LayerTime>> {
    let mean = |(place, layer): (usize, &LayerTime)| LayerTime {
        layer: layer.layer.clone(),
        milliseconds: runs.iter().map(|run| run[place].milliseconds).sum::<f64>()
            / runs.len() as f64,
    };
    let layers: Vec<_> = runs.first()?.iter().enumerate().map(mean).collect();
    let ticks = layers.iter().any(|layer| layer.milliseconds > 0.0);
    ticks.then_some(layers)
}

#[cfg(feature = "webgpu")]
pub(crate) use on_gpu::Timestamps;

#[cfg(feature = "webgpu")]
mod on_gpu {
    use burn_wgpu::wgpu;

    /// Room for two timestamps of each dispatch, freed when dropped.
    pub(crate) struct Timestamps {
        queries: wgpu::QuerySet,
        resolved: wgpu::Buffer,
    }

    impl Timestamps {
        pub(crate) fn new(device: &wgpu::Device, dispatches: usize) -> Self {
            let count = 2 * dispatches as u32;
            Self {
                queries: device.create_query_set(&wgpu::QuerySetDescriptor {
                    label: Some("timestamps"),
                    ty: wgpu::QueryType::Timestamp,
                    count,
                }),
                resolved: device.create_buffer(&wgpu::BufferDescriptor {
                    label: Some("timestamps"),
                    size: u64::from(count) * u64::from(wgpu::QUERY_SIZE),
                    usage: wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC,
                    mapped_at_creation: false,
                }),
            }
        }

        /// The timestamps around the pass of a dispatch.
        pub(crate) fn around(&self, dispatch: usize) -> wgpu::ComputePassTimestampWrites<'_> {
            let begin = 2 * dispatch as u32;
            wgpu::ComputePassTimestampWrites {
                query_set: &self.queries,
                beginning_of_pass_write_index: Some(begin),
                end_of_pass_write_index: Some(begin + 1),
            }
        }

        /// Has all of them written into a buffer that can be copied.
        pub(crate) fn resolve(&self, encoder: &mut wgpu::CommandEncoder) -> &wgpu::Buffer {
            encoder.resolve_query_set(&self.queries, 0..self.queries.count(), &self.resolved, 0);
            &self.resolved
        }
    }

    impl Drop for Timestamps {
        fn drop(&mut self) {
            self.queries.destroy();
            self.resolved.destroy();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_dispatch_takes_less_than_nothing() {
        let cases: &[(&str, &[u64], &[f64])] = &[
            ("none", &[], &[]),
            (
                "two",
                &[1_000_000, 3_500_000, 3_500_000, 3_600_000],
                &[2.5, 0.1],
            ),
            ("between two ticks", &[65_536, 65_536], &[0.0]),
            (
                "a clock that went back",
                &[u64::MAX, 0, 9, 1_000_009],
                &[0.0, 1.0],
            ),
        ];
        for (name, timestamps, expected) in cases {
            let bytes: Vec<u8> = timestamps.iter().flat_map(|t| t.to_le_bytes()).collect();
            assert_eq!(milliseconds(&bytes), *expected, "{name}");
        }
    }

    #[test]
    fn the_mean_of_runs_is_each_layers_own() {
        let run = |times: [f64; 2]| -> Vec<LayerTime> {
            let layers = ["conv1", "fc"].into_iter().zip(times);
            let layers = layers.map(|(layer, milliseconds)| LayerTime {
                layer: layer.to_owned(),
                milliseconds,
            });
            layers.collect()
        };
        let cases = [
            ("no run", vec![], None),
            ("one", vec![run([1.0, 0.0])], Some(run([1.0, 0.0]))),
            (
                "between ticks",
                vec![run([0.0, 2.0]), run([1.0, 4.0])],
                Some(run([0.5, 3.0])),
            ),
            ("a clock that stands still", vec![run([0.0, 0.0]); 2], None),
        ];
        for (name, runs, expected) in cases {
            assert_eq!(mean(&runs), expected, "{name}");
        }
    }
}
