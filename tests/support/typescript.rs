//! Files of TypeScript that are generated from Rust: writes them, and checks that those in the repository are current.

use std::path::Path;
use std::{env, fs, process};

use ts_rs::{Config, ExportError};

/// Exports a type: `T::export_all`.
pub type Export = fn(&Config) -> Result<(), ExportError>;

/// The declarations of these types, all of which are exported to the file `name`.
pub fn declarations(exports: &[Export], name: &str) -> String {
    let folder = env::temp_dir().join(format!("resnet-web-{name}-{}", process::id()));
    let config = Config::new().with_large_int("number").with_out_dir(&folder);
    for export in exports {
        export(&config).expect("a type can be written");
    }
    let types = fs::read_to_string(folder.join(name)).expect("it was written");
    fs::remove_dir_all(&folder).expect("it can go");
    types
}

/// The union of every code that the first `fn code` in a source file returns: that match is their one list.
pub fn error_codes(source: &str, name: &str, about: &str) -> String {
    let (_, matching) = source.split_once("fn code(").expect("it is there");
    let (matching, _) = matching.split_once("\n    }\n").expect("it ends");
    let mut codes: Vec<_> = matching
        .split("=>")
        .filter_map(|arm| arm.trim_start_matches(['{', ' ', '\n']).strip_prefix('"'))
        .filter_map(|arm| arm.split('"').next())
        .collect();
    codes.sort_unstable();
    codes.dedup();
    let union: String = codes
        .iter()
        .map(|code| format!("\n  | \"{code}\""))
        .collect();
    format!("/**\n * {about}\n */\nexport type {name} ={union};\n")
}

/// Holds a committed file against what it should be, apart from comments and layout: rewording a comment makes no type stale.
/// With `UPDATE_TYPES` in the environment it is written first.
///
/// # Panics
/// If it is not current; `renew` is the command that renews it.
pub fn assert_current(committed: &Path, current: &str, renew: &str) {
    if env::var_os("UPDATE_TYPES").is_some() {
        fs::write(committed, current).expect("the sources can be written");
    }
    assert!(
        types_of(&fs::read_to_string(committed).unwrap_or_default()) == types_of(current),
        "{} is not current. Renew it: UPDATE_TYPES=1 {renew}",
        committed.display(),
    );
}

/// TypeScript without its comments and layout.
fn types_of(text: &str) -> String {
    let parts = text
        .split("/**")
        .map(|part| part.split_once("*/").map_or(part, |(_, code)| code));
    let code: String = parts.collect();
    code.split_whitespace().collect::<Vec<_>>().join(" ")
}
