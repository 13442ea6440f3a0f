use std::collections::BTreeMap;
use std::time::Duration;

/// Upper bounds of the classes of [`Times`] but the last, in seconds. Devices answer within a session, or at their next
/// periodic Inform, or days later.
pub const TIME_BOUNDS: [f64; 16] = [
    0.1, 0.25, 1.0, 2.5, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0,
    14_400.0, 86_400.0,
];

/// Product classes told apart between two calls of [`super::Correlator::take_observations`]; more are one.
const PRODUCT_CLASSES_MAX: usize = 32;

/// What product classes beyond the limit are called, here and in metrics.
pub const OTHER_PRODUCT_CLASSES: &str = "other";

/// How far an installation came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Milestone {
    /// The device accepted the Download.
    Accepted,
    /// It ended otherwise than well.
    Failed,
    /// It ended well.
    Installed,
    /// Its row is known, and the SUIDs were sent.
    Set,
    /// The file is on the device.
    Transferred,
}

impl Milestone {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Accepted,
        Self::Failed,
        Self::Installed,
        Self::Set,
        Self::Transferred,
    ];

    /// Name in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Failed => "failed",
            Self::Installed => "installed",
            Self::Set => "set",
            Self::Transferred => "transferred",
        }
    }
}

/// How many times fell into each class.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Times {
    /// By [`TIME_BOUNDS`]; the last class is open.
    pub counts: [u64; TIME_BOUNDS.len() + 1],
    /// All times together, in milliseconds.
    pub sum_ms: u64,
}

impl Times {
    fn note(&mut self, time: Duration) {
        let seconds = time.as_secs_f64();
        self.counts[TIME_BOUNDS.partition_point(|bound| *bound < seconds)] += 1;
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.sum_ms = self.sum_ms.saturating_add(millis);
    }
}

/// How installations of a product class ended.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Outcomes {
    /// Well.
    pub installed: u64,
    /// By a fault of the device.
    pub fault: u64,
    /// Its originator withdrew the request.
    pub withdrawn: u64,
    /// Otherwise: time-out, refusal of the ACS, no row.
    pub other: u64,
}

/// What was seen of installations beyond counts, since it was taken last.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Observations {
    /// Time from request to milestone, in the order of [`Milestone::ALL`].
    pub times: [Times; Milestone::ALL.len()],
    /// Ends by product class, as it stands in the device key.
    pub outcomes: BTreeMap<Box<str>, Outcomes>,
}

impl Observations {
    pub(super) fn reached(&mut self, milestone: Milestone, after: Duration) {
        let index = Milestone::ALL.iter().position(|known| *known == milestone);
        self.times[index.expect("every milestone is listed")].note(after);
    }

    pub(super) fn outcomes_of(&mut self, product_class: &str) -> &mut Outcomes {
        let is_known = self.outcomes.contains_key(product_class);
        let class = match is_known || self.outcomes.len() < PRODUCT_CLASSES_MAX {
            true => product_class,
            false => OTHER_PRODUCT_CLASSES,
        };
        if !self.outcomes.contains_key(class) {
            self.outcomes.insert(class.into(), Outcomes::default());
        }
        self.outcomes.get_mut(class).expect("it was just put there")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_fall_into_the_class_whose_bound_they_do_not_pass() {
        let mut times = Times::default();
        for millis in [0, 100, 101, 86_400_000, 86_400_001] {
            times.note(Duration::from_millis(millis));
        }
        assert_eq!(times.counts[0], 2);
        assert_eq!(times.counts[1], 1);
        assert_eq!(times.counts[TIME_BOUNDS.len() - 1], 1);
        assert_eq!(times.counts[TIME_BOUNDS.len()], 1);
        assert_eq!(times.sum_ms, 172_800_202);
    }

    #[test]
    fn product_classes_beyond_the_limit_are_one() {
        let mut observations = Observations::default();
        for number in 0..100 {
            observations.outcomes_of(&format!("p{number}")).installed += 1;
        }
        observations.outcomes_of("p0").fault += 1;
        assert_eq!(observations.outcomes.len(), PRODUCT_CLASSES_MAX + 1);
        assert_eq!(observations.outcomes["p0"].fault, 1);
        assert_eq!(observations.outcomes[OTHER_PRODUCT_CLASSES].installed, 68);
    }
}
