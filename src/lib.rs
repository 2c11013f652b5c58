//! ResNet image classification that runs inside a web page.

pub mod resnet;
pub mod summary;
pub mod weights;
