//! Persistent volumes.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Set, Symbol};
use wire::Quantity;

use super::claim::{AccessModes, Claim, ClaimKey, class};
use super::csi::CsiNode;
use crate::model::affinity::NodeSelector;
use crate::model::in_tree::{Translation, translated_affinity};
use crate::model::{Attachable, Compiler, InTreePlugin, Node};

/// A persistent volume as the scheduler reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// `metadata.name`.
    pub name: Arc<str>,
    /// `metadata.resourceVersion`.
    pub resource_version: Arc<str>,
    /// Its class, by annotation or by `spec.storageClassName`; empty is none.
    pub class: Symbol,
    /// `spec.capacity.storage`.
    pub capacity: Quantity,
    /// `spec.accessModes`.
    pub access_modes: AccessModes,
    /// Whether `spec.volumeMode` is `Block`.
    pub is_block: bool,
    /// `spec.volumeAttributesClassName`.
    pub attributes_class: Symbol,
    /// `metadata.labels`, for the selectors of claims.
    pub labels: BTreeMap<String, String>,
    /// `spec.claimRef`.
    pub claim_ref: Option<ClaimReference>,
    /// `status.phase: Available`.
    pub is_available: bool,
    /// Whether `metadata.deletionTimestamp` is set.
    pub is_terminating: bool,
    /// Which zones and regions its labels say it is in.
    pub zones: Box<[Zone]>,
    /// What a CSI driver attaches, if it is one of its volumes.
    pub csi: Option<Attachable>,
    /// The same, of volumes of in-tree plugins too.
    pub attachable: Option<Attachable>,
    /// Which nodes can reach it; `None` is all, whatever their drivers.
    pub affinity: Option<Arc<VolumeAffinity>>,
}

/// The claim that a volume is bound to, or reserved for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimReference {
    /// Namespace and name.
    pub key: ClaimKey,
    /// UID; empty is any claim of that name.
    pub uid: Arc<str>,
}

impl ClaimReference {
    /// Whether it means this claim.
    pub fn means(&self, claim: &Claim) -> bool {
        self.key == claim.key && (self.uid.is_empty() || self.uid == claim.uid)
    }
}

/// A label of a volume that says where it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Zone {
    /// The label.
    pub key: Symbol,
    /// The same without `beta`.
    pub general_key: Symbol,
    /// The places.
    pub values: Box<[Symbol]>,
}

/// The labels that say where something is, each with its general form.
pub const ZONE_LABELS: [(&str, &str); 4] = [
    ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"),
    ("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"),
    ("topology.kubernetes.io/zone", "topology.kubernetes.io/zone"),
    ("topology.kubernetes.io/region", "topology.kubernetes.io/region"),
];

/// Which nodes can reach a volume.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VolumeAffinity {
    /// What the volume says.
    written: Option<NodeSelector>,
    /// For a volume of an in-tree plugin: what it says in the words of the driver, or why it has none, on nodes where
    /// the driver does the plugin's work.
    migrated: Option<(InTreePlugin, Migrated)>,
}

/// What a volume says in the words of a driver, or why it cannot be said.
type Migrated = Result<Option<NodeSelector>, Box<str>>;

impl VolumeAffinity {
    /// Whether a node can reach the volume; the error is a volume that cannot be translated.
    pub fn admits(&self, node: &Node, csi_node: Option<&CsiNode>) -> Result<bool, &str> {
        let admits = |selector: &Option<NodeSelector>| {
            selector.as_ref().is_none_or(|selector| selector.matches_labels_of(node))
        };
        match &self.migrated {
            Some((plugin, selector)) if csi_node.is_some_and(|csi_node| csi_node.has_migrated(*plugin)) => {
                selector.as_ref().map(admits).map_err(|error| &**error)
            }
            _ => Ok(admits(&self.written)),
        }
    }
}

impl Volume {
    /// Reads the object. Equal affinities are shared in `affinities`.
    pub fn compile(
        volume: &wire::PersistentVolume,
        affinities: &mut Set<Arc<VolumeAffinity>>,
        compiler: &mut Compiler<'_>,
    ) -> Volume {
        let (metadata, spec) = (&volume.metadata, &volume.spec);
        let named = spec.csi.as_ref().filter(|csi| !csi.driver.is_empty() && !csi.volume_handle.is_empty());
        let csi = named.map(|csi| Attachable {
            driver: compiler.symbol(&csi.driver),
            handle: csi.volume_handle.as_str().into(),
        });
        let translation = Translation::of_volume(volume, compiler).filter(|_| spec.csi.is_none());
        let translated = translation.as_ref().and_then(|translation| translation.attachable.clone());
        let written = spec.node_affinity.as_ref().and_then(|affinity| affinity.required.as_ref());
        let written = written.map(|selector| NodeSelector::compile(selector, compiler));
        let migrated =
            translation.filter(|translation| translation.plugin.is_translated()).map(|translation| {
                let plugin = translation.plugin;
                let selector = match &translated {
                    Some(Err(error)) => Err(error.as_str().into()),
                    _ => Ok(translated_affinity(plugin, volume)
                        .map(|selector| NodeSelector::compile(&selector, compiler))),
                };
                (plugin, selector)
            });
        let is_same = migrated.as_ref().is_none_or(|(_, selector)| selector.as_ref() == Ok(&written));
        let migrated = migrated.filter(|_| !is_same);
        let affinity = (written.is_some() || migrated.is_some())
            .then(|| shared(VolumeAffinity { written, migrated }, affinities));
        Volume {
            name: metadata.name.as_str().into(),
            resource_version: metadata.resource_version.as_str().into(),
            class: class(metadata, &spec.storage_class_name, compiler),
            capacity: spec.capacity.get("storage").copied().unwrap_or_default(),
            access_modes: AccessModes::of(&spec.access_modes),
            is_block: spec.volume_mode.as_deref() == Some("Block"),
            attributes_class: compiler.symbol(&spec.volume_attributes_class_name),
            labels: metadata.labels.clone(),
            claim_ref: spec.claim_ref.as_ref().map(|claim| ClaimReference {
                key: ClaimKey {
                    namespace: compiler.symbol(&claim.namespace),
                    name: claim.name.as_str().into(),
                },
                uid: claim.uid.as_str().into(),
            }),
            is_available: volume.status.phase == "Available",
            is_terminating: metadata.deletion_timestamp.is_some(),
            zones: zones(&metadata.labels, compiler),
            attachable: csi.clone().or_else(|| translated.and_then(Result::ok)),
            csi,
            affinity,
        }
    }
}

/// With fewer affinities than this, unused ones are not looked for.
const SWEEP_MIN: usize = 1024;

fn shared(affinity: VolumeAffinity, affinities: &mut Set<Arc<VolumeAffinity>>) -> Arc<VolumeAffinity> {
    if let Some(known) = affinities.get(&affinity) {
        return Arc::clone(known);
    }
    if affinities.len() >= SWEEP_MIN && affinities.len().is_power_of_two() {
        affinities.retain(|affinity| Arc::strong_count(affinity) > 1);
    }
    let affinity = Arc::new(affinity);
    affinities.insert(Arc::clone(&affinity));
    affinity
}

/// What the labels of a volume say about where it is. A label with an empty part says nothing.
fn zones(labels: &BTreeMap<String, String>, compiler: &mut Compiler<'_>) -> Box<[Zone]> {
    let zone = |(key, general): &(&str, &str)| {
        let values: Vec<&str> = labels.get(*key)?.split("__").map(str::trim).collect();
        let is_usable = values.iter().all(|value| !value.is_empty());
        is_usable.then(|| Zone {
            key: compiler.symbol(key),
            general_key: compiler.symbol(general),
            values: compiler.symbols_of(&values),
        })
    };
    ZONE_LABELS.iter().filter_map(zone).collect()
}
