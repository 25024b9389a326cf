//! What the scheduler knows besides nodes and pods.
//!
//! Namespaces' labels, the selectors of services and controllers, disruption budgets, and which extended
//! resources are served by devices. Each object is compiled when it arrives and replaced when it changes.

use std::collections::BTreeMap;

use base::{Map, Set, Symbol};

use crate::model::pod::ControllerKind;
use crate::model::{Compiler, Labels, Selector, Shape};
use crate::storage::Storage;

/// A disruption budget as preemption reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// `metadata.name`.
    pub name: Box<str>,
    /// `spec.selector`; an empty or malformed one protects nothing.
    pub selector: Selector,
    /// `status.disruptionsAllowed`.
    pub disruptions_allowed: i64,
    /// Names of pods in `status.disruptedPods`: already counted.
    pub disrupted_pods: Set<Box<str>>,
}

/// Everything but nodes and pods.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    namespaces: Map<Symbol, Labels>,
    services: Map<Symbol, BTreeMap<Box<str>, LabelPairs>>,
    controllers: Map<(ControllerKind, Symbol, Symbol), ControllerSelector>,
    budgets: Map<Symbol, Vec<Budget>>,
    device_classes: BTreeMap<Box<str>, Option<Symbol>>,
    storage: Storage,
    version: u64,
    budget_version: u64,
}

/// Labels that an object must have, as Services and ReplicationControllers write them.
type LabelPairs = Vec<(Symbol, Symbol)>;

#[derive(Clone, Debug)]
enum ControllerSelector {
    /// A ReplicationController's map, which is merged with the maps of services.
    Map(LabelPairs),
    /// A label selector, whose requirements are added.
    Requirements(Selector),
}

static NO_LABELS: std::sync::LazyLock<Labels> = std::sync::LazyLock::new(Labels::default);

impl Cluster {
    /// Volumes, claims and drivers. What changes there does not change [`Cluster::version`].
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// The same, to be changed.
    pub fn storage_mut(&mut self) -> &mut Storage {
        &mut self.storage
    }

    /// A number that is another one after anything but budgets and storage changed.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// A number that is another one after a budget changed.
    pub fn budget_version(&self) -> u64 {
        self.budget_version
    }

    /// The labels of a namespace; a namespace that is not known has none.
    pub fn namespace_labels(&self, namespace: Symbol) -> &Labels {
        self.namespaces.get(&namespace).unwrap_or(&NO_LABELS)
    }

    /// The names of the namespaces whose labels a selector matches, in no particular order.
    pub fn namespaces_matching<'c>(&'c self, selector: &'c Selector) -> impl Iterator<Item = Symbol> + 'c {
        self.namespaces.iter().filter(|(_, labels)| selector.matches(labels)).map(|(name, _)| *name)
    }

    /// The budgets of a namespace.
    pub fn budgets(&self, namespace: Symbol) -> &[Budget] {
        self.budgets.get(&namespace).map_or(&[], Vec::as_slice)
    }

    /// The device class that serves extended resource `name`, if devices and not the kubelet provide it
    /// (KEP-5004): by its `spec.extendedResourceName`, or by the implicit name
    /// `deviceclass.resource.kubernetes.io/<class>`.
    pub fn device_class_of(&self, resource: Symbol, text: &str) -> Option<&str> {
        let by_name = text.strip_prefix("deviceclass.resource.kubernetes.io/");
        let mut classes = self.device_classes.iter();
        let found = classes.find(|(class, name)| **name == Some(resource) || by_name == Some(class.as_ref()));
        found.map(|(class, _)| class.as_ref())
    }

    /// The selector that spreads a pod by default: what every service that selects it asks for, and its
    /// controller's selector.
    pub fn default_spread_selector(&self, shape: &Shape) -> Selector {
        let mut map: BTreeMap<Symbol, Symbol> = BTreeMap::new();
        for wanted in self.services.get(&shape.namespace).into_iter().flat_map(BTreeMap::values) {
            if wanted.iter().all(|(key, value)| shape.labels.get(*key) == Some(*value)) {
                map.extend(wanted.iter().copied());
            }
        }
        let controller =
            shape.controller.and_then(|(kind, name)| self.controllers.get(&(kind, shape.namespace, name)));
        if let Some(ControllerSelector::Map(wanted)) = controller {
            map.extend(wanted.iter().copied());
        }
        let mut selector = Selector::EVERYTHING;
        for (key, value) in map {
            selector.require(key, value);
        }
        if let Some(ControllerSelector::Requirements(requirements)) = controller {
            // A nil selector has no requirements to add; upstream leaves the sum as it is.
            if *requirements != Selector::NOTHING {
                selector.require_all(requirements);
            }
        }
        selector
    }

    /// Takes in a Namespace.
    pub fn upsert_namespace(&mut self, namespace: &wire::Namespace, compiler: &mut Compiler<'_>) {
        self.version += 1;
        let labels = Labels::compile(&namespace.metadata.labels, compiler);
        self.namespaces.insert(compiler.symbol(&namespace.metadata.name), labels);
    }

    /// Forgets a Namespace.
    pub fn remove_namespace(&mut self, name: Symbol) {
        self.version += 1;
        self.namespaces.remove(&name);
    }

    /// Takes in a Service. One without selector selects no pod.
    pub fn upsert_service(&mut self, service: &wire::Service, compiler: &mut Compiler<'_>) {
        self.version += 1;
        let namespace = compiler.symbol(&service.metadata.namespace);
        let services = self.services.entry(namespace).or_default();
        let name: Box<str> = service.metadata.name.as_str().into();
        match &service.spec.selector {
            Some(selector) => services.insert(name, pairs(selector, compiler)),
            None => services.remove(&name),
        };
    }

    /// Forgets a Service.
    pub fn remove_service(&mut self, namespace: Symbol, name: &str) {
        self.version += 1;
        if let Some(services) = self.services.get_mut(&namespace) {
            services.remove(name);
        }
    }

    /// Takes in a ReplicationController.
    pub fn upsert_replication_controller(
        &mut self,
        controller: &wire::ReplicationController,
        compiler: &mut Compiler<'_>,
    ) {
        self.version += 1;
        let key = controller_key(ControllerKind::ReplicationController, &controller.metadata, compiler);
        let wanted = pairs(&controller.spec.selector, compiler);
        self.controllers.insert(key, ControllerSelector::Map(wanted));
    }

    /// Takes in a ReplicaSet or StatefulSet, given by its kind, metadata and selector. A malformed selector
    /// counts as none.
    pub fn upsert_controller(
        &mut self,
        kind: ControllerKind,
        metadata: &wire::ObjectMeta,
        selector: Option<&wire::LabelSelector>,
        compiler: &mut Compiler<'_>,
    ) {
        self.version += 1;
        let key = controller_key(kind, metadata, compiler);
        let selector = Selector::compile(selector, compiler).unwrap_or(Selector::NOTHING);
        self.controllers.insert(key, ControllerSelector::Requirements(selector));
    }

    /// Forgets a controller.
    pub fn remove_controller(&mut self, kind: ControllerKind, namespace: Symbol, name: Symbol) {
        self.version += 1;
        self.controllers.remove(&(kind, namespace, name));
    }

    /// Takes in a PodDisruptionBudget.
    pub fn upsert_budget(&mut self, budget: &wire::PodDisruptionBudget, compiler: &mut Compiler<'_>) {
        self.budget_version += 1;
        let namespace = compiler.symbol(&budget.metadata.namespace);
        let selector =
            Selector::compile(budget.spec.selector.as_ref(), compiler).unwrap_or(Selector::NOTHING);
        let compiled = Budget {
            name: budget.metadata.name.as_str().into(),
            selector,
            disruptions_allowed: i64::from(budget.status.disruptions_allowed),
            disrupted_pods: budget.status.disrupted_pods.keys().map(|name| name.as_str().into()).collect(),
        };
        let budgets = self.budgets.entry(namespace).or_default();
        match budgets.iter_mut().find(|known| known.name == compiled.name) {
            Some(known) => *known = compiled,
            None => budgets.push(compiled),
        }
    }

    /// Forgets a PodDisruptionBudget.
    pub fn remove_budget(&mut self, namespace: Symbol, name: &str) {
        self.budget_version += 1;
        if let Some(budgets) = self.budgets.get_mut(&namespace) {
            budgets.retain(|budget| *budget.name != *name);
        }
    }

    /// Takes in a DeviceClass.
    pub fn upsert_device_class(&mut self, class: &wire::DeviceClass, compiler: &mut Compiler<'_>) {
        self.version += 1;
        let resource = &class.spec.extended_resource_name;
        let resource = (!resource.is_empty()).then(|| compiler.symbol(resource));
        self.device_classes.insert(class.metadata.name.as_str().into(), resource);
    }

    /// Forgets a DeviceClass.
    pub fn remove_device_class(&mut self, name: &str) {
        self.version += 1;
        self.device_classes.remove(name);
    }
}

fn controller_key(
    kind: ControllerKind,
    metadata: &wire::ObjectMeta,
    compiler: &mut Compiler<'_>,
) -> (ControllerKind, Symbol, Symbol) {
    (kind, compiler.symbol(&metadata.namespace), compiler.symbol(&metadata.name))
}

fn pairs(map: &BTreeMap<String, String>, compiler: &mut Compiler<'_>) -> LabelPairs {
    map.iter().map(|(key, value)| (compiler.symbol(key), compiler.symbol(value))).collect()
}
