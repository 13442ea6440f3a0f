//! What is fuzzed: each target takes any bytes, and panics if a promise is broken.

mod core;
mod wire;

/// Takes any bytes.
pub(crate) type Target = fn(&[u8]);

/// A target by its name; also the name of its folder of inputs.
pub(crate) const TARGETS: [(&str, Target); 11] = [
    ("certificate", wire::certificate),
    ("changelog", wire::changelog),
    ("cloud_event", wire::cloud_event),
    ("config", wire::config),
    ("core", core::core),
    ("cpe_event", wire::cpe_event),
    ("device_key", wire::device_key),
    ("node", wire::node),
    ("request", wire::request),
    ("soap", wire::soap),
    ("unsure", wire::unsure),
];
