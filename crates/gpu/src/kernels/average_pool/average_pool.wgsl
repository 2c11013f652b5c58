// The mean of each channel over all its pixels: one invocation for each channel block, along x; images along y.

struct Params {
    pixels: u32,
    channel_blocks: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec4<stored>>;
@group(0) @binding(2) var<storage, read_write> output: array<vec4<f32>>;

@compute @workgroup_size(INVOCATIONS)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let block = id.x;
    if (block >= params.channel_blocks) {
        return;
    }
    var sum = vec4<f32>();
    for (var pixel = 0u; pixel < params.pixels; pixel++) {
        sum += vec4<f32>(input[(id.y * params.pixels + pixel) * params.channel_blocks + block]);
    }
    output[id.y * params.channel_blocks + block] = sum / f32(params.pixels);
}
