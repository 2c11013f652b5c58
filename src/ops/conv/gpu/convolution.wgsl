// A convolution as a matrix product, its left side gathered on the way (implicit GEMM).
//
// A workgroup computes 32 pixels of 64 channels, each of its 64 invocations 4 pixels of 8 channels. Sixteen rows of the
// product at a time are brought into workgroup memory, 6 KiB in all. Rows go over the kernel's pixels and, within each, the
// input's channels, four of them together.
//
// Before this text come the bindings and, for each kind of input, `input_at`; see mod.rs.

const PIXELS: u32 = 32u;
const QUADS: u32 = 16u;
const STEPS: u32 = 4u;

var<workgroup> inputs: array<vec4<f32>, 128>;
var<workgroup> kernels: array<vec4<f32>, 256>;

// Four channels of the input that one row of the product sees for an output pixel.
fn gathered(picture: u32, pixel: u32, step: u32) -> vec4<f32> {
    if (step >= params.steps || pixel >= params.out_height * params.out_width) {
        return vec4<f32>();
    }
    let place = step / params.input_quads;
    let quad = step % params.input_quads;
    let y = i32((pixel / params.out_width) * params.stride + place / params.kernel) - i32(params.padding);
    let x = i32((pixel % params.out_width) * params.stride + place % params.kernel) - i32(params.padding);
    if (y < 0 || x < 0 || y >= i32(params.height) || x >= i32(params.width)) {
        return vec4<f32>();
    }
    return input_at(picture, u32(y), u32(x), quad);
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let first_pixel = group.x * PIXELS;
    let first_quad = group.y * QUADS;
    let picture = group.z;
    let column = (lane % 8u) * 2u;
    let row = (lane / 8u) * 4u;
    var low: array<vec4<f32>, 4>;
    var high: array<vec4<f32>, 4>;

    for (var first_step = 0u; first_step < params.steps; first_step += STEPS) {
        for (var i = lane; i < PIXELS * STEPS; i += 64u) {
            inputs[i] = gathered(picture, first_pixel + i % PIXELS, first_step + i / PIXELS);
        }
        for (var i = lane; i < 4u * STEPS * QUADS; i += 64u) {
            let quad = first_quad + i % QUADS;
            let line = first_step * 4u + i / QUADS;
            if (quad < params.output_quads && line < params.steps * 4u) {
                kernels[i] = weights[line * params.output_quads + quad];
            } else {
                kernels[i] = vec4<f32>();
            }
        }
        workgroupBarrier();
        for (var step = 0u; step < STEPS; step++) {
            let at = step * PIXELS + row;
            let a = inputs[at];
            let b = inputs[at + 1u];
            let c = inputs[at + 2u];
            let d = inputs[at + 3u];
            for (var channel = 0u; channel < 4u; channel++) {
                let kernel = (step * 4u + channel) * QUADS + column;
                let first = kernels[kernel];
                let second = kernels[kernel + 1u];
                low[0] += a[channel] * first;
                high[0] += a[channel] * second;
                low[1] += b[channel] * first;
                high[1] += b[channel] * second;
                low[2] += c[channel] * first;
                high[2] += c[channel] * second;
                low[3] += d[channel] * first;
                high[3] += d[channel] * second;
            }
        }
        workgroupBarrier();
    }

    let pixels = params.out_height * params.out_width;
    for (var i = 0u; i < 4u; i++) {
        let pixel = first_pixel + row + i;
        if (pixel < pixels) {
            finish(picture * pixels + pixel, first_quad + column, low[i]);
            finish(picture * pixels + pixel, first_quad + column + 1u, high[i]);
        }
    }
}

// Bias, residual, ReLU, and out.
fn finish(pixel: u32, quad: u32, sum: vec4<f32>) {
    for (var i = 0u; i < 4u; i++) {
        let channel = quad * 4u + i;
        if (channel >= params.outputs) {
            return;
        }
        let at = pixel * params.outputs + channel;
        var value = sum[i] + bias[channel] + residual_at(at);
        if (params.relu == 1u) {
            value = max(value, 0.0);
        }
        output[at] = value;
    }
}
