//! When a Download may be sent, so that a campaign does not flood the ACS: token buckets, each with a clock in the state.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::cwmp::DeviceId;
use crate::time::Timestamp;

use super::observations::OTHER_PRODUCT_CLASSES;
use super::{Correlator, Open, Retry};

/// Most originators of a correlator of which something waits, and most product classes, that have clocks of their own:
/// all clocks are one record of the changelog. Further originators have the common share only, further classes one bucket
/// together.
const CLOCKS_MAX: usize = 1000;

/// Longest originator that stands in a clock as it is, in bytes; of a longer one its digest does.
const ORIGINATOR_BYTES_MAX: usize = 64;

/// How fast Downloads are sent.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PacingLimits {
    /// Time between two Downloads of the whole correlator; `None`: not limited.
    pub fleet: Option<Duration>,
    /// Time between two Downloads of devices of one product class; `None`: not limited.
    pub product_class: Option<Duration>,
    /// Least time between two Downloads of one device; `None`: not limited.
    pub device: Option<Duration>,
    /// What falls into this time may be sent at once.
    pub burst: Duration,
    /// Percent of the fleet's Downloads that are kept for originators of which nothing waits; less than 100.
    pub reserved_percent: u8,
}

impl PacingLimits {
    /// The share of one of so many correlators.
    #[must_use]
    pub fn shared_by(self, correlators: u32) -> Self {
        let share = |interval: Option<Duration>| interval.map(|interval| interval * correlators);
        Self {
            fleet: share(self.fleet),
            product_class: share(self.product_class),
            ..self
        }
    }

    pub(super) const fn is_off(&self) -> bool {
        self.fleet.is_none() && self.product_class.is_none()
    }

    /// Time between two Downloads of a bucket; `None`: it does not limit.
    fn interval(&self, bucket: &Bucket) -> Option<Duration> {
        let reserved = u32::from(self.reserved_percent.min(99));
        match bucket {
            Bucket::Fleet => self.fleet.map(|interval| interval * 100 / (100 - reserved)),
            Bucket::Reserved if reserved == 0 => None,
            Bucket::Reserved => self.fleet.map(|interval| interval * 100 / reserved),
            Bucket::ProductClass(_) => self.product_class,
            Bucket::Originator(_) => None,
        }
    }
}

/// What has a clock.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Bucket {
    /// All Downloads, but those from the reserved share.
    Fleet,
    /// An originator of which something waits, or the digest of a long one; its clock is when the last of it is sent.
    Originator(Box<str>),
    /// Downloads of devices of that product class.
    ProductClass(Box<str>),
    /// The reserved share of all Downloads.
    Reserved,
}

/// The clocks of the buckets: when each is full again, in nanoseconds since the Unix epoch. Those in the past are left
/// out, so that there are few.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Pacing {
    /// By bucket.
    pub clocks: BTreeMap<Bucket, u64>,
}

fn nanos(time: Timestamp) -> u64 {
    time.as_millis().saturating_mul(1_000_000)
}

fn nanos_of(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn of_originator(originator: &str) -> Bucket {
    let is_short = originator.len() <= ORIGINATOR_BYTES_MAX;
    Bucket::Originator(match is_short {
        true => originator.into(),
        false => blake3::hash(originator.as_bytes()).to_hex().as_str().into(),
    })
}

/// The first millisecond that is not before.
fn not_before(nanos: u64) -> Timestamp {
    Timestamp::from_millis(nanos.div_ceil(1_000_000))
}

impl Pacing {
    /// When a bucket has a token.
    fn free_at(&self, bucket: &Bucket, limits: &PacingLimits, now: u64) -> u64 {
        let full_at = self.clocks.get(bucket).copied().unwrap_or(0);
        full_at.saturating_sub(nanos_of(limits.burst)).max(now)
    }

    fn all_free_at(&self, buckets: &[Bucket], limits: &PacingLimits, now: u64) -> u64 {
        let limiting = buckets
            .iter()
            .filter(|bucket| limits.interval(bucket).is_some());
        let free = limiting.map(|bucket| self.free_at(bucket, limits, now));
        free.max().unwrap_or(now)
    }

    fn has_room_for(&self, is_kind: impl Fn(&Bucket) -> bool) -> bool {
        self.clocks.keys().filter(|bucket| is_kind(bucket)).count() < CLOCKS_MAX
    }

    fn class_of(&self, device: &DeviceId) -> Bucket {
        let own = Bucket::ProductClass(device.product_class().into());
        let is_class = |bucket: &Bucket| matches!(bucket, Bucket::ProductClass(_));
        if self.clocks.contains_key(&own) || self.has_room_for(is_class) {
            own
        } else {
            Bucket::ProductClass(OTHER_PRODUCT_CLASSES.into())
        }
    }

    fn take(&mut self, buckets: &[Bucket], limits: &PacingLimits, at: u64) {
        for bucket in buckets {
            if let Some(interval) = limits.interval(bucket) {
                let clock = self.clocks.entry(bucket.clone()).or_default();
                *clock = (*clock).max(at).saturating_add(nanos_of(interval));
            }
        }
    }
}

impl Correlator {
    /// Takes a place in the order of all Downloads, unless it comes after `until`; returns when it is. One originator
    /// with a campaign has the common share, another one also the reserved share.
    pub(super) fn pace(
        &mut self,
        device: &DeviceId,
        originator: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Option<Timestamp> {
        let limits = &self.limits.pacing;
        if limits.is_off() {
            return Some(now);
        }
        let pacing = &mut self.pacing;
        let at_nanos = nanos(now);
        pacing.clocks.retain(|_, clock| *clock > at_nanos);
        let of_originator = of_originator(originator);
        let class = pacing.class_of(device);
        let common = [Bucket::Fleet, class.clone()];
        let reserved = [Bucket::Reserved, class];
        let common_at = pacing.all_free_at(&common, limits, at_nanos);
        let reserved_at = pacing.all_free_at(&reserved, limits, at_nanos);
        let is_known = pacing.clocks.contains_key(&of_originator);
        let has_room =
            is_known || pacing.has_room_for(|bucket| matches!(bucket, Bucket::Originator(_)));
        let is_single = !is_known && has_room;
        let has_reserve = limits.interval(&Bucket::Reserved).is_some();
        let (buckets, starts) = if has_reserve && is_single && reserved_at < common_at {
            (reserved, reserved_at)
        } else {
            (common, common_at)
        };
        let starts_at = not_before(starts).max(now);
        if starts_at > now && starts_at >= until {
            return None;
        }
        pacing.take(&buckets, limits, starts);
        if starts > at_nanos && has_room {
            let clock = pacing.clocks.entry(of_originator).or_default();
            *clock = (*clock).max(starts);
        }
        Some(starts_at)
    }

    /// The same for an installation that waits; `None`: it may be sent now, otherwise its new wait and deadline.
    pub(super) fn wait_paced(
        &mut self,
        device: &DeviceId,
        originator: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Option<(Retry, Timestamp)> {
        let starts_at = self.pace(device, originator, now, until);
        if starts_at == Some(now) {
            return None;
        }
        let wait = Retry {
            attempt: 0,
            until,
            is_due: true,
            is_paced: true,
        };
        Some((wait, starts_at.unwrap_or(until)))
    }

    /// The clocks of the token buckets.
    pub fn pacing(&self) -> &Pacing {
        &self.pacing
    }

    /// Puts back the clocks as they once stood in [`Self::pacing`].
    pub fn restore_pacing(&mut self, pacing: Pacing) {
        self.pacing = pacing;
    }
}

impl Open {
    /// Whether it has its place in the order of all Downloads.
    pub(super) fn is_paced(&self) -> bool {
        self.retry.as_deref().is_some_and(|retry| retry.is_paced)
    }
}
