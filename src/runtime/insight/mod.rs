//! What people may ask of the workers while these work.
//!
//! A worker answers between two transactions, out of state that stands in Kafka. Nobody else looks into its state.

mod dead_letters;
mod owners;
mod view;

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot};

use crate::cwmp::{CommandKey, DeviceId};
use crate::time::Timestamp;

use dead_letters::Newest;
pub(super) use dead_letters::NewestDeadLetters;
pub use dead_letters::{DEAD_LETTERS_SHOWN_MAX, DeadLetter, NotedDeadLetter};
pub(super) use owners::Owners;
pub use owners::{Owner, Witness};
pub use view::{
    DeviceView, INSTALLATIONS_SHOWN_MAX, InstallationView, OLDEST_SHOWN_MAX, ShardView, WorkerView,
    open_for_longest,
};

/// Questions that may wait for a worker; more are refused at once.
const QUESTIONS_MAX: usize = 8;

/// How long a worker may take to answer. It answers between two transactions, which last 100 ms unless the cluster is slow.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// What can be asked of a worker.
#[derive(Debug)]
pub(super) enum Question {
    /// What it knows of a device, and if there is one, of a CommandKey.
    Device(
        Box<(DeviceId, Option<CommandKey>)>,
        oneshot::Sender<OfDevice>,
    ),
    /// What it has.
    Overview(oneshot::Sender<WorkerView>),
}

/// What a worker knows of a device.
#[derive(Debug)]
pub(super) enum OfDevice {
    /// Its shard is here.
    Here(Box<DeviceView>),
    /// Its shard is here, and not complete yet.
    Restoring(i32),
    /// Its shard is not here.
    Elsewhere(i32),
}

/// What the workers say of a device.
#[derive(Debug)]
pub enum DeviceAnswer {
    /// One of them owns its shard.
    Here(Box<DeviceView>),
    /// One of them owns its shard, which is being restored.
    Restoring(i32),
    /// None of them owns its shard.
    Elsewhere(i32, Option<Owner>),
    /// A worker does not answer, and the others do not have the shard.
    Silent,
}

/// The workers, as far as they can be asked; clones share it.
#[derive(Clone, Default)]
pub struct Insight(Arc<Inner>);

struct Inner {
    workers: Mutex<Workers>,
    dead_letters: Mutex<Newest<NotedDeadLetter>>,
    /// Kafka is asked one question at a time.
    turn: Arc<Semaphore>,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            workers: Mutex::default(),
            dead_letters: Mutex::default(),
            turn: Arc::new(Semaphore::new(1)),
        }
    }
}

#[derive(Default)]
struct Workers {
    desks: Vec<SyncSender<Question>>,
    owners: Option<Arc<Owners>>,
}

/// The questions for one worker.
#[derive(Debug)]
pub(super) struct Questions(Mutex<Receiver<Question>>);

impl Questions {
    /// The next question that somebody still waits for.
    pub(super) fn next(&self) -> Option<Question> {
        loop {
            let question = lock(&self.0).try_recv().ok()?;
            let is_given_up = match &question {
                Question::Device(_, reply) => reply.is_closed(),
                Question::Overview(reply) => reply.is_closed(),
            };
            if !is_given_up {
                return Some(question);
            }
        }
    }

    /// Leaves all questions without an answer: there is nothing to tell.
    pub(super) fn refuse(&self) {
        while lock(&self.0).try_recv().is_ok() {}
    }
}

impl Insight {
    /// From here on that many workers take questions, each its own, and `owners` knows who else there is.
    pub(super) fn open(&self, workers: usize, owners: Owners) -> Vec<Questions> {
        let (desks, questions) = (0..workers)
            .map(|_| sync_channel(QUESTIONS_MAX))
            .map(|(desk, questions)| (desk, Questions(Mutex::new(questions))))
            .unzip();
        *lock(&self.0.workers) = Workers {
            desks,
            owners: Some(Arc::new(owners)),
        };
        questions
    }

    /// Nobody takes questions any more, nor is Kafka asked.
    pub(super) fn close(&self) {
        *lock(&self.0.workers) = Workers::default();
    }

    /// Dead letters that stand in Kafka from now on; the oldest ones that were told before give way.
    pub(super) fn note_dead_letters(&self, newest: NewestDeadLetters, now: Timestamp) {
        let mut all = lock(&self.0.dead_letters);
        for letter in newest {
            all.push(NotedDeadLetter { at: now, letter });
        }
    }

    /// The newest dead letters of this process, the newest first, at most [`DEAD_LETTERS_SHOWN_MAX`].
    pub fn dead_letters(&self) -> Vec<NotedDeadLetter> {
        lock(&self.0.dead_letters).iter().rev().cloned().collect()
    }

    /// What each worker has, in the order of their numbers; `None` for one that does not answer within two seconds.
    pub async fn overview(&self) -> Vec<Option<WorkerView>> {
        let asked = self.ask(Question::Overview);
        let mut views = Vec::new();
        for reply in asked {
            views.push(answer(reply).await);
        }
        views
    }

    /// What is known of a device, and, if there is one, of a CommandKey of its.
    pub async fn device(&self, device: &DeviceId, key: Option<CommandKey>) -> DeviceAnswer {
        let asked = self.ask(|reply| Question::Device(Box::new((device.clone(), key)), reply));
        let (mut elsewhere, mut is_silent) = (None, asked.is_empty());
        for reply in asked {
            match answer(reply).await {
                Some(OfDevice::Here(view)) => return DeviceAnswer::Here(view),
                Some(OfDevice::Restoring(shard)) => return DeviceAnswer::Restoring(shard),
                Some(OfDevice::Elsewhere(shard)) => elsewhere = Some(shard),
                None => is_silent = true,
            }
        }
        match elsewhere {
            Some(shard) if !is_silent => DeviceAnswer::Elsewhere(shard, self.owner_of(shard).await),
            Some(_) | None => DeviceAnswer::Silent,
        }
    }

    /// Asks every worker; `None` for one that has too many questions already, or is not there.
    fn ask<T>(
        &self,
        question: impl Fn(oneshot::Sender<T>) -> Question,
    ) -> Vec<Option<oneshot::Receiver<T>>> {
        let workers = lock(&self.0.workers);
        let asked = workers.desks.iter().map(|desk| {
            let (reply, answer) = oneshot::channel();
            desk.try_send(question(reply)).ok().map(|()| answer)
        });
        asked.collect()
    }

    /// Who owns a shard, if Kafka tells.
    async fn owner_of(&self, shard: i32) -> Option<Owner> {
        let owners = lock(&self.0.workers).owners.clone()?;
        let turn = Arc::clone(&self.0.turn);
        // Whoever gives up waiting leaves the question to its end, and the next one waits for it.
        let asking = async move {
            let turn = turn.acquire_owned().await.ok()?;
            let asked = tokio::task::spawn_blocking(move || {
                let owner = owners.of(shard);
                drop(turn);
                owner
            });
            asked.await.ok().flatten()
        };
        tokio::time::timeout(2 * ANSWER_TIMEOUT, asking)
            .await
            .ok()
            .flatten()
    }
}

async fn answer<T>(reply: Option<oneshot::Receiver<T>>) -> Option<T> {
    tokio::time::timeout(ANSWER_TIMEOUT, reply?)
        .await
        .ok()?
        .ok()
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().expect("nobody panics while holding it")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(insight: &Insight) -> Vec<Option<WorkerView>> {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build();
        runtime.unwrap().block_on(insight.overview())
    }

    fn open(insight: &Insight) -> Questions {
        let (desk, questions) = sync_channel(QUESTIONS_MAX);
        lock(&insight.0.workers).desks = vec![desk];
        Questions(Mutex::new(questions))
    }

    #[test]
    fn a_worker_that_does_not_answer_keeps_nobody_waiting_and_only_so_many_questions() {
        let insight = Insight::default();
        assert!(asked(&insight).is_empty());
        let questions = open(&insight);
        for _ in 0..QUESTIONS_MAX + 3 {
            assert!(matches!(asked(&insight)[..], [None]));
        }
        let left = lock(&questions.0).try_iter().count();
        assert_eq!(left, QUESTIONS_MAX);
        insight.close();
        assert!(asked(&insight).is_empty());
    }

    #[test]
    fn questions_that_nobody_waits_for_are_passed_over() {
        let insight = Insight::default();
        let questions = open(&insight);
        drop(insight.ask(Question::Overview));
        let waiting = insight.ask(Question::Overview);
        let Some(Question::Overview(reply)) = questions.next() else {
            panic!("somebody waits");
        };
        assert!(!reply.is_closed());
        assert!(questions.next().is_none());
        drop(waiting);
    }
}
