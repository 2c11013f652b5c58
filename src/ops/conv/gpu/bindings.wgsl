struct Params {
    height: u32,
    width: u32,
    out_height: u32,
    out_width: u32,
    channels: u32,
    input_quads: u32,
    outputs: u32,
    output_quads: u32,
    kernel: u32,
    stride: u32,
    padding: u32,
    // Quads of rows of the product.
    steps: u32,
    relu: u32,
    picture_step: u32,
    channel_step: u32,
    row_step: u32,
    column_step: u32,
}

@group(0) @binding(0) var<storage, read> params: Params;
@group(0) @binding(2) var<storage, read> weights: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;

