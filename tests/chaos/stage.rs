//! One play: an application on the cluster, its processes, and the load that judges them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cast::{self, Cast, RECOVERY_LIMIT};
use crate::disk::SmallDisk;
use crate::kafka::acls::{self, Acl};
use crate::kafka::app::App;
use crate::kafka::broker::{Broker, PASSWORD, USER};
use crate::kafka::wait_for;
use crate::load::{Extent, Load};
use crate::rounds::{Act, Selection};
use crate::table::Row;
use crate::topics;

const NODES: usize = 3;

/// Processes of the application.
pub(crate) const PROCESSES: usize = 3;

const SHARDS: usize = 8;

/// How all applications of this test begin.
const NAME: &str = "chaos";

/// How long the load may need to end after the last fault: the rest of its requests, time-outs of silent devices, and what
/// was held up.
const SETTLE_LIMIT: Duration = Duration::from_secs(900);

/// How long everything may stand still after a fault.
const RECOVERY: Duration = Duration::from_mins(2);

/// Seconds of load at least, and beside the acts: their times are guesses.
const SECONDS_MIN: usize = 30;

/// A cluster of three nodes behind a network that can fail, where the bridges have exactly the access that they need.
pub(crate) fn brokers(disk: &SmallDisk) -> Broker {
    let broker = Broker::start_distant(NODES, &|directory| disk.put_below(directory));
    let address = first_address(&broker);
    acls::allow(&address, &principal(), &access(&["Read", "Write"]));
    broker
}

/// These operations on the topics of all applications of this test, and Read and Write on the rest.
pub(crate) fn access(on_topics: &[&str]) -> Vec<Acl> {
    let acl = |kind: &str, operation: &str| Acl {
        kind: kind.to_owned(),
        name: NAME.to_owned(),
        is_prefix: true,
        operation: operation.to_owned(),
    };
    let topics = on_topics.iter().map(|operation| acl("--topic", operation));
    let others = [
        acl("--topic", "DescribeConfigs"),
        acl("--group", "Read"),
        acl("--transactional-id", "Write"),
    ];
    topics.chain(others).collect()
}

/// Whom the bridges are known as.
pub(crate) fn principal() -> String {
    format!("User:{USER}")
}

/// The address of a node that always runs when access is changed.
pub(crate) fn first_address(broker: &Broker) -> String {
    let all = broker.bootstrap();
    all.split(',').next().expect("there are nodes").to_owned()
}

/// All that an act needs.
pub(crate) struct Stage<'b> {
    pub(crate) app: App,
    pub(crate) broker: &'b mut Broker,
    pub(crate) disk: &'b SmallDisk,
    pub(crate) cast: Cast,
    pub(crate) random: fastrand::Rng,
    /// The configuration of the load, which goes to the brokers directly.
    load_config: Value,
    extent: Extent,
    load: Option<Load>,
    summaries: Vec<Value>,
}

/// Plays acts, one after the other, under one load, and tells what came of them.
pub(crate) fn play(
    broker: &mut Broker,
    disk: &SmallDisk,
    selection: &Selection,
    acts: &[Act],
) -> Row {
    let begin = Instant::now();
    let played = catch_unwind(AssertUnwindSafe(|| {
        let mut stage = Stage::set(broker, disk, selection, acts);
        let pause = stage.perform(acts);
        let summaries = stage.close();
        (pause, summaries)
    }));
    let row = match played {
        Ok((pause, summaries)) => Row::new(acts, pause, &summaries),
        Err(_) => {
            // The next play needs the cluster as it was.
            broker.network().heal();
            broker.restart();
            Row::failed(acts)
        }
    };
    println!("played in {:.0?}", begin.elapsed());
    row
}

impl<'b> Stage<'b> {
    fn set(
        broker: &'b mut Broker,
        disk: &'b SmallDisk,
        selection: &Selection,
        acts: &[Act],
    ) -> Self {
        let seconds: usize = acts.iter().map(Act::seconds).sum();
        let extent = Extent {
            seed: selection.seed,
            installations: selection.rate * (seconds + SECONDS_MIN),
            installations_per_second: selection.rate,
        };
        let faults = acts
            .iter()
            .filter(|act| act.round.has_fault)
            .map(|act| act.fault);
        let time_out = faults.max().unwrap_or_default() + RECOVERY;
        let app = topics::application(broker, NAME, SHARDS, time_out);
        let load_config = app.config_of("load");
        let app = app.set(&json!({"kafka": {
            "bootstrap_servers": broker.distant_bootstrap(),
            "properties": {
                "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "SCRAM-SHA-512",
                "sasl.username": USER, "sasl.password": PASSWORD,
            },
        }}));
        let cast = Cast::start(&app, SHARDS, PROCESSES);
        Self {
            app,
            broker,
            disk,
            cast,
            random: fastrand::Rng::with_seed(selection.seed),
            load_config,
            extent,
            load: None,
            summaries: Vec::new(),
        }
    }

    /// Plays all acts, and tells the longest pause of responses meanwhile.
    fn perform(&mut self, acts: &[Act]) -> Duration {
        self.go_on();
        let watch = Watch::start(self);
        for act in acts {
            println!("-- {}, {} times", act.round.name, act.times);
            (act.round.act)(self, act);
            self.broker.network().heal();
            self.cast.recover();
        }
        watch.longest_pause()
    }

    /// Sees to it that a load is at work: the one before may have been too short.
    pub(crate) fn go_on(&mut self) {
        if self.load.as_mut().is_some_and(Load::is_running) {
            return;
        }
        self.quiesce();
        self.load = Some(Load::start(&self.load_config, self.extent));
        self.extent.seed = self.extent.seed.wrapping_add(1);
    }

    /// Lets the load come to its end, so that nothing is under way.
    pub(crate) fn quiesce(&mut self) {
        if let Some(load) = self.load.take() {
            self.summaries.push(load.finish(SETTLE_LIMIT));
        }
    }

    /// A new load, of that many seconds.
    pub(crate) fn load_for(&mut self, seconds: usize) {
        self.quiesce();
        self.extent.installations = self.extent.installations_per_second * seconds;
        self.go_on();
    }

    /// Waits for a time that is drawn anew each time, with a load at work.
    pub(crate) fn pause(&mut self, milliseconds: std::ops::Range<u64>) {
        std::thread::sleep(Duration::from_millis(self.random.u64(milliseconds)));
        self.go_on();
    }

    /// Any of the processes.
    pub(crate) fn any_process(&mut self) -> usize {
        self.random.usize(..PROCESSES)
    }

    /// How the ids of the clients of a process begin.
    pub(crate) fn clients_of(&self, process: usize) -> String {
        format!("{}-{}-", self.app.name, cast::name(process))
    }

    /// Waits until every partition is as safe as it was made to be.
    pub(crate) fn await_replicas(&self) {
        wait_for("replicas in sync", RECOVERY_LIMIT, || {
            self.app.client.all_in_sync().then_some(())
        });
    }

    /// Ends everything in order, and looks at all outputs once more: none may stand there twice.
    fn close(mut self) -> Vec<Value> {
        self.quiesce();
        // One may have asked for a restart since.
        self.cast.recover();
        self.cast.stop();
        let outputs = self.app.written();
        println!(
            "{} commands, {} responses, {} dead letters",
            outputs.commands.len(),
            outputs.responses.len(),
            outputs.dead_letters.len()
        );
        let (routed, changelog, ledger) =
            (self.app.routed(), self.app.changelog(), self.app.ledger());
        let inputs = [&self.app.requests, &self.app.events];
        let internal = [&routed, &changelog, &ledger];
        for topic in inputs.into_iter().chain(internal) {
            self.app.client.delete_topic(topic);
        }
        for topic in self.app.outputs() {
            self.app.client.delete_topic(topic);
        }
        self.summaries
    }
}

/// Listens to the responses as they become visible.
struct Watch {
    is_over: Arc<AtomicBool>,
    listener: JoinHandle<Duration>,
}

impl Watch {
    fn start(stage: &Stage<'_>) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let (stop, client) = (Arc::clone(&is_over), stage.broker.client());
        let topic = stage.app.responses.clone();
        let listener = std::thread::spawn(move || {
            let partitions = client.partitions(&topic);
            let mut responses = client.tail(&[&topic]);
            let (mut longest, mut last) = (Duration::ZERO, None);
            while !stop.load(Ordering::Relaxed) {
                let Some(count) = responses.count(Duration::from_millis(20)) else {
                    wait_for("the topic to be there again", RECOVERY_LIMIT, || {
                        (client.partitions(&topic) == partitions).then_some(())
                    });
                    responses = client.tail(&[&topic]);
                    continue;
                };
                let has_come = count > 0;
                let now = Instant::now();
                longest = longest.max(last.map_or(Duration::ZERO, |last| now - last));
                if has_come {
                    last = Some(now);
                }
            }
            longest
        });
        Self { is_over, listener }
    }

    fn longest_pause(self) -> Duration {
        self.is_over.store(true, Ordering::Relaxed);
        self.listener.join().expect("it only listens")
    }
}
