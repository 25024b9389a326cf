//! The groups, in the order of discovery.

/// A group of the API.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// `apps`; empty for the core group.
    pub name: &'static str,
    /// How far up it is among groups: the higher, the earlier. Upstream's groupPriorityMinimum.
    pub priority: i32,
    /// Its versions, the preferred one first, each with upstream's versionPriority.
    pub versions: &'static [(&'static str, i32)],
}

const fn group(name: &'static str, priority: i32) -> Group {
    Group { name, priority, versions: &[("v1", 15)] }
}

/// All built-in groups that are served, in the order of discovery.
pub const GROUPS: &[Group] = &[
    Group { versions: &[("v1", 1)], ..group("", 18000) },
    // Upstream's aggregator puts its own group before all others, whatever their priorities.
    group("apiregistration.k8s.io", 18000),
    group("apps", 17800),
    group("events.k8s.io", 17750),
    group("authentication.k8s.io", 17700),
    group("authorization.k8s.io", 17600),
    Group { versions: &[("v2", 30), ("v1", 15)], ..group("autoscaling", 17500) },
    group("batch", 17400),
    group("certificates.k8s.io", 17300),
    group("networking.k8s.io", 17200),
    group("policy", 17100),
    group("rbac.authorization.k8s.io", 17000),
    group("storage.k8s.io", 16800),
    group("admissionregistration.k8s.io", 16700),
    group("apiextensions.k8s.io", 16700),
    group("scheduling.k8s.io", 16600),
    group("coordination.k8s.io", 16500),
    group("node.k8s.io", 16300),
    group("discovery.k8s.io", 16200),
    Group { versions: &[("v1", 21)], ..group("resource.k8s.io", 16200) },
    Group { versions: &[("v1", 21)], ..group("flowcontrol.apiserver.k8s.io", 16100) },
];
