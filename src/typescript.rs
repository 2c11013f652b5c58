//! The page's TypeScript has the types of this crate that cross over to it, and the codes of its errors:
//! `www/protocol/generated/engine.ts`.

use std::path::Path;
use std::{env, fs};

use ts_rs::{Config, TS};

use crate::backend::DeviceReport;
use crate::classifier::{Classification, OnGpu};
use crate::inspect::{Channel, SeenLayer};

#[test]
fn the_page_has_these_types_as_they_are() {
    let folder = env::temp_dir().join(format!("resnet-web-types-{}", std::process::id()));
    let config = Config::new().with_large_int("number").with_out_dir(&folder);
    for export in [
        Channel::export_all,
        Classification::export_all,
        DeviceReport::export_all,
        OnGpu::export_all,
        SeenLayer::export_all,
    ] {
        export(&config).expect("a type can be written");
    }
    let types = fs::read_to_string(folder.join("engine.ts")).expect("it was written");
    fs::remove_dir_all(&folder).expect("it can go");
    let codes: Vec<_> = error_codes()
        .iter()
        .map(|code| format!("\n  | \"{code}\""))
        .collect();
    let (note, types) = types.split_once('\n').expect("it begins with a note");
    let current = format!(
        "{note}\nimport type {{ StorageDtype }} from \"./core\";\n{types}\n/**\n * The codes of errors that come from Rust.\n */\nexport type EngineErrorCode ={};\n",
        codes.concat(),
    );

    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/protocol/generated/engine.ts");
    if env::var_os("UPDATE_TYPES").is_some() {
        fs::write(&committed, &current).expect("the sources can be written");
    }
    assert!(
        types_of(&fs::read_to_string(&committed).unwrap_or_default()) == types_of(&current),
        "www/protocol/generated/engine.ts is not current. Renew it: UPDATE_TYPES=1 cargo test -p resnet-web --features cli --lib typescript",
    );
}

/// Every code that `Error::code` returns: that match is their one list.
fn error_codes() -> Vec<&'static str> {
    let source = include_str!("error.rs");
    let (_, matching) = source.split_once("fn code(").expect("it is there");
    let (matching, _) = matching.split_once("\n    }\n").expect("it ends");
    let mut codes: Vec<_> = matching
        .split("=>")
        .filter_map(|arm| arm.trim_start_matches(['{', ' ', '\n']).strip_prefix('"'))
        .filter_map(|arm| arm.split('"').next())
        .collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// TypeScript without its comments and layout: rewording a comment makes no type stale.
fn types_of(text: &str) -> String {
    let parts = text
        .split("/**")
        .map(|part| part.split_once("*/").map_or(part, |(_, code)| code));
    let code: String = parts.collect();
    code.split_whitespace().collect::<Vec<_>>().join(" ")
}
