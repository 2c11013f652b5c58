//! Maps as the CPU's convolutions keep them, and what is done to them before a product.

use std::sync::Arc;

use burn::backend::flex::{FlexTensor, Layout};
use burn::tensor::{Bytes, DType, Shape};

use resnet_web_kernels::FeatureMap;
use resnet_web_kernels::packing::to_nhwc;

/// Maps whose channels lie side by side: `[batch, height, width, channels]`.
pub struct Map {
    tensor: FlexTensor,
    start: usize,
    /// Pictures.
    pub batch: usize,
    /// Numbers of a pixel.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Pixels in a row.
    pub width: usize,
}

impl Map {
    /// Brings a tensor of shape `[batch, channels, height, width]` into this order, unless it is.
    pub fn of(tensor: FlexTensor) -> Self {
        let layout = tensor.layout();
        let sides = layout.shape();
        let [batch, channels, height, width] = [sides[0], sides[1], sides[2], sides[3]];
        let strides = map_strides([batch, channels, height, width]);
        let start = layout.start_offset();
        let (tensor, start) = if layout.strides() == strides {
            (tensor, start)
        } else {
            (interleaved(&tensor.to_contiguous()), 0)
        };
        Self {
            tensor,
            start,
            batch,
            channels,
            height,
            width,
        }
    }

    /// The numbers, if nobody else has them.
    pub fn into_buffer(self) -> Option<Vec<f32>> {
        let bytes = self.tensor.data_arc();
        drop(self);
        Arc::try_unwrap(bytes).ok()?.try_into_vec().ok()
    }

    /// One picture of the batch.
    pub fn picture(&self, n: usize) -> &[f32] {
        let size = self.height * self.width * self.channels;
        &self.tensor.storage::<f32>()[self.start + n * size..][..size]
    }

    /// The same with its sides.
    pub fn feature_map(&self, n: usize) -> FeatureMap<'_> {
        FeatureMap::new(self.picture(n), [self.height, self.width, self.channels])
    }
}

/// Brings `[batch, channels, height, width]` into the order of maps.
fn interleaved(tensor: &FlexTensor) -> FlexTensor {
    let sides = tensor.layout().shape();
    let [batch, channels, height, width] = [sides[0], sides[1], sides[2], sides[3]];
    let numbers = to_nhwc(tensor.storage::<f32>(), [batch, channels, height, width]);
    map_tensor(numbers, [batch, channels, height, width])
}

/// Steps along batch, channels, height and width.
fn map_strides([_, channels, height, width]: [usize; 4]) -> [isize; 4] {
    [height * width * channels, 1, width * channels, channels].map(|step| step as isize)
}

/// A tensor `[batch, channels, height, width]` of numbers in the order of maps.
pub fn map_tensor(numbers: Vec<f32>, sides: [usize; 4]) -> FlexTensor {
    let strides = map_strides(sides).to_vec();
    let layout = Layout::new(Shape::from(sides.to_vec()), strides, 0);
    FlexTensor::new(Bytes::from_elems(numbers), layout, DType::F32)
}
