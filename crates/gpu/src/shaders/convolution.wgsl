// A convolution as a matrix product, its left side gathered on the way (implicit GEMM).
//
// A workgroup computes 32 pixels of 64 channels, each of its 32 invocations 8 pixels of 8 channels. For each pixel of the
// kernel and each four channels of the input (a quad) an invocation does 256 multiply-adds with 16 loads: eight invocations
// side by side read the same inputs, four the same weights, so all but the first of them find them in the nearest cache.
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

@compute @workgroup_size(32)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let picture = group.z;
    let quad = group.y * QUADS + lane % COLUMNS;
    let first = group.x * PIXELS + lane / COLUMNS * 8u;
    let pixels = params.out_height * params.out_width;
    if (first >= pixels || quad >= params.output_quads) {
        return;
    }
    let near_pixels = first + vec4<u32>(0u, 1u, 2u, 3u);
    let far_pixels = near_pixels + 4u;
    let first_input = group.y * QUADS / params.span_outputs * params.span_quads;
    let near_corner = corner_of(near_pixels, picture, first_input);
    let far_corner = corner_of(far_pixels, picture, first_input);

    // Four pixels of four channels each; a column is a pixel.
    let low = bias[quad];
    let high = bias[quad + COLUMNS];
    var near_low = mat4x4<f32>(low, low, low, low);
    var near_high = mat4x4<f32>(high, high, high, high);
    var far_low = near_low;
    var far_high = near_high;

    var weight = quad;
    for (var y = 0u; y < params.kernel; y++) {
        for (var x = 0u; x < params.kernel; x++) {
            let near = place_of(near_corner, y, x);
            let far = place_of(far_corner, y, x);
            for (var i = 0u; i < params.span_quads; i++) {
                let near_input = inputs_at(near, i);
                let far_input = inputs_at(far, i);
                let low_weights = weights_at(weight);
                let high_weights = weights_at(weight + COLUMNS);
                near_low += low_weights * near_input;
                near_high += high_weights * near_input;
                far_low += low_weights * far_input;
                far_high += high_weights * far_input;
                weight += 4u * params.output_quads;
            }
        }
    }

    let map = picture * pixels;
    finish(map, near_pixels, quad, near_low);
    finish(map, near_pixels, quad + COLUMNS, near_high);
    finish(map, far_pixels, quad, far_low);
    finish(map, far_pixels, quad + COLUMNS, far_high);
}

// Where the kernel's corner lies for each of four pixels: row and column, very large numbers above the picture and left of
// it, and the quad of inputs there.
struct Corner {
    top: vec4<u32>,
    left: vec4<u32>,
    at: vec4<u32>,
}

fn corner_of(pixel: vec4<u32>, picture: u32, first_input: u32) -> Corner {
    let top = pixel / params.out_width * params.stride - params.padding;
    let left = pixel % params.out_width * params.stride - params.padding;
    let row = picture * params.height + top;
    return Corner(top, left, (row * params.width + left) * params.input_quads + first_input);
}

// Four pixels of the input that one pixel of the kernel lies over.
struct Place {
    at: vec4<u32>,
    inside: vec4<bool>,
}

fn place_of(corner: Corner, y: u32, x: u32) -> Place {
    let inside = (corner.top + y < vec4<u32>(params.height)) & (corner.left + x < vec4<u32>(params.width));
    return Place(corner.at + (y * params.width + x) * params.input_quads, inside);
}

// The i-th quad of each of the four.
fn inputs_at(place: Place, i: u32) -> mat4x4<f32> {
    return mat4x4<f32>(
        input_at(place.at[0] + i, place.inside[0]),
        input_at(place.at[1] + i, place.inside[1]),
        input_at(place.at[2] + i, place.inside[2]),
        input_at(place.at[3] + i, place.inside[3]),
    );
}

// What lies outside is zero. It is read all the same, from wherever the browser lets it end up, and not used.
fn input_at(at: u32, inside: bool) -> vec4<f32> {
    return select(vec4<f32>(), vec4<f32>(input[at]), inside);
}

// Of a quad of inputs to a quad of outputs; a column is an input.
fn weights_at(at: u32) -> mat4x4<f32> {
    return mat4x4<f32>(
        vec4<f32>(weights[at]),
        vec4<f32>(weights[at + params.output_quads]),
        vec4<f32>(weights[at + 2u * params.output_quads]),
        vec4<f32>(weights[at + 3u * params.output_quads]),
    );
}

fn finish(map: u32, pixels: vec4<u32>, quad: u32, sums: mat4x4<f32>) {
    if (quad >= params.output_quads) {
        return;
    }
    store(map, pixels[0], quad, sums[0]);
    store(map, pixels[1], quad, sums[1]);
    store(map, pixels[2], quad, sums[2]);
    store(map, pixels[3], quad, sums[3]);
}

// Residual, ReLU, and out.
fn store(map: u32, pixel: u32, quad: u32, sum: vec4<f32>) {
    if (pixel >= params.out_height * params.out_width) {
        return;
    }
    let at = (map + pixel) * params.output_quads + quad;
    var value = sum;
    if (params.onto == 1u) {
        value += vec4<f32>(residual[at]);
    }
    if (params.relu == 1u) {
        // `max` may make a number of what is none.
        value = select(value, vec4<f32>(), value < vec4<f32>());
    }
    output[at] = vec4<number>(value);
}
