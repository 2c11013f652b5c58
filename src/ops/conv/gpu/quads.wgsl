@group(0) @binding(1) var<storage, read> input: array<vec4<f32>>;

fn input_at(picture: u32, y: u32, x: u32, quad: u32) -> vec4<f32> {
    return input[((picture * params.height + y) * params.width + x) * params.input_quads + quad];
}

