// A convolution as a matrix product, its left side gathered on the way (implicit GEMM).
//
// A workgroup computes 32 pixels of 64 channels, each of its 64 invocations 4 pixels of 8 channels. For each pixel of the
// kernel and each four channels of the input (a quad) an invocation does 128 multiply-adds with 12 loads: eight invocations
// side by side read the same inputs, eight the same weights, so all but the first of them find them in the nearest cache.
// Workgroup memory would not make them fewer. It has to be zeroed, as WebGPU promises, and waited for at barriers; and
// where the zeroing is compiled without a loop, as SwiftShader does it, that is most of the shader.
//
// Before this text stands the type `number`; see wgsl.rs.

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
    // Whether the sums go onto a residual.
    onto: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec4<number>>;
@group(0) @binding(2) var<storage, read_write> output: array<vec4<number>>;
@group(0) @binding(3) var<storage, read> weights: array<vec4<number>>;
@group(0) @binding(4) var<storage, read> bias: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> residual: array<vec4<number>>;

const PIXELS: u32 = 32u;
const QUADS: u32 = 16u;
// Invocations side by side that have the same pixels. Each computes two quads, so far apart.
const COLUMNS: u32 = 8u;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let kernel = params.kernel;
    let span_quads = params.span_quads;
    let input_quads = params.input_quads;
    let output_quads = params.output_quads;
    let height = params.height;
    let width = params.width;
    let picture = group.z;
    let quad = group.y * QUADS + lane % COLUMNS;
    let pixel = group.x * PIXELS + (lane / COLUMNS) * 4u + vec4<u32>(0u, 1u, 2u, 3u);

    // Where the kernel's corner lies for each pixel. Left of the picture and above it these are very large numbers.
    let top = pixel / params.out_width * params.stride - params.padding;
    let left = pixel % params.out_width * params.stride - params.padding;
    let first_input = group.y * QUADS / params.span_outputs * span_quads;
    let corner = ((picture * height + top) * width + left) * input_quads + first_input;

    let low = bias[quad];
    let high = bias[quad + COLUMNS];
    var a_low = low;
    var b_low = low;
    var c_low = low;
    var d_low = low;
    var a_high = high;
    var b_high = high;
    var c_high = high;
    var d_high = high;

    var weight = quad;
    var y = 0u;
    var x = 0u;
    for (var place = 0u; place < kernel * kernel; place++) {
        let inside = (top + y < vec4<u32>(height)) & (left + x < vec4<u32>(width));
        let at = corner + (y * width + x) * input_quads;
        for (var i = 0u; i < span_quads; i++) {
            let a = input_at(at[0] + i, inside[0]);
            let b = input_at(at[1] + i, inside[1]);
            let c = input_at(at[2] + i, inside[2]);
            let d = input_at(at[3] + i, inside[3]);

            // Once for each of the four channels, written out: a channel that is chosen as it runs costs more than it does.
            var first = vec4<f32>(weights[weight]);
            var second = vec4<f32>(weights[weight + COLUMNS]);
            weight += output_quads;
            a_low += a.x * first;
            a_high += a.x * second;
            b_low += b.x * first;
            b_high += b.x * second;
            c_low += c.x * first;
            c_high += c.x * second;
            d_low += d.x * first;
            d_high += d.x * second;

            first = vec4<f32>(weights[weight]);
            second = vec4<f32>(weights[weight + COLUMNS]);
            weight += output_quads;
            a_low += a.y * first;
            a_high += a.y * second;
            b_low += b.y * first;
            b_high += b.y * second;
            c_low += c.y * first;
            c_high += c.y * second;
            d_low += d.y * first;
            d_high += d.y * second;

            first = vec4<f32>(weights[weight]);
            second = vec4<f32>(weights[weight + COLUMNS]);
            weight += output_quads;
            a_low += a.z * first;
            a_high += a.z * second;
            b_low += b.z * first;
            b_high += b.z * second;
            c_low += c.z * first;
            c_high += c.z * second;
            d_low += d.z * first;
            d_high += d.z * second;

            first = vec4<f32>(weights[weight]);
            second = vec4<f32>(weights[weight + COLUMNS]);
            weight += output_quads;
            a_low += a.w * first;
            a_high += a.w * second;
            b_low += b.w * first;
            b_high += b.w * second;
            c_low += c.w * first;
            c_high += c.w * second;
            d_low += d.w * first;
            d_high += d.w * second;
        }
        x += 1u;
        if (x == kernel) {
            x = 0u;
            y += 1u;
        }
    }

    finish(picture, pixel[0], quad, a_low, a_high);
    finish(picture, pixel[1], quad, b_low, b_high);
    finish(picture, pixel[2], quad, c_low, c_high);
    finish(picture, pixel[3], quad, d_low, d_high);
}

// What lies outside is zero. It is read all the same, from wherever the browser lets it end up, and not used.
fn input_at(at: u32, inside: bool) -> vec4<f32> {
    return select(vec4<f32>(), vec4<f32>(input[at]), inside);
}

fn finish(picture: u32, pixel: u32, quad: u32, low: vec4<f32>, high: vec4<f32>) {
    let pixels = params.out_height * params.out_width;
    if (pixel >= pixels) {
        return;
    }
    let at = (picture * pixels + pixel) * params.output_quads;
    store(at, quad, low);
    store(at, quad + COLUMNS, high);
}

// Residual, ReLU, and out.
fn store(at: u32, quad: u32, sum: vec4<f32>) {
    if (quad >= params.output_quads) {
        return;
    }
    var value = sum;
    if (params.onto == 1u) {
        value += vec4<f32>(residual[at + quad]);
    }
    if (params.relu == 1u) {
        value = max(value, vec4<f32>());
    }
    output[at + quad] = vec4<number>(value);
}
