//! credbridge brings device certificates from oneM2M `[myCertFileCred]` to CPEs over TR-069, by way of Kafka, exactly
//! once: oneM2M TS-0006 clause 8.3.2 as a stream processor.
//!
//! # The map, in reading order
//!
//! | module | what it is | depends on the world |
//! | --- | --- | --- |
//! | [`time`], [`record`] | a time that can be stored; a Kafka record as plain data | no |
//! | [`cwmp`] | TR-069 vocabulary: CommandKey, device, faults, RPCs | no |
//! | [`onem2m`] | oneM2M vocabulary: the resource, primitives, status codes | no |
//! | [`mapping`] | clause 8.3.2 itself: what a create becomes, what a fault becomes | no |
//! | [`correlator`] | the core: which event belongs to which installation, and what follows | no |
//! | [`wire`] | bytes to events, effects to bytes: one file per kind of record | no |
//! | [`config`] | the file, the environment, and all mistakes in them | reads files |
//! | [`telemetry`] | logs, metrics, the admin port | yes |
//! | [`runtime`] | workers, transactions, restore: all I/O of the bridge | yes |
//! | [`explain`] | one installation, told from Kafka alone | yes |
//!
//! A **record** (bytes from Kafka) becomes an **event** (decoded input), an event becomes **effects** (decisions of the
//! core), an effect becomes an **outbound** (bytes to Kafka). An **installation** is one certificate on its way to one
//! device, from create request to response. A **shard** is a slice of the fleet with its own correlator; a **worker**
//! is a thread that owns shards.
//!
//! Each module uses only those above it. The modules up to [`wire`] do no I/O, read no clock, draw no randomness, log
//! nothing and emit no metric: the same calls give the same effects on every machine. `tidy.rs` checks both.

pub mod acls;
pub mod config;
pub mod correlator;
pub mod cwmp;
pub mod decode;
pub mod demo;
pub mod explain;
pub mod load;
pub mod mapping;
pub mod onem2m;
pub mod record;
pub mod replay;
pub mod runtime;
pub mod telemetry;
#[cfg(test)]
mod tidy;
pub mod time;
pub mod wire;
