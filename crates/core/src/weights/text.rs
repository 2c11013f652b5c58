//! Bytes to text, in the encodings that common programs write.

use std::borrow::Cow;

use super::labels::fault;
use super::source::WeightError;

/// What Windows' western encoding (code page 1252) has from 0x80 to 0x9f, where Latin-1 has controls.
const WINDOWS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// What is often chosen for a text, by its first bytes.
const SIGNS: [(&[u8], &str); 9] = [
    // Its first two bytes are UTF-16's mark.
    (b"\xff\xfe\0\0", "it is UTF-32: save it as UTF-8"),
    (b"\0\0\xfe\xff", "it is UTF-32: save it as UTF-8"),
    (
        b"PK\x03\x04",
        "it is a zip archive or a spreadsheet: save it as CSV",
    ),
    (
        b"\xd0\xcf\x11\xe0",
        "it is an old Office file: save it as CSV",
    ),
    (b"\x1f\x8b", "it is compressed with gzip: unpack it first"),
    (b"%PDF", "it is a PDF"),
    (b"\x89PNG", "it is an image"),
    (b"\xff\xd8\xff", "it is an image"),
    (
        b"\x80",
        "it is a pickle, which only Python can read: save a text or JSON",
    ),
];

/// What encodings other than these are refused with.
const OTHER: &str = "it is text in an encoding that is not read: save it as UTF-8";
/// How a Japanese mail's encoding, ISO 2022, begins what is not ASCII.
const ISO_2022: &[u8] = b"\x1b$";

/// The text of a file: UTF-8, UTF-16, or else Latin-1 as Windows has it, if that gives words of a western language.
///
/// UTF-16 without a byte order mark is known by its zero bytes, which all are the second or all the first of a pair.
///
/// # Errors
/// [`WeightError::Labels`] for what is no text, or in no encoding throughout.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, WeightError> {
    if let Some((_, what)) = SIGNS.iter().find(|(sign, _)| bytes.starts_with(sign)) {
        return Err(fault(*what));
    }
    if let [0xff, 0xfe, rest @ ..] | [0xfe, 0xff, rest @ ..] = bytes {
        let text = sixteen(rest, bytes[0] == 0xfe).filter(|text| !text.contains(is_control));
        return text.ok_or_else(|| fault("it begins as UTF-16 but is not valid: save it as UTF-8"));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Some(zero) = bytes.iter().position(|&byte| byte == 0) {
        return sixteen(bytes, zero % 2 == 0)
            .filter(|text| !text.contains(is_control))
            .ok_or_else(|| fault("it is not text: save it as UTF-8"));
    }
    let Err(error) = std::str::from_utf8(bytes) else {
        if bytes.windows(ISO_2022.len()).any(|part| part == ISO_2022) {
            return Err(fault(OTHER));
        }
        return Ok(String::from_utf8_lossy(bytes));
    };
    // Valid multi-byte UTF-8 does not occur in Latin-1 texts by chance.
    let before = &bytes[..error.valid_up_to()];
    if !before.is_ascii() {
        return Err(fault(format!(
            "it begins as UTF-8 and has a byte at {} that is not: save it as UTF-8",
            error.valid_up_to()
        )));
    }
    let latin = bytes.iter().map(|&byte| match byte {
        0x80..=0x9f => WINDOWS[usize::from(byte - 0x80)],
        byte => char::from(byte),
    });
    let latin: String = latin.collect();
    if !is_western(&latin) {
        return Err(fault(OTHER));
    }
    Ok(Cow::Owned(latin))
}

fn is_control(c: char) -> bool {
    c.is_control() && !c.is_whitespace()
}

/// Whether a text that was read as Latin-1 has words of a western language. Bytes of Chinese, Japanese, Korean, Cyrillic and Greek
/// encodings give words without a letter of ASCII, and those of Polish ones signs within words.
fn is_western(text: &str) -> bool {
    // Katakana of Shift-JIS begin with the sign of the florin.
    if text.contains(|c| c == 'ƒ' || is_control(c)) {
        return false;
    }
    let is_sign = |c: char| ('¡'..='¿').contains(&c) && c != '·' && !c.is_alphabetic();
    let triples = text.chars().zip(text.chars().skip(1));
    let mut triples = triples.zip(text.chars().skip(2));
    let within = |((before, sign), after): ((char, char), char)| {
        before.is_alphabetic() && is_sign(sign) && after.is_alphabetic()
    };
    if triples.any(within) {
        return false;
    }
    let words = text.split(|c: char| c.is_whitespace() || c.is_ascii_punctuation());
    let words = words.map(|word| word.trim_matches(['“', '”', '‘', '’', '«', '»', '…', '–', '—']));
    let (mut foreign, mut western) = (0_usize, 0_usize);
    for word in words.filter(|word| !word.is_ascii()) {
        let is_foreign = word.chars().count() > 1 && word.chars().all(|c| !c.is_ascii());
        let words = if is_foreign {
            &mut foreign
        } else {
            &mut western
        };
        *words = words.saturating_add(1);
    }
    foreign == 0 || foreign < western
}

/// The text of UTF-16, with the first byte of each pair as the high one or the low one.
fn sixteen(bytes: &[u8], big_endian: bool) -> Option<Cow<'_, str>> {
    let (units, []) = bytes.as_chunks::<2>() else {
        return None;
    };
    let units = units.iter().map(|&pair| match big_endian {
        true => u16::from_be_bytes(pair),
        false => u16::from_le_bytes(pair),
    });
    let text = char::decode_utf16(units).collect::<Result<String, _>>();
    text.ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_in_every_usual_encoding() {
        let sixteen = |text: &str, bytes: fn(u16) -> [u8; 2]| {
            text.encode_utf16().flat_map(bytes).collect::<Vec<_>>()
        };
        let words = "Gänseblümchen\r\n牧羊犬 𝄞";
        let marked = format!("\u{feff}{words}");
        let cases: &[(&str, Vec<u8>, Result<&str, &str>)] = &[
            ("UTF-8", words.into(), Ok(words)),
            (
                "UTF-8 with a mark",
                format!("\u{feff}{words}").into(),
                Ok(words),
            ),
            (
                "UTF-16, little-endian",
                sixteen(&marked, u16::to_le_bytes),
                Ok(words),
            ),
            (
                "UTF-16, big-endian",
                sixteen(&marked, u16::to_be_bytes),
                Ok(words),
            ),
            (
                "UTF-16 without a mark, little-endian",
                sixteen(words, u16::to_le_bytes),
                Ok(words),
            ),
            (
                "UTF-16 without a mark, big-endian",
                sixteen(words, u16::to_be_bytes),
                Ok(words),
            ),
            (
                "Latin-1",
                b"G\xe4nsebl\xfcmchen".to_vec(),
                Ok("Gänseblümchen"),
            ),
            (
                "Windows' signs",
                b"5 \x80 \x96 caf\xe9".to_vec(),
                Ok("5 € – café"),
            ),
            (
                "Latin-1 with quotes, one letter and a sign after a word",
                b"\x93\xe0\x94, l\x92\xe9t\xe9, Gr\xf6\xdfe, \xbfqu\xe9?, m\xb2, col\xb7legi"
                    .to_vec(),
                Ok("“à”, l’été, Größe, ¿qué?, m², col·legi"),
            ),
            ("ASCII", b"daisy".to_vec(), Ok("daisy")),
            (
                "UTF-32, little-endian",
                b"\xff\xfe\0\0d\0\0\0".to_vec(),
                Err("UTF-32"),
            ),
            (
                "UTF-32, big-endian",
                b"\0\0\xfe\xff\0\0\0d".to_vec(),
                Err("UTF-32"),
            ),
            (
                "UTF-16 with a mark and zeros",
                b"\xff\xfed\0\0\0".to_vec(),
                Err("begins as UTF-16"),
            ),
            ("Shift-JIS", b"\x8c\xa2\n\x94L".to_vec(), Err("encoding")),
            (
                "Shift-JIS's katakana",
                b"\x83h\x83b\x83O".to_vec(),
                Err("encoding"),
            ),
            ("ISO 2022", b"\x1b$B8$\x1b(B".to_vec(), Err("encoding")),
            ("GBK", b"\xb9\xb7\n\xc3\xa8".to_vec(), Err("encoding")),
            (
                "GBK beside ASCII",
                b"dog \xb9\xb7\ncat \xc3\xa8".to_vec(),
                Err("encoding"),
            ),
            (
                "Windows' Cyrillic",
                b"\xf1\xee\xe1\xe0\xea\xe0".to_vec(),
                Err("encoding"),
            ),
            ("Windows' Polish", b"ma\xb3pa".to_vec(), Err("encoding")),
            (
                "a gap of Windows' western encoding",
                b"caf\xe9 \x81".to_vec(),
                Err("encoding"),
            ),
            ("nothing", Vec::new(), Ok("")),
            ("bytes with zeros", b"d\0a\0\0\0".to_vec(), Err("not text")),
            ("an odd number of them", b"d\0a".to_vec(), Err("not text")),
            (
                "half a character of UTF-16",
                b"\xff\xfed\0a".to_vec(),
                Err("begins as UTF-16"),
            ),
            (
                "UTF-8, then Latin-1",
                "ü\n".bytes().chain([0xe4]).collect(),
                Err("byte at 3"),
            ),
            ("a spreadsheet", b"PK\x03\x04".to_vec(), Err("spreadsheet")),
            ("a pickle", b"\x80\x04]\x94.".to_vec(), Err("pickle")),
            ("an image", b"\xff\xd8\xff\xe0".to_vec(), Err("an image")),
        ];
        let mut report = Vec::new();
        for (name, bytes, expected) in cases {
            match (decode(bytes), expected) {
                (Ok(found), Ok(expected)) if found == *expected => {}
                (Err(error), Err(words)) if error.to_string().contains(words) => {}
                (found, _) => report.push(format!("{name}: {found:?} instead of {expected:?}")),
            }
        }
        assert_eq!(report, Vec::<String>::new());
    }
}
