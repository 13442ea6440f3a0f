//! Scenarios: event in, exact effects out.

mod certificates;
mod changes;
mod early;
mod expiry;
mod inputs;
mod limits;
mod order;
mod pacing;
mod random;
mod renewal;
mod requests;
mod rest;
mod restoring;
mod retry;
mod staging;
mod steps;
mod waiting;
mod withdrawal;
pub(crate) mod world;
