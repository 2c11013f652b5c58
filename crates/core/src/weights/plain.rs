//! Texts from files (names, labels, licences), made safe to show.
//!
//! A file may hold megabytes of text, sequences that steer a terminal, and characters that turn the direction of the text
//! around them. Everything from a file that is shown passes through here; `www/app/file-text.ts` has the same rule for the page.

use std::fmt::{self, Write};

/// The most characters of a label, a name or a licence: none needs more.
pub const MOST_CHARACTERS: usize = 200;
/// The most characters of a message, which may name several.
pub const MOST_IN_MESSAGE: usize = 2000;

/// A text as one line of a limited number of characters, without control characters.
#[derive(Debug, Clone, Copy)]
pub struct Plain<'text> {
    text: &'text str,
    most: usize,
}

/// `text` as one line of at most [`MOST_CHARACTERS`].
pub fn plain(text: &str) -> String {
    line(text, MOST_CHARACTERS).to_string()
}

/// A message with texts of a file in it, as one line of at most [`MOST_IN_MESSAGE`] characters.
pub fn message(text: &str) -> Plain<'_> {
    line(text, MOST_IN_MESSAGE)
}

fn line(text: &str, most: usize) -> Plain<'_> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || is_break(c));
    Plain { text, most }
}

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Reads no byte beyond those that are shown.
        let longer = self.text.chars().nth(self.most).is_some();
        let shown = if longer { self.most - 1 } else { self.most };
        for c in self.text.chars().take(shown) {
            f.write_char(match c {
                c if is_break(c) => ' ',
                c if steers(c) => char::REPLACEMENT_CHARACTER,
                c => c,
            })?;
        }
        if longer { f.write_char('…') } else { Ok(()) }
    }
}

/// Whether a character ends a line or jumps within it.
fn is_break(c: char) -> bool {
    matches!(c, '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether a character steers a terminal (C0, C1) or the direction of the text around it. Marks of direction (U+200E,
/// U+200F) are letters' own business.
fn steers(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_one_short_line_without_control_characters() {
        let long = "ä".repeat(4 << 20);
        let cut = "ä".repeat(MOST_CHARACTERS - 1) + "…";
        let just = "ä".repeat(MOST_CHARACTERS);
        let cases = [
            (
                "an ordinary label",
                "tench, Tinca tinca",
                "tench, Tinca tinca",
            ),
            (
                "letters of any script",
                "Schäferhund 牧羊犬 كلب",
                "Schäferhund 牧羊犬 كلب",
            ),
            ("white space around it", " \r\n tench\t\n", "tench"),
            ("ends of lines", "a\r\nb\u{2028}c\u{85}d", "a  b c d"),
            (
                "escape sequences",
                "\u{1b}[31mred\u{7}\0",
                "\u{fffd}[31mred\u{fffd}\u{fffd}",
            ),
            ("C1 controls", "a\u{9b}31m", "a\u{fffd}31m"),
            (
                "a turned direction",
                "\u{202e}gpj.exe\u{2069}",
                "\u{fffd}gpj.exe\u{fffd}",
            ),
            ("megabytes", &long, &cut),
            ("as long as can be", &just, &just),
            ("nothing", "", ""),
        ];
        for (name, text, expected) in cases {
            assert_eq!(plain(text), expected, "{name}");
        }
        let all: String = ('\0'..=char::MAX).collect();
        assert!(
            !all.chars()
                .filter(|&c| is_break(c) || steers(c))
                .any(|c| c.is_alphanumeric())
        );
        assert_eq!(message(&long).to_string().chars().count(), MOST_IN_MESSAGE);
    }
}
