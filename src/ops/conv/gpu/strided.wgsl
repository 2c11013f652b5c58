@group(0) @binding(1) var<storage, read> input: array<f32>;

fn input_at(picture: u32, y: u32, x: u32, quad: u32) -> vec4<f32> {
    let start = picture * params.picture_step + y * params.row_step + x * params.column_step;
    var numbers = vec4<f32>();
    for (var i = 0u; i < 4u; i++) {
        let channel = quad * 4u + i;
        if (channel < params.channels) {
            numbers[i] = input[start + channel * params.channel_step];
        }
    }
    return numbers;
}

