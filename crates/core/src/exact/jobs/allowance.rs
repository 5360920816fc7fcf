//! Pods of Jobs: how many messages each still takes, and what the control plane hears of it.
//!
//! With its last message a pod drains, as one that was told to stop: when nothing is left inside,
//! that is told, and the control plane knows from the pod that it is done.

use super::Queues;
use crate::exact::{ExactPlane, Tracer};
use crate::model::{Model, ServiceId};
use crate::plane::{Notice, ServerId};
use flashcrowd_units::SimTime;
use serde::{Deserialize, Serialize};

/// How much a pod of a Job does before it ends.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Allowance {
    /// Messages; `u32::MAX` for any number.
    pub(super) messages: u32,
    /// Whether the control plane wants to know when it has nothing to do.
    pub(super) tells_idle: bool,
}

impl Allowance {
    pub(super) fn of(model: &Model, workers: ServiceId) -> Option<Self> {
        let scaled_job = model.services.get(workers.index())?.scaled_job.as_ref()?;
        Some(Self {
            messages: scaled_job.work.messages.unwrap_or(u32::MAX),
            tells_idle: scaled_job.work.until_idle.is_some(),
        })
    }
}

impl Queues {
    /// A pod takes so many messages from now on.
    pub(super) fn allow(&mut self, server: u32, messages: u32) {
        let index = server as usize;
        if index >= self.left.len() {
            self.left.resize(index + 1, u32::MAX);
        }
        self.left[index] = messages;
    }
}

impl<T: Tracer> ExactPlane<T> {
    /// A pod of a Job takes a message. With the last one it drains: it takes no more, and ends when
    /// what is inside is done.
    #[inline(never)]
    pub(super) fn use_allowance(&mut self, server: u32) {
        let left = &mut self.queues.left[server as usize];
        if *left == u32::MAX {
            return;
        }
        *left -= 1;
        if *left == 0 {
            self.queues.leave(server);
            self.servers[server as usize].draining = true;
        }
    }

    pub(super) fn tell_if_idle(&mut self, server: u32) {
        let pod = &self.servers[server as usize];
        if pod.alive && pod.inside == 0 && !pod.draining {
            self.notices.push(Notice::Idle(ServerId(server)));
            self.next_special = SimTime::ZERO;
        }
    }
}
