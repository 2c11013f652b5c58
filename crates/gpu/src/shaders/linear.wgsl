// The linear layer: a workgroup for 64 classes of a row of features, its 64 invocations four at a time for each quad of
// classes, which share the features between them. A row is a picture; for the evidence, a place of the last stage's map.

struct Params {
    feature_quads: u32,
    class_quads: u32,
    // Quads of features by which the weights of one row lie behind those of the row before: none where all rows have the same.
    step: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec4<number>>;
@group(0) @binding(2) var<storage, read_write> output: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> weights: array<vec4<number>>;
@group(0) @binding(4) var<storage, read> bias: array<vec4<f32>>;

const QUADS: u32 = 16u;
const SHARES: u32 = 4u;

var<workgroup> sums: array<vec4<f32>, 64>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    // Rows that go through the same weights are neighbours, so that the weights come from memory once.
    let quad = group.y * QUADS + lane % QUADS;
    var sum = vec4<f32>();
    if (quad < params.class_quads) {
        for (var feature = lane / QUADS; feature < params.feature_quads; feature += SHARES) {
            let features = vec4<f32>(input[group.x * params.feature_quads + feature]);
            let line = (group.x * params.step + feature) * 4u * params.class_quads + quad;
            for (var i = 0u; i < 4u; i++) {
                sum += features[i] * vec4<f32>(weights[line + i * params.class_quads]);
            }
        }
    }
    sums[lane] = sum;
    workgroupBarrier();
    if (lane < QUADS && quad < params.class_quads) {
        let total = sums[lane] + sums[lane + 16u] + sums[lane + 32u] + sums[lane + 48u];
        output[group.x * params.class_quads + quad] = total + bias[quad];
    }
}
