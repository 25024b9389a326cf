//! What is done about a pod's volumes once it has a node.

use std::sync::Arc;

use super::Scheduler;
use crate::model::Pod;
use crate::snapshot::Row;
use crate::storage::find::Bindings;

impl Scheduler {
    /// Decides which volumes a pod gets on a node, and assumes that they are its own. `None` if there is nothing to
    /// decide; the error is upstream's text of a failure.
    pub(super) fn reserve_volumes(&mut self, pod: &Pod, host: Row) -> Result<Option<Bindings>, String> {
        if pod.shape.claims.is_empty() {
            return Ok(None);
        }
        let node = Arc::clone(&self.snapshot.node(host).node);
        let storage = self.cluster.storage();
        let claims = storage.pod_claims(pod, &self.symbols)?;
        if claims.delayed.is_empty() {
            return Ok(None);
        }
        let found = storage.find(&claims, &node, &self.symbols)?;
        drop(claims);
        let bindings = found.map_err(|_| "the node has no volumes for the pod any more".to_owned())?;
        let name = self.symbols.share(node.name);
        self.cluster.storage_mut().assume(&pod.uid, &bindings, &name);
        Ok(Some(bindings))
    }
}
