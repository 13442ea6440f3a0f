use std::sync::mpsc::{Receiver, Sender, channel};

use crate::correlator::{InstallationId, Staging};

use super::Stager;

/// What the thread that talks to the store is to do.
#[derive(Debug)]
pub(crate) enum Order {
    /// Put the file there, and answer.
    Put(Box<Staging>, Sender<Answer>),
    /// Remove the file of that name.
    Remove(Box<str>),
}

/// What became of a file that was to be put into the store.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The installation whose Download waits for it.
    pub(crate) id: InstallationId,
    /// It is there; or why it will not be.
    pub(crate) result: Result<(), String>,
}

/// Where a worker leaves its orders and gets its answers.
#[derive(Debug)]
pub(crate) struct Desk<'s> {
    stager: Option<&'s Stager>,
    /// Until the transaction stands that has them in the changelog.
    orders: Vec<Order>,
    to_here: Sender<Answer>,
    answers: Receiver<Answer>,
}

impl<'s> Desk<'s> {
    /// Without a stager every file counts as there.
    pub(crate) fn new(stager: Option<&'s Stager>) -> Self {
        let (to_here, answers) = channel();
        Self {
            stager,
            orders: Vec::new(),
            to_here,
            answers,
        }
    }

    /// Has a file put into the store, after the transaction.
    pub(crate) fn put(&mut self, staging: Box<Staging>) {
        if self.stager.is_some() {
            self.orders.push(Order::Put(staging, self.to_here.clone()));
        } else {
            self.answer(staging.id);
        }
    }

    /// The same at once: the changelog has it already.
    pub(crate) fn put_again(&self, staging: Box<Staging>) {
        match self.stager {
            Some(stager) => stager.take(Order::Put(staging, self.to_here.clone())),
            None => self.answer(staging.id),
        }
    }

    /// Has a file removed from the store, after the transaction.
    pub(crate) fn remove(&mut self, name: Box<str>) {
        if self.stager.is_some() {
            self.orders.push(Order::Remove(name));
        }
    }

    /// The transaction stands.
    pub(crate) fn committed(&mut self) {
        if let Some(stager) = self.stager {
            self.orders.drain(..).for_each(|order| stager.take(order));
        }
    }

    /// The next answer, if one has come.
    pub(crate) fn next_answer(&self) -> Option<Answer> {
        self.answers.try_recv().ok()
    }

    /// What the transaction has asked for so far, for a store that a test plays.
    #[cfg(test)]
    pub(crate) fn take_orders(&mut self) -> Vec<Order> {
        std::mem::take(&mut self.orders)
    }

    /// An answer of that store.
    #[cfg(test)]
    pub(crate) fn hear(&self, answer: Answer) {
        self.to_here.send(answer).expect("the receiver is here");
    }

    fn answer(&self, id: InstallationId) {
        let answer = Answer { id, result: Ok(()) };
        self.to_here
            .send(answer)
            .expect("the receiver is in the same place");
    }
}
