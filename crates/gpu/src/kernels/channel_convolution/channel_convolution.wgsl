// The sigmoid of a convolution along the channels, zero beyond the first and the last: one invocation for each channel block,
// along x; images along y.

struct Params {
    channel_blocks: u32,
    // Channels that an output sees, itself in the middle.
    kernel: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> output: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> weights: array<f32>;

@compute @workgroup_size(INVOCATIONS)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.channel_blocks) {
        return;
    }
    let first = id.y * params.channel_blocks;
    var sum = vec4<f32>();
    for (var lane = 0u; lane < 4u; lane++) {
        for (var i = 0u; i < params.kernel; i++) {
            // A very large number before the first channel; after the last, maps are padded by zeros.
            let channel = 4u * id.x + lane + i - params.kernel / 2u;
            if (channel < 4u * params.channel_blocks) {
                sum[lane] += weights[i] * input[first + channel / 4u][channel % 4u];
            }
        }
    }
    output[first + id.x] = 1.0 / (1.0 + exp(-sum));
}
