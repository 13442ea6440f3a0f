# What people run and what CI runs is the same recipe. `just --list` shows them.

# Format as committed
fmt-check:
    cargo fmt --check

# Warnings are errors
lint:
    cargo clippy --all-targets -- -D warnings

# Documentation without broken links
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --document-private-items

# All tests of the crate
test:
    cargo test

# The bridge at work, without a cluster
demo:
    cargo run --release -- demo

# Exactly-once on a real Apache Kafka, for a long time
soak:
    CREDBRIDGE_SOAK=long cargo test --test soak -- --nocapture
    CREDBRIDGE_SOAK=long-replicated cargo test --test soak -- --nocapture

# A rolling update of three processes under load, on a real Apache Kafka: what each step costs
rolling:
    CREDBRIDGE_SOAK=rolling cargo test --test soak -- --nocapture

# From one process to three and back under load, on a real Apache Kafka: what each step costs
scaling:
    CREDBRIDGE_SOAK=scaling cargo test --test soak -- --nocapture

# Everything that can go wrong around the bridge, on three brokers: one to two hours; e.g. `just chaos kill,disk` for two rounds
chaos rounds="whole":
    CREDBRIDGE_CHAOS={{rounds}} cargo test --test chaos -- --nocapture

# More than the bridge bears: twice as many requests for so many minutes, and many open installations within a limit of memory
overload minutes="60" open="1000000" mib="256":
    CREDBRIDGE_OVERLOAD_MINUTES={{minutes}} CREDBRIDGE_OVERLOAD_OPEN={{open}} CREDBRIDGE_OVERLOAD_MIB={{mib}} cargo test --release --test overload -- --nocapture
    CREDBRIDGE_BACKLOG={{open}} cargo test --release --lib a_day_of_backlog -- --nocapture

# Catch-up, memory, restore and latency on a real Apache Kafka
bench:
    cargo bench --bench pipeline

# The chart in a real control plane without containers; builds it with Go at first, about ten minutes
k8s:
    deploy/test/k8s.sh

# The dashboards as SVG, drawn from a real Prometheus while a fleet works: about three minutes
pictures:
    CREDBRIDGE_PICTURES={{justfile_directory()}}/deploy/pictures cargo test --test blackbox every_panel_has_data

# The image, without a daemon and without a registry
image:
    deploy/image/build.sh

# What the program is made of, as CycloneDX, with cargo-cyclonedx
sbom:
    deploy/image/sbom.sh

# Beside Kafka Streams, bare librdkafka and a naive program, on the same input: about 12 minutes
compare:
    cargo bench --bench compare

# Instructions of each stage against benches/budget.json, by callgrind; `just budget accept` makes them the budget
budget *what:
    benches/budget.sh {{what}}

# Curves of speed and cost against workers, processes, shards, forwarded records and record size, as SVG
growth:
    cargo bench --bench growth

# Licences, bans and sources of dependencies, offline; `just deny advisories` also looks at RustSec's database
deny *what:
    tests/deny.sh {{what}}

# Looks for bytes that break a promise: one target or all of fuzz/corpus, for so many seconds each
fuzz target="all" seconds="60":
    fuzz/run.sh {{target}} {{seconds}}

# Whether the tests of the library see changed code, with cargo-mutants; e.g. `just mutants --shard 0/100` for a part of it
mutants *what:
    CREDBRIDGE_SIM_SEEDS=100 cargo mutants {{what}}

# Whether two builds in two folders give the same bytes; `release` takes about twice as long as a build
reproducible profile="release":
    tests/reproducible.sh {{profile}}

# All of it
ci:
    tests/run.sh

# Every course of two installations of a device, with so many troubles: one takes minutes, two a night
model troubles="1":
    CREDBRIDGE_SIM_TROUBLES={{troubles}} cargo test --lib sim::simulation::exhaustive

# The core, its state and its recovery in a simulation, with very many seeds
sim-long seeds="1000000":
    CREDBRIDGE_SIM_SEEDS={{seeds}} cargo test --lib sim::
