use std::collections::BTreeMap;
use std::fmt;

/// What the variables of OpenTelemetry begin with.
pub(super) const PREFIX: &str = "OTEL_";

/// Variables of the environment that OpenTelemetry names, e.g. `OTEL_EXPORTER_OTLP_ENDPOINT`.
///
/// They say where spans go; every program that exports spans knows them, so the configuration has no keys of its own.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct TraceVariables(pub BTreeMap<String, String>);

/// Names only: headers hold secrets.
impl fmt::Debug for TraceVariables {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

impl TraceVariables {
    /// The value of a variable; `None` if it is empty, which OpenTelemetry takes for not set.
    pub fn value(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name)?.trim();
        (!value.is_empty()).then_some(value)
    }

    /// The value of the first of these variables that has one.
    pub fn first(&self, names: [&str; 2]) -> Option<&str> {
        names.into_iter().find_map(|name| self.value(name))
    }

    /// Whether they say to whom spans go, and nothing turns it off.
    pub fn names_collector(&self) -> bool {
        let endpoint = [
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            "OTEL_EXPORTER_OTLP_ENDPOINT",
        ];
        let is_disabled = self
            .value("OTEL_SDK_DISABLED")
            .is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let exporter = self.value("OTEL_TRACES_EXPORTER").unwrap_or("otlp");
        self.first(endpoint).is_some() && !is_disabled && exporter == "otlp"
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

    #[test]
    fn spans_go_where_an_endpoint_is_named_and_nothing_turns_them_off() {
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
        assert!(variables(&[endpoint]).names_collector());
        assert!(!variables(&[]).names_collector());
        assert!(!variables(&[("OTEL_EXPORTER_OTLP_ENDPOINT", " ")]).names_collector());
        for off in [
            ("OTEL_SDK_DISABLED", "TRUE"),
            ("OTEL_TRACES_EXPORTER", "none"),
        ] {
            assert!(!variables(&[endpoint, off]).names_collector(), "{off:?}");
        }
    }

    #[test]
    fn values_are_not_shown() {
        let secret = variables(&[("OTEL_EXPORTER_OTLP_HEADERS", "authorization=secret")]);
        assert_eq!(format!("{secret:?}"), "{\"OTEL_EXPORTER_OTLP_HEADERS\"}");
    }
}
