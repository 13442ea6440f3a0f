#!/usr/bin/env bash
# Installs the chart into a real control plane (see control-plane.sh), in namespaces that enforce the Pod Security
# Standard `restricted`, with the custom resources of the operators that the chart writes for: install, upgrade, test,
# eviction, uninstall, and the Kustomize base. Ends with `all of it works`, or at the first thing that does not.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
chart=$here/../chart/credbridge
plane=$(mktemp -d)

finish() {
    local status=$?
    "$here/control-plane.sh" down "$plane" || true
    if [ "$status" -ne 0 ]; then
        echo "failed; logs of the control plane are in $plane" >&2
    else
        rm -rf "$plane"
    fi
}
trap finish EXIT

say() { echo "== $*"; }
fail() {
    echo "FAILED: $*" >&2
    exit 1
}
is() { [ "$2" = "$3" ] || fail "$1: expected '$3', got '$2'"; }

began=$SECONDS
environment=$("$here/control-plane.sh" up "$plane")
eval "$environment"
say "control plane $(kubectl version -o json | python3 -c 'import json, sys; print(json.load(sys.stdin)["serverVersion"]["gitVersion"])'), $((SECONDS - began)) s"

kubectl apply --server-side -f "$here/crds" >/dev/null
kubectl wait --for=condition=Established crd --all --timeout=60s >/dev/null
say "$(kubectl get crd -o name | wc -l) custom resource definitions"

namespace() {
    kubectl create namespace "$1" >/dev/null
    kubectl label namespace "$1" pod-security.kubernetes.io/enforce=restricted \
        pod-security.kubernetes.io/enforce-version=latest >/dev/null
    for _ in $(seq 60); do
        kubectl -n "$1" get serviceaccount default >/dev/null 2>&1 && return
        sleep 0.5
    done
    fail "the namespace $1 has no service account"
}

# Pods of a release, with their uid: what is not replaced keeps it.
pods() { kubectl -n "$1" get pods -l app.kubernetes.io/instance="$2" -o jsonpath='{range .items[*]}{.metadata.name} {.metadata.uid}{"\n"}{end}' | grep -v -- '-check ' || true; }
kept() { comm -12 <(sort <<< "$1") <(sort <<< "$2") | grep -c . || true; }

# Everything in a namespace that has not been there from the beginning.
left() {
    local kinds
    kinds=$(kubectl api-resources --namespaced --verbs=list -o name | grep -v '^events' | paste -sd,)
    kubectl -n "$1" get "$kinds" -o name 2>/dev/null |
        grep -vE '^(serviceaccount/default|configmap/kube-root-ca.crt|pod\.metrics.*)$' || true
}

namespace kafka
namespace unfit
if kubectl -n unfit run root --image=x --restart=Never >/dev/null 2>&1; then
    fail "the namespace takes a pod that may be root"
fi
say "a pod that may be root is refused"

for values in "$chart"/ci/*-values.yaml; do
    name=ci-$(basename "$values" -values.yaml)
    namespace "$name"
    if [ "$name" = ci-existing-config ]; then
        kubectl -n "$name" create configmap written-by-hand --from-literal=credbridge.yaml='{}' >/dev/null
    fi
    start=$SECONDS
    helm install bridge "$chart" -n "$name" -f "$values" --wait --timeout 180s >/dev/null
    set=$(kubectl -n "$name" get statefulset -o jsonpath='{.items[0].metadata.name} {.items[0].spec.replicas} {.items[0].status.readyReplicas}')
    read -r _ wanted ready <<< "$set"
    is "$name: ready pods" "$ready" "$wanted"
    is "$name: roles and bindings" "$(kubectl -n "$name" get roles,rolebindings -o name | wc -l)" 0
    account=$(kubectl -n "$name" get statefulset -o jsonpath='{.items[0].spec.template.spec.serviceAccountName}')
    is "$name: the account may read secrets" \
        "$(kubectl auth can-i get secrets -n "$name" --as "system:serviceaccount:$name:$account" 2>/dev/null || true)" no
    say "$name: installed, $ready of $wanted pods ready, $((SECONDS - start)) s"
done
is "roles for the whole cluster" "$(kubectl get clusterroles,clusterrolebindings -l app.kubernetes.io/instance=bridge -o name | wc -l)" 0

upgrade() {
    helm upgrade bridge "$chart" -n upgrade --wait --timeout 180s "$@" >/dev/null || return
    kubectl -n upgrade rollout status statefulset --timeout=120s -l app.kubernetes.io/instance=bridge >/dev/null
}
namespace upgrade
helm install bridge "$chart" -n upgrade --wait --timeout 180s >/dev/null
before=$(pods upgrade bridge)
is "pods at first" "$(wc -l <<< "$before")" 2
upgrade
is "upgrade to the same: pods kept" "$(kept "$before" "$(pods upgrade bridge)")" 2
upgrade --set podDisruptionBudget.maxUnavailable=2 --set podMonitor.enabled=true
is "upgrade of what stands around: pods kept" "$(kept "$before" "$(pods upgrade bridge)")" 2
cp -r "$chart" "$plane/newer"
sed -i 's/^version: .*/version: 99.0.0/' "$plane/newer/Chart.yaml"
chart=$plane/newer upgrade
is "upgrade to a newer chart that says the same: pods kept" "$(kept "$before" "$(pods upgrade bridge)")" 2
upgrade --set replicaCount=3
now=$(pods upgrade bridge)
is "one pod more: pods kept" "$(kept "$before" "$now")" 2
is "one pod more: pods" "$(wc -l <<< "$now")" 3
upgrade --set replicaCount=3 --set config.timeouts.accept=5m
after=$(pods upgrade bridge)
is "upgrade of the configuration: pods kept" "$(kept "$now" "$after")" 0
is "upgrade of the configuration: pods" "$(wc -l <<< "$after")" 3
is "upgrade of the configuration: in force" \
    "$(kubectl -n upgrade get configmap -l app.kubernetes.io/instance=bridge -o yaml | grep -c 'accept: 5m' || true)" 1
if upgrade --set config.timeouts.acept=5m 2>"$plane/refused"; then
    fail "a misspelt key of the configuration was taken"
fi
grep -q acept "$plane/refused" || fail "the refusal does not name the key: $(cat "$plane/refused")"
is "refused upgrade: pods kept" "$(kept "$after" "$(pods upgrade bridge)")" 3
say "upgrades replace pods for a changed configuration, and for nothing else"

helm test bridge -n ci-default --timeout 120s > "$plane/test" 2>&1 || fail "helm test: $(cat "$plane/test")"
grep -q Succeeded "$plane/test" || fail "helm test: $(cat "$plane/test")"
say "helm test: its pod is admitted, and its end is waited for"

evict() {
    kubectl create --raw "/api/v1/namespaces/upgrade/pods/$1/eviction" -f - 2>&1 <<J
{"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "$1", "namespace": "upgrade"}}
J
}
upgrade --set replicaCount=3
# Without nodes that take pods the evicted one stays away.
kubectl cordon node-0 node-1 node-2 >/dev/null
set=$(kubectl -n upgrade get statefulset -o jsonpath='{.items[0].metadata.name}')
evict "$set-0" >/dev/null || fail "the first eviction was refused"
for _ in $(seq 60); do
    allowed=$(kubectl -n upgrade get poddisruptionbudget -o jsonpath='{.items[0].status.disruptionsAllowed}')
    [ "$allowed" = 0 ] && break
    sleep 0.5
done
refused=$(evict "$set-1") && fail "the second eviction was not refused"
grep -q "disruption budget" <<< "$refused" || fail "the second eviction: $refused"
kubectl uncordon node-0 node-1 node-2 >/dev/null
kubectl -n upgrade rollout status "statefulset/$set" --timeout=120s >/dev/null
say "an eviction too many is refused: ${refused##*: }"

namespace devices
for layer in base overlays/example; do
    kubectl kustomize "$here/../kustomize/$layer" | kubectl apply --server-side --dry-run=server -n devices -f - > "$plane/applied"
    say "kustomize $layer: the server takes $(wc -l < "$plane/applied") objects"
done
kubectl kustomize "$here/../kustomize/base" | kubectl apply --server-side -n devices -f - >/dev/null
kubectl -n devices rollout status statefulset --timeout=120s >/dev/null
say "kustomize base: rolled out"

for name in upgrade $(basename -a -s -values.yaml "$chart"/ci/*-values.yaml | sed 's/^/ci-/'); do
    helm uninstall bridge -n "$name" --wait --timeout 120s >/dev/null
    [ "$name" != ci-existing-config ] || kubectl -n "$name" delete configmap written-by-hand >/dev/null
    for _ in $(seq 120); do
        rest=$(left "$name")
        [ -z "$rest" ] && break
        sleep 0.5
    done
    is "$name: left after uninstall" "$rest" ""
done
is "kafka: left after uninstall" "$(left kafka)" ""
say "uninstall leaves nothing"
echo "all of it works, $((SECONDS - began)) s"
