// A convolution as a matrix product, its left side gathered on the way (implicit GEMM).
//
// A workgroup computes TILE_PIXELS pixels of TILE_BLOCKS blocks of four channels, each of its invocations eight pixels of two
// blocks. For each pixel of the kernel and each channel block of the input an invocation does 256 multiply-adds with 16 loads:
// the COLUMNS invocations side by side read the same inputs, those of a column the same weights, so all but the first of them
// find them in the nearest cache. Workgroup memory would not make the loads fewer. It has to be zeroed, as WebGPU promises, and
// waited for at barriers; and where the zeroing is compiled without a loop, as SwiftShader does it, that is most of the shader.

struct Params {
    height: u32,
    width: u32,
    out_height: u32,
    out_width: u32,
    input_blocks: u32,
    output_blocks: u32,
    // Channel blocks of the input that an output sees, and output blocks that see the same ones: with groups less than all.
    span_inputs: u32,
    span_outputs: u32,
    kernel: u32,
    stride: u32,
    padding: u32,
    relu: u32,
    // Whether the residual is added.
    has_residual: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec4<stored>>;
@group(0) @binding(2) var<storage, read_write> output: array<vec4<stored>>;
@group(0) @binding(3) var<storage, read> weights: array<vec4<stored>>;
@group(0) @binding(4) var<storage, read> bias: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> residual: array<vec4<stored>>;

@compute @workgroup_size(INVOCATIONS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let image = group.z;
    let block = group.y * TILE_BLOCKS + lane % COLUMNS;
    let first = group.x * TILE_PIXELS + lane / COLUMNS * INVOCATION_PIXELS;
    let pixels = params.out_height * params.out_width;
    if (first >= pixels || block >= params.output_blocks) {
        return;
    }
    let near_pixels = first + vec4<u32>(0u, 1u, 2u, 3u);
    let far_pixels = near_pixels + 4u;
    let first_input = group.y * TILE_BLOCKS / params.span_outputs * params.span_inputs;
    let near_corner = corner_of(near_pixels, image, first_input);
    let far_corner = corner_of(far_pixels, image, first_input);

    // Four pixels of four channels each; a column is a pixel.
    let low = bias[block];
    let high = bias[block + COLUMNS];
    var near_low = mat4x4<f32>(low, low, low, low);
    var near_high = mat4x4<f32>(high, high, high, high);
    var far_low = near_low;
    var far_high = near_high;

    var weight = block;
    for (var y = 0u; y < params.kernel; y++) {
        for (var x = 0u; x < params.kernel; x++) {
            let near = place_of(near_corner, y, x);
            let far = place_of(far_corner, y, x);
            for (var i = 0u; i < params.span_inputs; i++) {
                let near_input = inputs_at(near, i);
                let far_input = inputs_at(far, i);
                let low_weights = weights_at(weight);
                let high_weights = weights_at(weight + COLUMNS);
                near_low += low_weights * near_input;
                near_high += high_weights * near_input;
                far_low += low_weights * far_input;
                far_high += high_weights * far_input;
                weight += 4u * params.output_blocks;
            }
        }
    }

    let map = image * pixels;
    finish(map, near_pixels, block, near_low);
    finish(map, near_pixels, block + COLUMNS, near_high);
    finish(map, far_pixels, block, far_low);
    finish(map, far_pixels, block + COLUMNS, far_high);
}

// Where the kernel's corner lies for each of four pixels: row and column, very large numbers above the image and left of
// it, and the index of the first channel block there.
struct Corner {
    top: vec4<u32>,
    left: vec4<u32>,
    at: vec4<u32>,
}

fn corner_of(pixel: vec4<u32>, image: u32, first_input: u32) -> Corner {
    let top = pixel / params.out_width * params.stride - params.padding;
    let left = pixel % params.out_width * params.stride - params.padding;
    let row = image * params.height + top;
    return Corner(top, left, (row * params.width + left) * params.input_blocks + first_input);
}

// Four pixels of the input that one pixel of the kernel lies over.
struct Place {
    at: vec4<u32>,
    inside: vec4<bool>,
}

fn place_of(corner: Corner, y: u32, x: u32) -> Place {
    let inside = (corner.top + y < vec4<u32>(params.height)) & (corner.left + x < vec4<u32>(params.width));
    return Place(corner.at + (y * params.width + x) * params.input_blocks, inside);
}

// The i-th channel block of each of the four.
fn inputs_at(place: Place, i: u32) -> mat4x4<f32> {
    return mat4x4<f32>(
        input_at(place.at[0] + i, place.inside[0]),
        input_at(place.at[1] + i, place.inside[1]),
        input_at(place.at[2] + i, place.inside[2]),
        input_at(place.at[3] + i, place.inside[3]),
    );
}

// Zero outside of the image. The read happens all the same, clamped by the browser, and its value is not used.
fn input_at(at: u32, inside: bool) -> vec4<f32> {
    return select(vec4<f32>(), vec4<f32>(input[at]), inside);
}

// From an input block to an output block; a column is an input channel.
fn weights_at(at: u32) -> mat4x4<f32> {
    return mat4x4<f32>(
        vec4<f32>(weights[at]),
        vec4<f32>(weights[at + params.output_blocks]),
        vec4<f32>(weights[at + 2u * params.output_blocks]),
        vec4<f32>(weights[at + 3u * params.output_blocks]),
    );
}

fn finish(map: u32, pixels: vec4<u32>, block: u32, sums: mat4x4<f32>) {
    if (block >= params.output_blocks) {
        return;
    }
    store(map, pixels[0], block, sums[0]);
    store(map, pixels[1], block, sums[1]);
    store(map, pixels[2], block, sums[2]);
    store(map, pixels[3], block, sums[3]);
}

// Adds the residual, applies ReLU and stores.
fn store(map: u32, pixel: u32, block: u32, sum: vec4<f32>) {
    if (pixel >= params.out_height * params.out_width) {
        return;
    }
    let at = (map + pixel) * params.output_blocks + block;
    var value = sum;
    if (params.has_residual == 1u) {
        value += vec4<f32>(residual[at]);
    }
    if (params.relu == 1u) {
        // Not `max`, which may turn NaN into a number.
        value = select(value, vec4<f32>(), value < vec4<f32>());
    }
    output[at] = vec4<stored>(value);
}
