// The linear layer: a workgroup for CLASS_BLOCKS blocks of four classes of a row of features, SHARES of its invocations for
// each block, which share the features between them. A row is an image; for class activation maps, a place of a map.

struct Params {
    feature_blocks: u32,
    class_blocks: u32,
    // Feature blocks from the weights of one row to those of the next: 0 where all rows have the same.
    step: u32,
    // 1: ReLU, 2: sigmoid.
    activation: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec4<input_type>>;
@group(0) @binding(2) var<storage, read_write> output: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> weights: array<vec4<stored>>;
@group(0) @binding(4) var<storage, read> bias: array<vec4<f32>>;

var<workgroup> sums: array<vec4<f32>, INVOCATIONS>;

@compute @workgroup_size(INVOCATIONS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let block = group.y * CLASS_BLOCKS + lane % CLASS_BLOCKS;
    var sum = vec4<f32>();
    if (block < params.class_blocks) {
        for (var feature = lane / CLASS_BLOCKS; feature < params.feature_blocks; feature += SHARES) {
            let features = vec4<f32>(input[group.x * params.feature_blocks + feature]);
            let line = (group.x * params.step + feature) * 4u * params.class_blocks + block;
            for (var i = 0u; i < 4u; i++) {
                sum += features[i] * vec4<f32>(weights[line + i * params.class_blocks]);
            }
        }
    }
    sums[lane] = sum;
    workgroupBarrier();
    if (lane < CLASS_BLOCKS && block < params.class_blocks) {
        var total = sums[lane];
        for (var share = 1u; share < SHARES; share++) {
            total += sums[lane + share * CLASS_BLOCKS];
        }
        total += bias[block];
        if (params.activation == 1u) {
            // Not `max`, which may turn NaN into a number.
            total = select(total, vec4<f32>(), total < vec4<f32>());
        } else if (params.activation == 2u) {
            total = 1.0 / (1.0 + exp(-total));
        }
        output[group.x * params.class_blocks + block] = total;
    }
}
