//! What the scheduler may do, given what it has been told: kept apart from its own books, to hold them against.

use std::collections::BTreeMap;

use wire::config::{PluginArgs, PluginConfig, SchedulerConfiguration};
use wire::{Kind, Object, Pod};

use super::api_server::{Scales, is_over};
use crate::engine::Scheduler;
use crate::model::Resources;
use crate::model::pod::PodKey;
use crate::testing::truth::Key;
use crate::testing::volume_controller::is_bound;

/// Bindings that were asked for and are not known to have failed.
pub(super) struct Ledger {
    scales: Scales,
    bindings: BTreeMap<String, Binding>,
    ignores_scalars: bool,
    scheduler_names: Vec<String>,
}

struct Binding {
    node: String,
    amounts: Resources,
    /// Whether the scheduler has been told what came of it: what it is told after that does not count.
    is_answered: bool,
    /// Whether its volumes are being seen to, and the binding itself has not been asked for.
    awaits_volumes: bool,
    /// The volumes that are reserved for it, each in which version and for which claim.
    volumes: Vec<(String, String, String)>,
}

type Told = BTreeMap<Key, Object>;

impl Ledger {
    /// The ledger of a scheduler with this configuration.
    pub(super) fn new(configuration: &SchedulerConfiguration) -> Ledger {
        let ignores = |config: &PluginConfig| matches!(&config.args, PluginArgs::NodeResourcesFit(fit) if !fit.ignored_resource_groups.is_empty());
        let profiles = configuration.profiles.iter();
        Ledger {
            scales: Scales::default(),
            bindings: BTreeMap::new(),
            ignores_scalars: profiles.clone().any(|profile| profile.plugin_config.iter().any(ignores)),
            scheduler_names: profiles.map(|profile| profile.scheduler_name.clone()).collect(),
        }
    }

    /// Whether the configuration leaves extended resources out of account.
    pub(super) fn ignores_scalars(&self) -> bool {
        self.ignores_scalars
    }

    /// A new scheduler has asked for nothing yet.
    pub(super) fn clear(&mut self) {
        self.bindings.clear();
    }

    /// The scheduler has been told that a pod needs no binding any more.
    pub(super) fn forget(&mut self, uid: &str) {
        self.bindings.remove(uid);
    }

    /// The scheduler has been told what came of a binding.
    pub(super) fn answer(&mut self, uid: &str, is_ok: bool) {
        let is_asked = |binding: &&mut Binding| !binding.is_answered && !binding.awaits_volumes;
        let Some(binding) = self.bindings.get_mut(uid).filter(is_asked) else { return };
        binding.is_answered = true;
        if !is_ok {
            self.bindings.remove(uid);
        }
    }

    /// The scheduler says that it has not placed a pod.
    pub(super) fn gave_up(&mut self, told: &Told, key: &PodKey) {
        let pod = told.get(&(Kind::Pod, key.namespace.to_string(), key.name.to_string()));
        let uid = pod.map(|pod| pod.meta().uid.clone()).unwrap_or_default();
        if self.bindings.get(&uid).is_some_and(|binding| binding.awaits_volumes) {
            self.bindings.remove(&uid);
        }
    }

    /// The scheduler asks for something to be done about the volumes of a pod that it wants to bind.
    ///
    /// # Panics
    /// If it has no business to.
    pub(super) fn ask_volumes(&mut self, told: &Told, key: &PodKey, uid: &str, node: &str) {
        match self.bindings.get(uid) {
            Some(binding) => assert!(binding.awaits_volumes && binding.node == node, "{key} goes elsewhere"),
            None => {
                self.ask(told, key, uid, node, true);
            }
        }
    }

    /// The scheduler asks for a volume to be reserved for a claim.
    ///
    /// # Panics
    /// If it is another claim's.
    pub(super) fn reserve(&mut self, told: &Told, uid: &str, volume: (&str, &str), claim: &str) {
        let (volume, version) = volume;
        let key = (Kind::PersistentVolume, String::new(), volume.to_owned());
        let Some(Object::PersistentVolume(known)) = told.get(&key) else { panic!("{volume} does not exist") };
        let owner = known.spec.claim_ref.as_ref().map(|owner| format!("{}/{}", owner.namespace, owner.name));
        assert!(owner.is_none_or(|owner| owner == claim), "{volume} is given to {claim}, but is another's");
        for binding in self.bindings.values().filter(|binding| binding.awaits_volumes) {
            // An earlier one is refused if the volume has changed since.
            let is_other = |(own, its_version, owner): &(String, String, String)| {
                own == volume && its_version == version && owner != claim
            };
            assert!(!binding.volumes.iter().any(is_other), "{volume} is given to {claim} and to another");
        }
        if let Some(binding) = self.bindings.get_mut(uid) {
            binding.volumes.push((volume.to_owned(), version.to_owned(), claim.to_owned()));
        }
    }

    /// The scheduler asks for a binding, or (`awaits_volumes`) begins one.
    ///
    /// # Panics
    /// If it has no business to.
    pub(super) fn ask(&mut self, told: &Told, key: &PodKey, uid: &str, node: &str, awaits_volumes: bool) {
        let pod = told.get(&(Kind::Pod, key.namespace.to_string(), key.name.to_string()));
        let Some(Object::Pod(pod)) = pod else { panic!("binds {key}, which does not exist") };
        assert_eq!(pod.metadata.uid, uid, "binds a pod that came before {key}");
        assert!(pod.spec.node_name.is_empty(), "binds {key}, which is bound");
        assert!(self.is_ours(pod), "binds {key}, which is none of its business");
        assert!(pod.metadata.deletion_timestamp.is_none(), "binds {key}, which is being deleted");
        assert!(pod.spec.scheduling_gates.is_empty(), "binds {key} past its gates");
        if !awaits_volumes {
            self.assert_claims_are_bound(told, pod);
            if let Some(binding) = self.bindings.get_mut(uid).filter(|binding| binding.awaits_volumes) {
                assert_eq!(binding.node, node, "{key} goes elsewhere");
                binding.awaits_volumes = false;
                return;
            }
        }
        assert!(!self.bindings.contains_key(uid), "binds {key} again while it is being bound");
        let amounts = self.scales.pod(pod);
        self.assert_room(told, key, &amounts, node);
        let (node, is_answered, volumes) = (node.to_owned(), false, Vec::new());
        self.bindings.insert(uid.to_owned(), Binding { node, amounts, is_answered, awaits_volumes, volumes });
    }

    /// A pod is bound only when its claims are.
    fn assert_claims_are_bound(&self, told: &Told, pod: &Pod) {
        for volume in &pod.spec.volumes {
            let Some(claim) = &volume.persistent_volume_claim else { continue };
            let name = claim.claim_name.clone();
            let key = (Kind::PersistentVolumeClaim, pod.metadata.namespace.clone(), name.clone());
            let Some(Object::PersistentVolumeClaim(known)) = told.get(&key) else {
                panic!("binds {} without claim {name}", pod.metadata.name)
            };
            assert!(is_bound(known), "binds {} before its claim {name}", pod.metadata.name);
        }
    }

    fn assert_room(&mut self, told: &Told, key: &PodKey, wanted: &Resources, name: &str) {
        let node = told.get(&(Kind::Node, String::new(), name.to_owned()));
        let Some(Object::Node(node)) = node else { panic!("binds {key} to {name}, which does not exist") };
        let node = self.scales.node(node);
        let (mut sum, mut n_pods) = (wanted.clone(), 1);
        for pod in pods(told).filter(|pod| !is_over(pod)) {
            if pod.spec.node_name == name {
                sum.add(&self.scales.pod(pod));
                n_pods += 1;
            } else if pod.spec.node_name.is_empty()
                && let Some(binding) = self.bindings.get(&pod.metadata.uid).filter(|known| known.node == name)
            {
                sum.add(&binding.amounts);
                n_pods += 1;
            }
        }
        let has = &node.allocatable;
        assert!(n_pods <= node.allocatable_pods, "{key} is one pod too many on {name}");
        // What a pod does not ask for may already be overdrawn.
        let is_short = |wanted: i64, sum: i64, has: i64| wanted > 0 && sum > has;
        assert!(!is_short(wanted.milli_cpu, sum.milli_cpu, has.milli_cpu), "{key}: no CPU left on {name}");
        assert!(!is_short(wanted.memory, sum.memory, has.memory), "{key}: no memory left on {name}");
        let (wanted_storage, storage) = (wanted.ephemeral_storage, sum.ephemeral_storage);
        assert!(
            !is_short(wanted_storage, storage, has.ephemeral_storage),
            "{key}: no storage left on {name}"
        );
        for (resource, amount) in wanted.scalars.iter().filter(|_| !self.ignores_scalars) {
            let (sum, has) = (sum.scalars.get(resource), has.scalars.get(resource));
            assert!(!is_short(amount, sum, has), "{key}: no devices left on {name}");
        }
    }

    /// Every pod that waits is in the queue or on its way to a node, and nothing else is.
    ///
    /// # Panics
    /// If not.
    pub(super) fn assert_nobody_forgotten(&self, told: &Told, scheduler: &Scheduler) {
        let mut n_waiting = 0;
        for pod in
            pods(told).filter(|pod| pod.spec.node_name.is_empty() && self.is_ours(pod) && !is_over(pod))
        {
            let (uid, name) = (&pod.metadata.uid, &pod.metadata.name);
            let waits = scheduler.queue().get(uid).is_some();
            let is_assumed = scheduler.snapshot().pod(uid).is_some();
            n_waiting += usize::from(waits);
            assert!(!(waits && is_assumed), "{name} waits and has a node");
            // A pod that is being deleted is let go when its turn comes, and gives its place back at once: it will not
            // be bound any more.
            let may_be_dropped = pod.metadata.deletion_timestamp.is_some();
            assert_eq!(
                is_assumed,
                self.bindings.contains_key(uid),
                "{name} is assumed iff it is being bound"
            );
            assert!(waits || is_assumed || may_be_dropped, "{name} is forgotten");
        }
        assert_eq!(scheduler.queue().pods().count(), n_waiting, "others than waiting pods are in the queue");
    }

    fn is_ours(&self, pod: &Pod) -> bool {
        self.scheduler_names.contains(&pod.spec.scheduler_name)
    }
}

fn pods(told: &Told) -> impl Iterator<Item = &Pod> {
    told.values().filter_map(|object| match object {
        Object::Pod(pod) => Some(&**pod),
        _ => None,
    })
}
