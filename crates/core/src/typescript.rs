//! The page's TypeScript has the types of this crate that cross over to it, and the codes of its errors:
//! `www/protocol/generated/core.ts`.

#[path = "../../../tests/support/typescript.rs"]
mod generated;

use std::path::Path;

use ts_rs::TS;

use crate::resnet::conv::Arithmetic;
use crate::resnet::{
    AntiAliasing, Attention, BlockKind, Family, HeadLayer, ShortcutKind, Stem, StemConvolutions,
    StemPool, StrideOn,
};
use crate::storage_dtype::StorageDtype;
use crate::summary::{LayerTime, Summary};
use crate::weights::index::Format;
use crate::weights::{Assumption, Choices, Description, Note, WeightSets};

#[test]
fn the_page_has_these_types_as_they_are() {
    let exports: &[generated::Export] = &[
        AntiAliasing::export_all,
        Arithmetic::export_all,
        Assumption::export_all,
        Attention::export_all,
        BlockKind::export_all,
        Choices::export_all,
        Description::export_all,
        Family::export_all,
        Format::export_all,
        HeadLayer::export_all,
        LayerTime::export_all,
        Note::export_all,
        ShortcutKind::export_all,
        Stem::export_all,
        StemConvolutions::export_all,
        StemPool::export_all,
        StorageDtype::export_all,
        StrideOn::export_all,
        Summary::export_all,
        WeightSets::export_all,
    ];
    let types = generated::declarations(exports, "core.ts");
    let codes = generated::error_codes(
        include_str!("weights/source.rs"),
        "WeightErrorCode",
        "The codes of errors in weight files.",
    );
    generated::assert_current(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("../../www/protocol/generated/core.ts"),
        &format!("{types}\n{codes}"),
        "cargo test -p resnet-web-core typescript",
    );
}
