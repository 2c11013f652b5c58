//! The page's TypeScript has the types of this crate that cross over to it, and the codes of its errors:
//! `www/protocol/generated/engine.ts`.

#[path = "../tests/support/typescript.rs"]
mod generated;

use std::path::Path;

use ts_rs::TS;

use crate::backend::DeviceReport;
use crate::classifier::{Classification, OnGpu};
use crate::inspect::{Channel, SeenLayer};

#[test]
fn the_page_has_these_types_as_they_are() {
    let exports: &[generated::Export] = &[
        Channel::export_all,
        Classification::export_all,
        DeviceReport::export_all,
        OnGpu::export_all,
        SeenLayer::export_all,
    ];
    let types = generated::declarations(exports, "engine.ts");
    let (note, types) = types.split_once('\n').expect("it begins with a note");
    let codes = generated::error_codes(
        include_str!("error.rs"),
        "EngineErrorCode",
        "The codes of errors that come from Rust.",
    );
    generated::assert_current(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("www/protocol/generated/engine.ts"),
        &format!("{note}\nimport type {{ StorageDtype }} from \"./core\";\n{types}\n{codes}"),
        "cargo test -p resnet-web --features cli --lib typescript",
    );
}
