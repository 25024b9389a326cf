//! The in-tree plugins: one file each, one line each in the table.
//!
//! To add a plugin, write its file with a `REGISTRATION` and add the line below.

pub mod default_binder;
pub mod default_preemption;
pub mod dynamic_resources;
pub mod gang_scheduling;
pub mod image_locality;
pub mod inter_pod_affinity;
pub mod node_affinity;
pub mod node_declared_features;
pub mod node_name;
pub mod node_ports;
pub mod node_resources_balanced_allocation;
pub mod node_resources_fit;
pub mod node_unschedulable;
pub mod node_volume_limits;
pub mod pod_group_pods_count;
pub mod pod_topology_spread;
pub mod priority_sort;
pub mod scheduling_gates;
pub mod taint_toleration;
pub mod topology_placement_generator;
pub mod volume_binding;
pub mod volume_restrictions;
pub mod volume_zone;

use crate::framework::Registration;

/// Every in-tree plugin.
pub static REGISTRY: &[&Registration] = &[
    &scheduling_gates::REGISTRATION,
    &priority_sort::REGISTRATION,
    &node_unschedulable::REGISTRATION,
    &node_name::REGISTRATION,
    &taint_toleration::REGISTRATION,
    &node_affinity::REGISTRATION,
    &node_ports::REGISTRATION,
    &node_resources_fit::REGISTRATION,
    &volume_restrictions::REGISTRATION,
    &node_volume_limits::REGISTRATION,
    &volume_binding::REGISTRATION,
    &volume_zone::REGISTRATION,
    &pod_topology_spread::REGISTRATION,
    &inter_pod_affinity::REGISTRATION,
    &dynamic_resources::REGISTRATION,
    &default_preemption::REGISTRATION,
    &node_resources_balanced_allocation::REGISTRATION,
    &image_locality::REGISTRATION,
    &default_binder::REGISTRATION,
    &node_declared_features::REGISTRATION,
    &gang_scheduling::REGISTRATION,
    &topology_placement_generator::REGISTRATION,
    &pod_group_pods_count::REGISTRATION,
];
