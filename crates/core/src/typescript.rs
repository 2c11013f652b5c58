//! The page's TypeScript has the types of this crate that cross over to it, and the codes of its errors: `www/protocol/generated/core.ts`.

use std::path::Path;
use std::{env, fs};

use ts_rs::{Config, TS};

use crate::resnet::conv::Arithmetic;
use crate::resnet::{BlockKind, Family, StrideOn};
use crate::storage_dtype::StorageDtype;
use crate::summary::{LayerTime, Summary};
use crate::weights::index::Format;
use crate::weights::{Assumption, Choices, Description, Note, WeightSets};

#[test]
fn the_page_has_these_types_as_they_are() {
    let folder = env::temp_dir().join(format!("resnet-web-core-types-{}", std::process::id()));
    let config = Config::new().with_large_int("number").with_out_dir(&folder);
    for export in [
        Arithmetic::export_all,
        Assumption::export_all,
        BlockKind::export_all,
        Choices::export_all,
        Description::export_all,
        Family::export_all,
        Format::export_all,
        LayerTime::export_all,
        Note::export_all,
        StorageDtype::export_all,
        StrideOn::export_all,
        Summary::export_all,
        WeightSets::export_all,
    ] {
        export(&config).expect("a type can be written");
    }
    let types = fs::read_to_string(folder.join("core.ts")).expect("it was written");
    fs::remove_dir_all(&folder).expect("it can go");
    let codes: String = error_codes()
        .iter()
        .map(|code| format!("\n  | \"{code}\""))
        .collect();
    let current = format!(
        "{types}\n/**\n * The codes of errors in weight files.\n */\nexport type WeightErrorCode ={codes};\n"
    );

    let committed =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../www/protocol/generated/core.ts");
    if env::var_os("UPDATE_TYPES").is_some() {
        fs::write(&committed, &current).expect("the sources can be written");
    }
    assert!(
        types_of(&fs::read_to_string(&committed).unwrap_or_default()) == types_of(&current),
        "www/protocol/generated/core.ts is not current. Renew it: UPDATE_TYPES=1 cargo test -p resnet-web-core typescript",
    );
}

/// Every code that `WeightError::code` returns: that match is their one list.
fn error_codes() -> Vec<&'static str> {
    let source = include_str!("weights/source.rs");
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
