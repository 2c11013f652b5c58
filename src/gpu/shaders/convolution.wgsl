// A convolution as a matrix product, its left side gathered on the way (implicit GEMM).
//
// A workgroup computes 32 pixels of 64 channels, each of its 64 invocations 4 pixels of 8 channels. Sixteen rows of the
// product at a time are brought into workgroup memory, 6 KiB in all. Rows go over the kernel's pixels and, within each, the
// input's channels, four of them (a quad) together.
//
// Before this text stand the type `number` and, for each kind, `residual_at`; see mod.rs.

struct Params {
    height: u32,
    width: u32,
    out_height: u32,
    out_width: u32,
    input_quads: u32,
    output_quads: u32,
    // Quads of the input that an output sees, and quads of outputs that see the same ones: less than all in groups.
    span_quads: u32,
    span_outputs: u32,
    kernel: u32,
    stride: u32,
    padding: u32,
    relu: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec4<number>>;
@group(0) @binding(2) var<storage, read_write> output: array<vec4<number>>;
@group(0) @binding(3) var<storage, read> weights: array<vec4<number>>;
@group(0) @binding(4) var<storage, read> bias: array<vec4<f32>>;

const PIXELS: u32 = 32u;
const QUADS: u32 = 16u;
const STEPS: u32 = 4u;

var<workgroup> inputs: array<vec4<f32>, 128>;
var<workgroup> kernels: array<vec4<f32>, 256>;

// A row of the product, as the place in the kernel and the quad of channels it goes over.
struct Row {
    y: u32,
    x: u32,
    quad: u32,
}

fn advanced(row: Row, quads: u32) -> Row {
    var next = row;
    next.quad += quads;
    while (next.quad >= params.span_quads) {
        next.quad -= params.span_quads;
        next.x += 1u;
        if (next.x == params.kernel) {
            next.x = 0u;
            next.y += 1u;
        }
    }
    return next;
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
    let lines = params.kernel * params.kernel * params.span_quads * 4u;
    let first_input = (first_quad / params.span_outputs) * params.span_quads;

    // Where the pixel is whose inputs this invocation brings: the same one every time.
    let gathered = first_pixel + lane % PIXELS;
    let inside = gathered < params.out_height * params.out_width;
    let top = i32((gathered / params.out_width) * params.stride) - i32(params.padding);
    let left = i32((gathered % params.out_width) * params.stride) - i32(params.padding);
    var place = advanced(Row(0u, 0u, 0u), lane / PIXELS);
    let carried = first_quad + lane % QUADS;

    var low: array<vec4<f32>, 4>;
    var high: array<vec4<f32>, 4>;

    for (var first_line = 0u; first_line < lines; first_line += STEPS * 4u) {
        for (var i = lane; i < PIXELS * STEPS; i += 64u) {
            let y = top + i32(place.y);
            let x = left + i32(place.x);
            var quad = vec4<f32>();
            if (inside && place.y < params.kernel && y >= 0 && x >= 0 && y < i32(params.height) && x < i32(params.width)) {
                let pixel = (picture * params.height + u32(y)) * params.width + u32(x);
                quad = vec4<f32>(input[pixel * params.input_quads + first_input + place.quad]);
            }
            inputs[i] = quad;
            place = advanced(place, 2u);
        }
        for (var i = lane; i < 4u * STEPS * QUADS; i += 64u) {
            let line = first_line + i / QUADS;
            var quad = vec4<f32>();
            if (carried < params.output_quads && line < lines) {
                quad = vec4<f32>(weights[line * params.output_quads + carried]);
            }
            kernels[i] = quad;
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
    if (quad >= params.output_quads) {
        return;
    }
    let at = pixel * params.output_quads + quad;
    var value = sum + bias[quad] + residual_at(at);
    if (params.relu == 1u) {
        value = max(value, vec4<f32>());
    }
    output[at] = vec4<number>(value);
}
