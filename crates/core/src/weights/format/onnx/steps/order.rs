//! The order in which a graph's nodes can be computed.

use super::super::model::Model;

/// The places of the nodes, each after those whose outputs it uses. Those that wait for each other are left out.
pub fn in_order(model: &Model) -> Vec<usize> {
    let mut made_by = vec![None; model.names.saturating_add(1)];
    for (index, node) in model.nodes.iter().enumerate() {
        for &output in node.outputs.iter().filter(|&&output| output != 0) {
            made_by[output] = Some(index);
        }
    }
    // Who waits for a node, and for how many outputs each waits.
    let mut waiting: Vec<Vec<usize>> = vec![Vec::new(); model.nodes.len()];
    let mut missing = vec![0_usize; model.nodes.len()];
    for (index, node) in model.nodes.iter().enumerate() {
        for maker in node.inputs.iter().filter_map(|&input| made_by[input]) {
            waiting[maker].push(index);
            missing[index] = missing[index].saturating_add(1);
        }
    }
    let mut order: Vec<usize> = (0..missing.len())
        .filter(|&index| missing[index] == 0)
        .collect();
    let mut next = 0_usize;
    while let Some(&index) = order.get(next) {
        next = next.saturating_add(1);
        for &other in &waiting[index] {
            missing[other] = missing[other].saturating_sub(1);
            if missing[other] == 0 {
                order.push(other);
            }
        }
    }
    order
}
