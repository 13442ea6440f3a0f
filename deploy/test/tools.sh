#!/usr/bin/env bash
# Brings the tools that check what is in deploy/: helm and kubeconform (taken from PATH, else built with Go), and the
# JSON Schemas of several Kubernetes versions (from PyPI). Prints the directory that has them.
set -euo pipefail
HELM=v4.2.3 KUBECONFORM=v0.8.0 SCHEMAS=1.37.0 VERSIONS="1.30.0 1.34.0 1.37.0"
cache=${CREDBRIDGE_TOOLS:-${HOME:?}/.cache/credbridge-tools}
mkdir -p "$cache/bin"

exec 9> "$cache/lock"
flock 9

build() {
    local name=$1 module=$2
    command -v "$name" >/dev/null && return
    [ -x "$cache/bin/$name" ] && return
    if ! command -v go >/dev/null; then
        echo "$name is missing, and so is Go, which would build it; install one of them: https://helm.sh/docs/intro/install," \
            "https://github.com/yannh/kubeconform, or https://go.dev/doc/install" >&2
        exit 1
    fi
    echo "building $name, once; it takes some minutes" >&2
    GOBIN=$cache/bin go install "$module"
}

build helm "helm.sh/helm/v4/cmd/helm@$HELM"
build kubeconform "github.com/yannh/kubeconform/cmd/kubeconform@$KUBECONFORM"

schemas=$cache/kubernetes-$SCHEMAS
if [ ! -d "$schemas" ]; then
    fresh=$(mktemp -d "$cache/fresh.XXXXXX")
    if ! python3 -m pip download -q --no-deps -d "$fresh" "kubernetes-validate==$SCHEMAS"; then
        echo "the schemas of Kubernetes come from PyPI, by pip; install it with: sudo apt-get install -y python3-pip" >&2
        exit 1
    fi
    python3 - "$fresh" "$VERSIONS" <<'P'
import json, pathlib, sys, zipfile
fresh = pathlib.Path(sys.argv[1])
with zipfile.ZipFile(next(fresh.glob("*.whl"))) as wheel:
    for version in sys.argv[2].split():
        wanted = f"/v{version}-local-strict/"
        for name in wheel.namelist():
            if wanted in name:
                to = fresh / f"v{version}" / name.rsplit("/", 1)[1]
                to.parent.mkdir(exist_ok=True)
                # The files name each other by places on a server; kubeconform looks beside the file.
                text = wheel.read(name).decode().replace('"/api/_definitions.json#', '"_definitions.json#')
                schema = json.loads(text)
                schema.pop("$id", None)
                to.write_text(json.dumps(schema))
P
    rm "$fresh"/*.whl
    mv "$fresh" "$schemas"
fi
ln -sfn "kubernetes-$SCHEMAS" "$cache/kubernetes"
echo "$cache"
