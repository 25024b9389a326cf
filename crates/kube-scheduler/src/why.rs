//! Why a pod waits: the last decision about it, and what it waits for.
//!
//! The last decision about every pod that waits is kept, up to a number; what is decided about a pod that is placed is in
//! the cluster for everybody to see.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base::{Map, Now};
use scheduling::engine::{Input, Scheduler, Step, Tried, Waits};
use scheduling::framework::Nomination;
use scheduling::model::PodKey;
use scheduling::outcome::Outcome;
use serde::{Deserialize, Serialize};
use wire::{Object, Timestamp};

use crate::driver::{Handle, Observer};

/// About how many pods the last decision is kept.
const DECISIONS_MAX: usize = 10_000;

/// Where pods are asked about.
pub const PODS: &str = "/debug/steersman/pods/";

/// What a running scheduler says about a pod.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Words {
    /// `namespace/name`.
    pub pod: String,
    /// How it waits; absent if it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// The last decision about it, if it was not placed by that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_decision: Option<Decided>,
}

/// How a pod waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// For what.
    pub r#for: For,
    /// Since when; absent if it is being bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Until when, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// How often it has been tried.
    pub attempts: u32,
    /// The plugins that refused it last, or keep it back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused_by: Vec<String>,
}

/// For what a pod waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum For {
    /// Its turn.
    Turn,
    /// The end of its backoff.
    Backoff,
    /// Its gates to be opened.
    Gates,
    /// A change in the cluster that concerns the plugins which refused it.
    Change,
    /// Its binding to be confirmed.
    Binding,
}

/// A decision that did not place the pod.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decided {
    /// When.
    pub at: Timestamp,
    /// `Unschedulable` or `SchedulerError`.
    pub reason: String,
    /// What its status and event say.
    pub message: String,
    /// The node that room is made on for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nominated_node_name: Option<String>,
    /// The pods that have to leave there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub victims: Vec<String>,
}

/// The last decisions. Clones are the same.
#[derive(Clone, Default)]
pub struct LastDecisions(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    by_pod: Map<PodKey, Decided>,
    /// Pods by when they were first decided about. Some are not in the map any more.
    order: VecDeque<PodKey>,
}

impl LastDecisions {
    /// Something that keeps them up to date.
    pub fn observer(&self) -> Box<dyn Observer> {
        Box::new(self.clone())
    }

    /// What is known about a pod, asked of the running scheduler; `None` if it has ended or knows nothing.
    pub async fn ask(&self, handle: &Handle, key: PodKey) -> Option<Words> {
        let last_decision = self.0.lock().unwrap_or_else(PoisonError::into_inner).by_pod.get(&key).cloned();
        let pod = key.to_string();
        let waiting = handle.ask(move |scheduler, _| waiting(scheduler, &key)).await?;
        (waiting.is_some() || last_decision.is_some()).then_some(Words { pod, waiting, last_decision })
    }

    /// Answers a path of the form `/debug/steersman/pods/NAMESPACE/NAME` with JSON; `None` if it is another one, or nothing
    /// is known about the pod.
    pub async fn answer(&self, handle: &Handle, path: &str) -> Option<Vec<u8>> {
        let (namespace, name) = path.strip_prefix(PODS)?.split_once('/')?;
        let key = PodKey { namespace: namespace.into(), name: name.into() };
        serde_json::to_vec(&self.ask(handle, key).await?).ok()
    }

    fn keep(&self, tried: &Tried, scheduler: &Scheduler, now: Now) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = &tried.pod.key;
        if matches!(tried.outcome, Outcome::Placed(_)) {
            kept.by_pod.remove(key);
            return;
        }
        if kept.by_pod.insert(key.clone(), decided(tried, scheduler, now)).is_none() {
            kept.order.push_back(key.clone());
        }
        while kept.by_pod.len() > DECISIONS_MAX || kept.order.len() > 2 * DECISIONS_MAX {
            let Some(oldest) = kept.order.pop_front() else { return };
            kept.by_pod.remove(&oldest);
        }
    }
}

impl Observer for LastDecisions {
    fn before(&mut self, input: &Input<'_>, _: Now) {
        if let Input::Delete(Object::Pod(pod)) = input {
            let key = PodKey {
                namespace: pod.metadata.namespace.as_str().into(),
                name: pod.metadata.name.as_str().into(),
            };
            self.0.lock().unwrap_or_else(PoisonError::into_inner).by_pod.remove(&key);
        }
    }

    fn after(&mut self, step: &Step, scheduler: &Scheduler, now: Now, _: Duration) {
        if let Some(tried) = &step.tried {
            self.keep(tried, scheduler, now);
        }
    }
}

fn timestamp(at: Now) -> Timestamp {
    Timestamp::from_nanos(at.as_nanos())
}

fn decided(tried: &Tried, scheduler: &Scheduler, now: Now) -> Decided {
    let name = |row| {
        let node = scheduler.snapshot().node(row).node.name;
        scheduler.symbols().resolve(node).to_owned()
    };
    let (mut nominated_node_name, mut victims) = (None, Vec::new());
    if let Outcome::Unschedulable(refused) = &tried.outcome {
        if let Nomination::Node(row) = refused.nomination {
            nominated_node_name = Some(name(row));
        }
        let room = refused.room.as_ref();
        victims =
            room.map_or(Vec::new(), |room| room.victims.iter().map(|pod| pod.key.to_string()).collect());
    }
    Decided {
        at: timestamp(now),
        reason: tried.reason().to_owned(),
        message: tried.message.clone(),
        nominated_node_name,
        victims,
    }
}

fn waiting(scheduler: &Scheduler, key: &PodKey) -> Option<Waiting> {
    let uid = scheduler.uid_of(key)?;
    let Some(queued) = scheduler.queue().get(&uid) else {
        // It has been given a node, and is known by its name until it is seen there.
        return Some(Waiting {
            r#for: For::Binding,
            since: None,
            until: None,
            attempts: 0,
            refused_by: Vec::new(),
        });
    };
    let (r#for, until) = match scheduler.queue().waits_for(&uid)? {
        Waits::Turn => (For::Turn, None),
        Waits::Backoff(until) => (For::Backoff, Some(timestamp(until))),
        Waits::Gate(_) => (For::Gates, None),
        Waits::Change => (For::Change, None),
    };
    Some(Waiting {
        r#for,
        since: Some(timestamp(queued.since)),
        until,
        attempts: queued.attempts,
        refused_by: queued.refused_by.iter().map(|plugin| (*plugin).to_owned()).collect(),
    })
}
