// The mean of each channel over all its pixels: an invocation for each quad of channels.

struct Params {
    pixels: u32,
    quads: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec4<number>>;
@group(0) @binding(2) var<storage, read_write> output: array<vec4<number>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let quad = id.x;
    if (quad >= params.quads) {
        return;
    }
    var sum = vec4<f32>();
    for (var pixel = 0u; pixel < params.pixels; pixel++) {
        sum += vec4<f32>(input[(id.y * params.pixels + pixel) * params.quads + quad]);
    }
    output[id.y * params.quads + quad] = vec4<number>(sum / f32(params.pixels));
}
