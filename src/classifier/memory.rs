//! Whether a network fits into memory, before anything of it is built.

use resnet_web_core::size::product;
use resnet_web_kernels::packing::padded;

use crate::backend::Processor;
use crate::cpu::ops::packed_size;
use crate::error::Error;
use crate::memory::{Footprint, Packing};
use crate::resnet::NetworkSpec;
use crate::resnet::conv::{Arithmetic, ConvShape};

/// Bytes of the browser's memory that the module itself, the image, and gaps between allocations take.
const REST: u64 = 1 << 28;
/// Bytes that networks can have in a module's own memory, which ends at 4 GiB: addresses have 32 bits.
const IN_MEMORY: u64 = (4 << 30) - REST;
/// The same in memory that threads share, whose maximum is in tools/lib/wasm-module.mjs.
const IN_SHARED_MEMORY: u64 = (2 << 30) - REST;
/// The limit of this build. Natively there is none.
pub(super) const MEMORY_FOR_NETWORKS: u64 = if cfg!(not(target_arch = "wasm32")) {
    u64::MAX
} else if cfg!(target_feature = "atomics") {
    IN_SHARED_MEMORY
} else {
    IN_MEMORY
};

/// What a network takes in this program's memory.
pub(super) fn footprint(
    spec: &NetworkSpec,
    input_shape: [usize; 4],
    arithmetic: Arithmetic,
    processor: &Processor,
) -> Result<Footprint, Error> {
    let footprint = Footprint::of(spec, input_shape, &OnCpu(arithmetic))?;
    Ok(match processor {
        Processor::Cpu => footprint,
        // No weights stay but those of some heads, and each tensor is packed and converted before it is uploaded.
        #[cfg(feature = "webgpu")]
        Processor::Gpu(_) => Footprint {
            weights: footprint
                .largest_tensor
                .saturating_add(crate::gpu::memory::on_cpu(&spec.head)),
            ..footprint
        },
    })
}

/// How the CPU packs the weights of convolutions that compute in this arithmetic.
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::resnet::{BlockKind, Depth, ResNetConfig};

    #[test]
    fn a_network_too_large_for_the_browser_is_refused_before_it_is_built() {
        let plain = ResNetConfig::torchvision;
        let wide = ResNetConfig {
            width_per_group: 128,
            ..plain(Depth::D101, 1000)
        };
        let reference = ResNetConfig::reference([3, 4, 6, 3], 224, 1000, BlockKind::Bottleneck, 3);
        // Crop; whether it fits into a module's own memory, and into memory that threads share.
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
}
