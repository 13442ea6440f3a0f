#!/usr/bin/env bash
# The test command: what must hold before a change goes in. Installs what is missing where it may.
set -euo pipefail
cd "$(dirname "$0")/.."

began=$SECONDS

stage() {
    local name=$1 start=$SECONDS
    shift
    echo "== $name"
    "$@"
    echo "== $name: $((SECONDS - start)) s"
}

java_is_new_enough() {
    local version
    version=$(java -version 2>&1 | sed -n 's/^[a-z]* version "\([0-9]*\).*/\1/p' | head -n 1)
    [ "${version:-0}" -ge 17 ]
}

# Prints the Debian packages that are missing: a C tool chain for librdkafka and OpenSSL; Java and Maven for the brokers
# of the tests.
missing_packages() {
    local pair
    for pair in gcc:gcc g++:g++ make:make perl:perl curl:curl python3:python3 mvn:maven promtool:prometheus setpriv:util-linux; do
        command -v "${pair%%:*}" >/dev/null || echo "${pair##*:}"
    done
    command -v gcc >/dev/null && [ -e /usr/include/stdlib.h ] || echo libc6-dev
    if ! java_is_new_enough; then
        if apt-cache show openjdk-17-jre-headless >/dev/null 2>&1; then
            echo openjdk-17-jre-headless
        else
            echo default-jre-headless
        fi
    fi
}

prepare() {
    if ! command -v cargo >/dev/null; then
        echo "cargo is missing; install it as https://rustup.rs tells, rust-toolchain.toml names the version" >&2
        exit 1
    fi
    local packages
    packages=$(missing_packages)
    [ -z "$packages" ] && return
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq
        packages=$(missing_packages)
        # shellcheck disable=SC2086 # one word a package
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages
    else
        echo "something is missing; install it with" >&2
        # shellcheck disable=SC2086 # one line
        echo "    sudo apt-get update && sudo apt-get install -y --no-install-recommends" $packages >&2
        exit 1
    fi
}

# The tests on brokers wait more than they compute, but more than a few at once starve each other.
processors=$(nproc)
export RUST_TEST_THREADS=${RUST_TEST_THREADS:-$((processors < 4 ? processors + 1 : 4))}

stage "what the system lacks" prepare
stage "what checks the deployment" deploy/test/tools.sh
stage "format" cargo fmt --check
stage "lint" cargo clippy --all-targets --all-features --locked -- -D warnings
RUSTDOCFLAGS=-Dwarnings stage "documentation" cargo doc --no-deps --locked
stage "build" cargo test --all-features --locked --no-run
stage "test" cargo test --all-features --locked
echo "== all: $((SECONDS - began)) s"
