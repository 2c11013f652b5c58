//! Labels: what the classes are called, from a text or from JSON.

use serde_json::Value;

use super::source::WeightError;

/// Reads labels, in the order of the logits.
///
/// | form | example |
/// |---|---|
/// | a text, one on each line | `tench` |
/// | a JSON list | `["tench", "goldfish"]` |
/// | a JSON object, by class number | `{"0": "tench"}`, Hugging Face's `{"id2label": {"0": "tench"}}` |
/// | Keras' class index | `{"0": ["n01440764", "tench"]}` |
///
/// # Errors
/// [`WeightError::Labels`] where none are found, or a number is missing.
pub fn parse(text: &str) -> Result<Vec<String>, WeightError> {
    let text = text.trim_start_matches('\u{feff}').trim();
    let labels = if text.starts_with(['[', '{']) {
        from_json(text)?
    } else {
        text.lines()
            .map(|line| line.trim().to_owned())
            .filter(|line| !line.is_empty())
            .collect()
    };
    if labels.is_empty() {
        return Err(fault("there are none"));
    }
    Ok(labels)
}

fn fault(reason: impl Into<String>) -> WeightError {
    WeightError::Labels {
        reason: reason.into(),
    }
}

fn from_json(text: &str) -> Result<Vec<String>, WeightError> {
    let json: Value = serde_json::from_str(text).map_err(|error| fault(error.to_string()))?;
    let json = json.get("id2label").unwrap_or(&json);
    match json {
        Value::Array(labels) => labels.iter().enumerate().map(label).collect(),
        Value::Object(labels) => {
            let missing = |number: usize| {
                let count = labels.len();
                fault(format!(
                    "there are {count} labels, and none for class {number}"
                ))
            };
            (0..labels.len())
                .map(|number| {
                    labels
                        .get(&number.to_string())
                        .ok_or_else(|| missing(number))
                })
                .enumerate()
                .map(|(number, value)| label((number, value?)))
                .collect()
        }
        _ => Err(fault("it is JSON, but neither a list nor an object")),
    }
}

/// A label: text, or a list whose last item is one.
fn label((number, value): (usize, &Value)) -> Result<String, WeightError> {
    let text = match value {
        Value::Array(parts) => parts.last().and_then(Value::as_str),
        value => value.as_str(),
    };
    text.map(str::to_owned).ok_or_else(|| {
        fault(format!(
            "that of class {number} is {value}, which is no text"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_every_other_named() {
        type Case<'a> = (&'a str, &'a str, Result<&'a [&'a str], &'a str>);
        let nested = "[".repeat(100_000);
        let cases: &[Case<'_>] = &[
            (
                "lines",
                "tench\r\n goldfish \n\n",
                Ok(&["tench", "goldfish"]),
            ),
            ("a byte order mark", "\u{feff}tench", Ok(&["tench"])),
            (
                "a list",
                r#"["tench", "goldfish"]"#,
                Ok(&["tench", "goldfish"]),
            ),
            (
                "numbers",
                r#"{"1": "goldfish", "0": "tench"}"#,
                Ok(&["tench", "goldfish"]),
            ),
            (
                "Hugging Face",
                r#"{"model_type": "resnet", "id2label": {"0": "tench"}}"#,
                Ok(&["tench"]),
            ),
            ("Keras", r#"{"0": ["n01440764", "tench"]}"#, Ok(&["tench"])),
            ("nothing", " \n", Err("there are none")),
            ("an empty list", "[]", Err("there are none")),
            (
                "a gap",
                r#"{"0": "tench", "2": "shark"}"#,
                Err("none for class 1"),
            ),
            ("a number for a label", "[7]", Err("class 0 is 7")),
            ("broken JSON", "[\"tench\"", Err("EOF")),
            ("deep nesting", &nested, Err("recursion limit")),
        ];
        for (name, text, expected) in cases {
            match (parse(text), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, *expected, "{name}"),
                (Err(error), Err(words)) => {
                    assert!(error.to_string().contains(words), "{name}: {error}");
                }
                (found, _) => panic!("{name}: {found:?}"),
            }
        }
    }
}
