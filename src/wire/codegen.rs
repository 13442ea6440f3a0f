//! Keeps `wire/gen` equal to what `proto/` generates. `CREDBRIDGE_UPDATE_GENERATED=1 cargo test codegen` rewrites it.

use std::fs;
use std::path::{Path, PathBuf};

use prost::Message as _;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn generate(out: &Path) {
    let proto = root().join("proto");
    let mut files: Vec<PathBuf> = ["credbridge/v1", "credbridge/internal/v1"]
        .into_iter()
        .flat_map(|folder| fs::read_dir(proto.join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let descriptors = protox::compile(&files, [&proto]).unwrap();
    let mut config = prost_build::Config::new();
    config
        .out_dir(out)
        .compile_well_known_types()
        .extern_path(".google.protobuf", "::pbjson_types");
    config.compile_fds(descriptors.clone()).unwrap();
    pbjson_build::Builder::new()
        .register_descriptors(&descriptors.encode_to_vec())
        .unwrap()
        .out_dir(out)
        .ignore_unknown_fields()
        .build(&[".credbridge.v1"])
        .unwrap();
}

#[test]
fn generated_code_is_what_proto_says() {
    let fresh = tempfile::tempdir().unwrap();
    generate(fresh.path());
    let committed = root().join("src/wire/gen");
    for name in [
        "credbridge.v1.rs",
        "credbridge.v1.serde.rs",
        "credbridge.internal.v1.rs",
    ] {
        let generated = fs::read_to_string(fresh.path().join(name)).unwrap();
        if std::env::var_os("CREDBRIDGE_UPDATE_GENERATED").is_some() {
            fs::write(committed.join(name), &generated).unwrap();
        }
        assert!(
            fs::read_to_string(committed.join(name)).is_ok_and(|text| text == generated),
            "{name} differs from proto/: run CREDBRIDGE_UPDATE_GENERATED=1 cargo test codegen"
        );
    }
}
