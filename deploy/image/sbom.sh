#!/usr/bin/env bash
# Writes target/sbom/credbridge.cdx.json: what the program is made of, as CycloneDX 1.5. Needs no network once the crates
# are there.
set -euo pipefail
cd "$(dirname "$0")/../.."

if ! cargo cyclonedx --version >/dev/null 2>&1; then
    echo "cargo-cyclonedx is missing; install it with: cargo install --locked cargo-cyclonedx" >&2
    exit 1
fi
mkdir -p target/sbom
# It writes beside Cargo.toml, and only there.
trap 'rm -f credbridge-sbom.json' EXIT
cargo cyclonedx --quiet --format json --spec-version 1.5 --features cloud-stores,otel --override-filename credbridge-sbom
mv credbridge-sbom.json target/sbom/credbridge.cdx.json
echo "target/sbom/credbridge.cdx.json: $(grep -c '"purl"' target/sbom/credbridge.cdx.json) components"
