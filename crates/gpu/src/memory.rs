//! Which buffer each map lies in: a map's memory is used again as soon as no later call reads it.

#![deny(clippy::arithmetic_side_effects)]

use resnet_web_core::resnet::spec::HeadSpec;
use resnet_web_core::size::product;

use crate::lower::{self, ClassMaps, MapId, Program};

/// The buffers that a program's maps need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapBuffers {
    /// Bytes of each buffer.
    pub bytes: Vec<u64>,
    /// The buffer of each map, in the order of [`Program::maps`].
    pub of_map: Vec<usize>,
}

/// Assigns buffers to the maps of `program`.
///
/// A map keeps its buffer from the call that writes it to the last one that reads it. Features, logits and what the class
/// activation maps are made of keep theirs to the end; so does every map of a program that is observed.
pub fn assign(program: &Program<'_>) -> MapBuffers {
    let Program { maps, calls, .. } = program;
    let last_reads = last_reads(program);
    let mut buffers = MapBuffers {
        bytes: Vec::new(),
        of_map: vec![0; maps.len()],
    };
    let mut free = Vec::new();
    buffers.take(program, program.input.map, &mut free);
    for (place, call) in calls.iter().enumerate() {
        buffers.take(program, call.output, &mut free);
        let mut read: Vec<_> = call.reads().collect();
        read.sort_unstable();
        read.dedup();
        let over = read
            .into_iter()
            .filter(|map| last_reads[map.0] == Some(place));
        free.extend(over.map(|map| buffers.of_map[map.0]));
    }
    if let Some(call) = program.class_maps_call() {
        buffers.take(program, call.output, &mut free);
    }
    buffers
}

/// Bytes of a head's weights that stay in this program's own memory, for class activation maps.
pub fn on_cpu(spec: &HeadSpec) -> u64 {
    if lower::is_linear(spec) {
        return 0;
    }
    let layers = spec.linear_layers();
    let bytes = layers.map(|linear| product(&[linear.inputs, linear.outputs, size_of::<f32>()]));
    bytes.fold(0, u64::saturating_add)
}

/// The place of the last call that reads each map; `None` for a map that stays to the end.
fn last_reads(program: &Program<'_>) -> Vec<Option<usize>> {
    let mut last = vec![None; program.maps.len()];
    for (place, call) in program.calls.iter().enumerate() {
        for map in call.reads() {
            last[map.0] = Some(place);
        }
    }
    let class_maps = program.class_maps.iter().map(|maps| match maps {
        ClassMaps::Call { call, .. } => call.input,
        ClassMaps::OnCpu { map, .. } => *map,
    });
    let stay = class_maps.chain([program.features]).chain(program.logits);
    for map in stay.chain(program.observed.values().copied()) {
        last[map.0] = None;
    }
    last
}

impl MapBuffers {
    /// Gives a map the smallest free buffer that is large enough, or a new one.
    fn take(&mut self, program: &Program<'_>, map: MapId, free: &mut Vec<usize>) {
        let bytes = program.maps[map.0].bytes();
        let fitting = free.iter().enumerate();
        let fitting = fitting.filter(|&(_, &buffer)| self.bytes[buffer] >= bytes);
        let smallest = fitting.min_by_key(|&(_, &buffer)| self.bytes[buffer]);
        self.of_map[map.0] = match smallest.map(|(place, _)| place) {
            Some(place) => free.swap_remove(place),
            None => {
                self.bytes.push(bytes);
                self.bytes.len().saturating_sub(1)
            }
        };
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]
mod tests {
    use resnet_web_core::resnet::{
        AntiAliasing, Attention, BlockKind, Depth, Head, HeadLayer, NetworkSpec, ResNetConfig,
        ShortcutKind,
    };

    use super::*;
    use crate::caps::Caps;
    use crate::lower::Options;

    fn configs() -> Vec<ResNetConfig> {
        let mut configs = Depth::ALL
            .map(|depth| ResNetConfig::torchvision(depth, 1000))
            .to_vec();
        for block in [BlockKind::NoBottleneck, BlockKind::Bottleneck] {
            configs.push(ResNetConfig::reference([2, 2, 2, 2], 224, 10, block, 3));
            // What is read a second time later: the gates' map and, with pre-activation, a block's input.
            let torchvision = ResNetConfig::of(block, vec![2, 2, 2, 2], 10);
            configs.push(ResNetConfig {
                shortcut: ShortcutKind::AveragePool,
                attention: Some(Attention::SqueezeExcite {
                    reduced: vec![8; 4],
                }),
                anti_aliasing: Some(AntiAliasing::Blur),
                ..torchvision.clone()
            });
            configs.push(ResNetConfig {
                pre_activation: true,
                head: Head::ConcatPool,
                ..torchvision
            });
        }
        configs
    }

    #[test]
    fn the_maps_of_a_resnet_share_buffers() {
        // The image in space-to-depth form, the stem's map and its pooling.
        let [image, stem, pooled] = [634_800, 3_211_264, 802_816];
        let cases = [
            (Depth::D18, vec![image, stem, pooled, pooled]),
            (Depth::D50, vec![image, stem, pooled, pooled, stem]),
        ];
        for (depth, expected) in cases {
            let spec = NetworkSpec::new(&ResNetConfig::torchvision(depth, 1000)).unwrap();
            let shape = [1, 3, 224, 224];
            let program = lower::network(&spec, shape, &Caps::default(), Options::default());
            assert_eq!(assign(&program.unwrap()).bytes, expected, "{depth:?}");
        }
    }

    #[test]
    fn a_head_that_is_not_linear_stays_in_this_programs_memory() {
        let one = ResNetConfig::torchvision(Depth::D50, 1000);
        let layer = |outputs| HeadLayer::Linear {
            outputs,
            bias: true,
        };
        let two = ResNetConfig {
            head_layers: vec![layer(512), HeadLayer::Relu, layer(1000)],
            ..one.clone()
        };
        let concat = ResNetConfig {
            head: Head::ConcatPool,
            ..one.clone()
        };
        let none = ResNetConfig {
            classes: 0,
            ..one.clone()
        };
        for (config, expected) in [
            (one, 0),
            (two, (2048 + 1000) * 512 * 4),
            (concat, 4096 * 1000 * 4),
            (none, 0),
        ] {
            let spec = NetworkSpec::new(&config).unwrap();
            assert_eq!(on_cpu(&spec.head), expected, "{config:?}");
        }
    }

    #[test]
    fn no_buffer_is_written_while_its_map_is_still_read() {
        let mut faults = Vec::new();
        for config in configs() {
            let spec = NetworkSpec::new(&config).unwrap();
            for options in [Options::default(), Options::observing()] {
                let shape = [1, 3, 224, 224];
                let program = lower::network(&spec, shape, &Caps::default(), options).unwrap();
                let buffers = assign(&program);
                let buffer = |map: MapId| buffers.of_map[map.0];
                let mut holds = vec![None; buffers.bytes.len()];
                holds[buffer(program.input.map)] = Some(program.input.map);
                let mut fault = |what: &str, layer: &str, map: MapId| {
                    faults.push(format!("{}, {layer}: {map:?} {what}", config.name()));
                };
                for call in program.all_calls() {
                    for map in call.reads() {
                        if holds[buffer(map)] != Some(map) {
                            fault("is gone", call.layer, map);
                        }
                        if buffer(map) == buffer(call.output) {
                            fault("is read and written at once", call.layer, map);
                        }
                    }
                    if buffers.bytes[buffer(call.output)] < program.maps[call.output.0].bytes() {
                        fault("has too small a buffer", call.layer, call.output);
                    }
                    holds[buffer(call.output)] = Some(call.output);
                }
                let read_back = match &program.class_maps {
                    Some(ClassMaps::OnCpu { map, .. }) => vec![program.features, *map],
                    _ => vec![program.features],
                };
                let read_back = program.logits.iter().chain(&read_back);
                for &map in program.observed.values().chain(read_back) {
                    if holds[buffer(map)] != Some(map) {
                        fault("is gone", "after the run", map);
                    }
                }
            }
        }
        assert_eq!(faults, Vec::<String>::new());
    }
}
