//! Generated from `proto/`; `wire/codegen.rs` tells how.
#![allow(
    missing_docs,
    unnameable_types,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::allow_attributes_without_reason,
    clippy::too_many_lines,
    clippy::use_self,
    reason = "generated from proto/, where every field is documented"
)]

include!("credbridge.v1.rs");
include!("credbridge.v1.serde.rs");

/// State of the shards, as the changelog holds it.
pub(super) mod state {
    include!("credbridge.internal.v1.rs");
}
