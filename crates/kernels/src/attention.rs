//! What channel attention makes of a map's means: the gates that scale its channels.

/// `x = 1 / (1 + exp(-x))`
pub fn sigmoid(x: &mut [f32]) {
    x.iter_mut().for_each(|x| *x = 1.0 / (1.0 + (-*x).exp()));
}

/// A convolution over the channels, padded with zeros so that there are as many afterwards: what efficient channel attention
/// (Wang et al. 2019) does with the means. `output[c] = sum of kernel[k] * means[c + k - kernel.len() / 2]`
///
/// ```
/// use resnet_web_kernels::attention;
///
/// let mut output = [0.0; 3];
/// attention::convolve_channels(&[1.0, 2.0, 4.0], &[10.0, 1.0, 0.5], &mut output);
/// assert_eq!(output, [2.0, 14.0, 24.0]);
/// ```
///
/// # Panics
/// If there are more outputs than means.
pub fn convolve_channels(means: &[f32], kernel: &[f32], output: &mut [f32]) {
    let before = kernel.len() / 2;
    assert!(output.len() == means.len(), "the output has another size");
    for (channel, output) in output.iter_mut().enumerate() {
        let skipped = before.saturating_sub(channel);
        let seen = &means[channel.saturating_sub(before)..];
        let products = kernel.iter().skip(skipped).zip(seen);
        *output = products.map(|(weight, mean)| weight * mean).sum();
    }
}
