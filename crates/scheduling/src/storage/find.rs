//! Which volumes a pod's claims get on a node.

use std::sync::Arc;

use base::{Interner, Symbol};
use smallvec::SmallVec;
use wire::Quantity;

use super::Storage;
use super::claim::Claim;
use super::class::BindingMode;
use super::volume::Volume;
use crate::model::{Node, Pod};

/// The claims of a pod, by what has to be done about them.
#[derive(Clone, Debug, Default)]
pub struct PodClaims<'s> {
    /// Those that have their volumes.
    pub bound: SmallVec<[&'s Arc<Claim>; 2]>,
    /// Those that wait for a pod, smallest request first.
    pub delayed: SmallVec<[Delayed<'s>; 2]>,
    /// Whether there are others, which somebody else has to bind first.
    pub has_immediate: bool,
}

/// A claim that waits for a pod.
#[derive(Clone, Copy, Debug)]
pub struct Delayed<'s> {
    /// The claim.
    pub claim: &'s Arc<Claim>,
    /// If its volume is to be made for a node: which.
    pub selected: Option<Selected>,
}

/// The node that a volume is to be made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Selected {
    /// This one.
    Node(Symbol),
    /// One that nobody has heard of.
    Unknown,
}

/// What is done about a pod's claims on a node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bindings {
    /// Volumes that are reserved for claims.
    pub volumes: Vec<(Arc<Volume>, Arc<Claim>)>,
    /// Claims whose volumes are made for the node.
    pub provisions: Vec<Arc<Claim>>,
    /// Per class: how much the claims whose volumes are made ask for, and how much room there is, if that is told.
    pub room: Vec<(Symbol, i64, i64)>,
}

/// Why a node will not do; several may hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Misfit {
    /// It cannot reach a volume.
    pub is_out_of_reach: bool,
    /// There is no volume for a claim.
    pub has_no_volume: bool,
    /// There is no room to make one.
    pub has_no_room: bool,
    /// A volume that a claim is bound to does not exist.
    pub lacks_bound_volume: bool,
}

impl Misfit {
    fn is_none(self) -> bool {
        self == Misfit::default()
    }
}

/// The outcome for a node; the error is upstream's text of a failure.
pub type Found = Result<Result<Bindings, Misfit>, String>;

impl Storage {
    /// Sorts the claims of a pod; those that do not exist are left out. The error is upstream's text of a failure.
    pub fn pod_claims<'s>(&'s self, pod: &Pod, symbols: &Interner) -> Result<PodClaims<'s>, String> {
        let mut sorted = PodClaims::default();
        for mounted in &pod.shape.claims {
            let Some(claim) = self.mounted(pod.shape.namespace, mounted) else { continue };
            if claim.is_fully_bound() {
                sorted.bound.push(claim);
                continue;
            }
            let mode = match self.class(claim.class).filter(|_| claim.class != Symbol::EMPTY) {
                None => BindingMode::Immediate,
                Some(class) => class.mode.ok_or_else(|| {
                    let name = symbols.resolve(class.name);
                    format!("VolumeBindingMode not set for StorageClass {name:?}")
                })?,
            };
            if mode == BindingMode::WaitForFirstConsumer && claim.volume_name.is_none() {
                let selected = self
                    .selected_node(claim)
                    .map(|node| symbols.get(node).map_or(Selected::Unknown, Selected::Node));
                sorted.delayed.push(Delayed { claim, selected });
            } else {
                sorted.has_immediate = true;
            }
        }
        sorted.delayed.sort_by_key(|delayed| delayed.claim.request.unwrap_or_default());
        Ok(sorted)
    }

    /// Finds volumes for a pod's claims on a node.
    pub fn find(&self, claims: &PodClaims<'_>, node: &Node, symbols: &Interner) -> Found {
        let mut misfit = Misfit::default();
        let csi_node = self.csi_node(node.name).map(|csi_node| &**csi_node);
        for claim in &claims.bound {
            let Some(volume) = self.volume_of(claim) else {
                misfit.lacks_bound_volume = true;
                break;
            };
            let Some(affinity) = &volume.affinity else { continue };
            match affinity.admits(node, csi_node) {
                Err(error) => return Err(format!("could not translate pv: {error}")),
                Ok(true) => {}
                Ok(false) => {
                    misfit.is_out_of_reach = true;
                    break;
                }
            }
        }
        let mut bindings = Bindings::default();
        if !claims.delayed.is_empty() {
            self.find_delayed(claims, node, symbols, &mut bindings, &mut misfit)?;
        }
        Ok(if misfit.is_none() { Ok(bindings) } else { Err(misfit) })
    }

    fn find_delayed(
        &self,
        claims: &PodClaims<'_>,
        node: &Node,
        symbols: &Interner,
        bindings: &mut Bindings,
        misfit: &mut Misfit,
    ) -> Result<(), String> {
        let is_elsewhere = |selected: Selected| selected != Selected::Node(node.name);
        if claims.delayed.iter().any(|delayed| delayed.selected.is_some_and(is_elsewhere)) {
            misfit.has_no_volume = true;
            return Ok(());
        }
        let selected = claims.delayed.iter().filter(|delayed| delayed.selected.is_some());
        let mut provisions: SmallVec<[&Arc<Claim>; 2]> = selected.map(|delayed| delayed.claim).collect();
        let mut chosen: SmallVec<[&str; 2]> = SmallVec::new();
        for Delayed { claim, .. } in claims.delayed.iter().filter(|delayed| delayed.selected.is_none()) {
            match self.match_volume(claim, node, &chosen)? {
                Some(volume) => {
                    chosen.push(&volume.name);
                    bindings.volumes.push((Arc::clone(volume), Arc::clone(claim)));
                }
                None => provisions.push(claim),
            }
        }
        for claim in provisions {
            if !self.can_provision(claim, node, symbols, bindings, misfit)? {
                return Ok(());
            }
            bindings.provisions.push(Arc::clone(claim));
        }
        Ok(())
    }

    /// The volume for a claim on a node: the one that is reserved for it, or the smallest that will do.
    fn match_volume(
        &self,
        claim: &Claim,
        node: &Node,
        chosen: &[&str],
    ) -> Result<Option<&Arc<Volume>>, String> {
        if let Some(selector) = &claim.selector {
            let problems = wire::selector::validate_label_selector(selector, "");
            if !problems.is_empty() {
                let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
                return Err(problems.join(", "));
            }
        }
        let request = claim.request.unwrap_or_default();
        let is_like = |volume: &Volume| {
            volume.capacity >= request
                && volume.is_block == claim.is_block
                && volume.attributes_class == claim.attributes_class
                && !volume.is_terminating
                && !chosen.contains(&&*volume.name)
        };
        // As upstream: what counts is what the volume itself says, not what a driver would.
        let admits = |volume: &Volume| {
            volume.affinity.as_ref().is_none_or(|affinity| affinity.admits(node, None) == Ok(true))
        };
        for volume in self.reserved(&claim.key) {
            let is_its = self.claim_reference(volume).is_some_and(|reference| reference.means(claim));
            if is_its && volume.class == claim.class && is_like(volume) {
                return Ok(admits(volume).then_some(volume));
            }
        }
        let is_fit = |volume: &&Arc<Volume>| {
            is_like(volume)
                && claim.selector.as_ref().is_none_or(|selector| selector.matches(&volume.labels))
                && volume.access_modes.includes(claim.access_modes)
                && admits(volume)
        };
        Ok(self.free(claim.class, request).find(is_fit))
    }

    fn can_provision(
        &self,
        claim: &Claim,
        node: &Node,
        symbols: &Interner,
        bindings: &mut Bindings,
        misfit: &mut Misfit,
    ) -> Result<bool, String> {
        // The outcome overrides that no volume was found for the claim.
        (misfit.has_no_volume, misfit.has_no_room) = (false, false);
        let name = || format!("{}/{}", symbols.resolve(claim.key.namespace), claim.key.name);
        if claim.class == Symbol::EMPTY {
            return Err(format!("no class for claim {:?}", name()));
        }
        let Some(class) = self.class(claim.class) else {
            return Err(format!("failed to find storage class {:?}", symbols.resolve(claim.class)));
        };
        if !class.can_provision || !class.allows(node) {
            misfit.has_no_volume = true;
            return Ok(false);
        }
        let tells = self.driver(class.provisioner).is_some_and(|driver| driver.tells_capacity);
        let Some(request) = claim.request.map(Quantity::value).filter(|_| tells) else { return Ok(true) };
        let Some(capacity) = self.capacities(class.name).find(|capacity| capacity.has_room(request, node))
        else {
            misfit.has_no_room = true;
            return Ok(false);
        };
        let room = capacity.capacity_bytes.unwrap_or(0);
        match bindings.room.iter_mut().find(|(name, ..)| *name == class.name) {
            Some((_, asked, known)) => (*asked, *known) = (asked.saturating_add(request), room),
            None => bindings.room.push((class.name, request, room)),
        }
        Ok(true)
    }
}
