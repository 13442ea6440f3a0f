//! The binary, seen from outside, on a real Apache Kafka.
#![expect(clippy::disallowed_methods, reason = "these tests measure real time")]

#[cfg(test)]
mod access;
#[cfg(test)]
mod at_least_once;
#[cfg(test)]
mod browser;
#[cfg(all(test, feature = "cloud-stores"))]
mod bucket;
#[cfg(test)]
mod changes;
#[cfg(all(test, feature = "cloud-stores"))]
mod cloud;
#[cfg(test)]
mod confined;
#[cfg(test)]
mod dashboards;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod fencing;
#[cfg(test)]
mod flood;
#[cfg(test)]
mod good_path;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod installations;
#[cfg(test)]
#[path = "../kafka/mod.rs"]
mod kafka;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod network;
#[cfg(test)]
mod nodes;
#[cfg(test)]
mod oauth;
#[cfg(test)]
mod outage;
#[cfg(test)]
mod overrides;
#[cfg(test)]
mod page;
#[cfg(test)]
mod poison;
#[cfg(test)]
mod process;
#[cfg(test)]
mod quickstart;
#[cfg(test)]
mod repeats;
#[cfg(test)]
mod requesters;
#[cfg(test)]
mod restart;
#[cfg(test)]
mod restore;
#[cfg(test)]
mod retry;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod staging;
#[cfg(test)]
mod start_checks;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod tools;
#[cfg(feature = "otel")]
#[cfg(test)]
mod tracing;
#[cfg(test)]
mod waiting;
