// The largest of 3x3 pixels, every second one both ways: an invocation for each quad of the output, along x
// those of a row, along y the rows, along z the pictures. Along one axis alone would be more than 65,535 workgroups.

struct Params {
    height: u32,
    width: u32,
    out_height: u32,
    out_width: u32,
    quads: u32,
    pictures: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec4<number>>;
@group(0) @binding(2) var<storage, read_write> output: array<vec4<number>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let quad = id.x % params.quads;
    let column = id.x / params.quads;
    if (column >= params.out_width) {
        return;
    }
    let top = i32(id.y) * 2 - 1;
    let left = i32(column) * 2 - 1;
    // The middle of the window always lies within the picture.
    let middle = (id.z * params.height + u32(top + 1)) * params.width + u32(left + 1);
    var largest = input[middle * params.quads + quad];
    for (var y = max(top, 0); y < min(top + 3, i32(params.height)); y++) {
        for (var x = max(left, 0); x < min(left + 3, i32(params.width)); x++) {
            let seen = (id.z * params.height + u32(y)) * params.width + u32(x);
            largest = max(largest, input[seen * params.quads + quad]);
        }
    }
    let row = id.z * params.out_height + id.y;
    output[(row * params.out_width + column) * params.quads + quad] = largest;
}
