// Each channel times a factor, and a shift, the residual and ReLU after it: one invocation for each channel block of a pixel,
// along x those of a row, along y the rows, along z the images.

struct Params {
    // Of an image.
    height: u32,
    // Channel blocks of a row of pixels.
    row_blocks: u32,
    channel_blocks: u32,
    // Channel blocks from the factors of one image to those of the next: 0 where all images have the same.
    step: u32,
    relu: u32,
    // Whether the residual is added.
    has_residual: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec4<stored>>;
@group(0) @binding(2) var<storage, read_write> output: array<vec4<stored>>;
@group(0) @binding(3) var<storage, read> scale: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> shift: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> residual: array<vec4<stored>>;

@compute @workgroup_size(INVOCATIONS)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.row_blocks) {
        return;
    }
    let at = (id.z * params.height + id.y) * params.row_blocks + id.x;
    let block = id.x % params.channel_blocks;
    var value = vec4<f32>(input[at]) * scale[id.z * params.step + block] + shift[block];
    if (params.has_residual == 1u) {
        value += vec4<f32>(residual[at]);
    }
    if (params.relu == 1u) {
        // Not `max`, which may turn NaN into a number.
        value = select(value, vec4<f32>(), value < vec4<f32>());
    }
    output[at] = vec4<stored>(value);
}
