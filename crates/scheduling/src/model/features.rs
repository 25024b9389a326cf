//! Features that nodes declare and pods may require (KEP-5328, node declared features).

/// The registry, sorted by name.
const REGISTRY: [&str; 5] = [
    "ExtendWebSocketsToKubelet",
    "InPlacePodLevelResourcesVerticalScaling",
    "InPlacePodVerticalScalingInitContainers",
    "RestartAllContainersOnContainerExits",
    "UserNamespacesHostNetworkSupport",
];

const RESTART_ALL_CONTAINERS: Features = Features(1 << 3);
const USER_NAMESPACES_HOST_NETWORK: Features = Features(1 << 4);

/// A set of features from the registry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Features(u8);

impl Features {
    /// The known features among those a node declares. Upstream walks both lists in step and so misses
    /// names that are out of order; a node that declares them so is read the same way here.
    pub fn declared(names: &[String]) -> Features {
        let mut set = Features::default();
        let mut registry = REGISTRY.iter().enumerate().peekable();
        for name in names {
            while registry.next_if(|(_, known)| **known < name.as_str()).is_some() {}
            if let Some((i, _)) = registry.next_if(|(_, known)| **known == name.as_str()) {
                set.0 |= 1 << i;
            }
        }
        set
    }

    /// What a pod needs its node to declare.
    pub fn required(spec: &wire::PodSpec) -> Features {
        let mut set = Features::default();
        let mut rules =
            spec.containers.iter().chain(&spec.init_containers).flat_map(|c| &c.restart_policy_rules);
        if rules.any(|rule| rule.action == "RestartAllContainers") {
            set.0 |= RESTART_ALL_CONTAINERS.0;
        }
        if spec.host_network && spec.host_users == Some(false) {
            set.0 |= USER_NAMESPACES_HOST_NETWORK.0;
        }
        set
    }

    /// Whether no feature is in the set.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether every feature of `other` is in this set.
    pub fn includes(self, other: Features) -> bool {
        self.0 & other.0 == other.0
    }

    /// The names of the features in this set and not in `other`.
    pub fn missing_from(self, other: Features) -> impl Iterator<Item = &'static str> {
        let missing = self.0 & !other.0;
        REGISTRY.iter().enumerate().filter(move |(i, _)| missing & (1 << i) != 0).map(|(_, name)| *name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_declared_names_in_order_only() {
        let names = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        let both = Features::declared(&names(&[
            "ACustomOne",
            "RestartAllContainersOnContainerExits",
            "UserNamespacesHostNetworkSupport",
        ]));
        assert!(both.includes(RESTART_ALL_CONTAINERS) && both.includes(USER_NAMESPACES_HOST_NETWORK));
        let disordered = Features::declared(&names(&[
            "UserNamespacesHostNetworkSupport",
            "RestartAllContainersOnContainerExits",
        ]));
        assert!(!disordered.includes(RESTART_ALL_CONTAINERS));
    }
}
