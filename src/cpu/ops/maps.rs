//! Feature maps in memory as the kernels read them.

use std::sync::Arc;

use burn::backend::flex::{FlexTensor, Layout};
use burn::tensor::{Bytes, DType, Shape};
use resnet_web_kernels::FeatureMap;
use resnet_web_kernels::packing::to_nhwc;

/// A tensor of shape `[batch, channels, height, width]` whose numbers lie as `[batch, height, width, channels]`.
pub(super) struct NhwcMaps {
    tensor: FlexTensor,
    start: usize,
    pub(super) batch: usize,
    pub(super) channels: usize,
    pub(super) height: usize,
    pub(super) width: usize,
}

impl NhwcMaps {
    /// Brings a tensor of shape `[batch, channels, height, width]` into this order, unless it is.
    pub(super) fn new(tensor: FlexTensor) -> Self {
        let layout = tensor.layout();
        let sides = layout.shape();
        let shape @ [batch, channels, height, width] = [sides[0], sides[1], sides[2], sides[3]];
        let start = layout.start_offset();
        let (tensor, start) = if layout.strides() == strides(shape) {
            (tensor, start)
        } else {
            let nchw = tensor.to_contiguous();
            (
                Self::tensor(to_nhwc(nchw.storage::<f32>(), shape), shape),
                0,
            )
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

    /// A tensor of shape `[batch, channels, height, width]` of numbers in this order.
    pub(super) fn tensor(numbers: Vec<f32>, shape: [usize; 4]) -> FlexTensor {
        let layout = Layout::new(Shape::from(shape.to_vec()), strides(shape).to_vec(), 0);
        FlexTensor::new(Bytes::from_elems(numbers), layout, DType::F32)
    }

    /// The memory that the numbers are in, if no other tensor shares it.
    pub(super) fn into_buffer(self) -> Option<Vec<f32>> {
        let bytes = self.tensor.data_arc();
        drop(self);
        Arc::try_unwrap(bytes).ok()?.try_into_vec().ok()
    }

    /// The numbers of one image of the batch.
    pub(super) fn image(&self, n: usize) -> &[f32] {
        let size = self.height * self.width * self.channels;
        &self.tensor.storage::<f32>()[self.start + n * size..][..size]
    }

    /// One image of the batch.
    pub(super) fn feature_map(&self, n: usize) -> FeatureMap<'_> {
        FeatureMap::new(self.image(n), [self.height, self.width, self.channels])
    }
}

/// The strides of batch, channels, height and width.
fn strides([_, channels, height, width]: [usize; 4]) -> [isize; 4] {
    [height * width * channels, 1, width * channels, channels].map(|stride| stride as isize)
}
