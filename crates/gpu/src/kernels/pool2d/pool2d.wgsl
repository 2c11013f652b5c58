// Windows of WINDOW x WINDOW pixels, every STRIDE-th one both ways: their largest value, with AVERAGE their mean, with BLUR
// their mean with the weights 1, 2, 1 both ways. One invocation for each channel block of the output, along x those of a row,
// along y the rows, along z the images.

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
    let size = vec2<i32>(i32(params.width), i32(params.height));
    let corner = vec2<i32>(vec2<u32>(column, id.y) * STRIDE) - i32(PADDING);
    var first = corner;
    var end = corner + i32(WINDOW);
    var value = vec4<f32>();
    if (BLUR == 0u) {
        // What lies outside does not count.
        first = max(first, vec2<i32>());
        end = min(end, size);
        if (AVERAGE == 0u) {
            value = input_at(first, block, id.z);
        }
    }
    for (var y = first.y; y < end.y; y++) {
        for (var x = first.x; x < end.x; x++) {
            if (BLUR == 1u) {
                // What lies outside mirrors what is inside, without the pixel of the border.
                let inside = abs(vec2<i32>(x, y));
                let weights = 1 + (vec2<i32>(x, y) - corner) % 2;
                value += f32(weights.x * weights.y) / 16.0 * input_at(min(inside, 2 * (size - 1) - inside), block, id.z);
            } else if (AVERAGE == 1u) {
                value += input_at(vec2<i32>(x, y), block, id.z);
            } else {
                value = max(value, input_at(vec2<i32>(x, y), block, id.z));
            }
        }
    }
    if (AVERAGE == 1u) {
        value /= f32((end.x - first.x) * (end.y - first.y));
    }
    let row = id.z * params.out_height + id.y;
    output[(row * params.out_width + column) * params.channel_blocks + block] = vec4<stored>(value);
}

fn input_at(place: vec2<i32>, block: u32, image: u32) -> vec4<f32> {
    let pixel = (image * params.height + u32(place.y)) * params.width + u32(place.x);
    return vec4<f32>(input[pixel * params.channel_blocks + block]);
}
