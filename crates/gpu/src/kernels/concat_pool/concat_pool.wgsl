// The largest value of each channel over all its pixels, and after those of all channels the mean of each: one invocation for
// each block of four such features, along x; images along y.

struct Params {
    pixels: u32,
    channels: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec4<stored>>;
@group(0) @binding(2) var<storage, read_write> output: array<vec4<f32>>;

@compute @workgroup_size(INVOCATIONS)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let feature_blocks = (2u * params.channels + 3u) / 4u;
    if (id.x >= feature_blocks) {
        return;
    }
    var features = vec4<f32>();
    for (var lane = 0u; lane < 4u; lane++) {
        let feature = 4u * id.x + lane;
        if (feature < params.channels) {
            features[lane] = largest(feature, id.y);
        } else if (feature < 2u * params.channels) {
            features[lane] = mean(feature - params.channels, id.y);
        }
    }
    output[id.y * feature_blocks + id.x] = features;
}

fn largest(channel: u32, image: u32) -> f32 {
    var value = input_at(channel, image, 0u);
    for (var pixel = 1u; pixel < params.pixels; pixel++) {
        value = max(value, input_at(channel, image, pixel));
    }
    return value;
}

fn mean(channel: u32, image: u32) -> f32 {
    var sum = 0.0;
    for (var pixel = 0u; pixel < params.pixels; pixel++) {
        sum += input_at(channel, image, pixel);
    }
    return sum / f32(params.pixels);
}

fn input_at(channel: u32, image: u32, pixel: u32) -> f32 {
    let channel_blocks = (params.channels + 3u) / 4u;
    return f32(input[(image * params.pixels + pixel) * channel_blocks + channel / 4u][channel % 4u]);
}
