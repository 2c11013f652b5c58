//! Labels: what the classes are called, in the forms in which people have them.

use serde_json::{Map, Value};

use super::plain::plain;
use super::source::{Listing, WeightError};

/// Under these keys an object holds labels: those of Hugging Face, timm, torchvision's `ImageFolder`, Keras, COCO.
const KEYS: [&str; 10] = [
    "id2label",
    "label2id",
    "class_to_idx",
    "idx_to_class",
    "labels",
    "label_names",
    "classes",
    "class_names",
    "names",
    "categories",
];
/// What columns of numbers are called in CSV, and a class's number in an object of its own.
const NUMBER_HEADS: [&str; 11] = [
    "",
    "index",
    "idx",
    "id",
    "number",
    "class_id",
    "class_idx",
    "class_index",
    "label_id",
    "label_idx",
    "target",
];
/// The same of names; where there are several the first of these.
const NAME_HEADS: [&str; 9] = [
    "name",
    "class_name",
    "label_name",
    "label",
    "labels",
    "class",
    "classes",
    "category",
    "description",
];

/// Reads labels, in the order of the logits.
///
/// | form | example |
/// |---|---|
/// | one on each line | `tench` |
/// | a number and a label on each line | `0: tench`, `0 tench`, `0,tench`, `tench,0` |
/// | a synset's number and a label on each line | `n01440764 tench, Tinca tinca` |
/// | CSV with a header | `index,label`, `label`, `id;name`; other columns beside a number and a label |
/// | a JSON list, of objects too | `["tench", "goldfish"]`, `[{"id": 0, "name": "tench"}]` |
/// | a JSON object, by class number | `{"0": "tench"}`, Keras' `{"0": ["n01440764", "tench"]}` |
/// | a JSON object, by label (`class_to_idx`) | `{"tench": 0}` |
/// | an object around one of these | `{"labels": ["tench"]}`, Hugging Face's `{"id2label": {"0": "tench"}}` |
/// | Python's text of one of these | `{0: 'tench'}`, `['tench', 'goldfish']` |
///
/// # Errors
/// [`WeightError::Labels`] where none are found, or a number is missing.
pub fn parse(text: &str) -> Result<Vec<String>, WeightError> {
    let labels = match structured(text)? {
        Some(value) => of_value(&value),
        None => of_lines(text),
    }?;
    some(labels)
}

/// Fails if there are none.
pub(super) fn some(labels: Vec<String>) -> Result<Vec<String>, WeightError> {
    if labels.is_empty() {
        return Err(fault("there are none"));
    }
    Ok(labels)
}

#[cold]
pub(super) fn fault(reason: impl Into<String>) -> WeightError {
    WeightError::Labels {
        reason: reason.into(),
    }
}

/// What a text of JSON or of Python's own form says; `None` for a text that begins as neither.
pub(super) fn structured(text: &str) -> Result<Option<Value>, WeightError> {
    let text = text.trim();
    if !text.starts_with(['[', '{', '(']) {
        return Ok(None);
    }
    let value = serde_json::from_str(text).or_else(|error| {
        let python = python_as_json(text).and_then(|json| serde_json::from_str(&json).ok());
        python.ok_or_else(|| fault(error.to_string()))
    });
    value.map(Some)
}

/// A value of an object. Not inlined: there are many.
#[inline(never)]
pub(super) fn get<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    object.get(key)
}

/// The labels in a list or an object.
pub(super) fn of_value(value: &Value) -> Result<Vec<String>, WeightError> {
    match value {
        Value::Array(items) => of_list(items),
        Value::Object(object) => {
            let inner = KEYS.iter().find_map(|key| match get(object, key)? {
                inner @ (Value::Array(_) | Value::Object(_)) => Some(inner),
                _ => None,
            });
            match inner {
                Some(Value::Array(items)) => of_list(items),
                Some(Value::Object(object)) => of_object(object),
                _ => of_object(object),
            }
        }
        _ => Err(fault("it is JSON, but neither a list nor an object")),
    }
}

fn of_list(items: &[Value]) -> Result<Vec<String>, WeightError> {
    let numbered = items.iter().map(|item| match item {
        Value::Array(pair) => match &pair[..] {
            [number, Value::String(label)] => Some((number.as_u64()?, label.clone())),
            _ => None,
        },
        Value::Object(object) => {
            let number = NUMBER_HEADS.iter().find_map(|head| get(object, head));
            let label = NAME_HEADS.iter().find_map(|head| get(object, head));
            Some((number?.as_u64()?, label?.as_str()?.to_owned()))
        }
        _ => None,
    });
    match numbered.collect::<Option<Vec<_>>>() {
        Some(numbered) => by_number(numbered),
        None => items.iter().enumerate().map(label).collect(),
    }
}

fn of_object(object: &Map<String, Value>) -> Result<Vec<String>, WeightError> {
    let number = |text: &str| text.parse::<u64>().ok();
    let keys = object.keys().map(|key| number(key));
    if let Some(keys) = keys.collect::<Option<Vec<_>>>() {
        let labels = keys.into_iter().zip(object.values()).map(|(key, value)| {
            let at = usize::try_from(key).unwrap_or(usize::MAX);
            Ok((key, label((at, value))?))
        });
        return by_number(labels.collect::<Result<_, _>>()?);
    }
    let values = object.values().map(|value| match value {
        Value::String(text) => number(text),
        value => value.as_u64(),
    });
    if let Some(values) = values.collect::<Option<Vec<_>>>() {
        return by_number(values.into_iter().zip(object.keys().cloned()).collect());
    }
    let keys = Listing::new(object.keys().cloned());
    let keys = keys.map_or_else(String::new, |keys| keys.to_string());
    Err(fault(format!(
        "it is an object with the keys {keys}, and none of them holds labels"
    )))
}

/// A label: text, or a list whose last item is one.
fn label((number, value): (usize, &Value)) -> Result<String, WeightError> {
    let text = match value {
        Value::Array(parts) => parts.last().and_then(Value::as_str),
        value => value.as_str(),
    };
    text.map(str::to_owned).ok_or_else(|| {
        fault(format!(
            "that of class {number} is {}, not a text",
            plain(&value.to_string())
        ))
    })
}

/// Labels in the order of their numbers, which have to go from 0 to one less than there are.
fn by_number(labels: Vec<(u64, String)>) -> Result<Vec<String>, WeightError> {
    let count = labels.len();
    let numbers = || labels.iter().map(|(number, _)| *number);
    if numbers().min() == Some(1) && numbers().max() == Some(count as u64) {
        return Err(fault(format!(
            "they are numbered from 1 to {count}, and classes are counted from 0. Number them from 0, or leave the numbers out"
        )));
    }
    let mut ordered = vec![None; count];
    for (number, label) in labels {
        let place = usize::try_from(number).ok();
        match place.and_then(|place| ordered.get_mut(place)) {
            Some(Some(_)) => return Err(fault(format!("class {number} has two labels"))),
            Some(place) => *place = Some(label),
            // Then a number within the range is missing, which is reported below.
            None => {}
        }
    }
    if let Some(missing) = ordered.iter().position(Option::is_none) {
        return Err(fault(format!(
            "there are {count} labels, and none for class {missing}"
        )));
    }
    Ok(ordered.into_iter().flatten().collect())
}

/// The labels in a text of lines.
pub(super) fn of_lines(text: &str) -> Result<Vec<String>, WeightError> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let lines: Vec<_> = lines.collect();
    let Some(first) = lines.first() else {
        return Err(fault("there are none"));
    };
    if first.starts_with('<') {
        return Err(fault("it is an HTML or XML page"));
    }
    for separator in [',', ';', '\t'] {
        let heads = fields(first, separator);
        let plain = |head: &String| head.to_ascii_lowercase().replace([' ', '-'], "_");
        let heads: Vec<_> = heads.iter().map(plain).collect();
        let is = |list: &[&str], head: &String| list.contains(&head.as_str());
        let is_number = |head| is(&NUMBER_HEADS, head);
        let is_known = |head| is(&NAME_HEADS, head) || is_number(head);
        // With a column of numbers and one of labels, others may be beside them.
        if heads.iter().any(|head| is(&NAME_HEADS, head))
            && (heads.iter().any(is_number) || heads.iter().all(is_known))
        {
            return of_table(&heads, &lines[1..], separator);
        }
    }
    let synsets = lines.iter().map(|line| after_synset(line));
    if let Some(labels) = synsets.collect::<Option<Vec<_>>>() {
        return Ok(labels);
    }
    let each = |number: fn(&str) -> Option<(u64, String, char)>| {
        let numbered = lines.iter().map(|line| number(line));
        numbered.collect::<Option<Vec<_>>>()
    };
    if let Some(numbered) = each(number_first) {
        // «2 door», «4 door» are labels that begin with a number.
        let is_count = |(_, _, separator): &(u64, String, char)| *separator == ' ';
        let counts =
            numbered.iter().all(is_count) && numbered.iter().all(|(number, ..)| *number > 1);
        if !counts {
            return by_number(without_separators(numbered));
        }
    } else if let Some(numbered) = each(number_last)
        && let Ok(labels) = by_number(without_separators(numbered))
    {
        return Ok(labels);
    }
    Ok(lines.into_iter().map(str::to_owned).collect())
}

fn without_separators(numbered: Vec<(u64, String, char)>) -> Vec<(u64, String)> {
    let pairs = numbered
        .into_iter()
        .map(|(number, label, _)| (number, label));
    pairs.collect()
}

/// The label after a synset's number, as in ImageNet's `synset_words.txt`: `n01440764 tench`.
fn after_synset(line: &str) -> Option<String> {
    let (synset, label) = line.split_once([' ', '\t'])?;
    let digits = synset
        .strip_prefix('n')
        .filter(|digits| digits.len() == 8)?;
    let is_synset = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_synset.then(|| label.trim().to_owned())
}

/// The number before a line's label, the label, and what is between them.
fn number_first(line: &str) -> Option<(u64, String, char)> {
    let end = line.find(|c: char| !c.is_ascii_digit())?;
    let number = line[..end].parse().ok()?;
    let spaced = &line[end..];
    let rest = spaced.trim_start();
    let separator = rest.chars().next()?;
    let (separator, rest) = match separator {
        ':' | ',' | ';' | '=' => (separator, &rest[1..]),
        _ if rest.len() < spaced.len() => (' ', rest),
        _ => return None,
    };
    let label = unquoted(rest.trim_start());
    (!label.is_empty()).then_some((number, label, separator))
}

/// The same of a label and the number after it.
fn number_last(line: &str) -> Option<(u64, String, char)> {
    let at = line.rfind([':', ',', ';', '=', '\t'])?;
    let number = line[at + 1..].trim().parse().ok()?;
    let label = unquoted(line[..at].trim());
    (!label.is_empty()).then_some((number, label, ','))
}

fn unquoted(text: &str) -> String {
    let inner = ['"', '\''].iter().find_map(|&quote| {
        let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
        (!inner.contains(quote)).then_some(inner)
    });
    inner.unwrap_or(text).to_owned()
}

/// The labels in the rows of a table whose columns are called so.
fn of_table(heads: &[String], rows: &[&str], separator: char) -> Result<Vec<String>, WeightError> {
    let rows: Vec<_> = rows.iter().map(|row| fields(row, separator)).collect();
    if rows.is_empty() {
        return Err(fault("it is a table without rows"));
    }
    if let Some(row) = rows.iter().position(|row| row.len() != heads.len()) {
        return Err(fault(format!(
            "it is a table of {} columns, and its row {} has {}",
            heads.len(),
            row + 1,
            rows[row].len()
        )));
    }
    let column = |of: &[&str], but: Option<usize>| {
        of.iter()
            .filter_map(|name| heads.iter().position(|head| head == name))
            .find(|&at| Some(at) != but)
    };
    let numbers = |at: usize| {
        let numbers = rows.iter().map(|row| row[at].parse::<u64>().ok());
        numbers.collect::<Option<Vec<_>>>()
    };
    let mut number = column(&NUMBER_HEADS, None);
    // `label,name`: one of the names is a number.
    if number.is_none() && heads.len() > 1 {
        number = (0..heads.len()).find(|&at| numbers(at).is_some());
    }
    let Some(name) = column(&NAME_HEADS, number) else {
        return Err(fault("it is a table without a column of labels"));
    };
    let labels = rows.iter().map(|row| row[name].clone());
    match number {
        None => Ok(labels.collect()),
        Some(at) => match numbers(at) {
            Some(numbers) => by_number(numbers.into_iter().zip(labels).collect()),
            None => Err(fault(format!(
                "its column `{}` is not one of whole numbers",
                heads[at]
            ))),
        },
    }
}

/// The fields of a row of CSV, without quotes.
fn fields(row: &str, separator: char) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut chars = row.chars().peekable();
    while let Some(c) = chars.next() {
        let last = fields.len() - 1;
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                fields[last].push('"');
            }
            '"' => quoted = !quoted,
            c if c == separator && !quoted => fields.push(String::new()),
            c => fields[last].push(c),
        }
    }
    for field in &mut fields {
        *field = field.trim().to_owned();
    }
    fields
}

/// JSON that says what Python's text of lists, tuples, dictionaries, texts and numbers says. `None` for anything else.
fn python_as_json(text: &str) -> Option<String> {
    let mut json = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' => {
                let mut content = String::new();
                loop {
                    match chars.next()? {
                        '\\' => content.push(match chars.next()? {
                            'n' | 't' | 'r' => ' ',
                            kind @ ('x' | 'u') => {
                                let digits = if kind == 'x' { 2 } else { 4 };
                                let code: String = chars.by_ref().take(digits).collect();
                                char::from_u32(u32::from_str_radix(&code, 16).ok()?)?
                            }
                            other => other,
                        }),
                        end if end == c => break,
                        other => content.push(other),
                    }
                }
                json += &Value::String(content).to_string();
            }
            '(' => json.push('['),
            ')' | ']' | '}' => {
                // Python allows a comma after the last one.
                json.truncate(json.trim_end_matches([',', ' ', '\n', '\r', '\t']).len());
                json.push(if c == ')' { ']' } else { c });
            }
            '0'..='9' => {
                let mut number = String::from(c);
                while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                    number.push(digit);
                }
                while chars.next_if(|c| c.is_whitespace()).is_some() {}
                let is_key = chars.peek() == Some(&':');
                json += &if is_key {
                    format!("\"{number}\"")
                } else {
                    number
                };
            }
            ',' | ':' | '[' | '{' | '-' => json.push(c),
            c if c.is_whitespace() => json.push(c),
            _ => return None,
        }
    }
    Some(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &[&str] = &["daisy", "rose"];

    #[test]
    fn every_form_is_read_and_every_other_named() {
        type Case<'a> = (&'a str, &'a str, Result<&'a [&'a str], &'a str>);
        let nested = "[".repeat(100_000);
        let cases: &[Case<'_>] = &[
            ("lines", "daisy\r\n rose \n\n", Ok(TWO)),
            (
                "commas in lines",
                "tench, Tinca tinca\ngoldfish, Carassius auratus",
                Ok(&["tench, Tinca tinca", "goldfish, Carassius auratus"]),
            ),
            ("a list", r#"["daisy", "rose"]"#, Ok(TWO)),
            ("by number", r#"{"1": "rose", "0": "daisy"}"#, Ok(TWO)),
            (
                "Hugging Face",
                r#"{"model_type": "resnet", "id2label": {"0": "daisy"}}"#,
                Ok(&["daisy"]),
            ),
            ("Keras", r#"{"0": ["n01440764", "tench"]}"#, Ok(&["tench"])),
            (
                "a list of pairs",
                r#"[["n01440764", "tench"]]"#,
                Ok(&["tench"]),
            ),
            (
                "a list of numbered pairs",
                r#"[[1, "rose"], [0, "daisy"]]"#,
                Ok(TWO),
            ),
            (
                "ImageFolder's class_to_idx",
                r#"{"rose": 1, "daisy": 0}"#,
                Ok(TWO),
            ),
            ("numbers as text", r#"{"rose": "1", "daisy": "0"}"#, Ok(TWO)),
            (
                "digits as labels",
                r#"{"0": "7", "1": "8"}"#,
                Ok(&["7", "8"]),
            ),
            (
                "under `labels`",
                r#"{"labels": ["daisy", "rose"]}"#,
                Ok(TWO),
            ),
            (
                "under `classes`",
                r#"{"classes": {"daisy": 0, "rose": 1}}"#,
                Ok(TWO),
            ),
            (
                "a class called `labels`",
                r#"{"labels": 1, "daisy": 0}"#,
                Ok(&["daisy", "labels"]),
            ),
            (
                "COCO's categories",
                r#"{"categories": [{"id": 1, "name": "rose"}, {"id": 0, "name": "daisy"}]}"#,
                Ok(TWO),
            ),
            ("a Python dictionary", "{0: 'daisy', 1: 'rose',}", Ok(TWO)),
            ("the same by label", "{'rose': 1, 'daisy': 0}", Ok(TWO)),
            ("a Python list", "['daisy',\n 'rose']", Ok(TWO)),
            ("a Python tuple", "('daisy', \"rose\")", Ok(TWO)),
            (
                "quotes in Python",
                r#"["bird's \x41", 'a "b\'s"']"#,
                Ok(&["bird's A", "a \"b's\""]),
            ),
            (
                "ImageNet's dictionary",
                "{0: 'tench, Tinca tinca',\n 1: \"jack-o'-lantern\"}",
                Ok(&["tench, Tinca tinca", "jack-o'-lantern"]),
            ),
            ("0:daisy", "0:daisy\n1:rose", Ok(TWO)),
            ("0: 'daisy',", "1: rose\n0: 'daisy'", Ok(TWO)),
            ("0 daisy", "0 daisy\n1 rose", Ok(TWO)),
            ("0\tdaisy", "0\tdaisy\n1\trose", Ok(TWO)),
            ("0,daisy", "0,daisy\n1,rose", Ok(TWO)),
            ("daisy,0", "rose,1\ndaisy,0", Ok(TWO)),
            (
                "labels that begin with a number",
                "2 door\n4 door",
                Ok(&["2 door", "4 door"]),
            ),
            (
                "labels that end with one",
                "type 0\ntype 1",
                Ok(&["type 0", "type 1"]),
            ),
            ("labels that are numbers", "0\n1", Ok(&["0", "1"])),
            ("CSV: index,label", "index,label\n1,rose\n0,daisy", Ok(TWO)),
            ("CSV: label,index", "label,index\nrose,1\ndaisy,0", Ok(TWO)),
            ("CSV: label", "label\ndaisy\nrose", Ok(TWO)),
            ("CSV: id;name", "ID;Name\n0;daisy\n1;rose", Ok(TWO)),
            ("CSV: label,name", "label,name\n0,daisy\n1,rose", Ok(TWO)),
            ("CSV: of pandas", ",class_name\n0,daisy\n1,rose", Ok(TWO)),
            (
                "CSV with quotes",
                "id,label\n0,\"a \"\"b\"\", c\"\n1,rose",
                Ok(&["a \"b\", c", "rose"]),
            ),
            (
                "CSV with a column of another kind",
                "Class ID,WordNet,Class Name\n0,n1,daisy\n1,n2,rose",
                Ok(TWO),
            ),
            (
                "TSV: index, label",
                "index\tlabel\n1\trose\n0\tdaisy",
                Ok(TWO),
            ),
            (
                "ImageNet's synset_words.txt",
                "n01440764 tench, Tinca tinca\nn01443537 goldfish",
                Ok(&["tench, Tinca tinca", "goldfish"]),
            ),
            ("nothing", " \n", Err("there are none")),
            ("an empty list", "[]", Err("there are none")),
            ("an empty object", "{}", Err("there are none")),
            (
                "a gap",
                r#"{"0": "tench", "2": "shark"}"#,
                Err("none for class 1"),
            ),
            (
                "a gap in lines",
                "0: daisy\n2: rose",
                Err("none for class 1"),
            ),
            ("from 1", "1 daisy\n2 rose", Err("numbered from 1 to 2")),
            (
                "class_to_idx from 1",
                r#"{"daisy": 1, "rose": 2}"#,
                Err("numbered from 1 to 2"),
            ),
            (
                "two of one number",
                r#"{"daisy": 0, "rose": 0}"#,
                Err("class 0 has two labels"),
            ),
            ("a number for a label", "[7]", Err("class 0 is 7")),
            (
                "other settings",
                r#"{"lr": 0.1, "epochs": 90}"#,
                Err("the keys epochs, lr"),
            ),
            (
                "a table with half a row",
                "index,label\n0",
                Err("2 columns, and its row 1 has 1"),
            ),
            (
                "a table without numbers",
                "id,label\nx,daisy",
                Err("column `id`"),
            ),
            ("a table without rows", "index,label", Err("without rows")),
            ("a page", "<!doctype html>", Err("HTML")),
            ("broken JSON", "[\"tench\"", Err("EOF")),
            (
                "Python with calls",
                "{0: open('x')}",
                Err("key must be a string"),
            ),
            ("deep nesting", &nested, Err("recursion limit")),
        ];
        let mut report = Vec::new();
        for (name, text, expected) in cases {
            match (parse(text), expected) {
                (Ok(found), Ok(expected)) if found == *expected => {}
                (Err(error), Err(words)) if error.to_string().contains(words) => {}
                (found, _) => report.push(format!("{name}: {found:?} instead of {expected:?}")),
            }
        }
        assert_eq!(report, Vec::<String>::new());
    }
}
