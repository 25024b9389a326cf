//! Extenders: others that take part in decisions, asked over HTTP with kube-scheduler's protocol.
//!
//! ```text
//! core --Extender--> HttpExtender --> caller, a thread of its own --HTTP(S)--> extender
//!                        ^
//!  sources --Onlooker--> Objects: pods and nodes with everything in them
//! ```
//!
//! The core waits for answers. Messages carry whole objects, of which the core knows only what it needs, so their texts
//! are kept here, but only if there are extenders, and only those of objects that messages can carry.

mod caller;
mod objects;
mod protocol;
#[cfg(test)]
mod tests;
mod tls;

use std::sync::Arc;

use client::Onlooker;
use scheduling::framework::Extender;
use scheduling::framework::extender::{Candidate, Chosen, Filtered};
use scheduling::model::{Pod, PodKey};
use wire::config;

use caller::Caller;
use objects::Objects;

/// Why an extender cannot be asked.
#[derive(Debug, thiserror::Error)]
#[error("extenders[{position}] ({url}): {problem}")]
pub struct ExtenderError {
    position: usize,
    url: String,
    problem: String,
}

/// All extenders. Clones are the same.
#[derive(Clone)]
pub struct Extenders {
    all: Vec<Arc<HttpExtender>>,
    objects: Arc<Objects>,
}

impl Extenders {
    /// Prepares to ask them; `None` if there are none. Nothing is sent yet.
    ///
    /// # Errors
    /// What is wrong with a URL, or with what TLS needs.
    pub fn new(configured: &[config::Extender]) -> Result<Option<Extenders>, ExtenderError> {
        if configured.is_empty() {
            return Ok(None);
        }
        let objects = Arc::new(Objects::for_extenders(configured));
        let caller = Caller::start();
        let mut all = Vec::with_capacity(configured.len());
        for (position, extender) in configured.iter().enumerate() {
            let failed =
                |problem: String| ExtenderError { position, url: extender.url_prefix.clone(), problem };
            let caller = caller.clone().map_err(&failed)?;
            let way = caller::Way::new(extender).map_err(failed)?;
            all.push(Arc::new(HttpExtender {
                configured: extender.clone(),
                way: Arc::new(way),
                caller,
                objects: Arc::clone(&objects),
            }));
        }
        // Those without whom nothing is decided go first.
        all.sort_by_key(|extender| extender.configured.ignorable);
        Ok(Some(Extenders { all, objects }))
    }

    /// Those who take part in decisions.
    pub fn deciding(&self) -> Vec<Arc<dyn Extender>> {
        self.all.iter().map(|extender| Arc::clone(extender) as Arc<dyn Extender>).collect()
    }

    /// Who has to see pods and nodes.
    pub fn onlooker(&self) -> Arc<dyn Onlooker> {
        Arc::clone(&self.objects) as Arc<dyn Onlooker>
    }

    /// Who binds a pod.
    pub(crate) fn binder(&self, uid: &str) -> Option<&HttpExtender> {
        let mut binders = self.all.iter().filter(|extender| extender.configured.is_binder());
        binders.find(|extender| extender.concerns(uid)).map(AsRef::as_ref)
    }
}

/// One extender.
pub struct HttpExtender {
    configured: config::Extender,
    way: Arc<caller::Way>,
    caller: Caller,
    objects: Arc<Objects>,
}

impl HttpExtender {
    pub(crate) fn url(&self) -> &str {
        &self.configured.url_prefix
    }

    /// Whether a pod asks for what the extender manages; all do if it manages nothing in particular.
    fn concerns(&self, uid: &str) -> bool {
        let managed = &self.configured.managed_resources;
        managed.is_empty() || self.objects.asks_for(uid, |name| managed.iter().any(|one| one.name == name))
    }

    fn pod(&self, pod: &Pod) -> Result<Arc<str>, String> {
        self.objects.pod(&pod.uid).ok_or_else(|| format!("pod {} is not known any more", pod.key))
    }

    fn ask(&self, verb: &str, body: Vec<u8>) -> Result<Vec<u8>, String> {
        self.caller.wait_for(Arc::clone(&self.way), verb, body)
    }

    /// Binds a pod.
    pub(crate) async fn bind(&self, pod: &PodKey, uid: &str, node: &str) -> Result<(), String> {
        let body = protocol::binding(pod, uid, node);
        let answer = self.caller.call(Arc::clone(&self.way), &self.configured.bind_verb, body).await?;
        protocol::read_binding(&answer)
    }
}

impl Extender for HttpExtender {
    fn name(&self) -> &str {
        &self.configured.url_prefix
    }

    fn is_ignorable(&self) -> bool {
        self.configured.ignorable
    }

    fn is_interested(&self, pod: &Pod) -> bool {
        self.concerns(&pod.uid)
    }

    fn filters(&self) -> bool {
        !self.configured.filter_verb.is_empty()
    }

    fn prioritizes(&self) -> bool {
        !self.configured.prioritize_verb.is_empty()
    }

    fn preempts(&self) -> bool {
        !self.configured.preempt_verb.is_empty()
    }

    fn weight(&self) -> i64 {
        self.configured.weight
    }

    fn filter(&self, pod: &Pod, nodes: &[&str]) -> Result<Filtered, String> {
        let knows_nodes = self.configured.node_cache_capable;
        let body = protocol::args(&self.pod(pod)?, nodes, knows_nodes, &self.objects)?;
        let answer = self.ask(&self.configured.filter_verb, body)?;
        protocol::read_filtered(&answer, nodes, knows_nodes, self.url())
    }

    fn prioritize(&self, pod: &Pod, nodes: &[&str]) -> Result<Vec<(String, i64)>, String> {
        let knows_nodes = self.configured.node_cache_capable;
        let body = protocol::args(&self.pod(pod)?, nodes, knows_nodes, &self.objects)?;
        let answer = self.ask(&self.configured.prioritize_verb, body);
        let scores = answer.and_then(|answer| protocol::read_scores(&answer));
        if let Err(error) = &scores {
            tracing::info!(extender = self.url(), error, "Failed to prioritize");
        }
        scores
    }

    fn preempt(&self, pod: &Pod, candidates: &[Candidate<'_>]) -> Result<Vec<Chosen>, String> {
        let knows_nodes = self.configured.node_cache_capable;
        let body = protocol::preemption(&self.pod(pod)?, candidates, knows_nodes, &self.objects)?;
        let answer = self.ask(&self.configured.preempt_verb, body)?;
        protocol::read_preemption(&answer)
    }
}
