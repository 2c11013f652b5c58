@group(0) @binding(5) var<storage, read> residual: array<vec4<number>>;

fn residual_at(at: u32) -> vec4<f32> {
    return vec4<f32>(residual[at]);
}

