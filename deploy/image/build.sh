#!/usr/bin/env bash
# Builds the image with buildah: without a daemon, without a registry, from nothing but the program and what it loads.
#   build.sh [BINARY]     default: target/release/credbridge, which it builds, with stores in the cloud and tracing
# Writes target/image/credbridge.oci.tar (an OCI archive) and says how large it is, after it ran the program inside.
set -euo pipefail
cd "$(dirname "$0")/../.."

for tool in buildah strip ldd; do
    if ! command -v "$tool" >/dev/null; then
        echo "$tool is missing; install it with: sudo apt-get install -y --no-install-recommends buildah binutils libc-bin" >&2
        exit 1
    fi
done
binary=${1:-target/release/credbridge}
# With cargo-auditable the program holds the list of its crates, which scanners of images read.
build=(cargo build)
if cargo auditable --version >/dev/null 2>&1; then
    build=(cargo auditable build)
elif [ $# -eq 0 ]; then
    echo "cargo-auditable is missing, so the program will not hold the list of its crates; for that: cargo install --locked cargo-auditable" >&2
fi
[ $# -gt 0 ] || "${build[@]}" --release --locked --features cloud-stores,otel --bin credbridge
if cargo cyclonedx --version >/dev/null 2>&1; then
    deploy/image/sbom.sh
else
    echo "cargo-cyclonedx is missing, so no list of parts (SBOM) is written; for that: cargo install --locked cargo-cyclonedx" >&2
fi

context=target/image
rm -rf "$context"
rootfs=$context/rootfs
mkdir -p "$rootfs"/{usr/bin,etc/credbridge,etc/ssl/certs,tmp}
chmod 1777 "$rootfs/tmp"
# Names of functions stay, for backtraces; the places in the source go, they are four fifths of the size.
strip --strip-debug -o "$rootfs/usr/bin/credbridge" "$binary"
ldd "$binary" | grep -o '/[^ ]*' | while read -r library; do
    install -D -m 0755 "$(readlink -f "$library")" "$rootfs$library"
done
if [ ! -s /etc/ssl/certs/ca-certificates.crt ]; then
    echo "ca-certificates is missing; install it with: sudo apt-get install -y --no-install-recommends ca-certificates" >&2
    exit 1
fi
install -m 0644 /etc/ssl/certs/ca-certificates.crt "$rootfs/etc/ssl/certs/ca-certificates.crt"
echo 'nonroot:x:65532:65532:nonroot:/:/sbin/nologin' > "$rootfs/etc/passwd"
echo 'nonroot:x:65532:' > "$rootfs/etc/group"
: > "$rootfs/etc/credbridge/credbridge.yaml"

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
revision=$(git rev-parse HEAD)
# The time of the commit, so that the same source gives the same image.
created=$(git show -s --format=%cI HEAD)
buildah=(buildah --storage-driver vfs --root "$PWD/$context/storage" --runroot "$PWD/$context/run")
"${buildah[@]}" bud --isolation chroot --timestamp "$(git show -s --format=%ct HEAD)" \
    --build-arg VERSION="$version" --build-arg REVISION="$revision" --build-arg CREATED="$created" \
    --file deploy/image/Containerfile --tag "credbridge:$version" "$context"
"${buildah[@]}" push -q "credbridge:$version" "oci-archive:$context/credbridge.oci.tar:credbridge:$version"

container=$("${buildah[@]}" from --pull=never "credbridge:$version")
said=$("${buildah[@]}" run --isolation chroot "$container" -- /usr/bin/credbridge --version)
checked=$("${buildah[@]}" run --isolation chroot "$container" -- /usr/bin/credbridge check --config /etc/credbridge/credbridge.yaml)
"${buildah[@]}" rm "$container" >/dev/null
rm -rf "$context/storage" "$context/run"
if [ "$said" != "credbridge $version" ]; then
    echo "the program in the image says '$said', not 'credbridge $version'" >&2
    exit 1
fi
echo "$said, $checked: $context/credbridge.oci.tar, $(stat -c %s "$context/credbridge.oci.tar" | numfmt --to=iec) compressed"
