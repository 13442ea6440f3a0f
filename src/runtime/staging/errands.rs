use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use object_store::Error;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{Notify, Semaphore};
use tokio::task::{AbortHandle, Id, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::correlator::Staging;
use crate::runtime::Clock;
use crate::telemetry::StagingMetrics;
use crate::time::Timestamp;

use super::desk::{Answer, Order};
use super::store::{Store, shown};

/// Calls of the store that are under way at a time: enough to hide its latency, few enough for its limits.
const CALLS_MAX: usize = 32;

/// How long one call may take; a certificate file is small.
pub(super) const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// How long to wait after the first failure of a call; it doubles.
const FIRST_DELAY: Duration = Duration::from_millis(250);

/// The longest wait after a failure.
const DELAY_MAX: Duration = Duration::from_secs(30);

/// How often a file is tried to be removed; what stays is removed once it has expired.
const REMOVALS_MAX: u32 = 5;

/// How often expired files are looked for.
const SWEEP_INTERVAL: Duration = Duration::from_mins(15);

/// How long after its expiry, beyond the lag that may hold time-outs back, a file is removed: clocks differ.
const SWEEP_GRACE: Duration = Duration::from_hours(1);

/// How long removals may go on when the bridge stops; what they leave is removed once it has expired.
const STOP_GRACE: Duration = Duration::from_secs(5);

/// The calls of the store, several at a time, each until it succeeds or nobody needs it any more.
pub(super) struct Errands {
    shared: Arc<Shared>,
    puts: JoinSet<Box<str>>,
    /// By name of the file.
    under_way: BTreeMap<Box<str>, Put>,
    others: JoinSet<()>,
}

/// A file that is being put into the store.
struct Put {
    handle: AbortHandle,
    is_given_up: Arc<Notify>,
    /// It is removed as soon as no call can bring it there any more.
    is_to_be_removed: bool,
}

/// What all calls share.
struct Shared {
    store: Store,
    clock: Clock,
    calls: Semaphore,
    /// How long after its expiry a file is removed.
    grace: Duration,
    is_failing: AtomicBool,
    metrics: StagingMetrics,
}

impl Errands {
    pub(super) fn new(store: Store, hold_max: Duration, metrics: StagingMetrics) -> Self {
        Self {
            shared: Arc::new(Shared {
                store,
                clock: Clock::new(),
                calls: Semaphore::new(CALLS_MAX),
                grace: SWEEP_GRACE + hold_max,
                is_failing: AtomicBool::new(false),
                metrics,
            }),
            puts: JoinSet::new(),
            under_way: BTreeMap::new(),
            others: JoinSet::new(),
        }
    }

    /// Carries out orders until nobody can give any more.
    pub(super) async fn run(mut self, mut orders: UnboundedReceiver<Order>) {
        let mut sweeps = interval(SWEEP_INTERVAL);
        sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.take(order),
                    None => break,
                },
                Some(done) = self.puts.join_next_with_id() => self.on_put(done.ok()),
                Some(_) = self.others.join_next() => {}
                _ = sweeps.tick() => {
                    let shared = Arc::clone(&self.shared);
                    self.others.spawn(async move { shared.sweep().await });
                }
            }
        }
        // Whoever owns the shard next asks for these again.
        let unwanted = self.under_way.values().filter(|put| !put.is_to_be_removed);
        unwanted.for_each(|put| put.handle.abort());
        if timeout(STOP_GRACE, self.finish()).await.is_err() {
            tracing::debug!("some staged files stay until they have expired");
        }
    }

    async fn finish(&mut self) {
        while let Some(done) = self.puts.join_next_with_id().await {
            self.on_put(done.ok());
        }
        while self.others.join_next().await.is_some() {}
    }

    /// Nothing is done any more to put that file there; `None`: another order took its place.
    fn on_put(&mut self, done: Option<(Id, Box<str>)>) {
        let Some((id, name)) = done else { return };
        let is_it = |put: &Put| put.handle.id() == id;
        if self.under_way.get(&name).is_some_and(is_it)
            && let Some(put) = self.under_way.remove(&name)
            && put.is_to_be_removed
        {
            self.remove(name);
        }
    }

    fn remove(&mut self, name: Box<str>) {
        let shared = Arc::clone(&self.shared);
        self.others.spawn(async move { shared.remove(&name).await });
    }

    fn take(&mut self, order: Order) {
        match order {
            Order::Put(staging, back) => {
                let name = staging.name.clone();
                if let Some(before) = self.under_way.remove(&name) {
                    before.handle.abort();
                }
                let shared = Arc::clone(&self.shared);
                let is_given_up = Arc::new(Notify::new());
                let given_up = Arc::clone(&is_given_up);
                let handle = self.puts.spawn(async move {
                    let result = shared.put(&staging, &given_up).await;
                    let Staging { id, name, .. } = *staging;
                    // Without a receiver the session is over, and the next one asks again.
                    back.send(Answer { id, result }).ok();
                    name
                });
                let put = Put {
                    handle,
                    is_given_up,
                    is_to_be_removed: false,
                };
                self.under_way.insert(name, put);
            }
            Order::Remove(name) => match self.under_way.get_mut(&name) {
                // A call that has begun may bring the file there after all.
                Some(put) => {
                    put.is_to_be_removed = true;
                    put.is_given_up.notify_one();
                }
                None => self.remove(name),
            },
        }
    }
}

impl Shared {
    /// Tries until the file is there; or tells why it will not be in time, or that it is given up.
    async fn put(&self, staging: &Staging, given_up: &Notify) -> Result<(), String> {
        let mut delay = FIRST_DELAY;
        loop {
            let call = self.store.put(&staging.name, &staging.content);
            match self.call(call).await {
                Ok(()) => {
                    self.metrics.staged();
                    return Ok(());
                }
                Err(problem) if self.clock.now() + delay >= staging.until => return Err(problem),
                Err(problem) => {
                    let is_given_up = timeout(delay, given_up.notified()).await.is_ok();
                    if is_given_up {
                        return Err(problem);
                    }
                }
            }
            delay = (delay * 2).min(DELAY_MAX);
        }
    }

    async fn remove(&self, name: &str) {
        let mut delay = FIRST_DELAY;
        for attempt in 1..=REMOVALS_MAX {
            if self.call(self.store.remove(name)).await.is_ok() {
                return self.metrics.removed();
            }
            if attempt < REMOVALS_MAX {
                sleep(delay).await;
                delay = (delay * 2).min(DELAY_MAX);
            }
        }
    }

    /// Removes files that should have been removed long ago.
    async fn sweep(self: Arc<Self>) {
        let grace = u64::try_from(self.grace.as_millis()).unwrap_or(u64::MAX);
        let before = Timestamp::from_millis(self.clock.now().as_millis().saturating_sub(grace));
        let store = self.store.clone();
        let parts = tokio::task::spawn_blocking(move || store.remove_parts(before)).await;
        let mut swept = parts.unwrap_or(0);
        for name in self
            .call(self.store.expired(before))
            .await
            .unwrap_or_default()
        {
            if self.call(self.store.remove(&name)).await.is_ok() {
                swept += 1;
            }
        }
        if swept > 0 {
            self.metrics.swept(swept);
            tracing::info!(files = swept, "expired files removed from the store");
        }
    }

    /// One call; what went wrong is said once, until a call succeeds again.
    async fn call<T>(&self, call: impl Future<Output = Result<T, Error>>) -> Result<T, String> {
        let permit = self.calls.acquire().await;
        let done = timeout(CALL_TIMEOUT, call).await;
        drop(permit);
        let problem = match done {
            Ok(Ok(value)) => {
                if self.is_failing.swap(false, Ordering::Relaxed) {
                    tracing::info!("the store for certificate files answers again");
                }
                return Ok(value);
            }
            Ok(Err(error)) => shown(&error),
            Err(_) => format!("no answer within {} s", CALL_TIMEOUT.as_secs()),
        };
        self.metrics.failed();
        if !self.is_failing.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                error = problem,
                "the store for certificate files fails; trying again"
            );
        }
        Err(problem)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use tokio::sync::mpsc::unbounded_channel;
    use tokio::task::yield_now;

    use crate::correlator::InstallationId;
    use crate::cwmp::DeviceId;
    use crate::mapping::RULES_VERSION;
    use crate::telemetry::Metrics;

    use super::*;

    fn staging(name: &str) -> Box<Staging> {
        Box::new(Staging {
            id: InstallationId {
                device: DeviceId::new("00256D", "IGD", "1").unwrap(),
                command_key: "k1".try_into().unwrap(),
            },
            name: name.into(),
            content: vec![b'x'; 100_000].into(),
            until: Timestamp::NEVER,
        })
    }

    #[test]
    fn a_file_that_is_removed_while_it_is_put_there_does_not_stay() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("file://{}", folder.path().display());
        let store = Store::open(&url, &BTreeMap::new()).unwrap();
        let metrics = Metrics::new(RULES_VERSION).staging();
        let errands = Errands::new(store, Duration::ZERO, metrics);
        let (orders, receiver) = unbounded_channel();
        let (back, _answers) = channel();
        let give_orders = async move {
            for number in 0..50 {
                let name = format!("9999999999-{number:032x}");
                let put = Order::Put(staging(&name), back.clone());
                orders.send(put).unwrap();
                // Until the call is under way.
                for _ in 0..10 {
                    yield_now().await;
                }
                orders.send(Order::Remove(name.into())).unwrap();
            }
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async { tokio::join!(give_orders, errands.run(receiver)) });
        drop(runtime);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
