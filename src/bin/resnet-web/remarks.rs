//! What the owner of a weight file should know of how it was read.

use resnet_web::weights::{Assumption, Note, WeightSets};

/// A line for each thing that was assumed, left over or one of several.
pub fn remarks(assumed: &[Assumption], notes: &[Note], sets: &WeightSets) -> Vec<String> {
    let assumed = assumed
        .iter()
        .filter_map(|assumption| of_assumption(*assumption))
        .map(|what| format!("assumed {what}"));
    let notes = notes.iter().filter_map(of_note);
    assumed.chain(notes).chain(of_sets(sets)).collect()
}

fn of_assumption(assumption: Assumption) -> Option<&'static str> {
    Some(match assumption {
        Assumption::Stride => {
            "the stride on the 3x3 convolutions, as torchvision has it, or with Detectron2's names on the first; \
             `--stride` changes that"
        }
        Assumption::StemPool => "no pooling after the first convolution",
        Assumption::Shortcut => "the shortcuts' kind, which the tensors do not show",
        Assumption::AntiAliasing => {
            "nothing against aliasing; timm's resnetblur and resnetaa need their `config.json` or name"
        }
        Assumption::HeadActivation => "ReLU between the head's linear layers",
        Assumption::Preprocessing => {
            "that images are prepared as for torchvision's ImageNet weights, or Detectron2's; `--preprocessing FILE` changes \
             that"
        }
        // Classes without names are shown by number.
        _ => return None,
    })
}

fn of_note(note: &Note) -> Option<String> {
    Some(match note {
        Note::Ignored { tensors } => format!("ignored {tensors}"),
        Note::Head { layer } => format!("took {layer} as the head, because of its shape"),
        Note::NoHead => "found no head: the network gives features and no classes".to_owned(),
        _ => return None,
    })
}

fn of_sets(sets: &WeightSets) -> Option<String> {
    let taken = sets.taken.as_ref()?;
    let others = sets.names.iter().filter(|&name| name != taken);
    let others: Vec<_> = others.map(String::as_str).collect();
    Some(format!(
        "took the set of weights `{taken}`; `--weight-set` takes another: {}",
        others.join(", ")
    ))
}
