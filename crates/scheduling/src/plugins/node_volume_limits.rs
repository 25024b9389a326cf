//! NodeVolumeLimits: keeps nodes within the number of volumes that their CSI drivers can attach.

use std::sync::Arc;

use base::Symbol;
use smallvec::SmallVec;
use wire::config::{ExtensionPoint, Gate};

use super::volume_restrictions::{claim_not_found, mounts};
use crate::framework::{
    Actions, Changed, ClusterEvent, Cycle, Filter, FilterPlan, Hint, Plugin, Reason, Registration, Resource,
    Scope, Status, Value,
};
use crate::model::{Pod, Shape};
use crate::snapshot::NodeInfo;
use crate::storage::uses::VolumeName;
use crate::storage::{ClaimKey, CsiNode, Storage, StorageObject};

const NAME: &str = "NodeVolumeLimits";

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[ExtensionPoint::PreFilter, ExtensionPoint::Filter],
    events: &[
        ClusterEvent::new(Resource::CsiNode, Actions::ADD.or(Actions::UPDATE)),
        ClusterEvent::new(Resource::Pod, Actions::DELETE),
        ClusterEvent::new(Resource::PersistentVolumeClaim, Actions::ADD),
        ClusterEvent::new(Resource::VolumeAttachment, Actions::DELETE),
    ],
    filter_scope: Some(Scope::Occupancy),
    ..Registration::named(NAME, |build| {
        let limits_scale = build.compiler.gates.enabled(Gate::VolumeLimitScaling);
        Ok(Box::new(NodeVolumeLimits { limits_scale }))
    })
};

struct NodeVolumeLimits {
    /// Gate VolumeLimitScaling: nodes without a driver can be unfit for its volumes.
    limits_scale: bool,
}

impl Plugin for NodeVolumeLimits {
    fn filter<'a>(&'a self, cycle: Cycle<'a>, pod: &'a Pod) -> FilterPlan<'a> {
        if pod.shape.claims.is_empty() && pod.shape.volumes.inline.is_empty() {
            return FilterPlan::skip();
        }
        let storage = cycle.cluster.storage();
        let needed = volumes_of(&pod.shape, storage, true, cycle);
        let broken_disk = broken_disk(&pod.shape);
        FilterPlan::check(Attaching { cycle, storage, needed, broken_disk, limits_scale: self.limits_scale })
    }

    fn hint(&self, cycle: Cycle<'_>, pod: &Pod, _event: ClusterEvent, changed: Changed<'_>) -> Hint {
        match changed {
            Changed::Pod { old: Some(gone), new: None } if gone.has_place() => {
                Hint::queue_if(!gone.shape.claims.is_empty() || !gone.shape.volumes.inline.is_empty())
            }
            Changed::Storage { old, new: Some(StorageObject::CsiNode(new)) } => {
                let old = match old {
                    Some(StorageObject::CsiNode(old)) => Some(&**old),
                    _ => None,
                };
                Hint::queue_if(old.is_none_or(|old| has_grown(old, new)))
            }
            Changed::Storage { new: Some(StorageObject::Claim(claim)), .. } => {
                Hint::queue_if(mounts(pod, &claim.key))
            }
            Changed::Storage { old: Some(StorageObject::Attachment(gone)), new: None } => {
                let mut inline = pod.shape.volumes.inline.iter();
                let has_claim = pod.shape.claims.iter().any(|claim| claim.made_for.is_none());
                let is_like = inline.any(|disk| {
                    let is_broken = matches!(disk.translation, Some(Err(_)));
                    is_broken || disk.plugin.driver() == cycle.symbols.resolve(gone.attacher)
                });
                Hint::queue_if(has_claim || is_like)
            }
            _ => Hint::Skip,
        }
    }
}

fn has_grown(old: &CsiNode, new: &CsiNode) -> bool {
    new.drivers.iter().any(|(driver, limit)| limit.unwrap_or(0) > old.limit(*driver).unwrap_or(0))
}

/// The volumes of a pod, each once; or why they cannot be told.
type Needed = Result<SmallVec<[VolumeName; 2]>, Status>;

/// The volumes of a pod that count. Claims of pods on nodes that do not exist are left out; for the pod that is to be
/// placed (`is_new`) they are a refusal.
fn volumes_of(shape: &Shape, storage: &Storage, is_new: bool, cycle: Cycle<'_>) -> Needed {
    let mut volumes: SmallVec<[VolumeName; 2]> = SmallVec::new();
    let mut take = |volume: VolumeName| {
        if !volumes.contains(&volume) {
            volumes.push(volume);
        }
    };
    for mounted in &shape.claims {
        if mounted.name.is_empty() {
            return Err(Status::error(NAME, "PersistentVolumeClaim had no name"));
        }
        let namespace = || cycle.symbols.resolve(shape.namespace);
        let Some(claim) = storage.mounted(shape.namespace, mounted) else {
            if is_new {
                let missing = claim_not_found(&mounted.name).sentence(cycle.symbols);
                let text = format!("looking up PVC {}/{}: {missing}", namespace(), mounted.name);
                return Err(Status::unresolvable(NAME, Reason::text(text)));
            }
            continue;
        };
        if let Some(owner) = mounted.made_for.as_ref().filter(|_| !claim.is_for(mounted)) {
            return Err(Status::error(NAME, not_owner(namespace(), &mounted.name, &owner.name)));
        }
        let key = ClaimKey { namespace: shape.namespace, name: Arc::clone(&mounted.name) };
        if let Some(volume) = storage.resolve(&key) {
            take(volume);
        }
    }
    for disk in &shape.volumes.inline {
        match &disk.translation {
            None | Some(Err(_)) => {}
            Some(Ok(attachable)) => take(VolumeName::Attached(attachable.clone())),
        }
    }
    Ok(volumes)
}

/// Why a disk of a pod cannot be translated to CSI, if there is one that cannot.
fn broken_disk(shape: &Shape) -> Option<Status> {
    let translations = shape.volumes.inline.iter().filter_map(|disk| disk.translation.as_ref());
    translations
        .filter_map(|translation| translation.as_ref().err())
        .next()
        .map(|error| Status::error(NAME, error.clone()))
}

/// Upstream's words for a claim that was made for another pod, or by somebody else.
pub(super) fn not_owner(namespace: &str, claim: &str, pod: &str) -> String {
    format!("PVC {namespace}/{claim} was not created for pod {namespace}/{pod} (pod is not owner)")
}

struct Attaching<'a> {
    cycle: Cycle<'a>,
    storage: &'a Storage,
    needed: Needed,
    broken_disk: Option<Status>,
    limits_scale: bool,
}

impl Filter for Attaching<'_> {
    fn filter(&self, node: &NodeInfo) -> Result<(), Status> {
        let csi_node = self.storage.csi_node(node.node.name).map(|csi_node| &**csi_node);
        // In-tree volumes count, and so can be wrong, only where there are CSI drivers.
        if let Some(status) = self.broken_disk.as_ref().filter(|_| csi_node.is_some()) {
            return Err(status.clone());
        }
        let needed = match &self.needed {
            Err(status) => return Err(status.clone()),
            Ok(needed) if needed.is_empty() => return Ok(()),
            Ok(needed) => needed,
        };
        if self.limits_scale {
            self.check_drivers(needed, csi_node)?;
        }
        let Some(csi_node) = csi_node.filter(|csi_node| csi_node.has_limits()) else { return Ok(()) };
        // What is known of a row is about the node as it is, not as it would be with other pods.
        let is_as_it_is = self.cycle.snapshot.get(node.row).is_some_and(|known| std::ptr::eq(known, node));
        let uses = self.storage.uses().row(node.row, self.cycle.snapshot).filter(|_| is_as_it_is);
        match uses.filter(|uses| uses.is_clear(self.storage)) {
            Some(uses) => {
                self.check(needed, csi_node, node, &|volume| uses.has(volume), &|name| uses.count(name))
            }
            None => {
                let attached = self.walk(node)?;
                let has = |volume: &VolumeName| attached.contains(volume);
                let count = |driver: Symbol| {
                    attached.iter().filter(|volume| volume.driver() == driver).count() as i64
                };
                self.check(needed, csi_node, node, &has, &count)
            }
        }
    }

    fn is_of_one_kind(&self) -> bool {
        !self.limits_scale && self.needed.is_ok() && self.broken_disk.is_none()
    }
}

impl Attaching<'_> {
    fn check(
        &self,
        needed: &[VolumeName],
        csi_node: &CsiNode,
        node: &NodeInfo,
        has: &dyn Fn(&VolumeName) -> bool,
        count: &dyn Fn(Symbol) -> i64,
    ) -> Result<(), Status> {
        let mut new: SmallVec<[(Symbol, i64); 2]> = SmallVec::new();
        for volume in needed.iter().filter(|volume| !has(volume)) {
            match new.iter_mut().find(|(driver, _)| *driver == volume.driver()) {
                Some((_, n)) => *n += 1,
                None => new.push((volume.driver(), 1)),
            }
        }
        for (driver, n) in new {
            let Some(limit) = csi_node.limit(driver) else { continue };
            let attached = count(driver) + self.only_attached(driver, node, has);
            if attached + n > limit {
                let reason = Reason::fixed("node(s) exceed max volume count")
                    .with("driver", Value::Name(driver))
                    .with("attached", Value::Count(attached))
                    .with("limit", Value::Count(limit));
                return Err(Status::unschedulable(NAME, reason));
            }
        }
        Ok(())
    }

    /// How many volumes of a driver are attached to a node that no pod there uses.
    fn only_attached(&self, driver: Symbol, node: &NodeInfo, has: &dyn Fn(&VolumeName) -> bool) -> i64 {
        let mut counted: SmallVec<[VolumeName; 8]> = SmallVec::new();
        for attachment in self.storage.attachments(node.node.name).filter(|known| known.attacher == driver) {
            let volume = attachment.volume.as_deref().and_then(|name| self.storage.volume(name));
            let Some(csi) = volume.and_then(|volume| volume.csi.clone()) else { continue };
            let volume = VolumeName::Attached(crate::model::Attachable { driver, handle: csi.handle });
            if !has(&volume) && !counted.contains(&volume) {
                counted.push(volume);
            }
        }
        counted.len() as i64
    }

    fn check_drivers(&self, needed: &[VolumeName], csi_node: Option<&CsiNode>) -> Result<(), Status> {
        let is_missing = |driver: &Symbol| {
            let must_be_there = self.storage.driver(*driver).is_some_and(|driver| driver.must_be_there);
            must_be_there && !csi_node.is_some_and(|csi_node| csi_node.has(*driver))
        };
        match needed.iter().map(VolumeName::driver).find(is_missing) {
            None => Ok(()),
            Some(driver) => {
                let name = self.cycle.symbols.resolve(driver);
                let text = format!("{name} CSI driver is not installed on the node");
                Err(Status::unschedulable(NAME, Reason::text(text)))
            }
        }
    }

    /// The volumes of the pods on a node, found the long way.
    fn walk(&self, node: &NodeInfo) -> Result<base::Set<VolumeName>, Status> {
        let mut attached = base::Set::default();
        for pod in node.pods() {
            if !pod.shape.claims.is_empty() || !pod.shape.volumes.inline.is_empty() {
                attached.extend(volumes_of(&pod.shape, self.storage, false, self.cycle)?);
                broken_disk(&pod.shape).map_or(Ok(()), Err)?;
            }
        }
        Ok(attached)
    }
}
