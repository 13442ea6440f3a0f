#!/usr/bin/env bash
# A real Kubernetes control plane on the loopback, without containers: etcd, kube-apiserver, kube-controller-manager and
# kube-scheduler, built from their Go modules, and kwok, which plays the nodes: pods become ready, but run nothing.
# Real are admission (Pod Security), defaulting, validation, custom resources, RBAC, rollouts, eviction, helm --wait.
#   control-plane.sh build      once, about ten minutes of two cores
#   control-plane.sh up DIR     prints the line that sets KUBECONFIG and PATH
#   control-plane.sh down DIR
set -euo pipefail
KUBERNETES=1.34.2 ETCD=3.6.5 KWOK=0.8.0
here=$(cd "$(dirname "$0")" && pwd)
cache=${CREDBRIDGE_TOOLS:-${HOME:?}/.cache/credbridge-tools}
bin=$cache/bin

die() {
    echo "control-plane: $*" >&2
    exit 1
}

# One module whose go.mod takes the released versions of what Kubernetes replaces by its own directories: `go install`
# refuses such modules.
build_kubernetes() {
    local name wanted=()
    for name in kube-apiserver kube-controller-manager kube-scheduler; do
        [ -x "$bin/$name" ] || wanted+=("$name")
    done
    command -v kubectl >/dev/null || [ -x "$bin/kubectl" ] || wanted+=(kubectl)
    [ "${#wanted[@]}" -gt 0 ] || return 0
    mkdir -p "$cache/kube"
    cd "$cache/kube"
    printf 'module control-plane\ngo 1.24.0\nrequire k8s.io/kubernetes v%s\n' "$KUBERNETES" > go.mod
    local dir
    dir=$(go mod download -json "k8s.io/kubernetes@v$KUBERNETES" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
    grep -oE '^\s+k8s.io/[a-z0-9-]+ => ./staging' "$dir/go.mod" | awk '{print $1}' | sort -u | while read -r module; do
        echo "replace $module => $module v0.${KUBERNETES#1.}" >> go.mod
    done
    {
        echo 'package main'
        for name in kube-apiserver kube-controller-manager kube-scheduler kubectl; do
            case $name in
                kubectl) echo "import _ \"k8s.io/kubectl/pkg/cmd\"" ;;
                *) echo "import _ \"k8s.io/kubernetes/cmd/$name/app\"" ;;
            esac
        done
        echo 'func main() {}'
    } > dep.go
    go mod tidy
    # Without a version helm cannot tell what the server is.
    local minor=${KUBERNETES#*.} package=k8s.io/component-base/version
    minor=${minor%.*}
    local version="-s -w -X $package.gitVersion=v$KUBERNETES -X $package.gitMajor=1 -X $package.gitMinor=$minor"
    for name in "${wanted[@]}"; do
        go build -ldflags "$version" -o "$bin/$name" "k8s.io/kubernetes/cmd/$name"
    done
}

build() {
    command -v go >/dev/null || die "go is missing; install it from https://go.dev/doc/install"
    mkdir -p "$bin" "$cache/etcd"
    if [ ! -x "$bin/etcd" ]; then
        cd "$cache/etcd"
        printf 'module control-plane\ngo 1.24.0\nrequire go.etcd.io/etcd/server/v3 v%s\n' "$ETCD" > go.mod
        printf 'package main\nimport _ "go.etcd.io/etcd/server/v3/etcdmain"\nfunc main() {}\n' > dep.go
        go mod tidy
        go build -o "$bin/etcd" go.etcd.io/etcd/server/v3
    fi
    (build_kubernetes)
    [ -x "$bin/kwok" ] || GOBIN=$bin go install "sigs.k8s.io/kwok/cmd/kwok@v$KWOK"
    "$here/tools.sh" >/dev/null
}

port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

start() {
    local name=$1
    shift
    setsid "$@" > "$dir/$name.log" 2>&1 < /dev/null &
    echo $! >> "$dir/pids"
}

nodes() {
    local i
    for i in 0 1 2; do
        cat <<N
---
apiVersion: v1
kind: Node
metadata:
  name: node-$i
  labels: {kubernetes.io/hostname: node-$i, kubernetes.io/os: linux, topology.kubernetes.io/zone: zone-$i}
status:
  allocatable: {cpu: 32, memory: 128Gi, ephemeral-storage: 64Gi, pods: 110}
  capacity: {cpu: 32, memory: 128Gi, ephemeral-storage: 64Gi, pods: 110}
N
    done
}

# What kwok does to nodes and pods; a pod of `helm test` ends well at once.
stages() {
    local kwok file
    kwok=$(cd "$cache" && go mod download -json "sigs.k8s.io/kwok@v$KWOK" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
    for file in "$kwok"/kustomize/stage/{node/fast,node/heartbeat,pod/fast}/*.yaml; do
        case $file in */kustomization.yaml) continue ;; esac
        echo '---'
        cat "$file"
    done
    cat <<'S'
---
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: helm-test-ends}
spec:
  resourceRef: {apiGroup: v1, kind: Pod}
  selector:
    matchExpressions:
      - {key: '.metadata.deletionTimestamp', operator: DoesNotExist}
      - {key: '.metadata.annotations["helm.sh/hook"]', operator: In, values: [test]}
      - {key: '.status.phase', operator: In, values: [Running]}
  weight: 1000
  next:
    statusTemplate: |
      phase: Succeeded
      {{ $now := Now }}
      containerStatuses:
      {{ range .spec.containers }}
      - image: {{ .image | Quote }}
        name: {{ .name | Quote }}
        ready: false
        restartCount: 0
        started: false
        state: {terminated: {exitCode: 0, finishedAt: {{ $now | Quote }}, reason: Completed, startedAt: {{ $now | Quote }}}}
      {{ end }}
S
}

up() {
    mkdir -p "$1"
    dir=$(cd "$1" && pwd)
    [ ! -s "$dir/pids" ] || die "already up in $1"
    build
    export PATH=$bin:$PATH
    local client peer api controllers scheduler token
    client=$(port) peer=$(port) api=$(port) controllers=$(port) scheduler=$(port)
    openssl genrsa -out "$dir/sa.key" 2048 2>/dev/null
    openssl rsa -in "$dir/sa.key" -pubout -out "$dir/sa.pub" 2>/dev/null
    token=$(openssl rand -hex 16)
    echo "$token,admin,admin,system:masters" > "$dir/tokens.csv"
    start etcd etcd --data-dir "$dir/etcd" --unsafe-no-fsync \
        --listen-client-urls "http://127.0.0.1:$client" --advertise-client-urls "http://127.0.0.1:$client" \
        --listen-peer-urls "http://127.0.0.1:$peer" --initial-advertise-peer-urls "http://127.0.0.1:$peer" \
        --initial-cluster "default=http://127.0.0.1:$peer"
    start apiserver kube-apiserver --etcd-servers="http://127.0.0.1:$client" --cert-dir="$dir/certs" \
        --secure-port="$api" --bind-address=127.0.0.1 --service-cluster-ip-range=10.96.0.0/16 \
        --service-account-issuer=https://kubernetes.default.svc --service-account-key-file="$dir/sa.pub" \
        --service-account-signing-key-file="$dir/sa.key" --token-auth-file="$dir/tokens.csv" --authorization-mode=RBAC
    cat > "$dir/kubeconfig" <<C
apiVersion: v1
kind: Config
clusters: [{name: here, cluster: {server: "https://127.0.0.1:$api", insecure-skip-tls-verify: true}}]
users: [{name: admin, user: {token: $token}}]
contexts: [{name: here, context: {cluster: here, user: admin}}]
current-context: here
C
    export KUBECONFIG=$dir/kubeconfig
    for _ in $(seq 240); do
        kubectl get --raw /readyz >/dev/null 2>&1 && break
        sleep 0.5
    done
    kubectl get --raw /readyz >/dev/null || die "the API server did not get ready: see $dir/apiserver.log"
    start controllers kube-controller-manager --kubeconfig="$KUBECONFIG" --leader-elect=false \
        --service-account-private-key-file="$dir/sa.key" --use-service-account-credentials=true \
        --bind-address=127.0.0.1 --secure-port="$controllers"
    start scheduler kube-scheduler --kubeconfig="$KUBECONFIG" --leader-elect=false --bind-address=127.0.0.1 \
        --secure-port="$scheduler"
    stages > "$dir/stages.yaml"
    start kwok kwok --kubeconfig="$KUBECONFIG" --manage-all-nodes=true --config "$dir/stages.yaml"
    nodes | kubectl apply -f - >/dev/null
    kubectl wait --for=condition=Ready node --all --timeout=120s >/dev/null
    echo "export KUBECONFIG=$KUBECONFIG PATH=$bin:\$PATH"
}

down() {
    [ -s "$1/pids" ] || die "nothing is up in $1"
    tac "$1/pids" | while read -r pid; do
        kill "$pid" 2>/dev/null || true
    done
    rm -f "$1/pids"
}

case ${1:-} in
    build) build ;;
    up) up "${2:?control-plane.sh up DIR}" ;;
    down) down "${2:?control-plane.sh down DIR}" ;;
    *)
        sed -n '2,8p' "$0"
        exit 2
        ;;
esac
