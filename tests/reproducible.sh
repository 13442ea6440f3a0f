#!/usr/bin/env bash
# Builds the last commit twice, in two folders with different names, and compares the programs byte by byte.
#   reproducible.sh [PROFILE]     default: release, with stores in the cloud, as in the image
# What the folder of the source is called must not show. The folder for what is built goes into OpenSSL, which keeps the
# place where it would be installed, so both builds use the same one: who wants the bytes of a release uses it, too.
set -euo pipefail
cd "$(dirname "$0")/.."
profile=${1:-release}
target=/tmp/credbridge-reproducible
work=$(mktemp -d)

if ! mkdir "$target"; then
    echo "$target is there already: another build uses it, or one was cut off; then remove it" >&2
    exit 1
fi
trap 'rm -rf "$target" "$work"' EXIT

# Both builds are of one commit, whatever is committed meanwhile.
commit=$(git rev-parse HEAD)
SOURCE_DATE_EPOCH=$(git show -s --format=%ct "$commit")
export SOURCE_DATE_EPOCH LC_ALL=C TZ=UTC CARGO_INCREMENTAL=0 CARGO_TARGET_DIR=$target
crates=${CARGO_HOME:-${HOME:?}/.cargo}

build() {
    local source=$work/$1
    mkdir "$source"
    git archive "$commit" | tar -x -C "$source"
    (
        cd "$source"
        RUSTFLAGS="--remap-path-prefix=$source=/credbridge --remap-path-prefix=$crates=/cargo" \
            cargo build --locked --profile "$profile" --features cloud-stores,otel --bin credbridge
    )
    local directory=$profile
    [ "$profile" != dev ] || directory=debug
    mv "$target/$directory/credbridge" "$work/$1.program"
    find "$target" -mindepth 1 -delete
}

build one
build another-name
sha256sum "$work"/*.program | sed "s|$work/||"
cmp "$work/one.program" "$work/another-name.program" || {
    echo "the two programs differ" >&2
    exit 1
}
if grep -qaF "$work" "$work/one.program"; then
    echo "the program names the folder of its source" >&2
    exit 1
fi
echo "the same bytes twice: $(stat -c %s "$work/one.program") bytes of the profile $profile"
