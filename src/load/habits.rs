//! What the configuration of the bridge says about the outcomes that are right.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::config::{Config, ContentDelivery};
use crate::correlator::RetryPolicy;

/// How the bridge goes about its work, as far as a requester, an ACS or a device can see it.
#[derive(Clone, Debug, Default)]
pub(super) struct Habits {
    /// How often what is answered with a fault is tried altogether.
    policies: BTreeMap<u32, RetryPolicy>,
    /// Downloads that devices fail come again, too, with another CommandKey.
    pub(super) renews: bool,
    /// Rows are listed before a Download.
    pub(super) lists_rows: bool,
    /// The new row of a device can be told, because no other Download of the device is open.
    pub(super) tells_new_rows: bool,
    /// Something comes between a request and its Download, and a TransferComplete that comes meanwhile makes the Download
    /// needless.
    pub(super) holds_downloads_back: bool,
}

impl Habits {
    pub(super) fn of(config: &Config) -> Self {
        let policies = config.retry.table.iter().filter_map(|(cause, policy)| {
            let code = cause.fault()?;
            Some((u32::from(code.get()), *policy))
        });
        let lists_rows = config.download.list_rows_first;
        let is_staged = config.download.content == ContentDelivery::Staged;
        let pacing = &config.pacing;
        let is_paced = [pacing.fleet, pacing.product_class, pacing.device_distance]
            .iter()
            .any(Option::is_some);
        Self {
            policies: policies.collect(),
            renews: config.retry.new_command_key,
            lists_rows,
            tells_new_rows: lists_rows && config.correlation.open_downloads_per_device == 1,
            holds_downloads_back: lists_rows || is_staged || is_paced,
        }
    }

    /// How often a command is sent that is answered with that fault each time.
    pub(super) fn attempts(&self, fault: u32) -> u32 {
        let policy = self.policies.get(&fault);
        policy.map_or(1, |policy| u32::from(policy.attempts_max.max(1)))
    }

    /// How often a Download is sent that the device fails with that fault each time, after so many refusals of the ACS.
    pub(super) fn downloads(&self, fault: u32, refused: u32) -> u32 {
        let tries = if self.renews { self.attempts(fault) } else { 1 };
        tries.max(refused + 1)
    }

    /// Those faults after which a Download certainly comes again, also if the ACS has refused it once.
    pub(super) fn passing(&self, faults: &[u32]) -> Vec<u32> {
        let comes_again = |fault: &u32| self.renews && self.attempts(*fault) > 2;
        faults.iter().copied().filter(comes_again).collect()
    }

    /// How long it takes at most until the last attempt of what is answered with that fault each time.
    pub(super) fn waits(&self, fault: u32) -> Duration {
        let Some(policy) = self.policies.get(&fault) else {
            return Duration::ZERO;
        };
        let mut delay = policy.first_delay;
        let mut sum = Duration::ZERO;
        for _ in 1..policy.attempts_max {
            sum = sum.saturating_add(delay.min(policy.delay_max));
            delay = delay.saturating_mul(2);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use crate::correlator::RetryCause;

    use super::*;

    fn habits(renews: bool) -> Habits {
        let mut config = Config::default();
        let policy = RetryPolicy {
            first_delay: Duration::from_secs(1),
            delay_max: Duration::from_secs(3),
            attempts_max: 4,
        };
        config.retry.table = [(RetryCause::Fault(9018.try_into().unwrap()), policy)].into();
        config.retry.new_command_key = renews;
        Habits::of(&config)
    }

    #[test]
    fn failed_downloads_come_again_only_with_another_key() {
        assert_eq!(habits(false).downloads(9018, 0), 1);
        assert_eq!(habits(true).downloads(9018, 0), 4);
        assert_eq!(habits(true).downloads(9001, 1), 2);
        assert_eq!(habits(false).attempts(9018), 4);
        assert_eq!(habits(true).passing(&[9001, 9018]), [9018]);
        assert!(habits(false).passing(&[9018]).is_empty());
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        assert_eq!(habits(true).waits(9018), Duration::from_secs(1 + 2 + 3));
        assert_eq!(habits(true).waits(9001), Duration::ZERO);
    }

    #[test]
    fn only_what_comes_before_a_download_holds_it_back() {
        assert!(!Habits::of(&Config::default()).holds_downloads_back);
        let mut config = Config::default();
        config.download.content = ContentDelivery::Staged;
        assert!(Habits::of(&config).holds_downloads_back);
    }
}
