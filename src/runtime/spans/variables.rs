use opentelemetry_sdk::trace::{OTEL_BSP_MAX_QUEUE_SIZE_DEFAULT, Sampler};

use crate::config::TraceVariables;

const SAMPLER: &str = "OTEL_TRACES_SAMPLER";
const SAMPLER_ARGUMENT: &str = "OTEL_TRACES_SAMPLER_ARG";
const QUEUE_SIZE: &str = "OTEL_BSP_MAX_QUEUE_SIZE";
const PROTOCOLS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
];

/// The only protocol that this program speaks.
const PROTOCOL: &str = "http/protobuf";

/// Which requests are followed; by default those whose `traceparent` says so, and those without one.
///
/// # Errors
/// What is wrong, with the name of the variable.
pub(super) fn sampler(variables: &TraceVariables) -> Result<Sampler, String> {
    let name = variables.value(SAMPLER).unwrap_or("parentbased_always_on");
    let (root, is_parent_based) = match name.strip_prefix("parentbased_") {
        Some(root) => (root, true),
        None => (name, false),
    };
    let sampler = match root {
        "always_on" => Sampler::AlwaysOn,
        "always_off" => Sampler::AlwaysOff,
        "traceidratio" => Sampler::TraceIdRatioBased(ratio(variables)?),
        _ => {
            return Err(format!(
                "{SAMPLER} is `{name}`, and must be always_on, always_off, traceidratio, or one of these with parentbased_ before it"
            ));
        }
    };
    Ok(match is_parent_based {
        true => Sampler::ParentBased(Box::new(sampler)),
        false => sampler,
    })
}

fn ratio(variables: &TraceVariables) -> Result<f64, String> {
    let text = variables.value(SAMPLER_ARGUMENT).unwrap_or("1");
    let ratio = text.parse().ok();
    ratio
        .filter(|ratio| (0.0..=1.0).contains(ratio))
        .ok_or_else(|| {
            format!("{SAMPLER_ARGUMENT} is `{text}`, and must be a number from 0 to 1, e.g. 0.01")
        })
}

/// How many spans may wait for the collector.
///
/// # Errors
/// What is wrong, with the name of the variable.
pub(super) fn queue_size(variables: &TraceVariables) -> Result<usize, String> {
    let Some(text) = variables.value(QUEUE_SIZE) else {
        return Ok(OTEL_BSP_MAX_QUEUE_SIZE_DEFAULT);
    };
    let size = text.parse().ok();
    size.filter(|size| (1..=1_000_000).contains(size))
        .ok_or_else(|| format!("{QUEUE_SIZE} is `{text}`, and must be a number from 1 to 1000000"))
}

/// Checks that the collector is to be spoken to in a way that this program knows.
///
/// # Errors
/// What is wrong, with the name of the variable.
pub(super) fn check_protocol(variables: &TraceVariables) -> Result<(), String> {
    match variables.first(PROTOCOLS) {
        None | Some(PROTOCOL) => Ok(()),
        Some(other) => Err(format!(
            "OTEL_EXPORTER_OTLP_PROTOCOL is `{other}`, and only {PROTOCOL} is spoken, usually on port 4318"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> TraceVariables {
        let pairs = pairs.iter();
        TraceVariables(
            pairs
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    fn shown(pairs: &[(&str, &str)]) -> String {
        format!("{:?}", sampler(&variables(pairs)))
    }

    #[test]
    fn samplers_have_the_names_of_opentelemetry() {
        assert_eq!(shown(&[]), "Ok(ParentBased(AlwaysOn))");
        assert_eq!(shown(&[(SAMPLER, "always_off")]), "Ok(AlwaysOff)");
        assert_eq!(
            shown(&[
                (SAMPLER, "parentbased_traceidratio"),
                (SAMPLER_ARGUMENT, "0.25")
            ]),
            "Ok(ParentBased(TraceIdRatioBased(0.25)))"
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (pairs, expected) in [
            (&[(SAMPLER, "sometimes")][..], "`sometimes`"),
            (
                &[(SAMPLER, "traceidratio"), (SAMPLER_ARGUMENT, "2")],
                "`2`, and must be a number from 0 to 1",
            ),
        ] {
            assert!(shown(pairs).contains(expected), "{}", shown(pairs));
        }
        assert!(queue_size(&variables(&[(QUEUE_SIZE, "0")])).is_err());
        assert_eq!(queue_size(&variables(&[])), Ok(2_048));
        assert!(check_protocol(&variables(&[(PROTOCOLS[1], "grpc")])).is_err());
        assert_eq!(
            check_protocol(&variables(&[(PROTOCOLS[0], PROTOCOL)])),
            Ok(())
        );
    }
}
