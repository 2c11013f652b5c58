// The largest of WINDOW x WINDOW pixels, every STRIDE-th one both ways: one invocation for each channel block of the output,
// along x those of a row, along y the rows, along z the images.

struct Params {
    height: u32,
    width: u32,
    out_height: u32,
    out_width: u32,
    channel_blocks: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec4<stored>>;
@group(0) @binding(2) var<storage, read_write> output: array<vec4<stored>>;

@compute @workgroup_size(INVOCATIONS)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let block = id.x % params.channel_blocks;
    let column = id.x / params.channel_blocks;
    if (column >= params.out_width) {
        return;
    }
    // Without the padding: the pixel that always lies within the image.
    let inner = vec2<u32>(column, id.y) * STRIDE;
    let first = max(vec2<i32>(inner) - i32(PADDING), vec2<i32>());
    let end = min(vec2<i32>(inner) + i32(WINDOW - PADDING), vec2<i32>(i32(params.width), i32(params.height)));
    var largest = input[((id.z * params.height + inner.y) * params.width + inner.x) * params.channel_blocks + block];
    for (var y = first.y; y < end.y; y++) {
        for (var x = first.x; x < end.x; x++) {
            let pixel = (id.z * params.height + u32(y)) * params.width + u32(x);
            largest = max(largest, input[pixel * params.channel_blocks + block]);
        }
    }
    let row = id.z * params.out_height + id.y;
    output[(row * params.out_width + column) * params.channel_blocks + block] = largest;
}
