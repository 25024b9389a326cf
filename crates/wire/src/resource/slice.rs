//! What devices there are.

use std::collections::BTreeMap;

use crate::object_macro::wire_struct;
use crate::{NodeSelector, ObjectMeta, Quantity, Timestamp};

wire_struct! {
    /// Some devices of a pool.
    pub struct ResourceSlice {
        /// Name, labels and so on.
        metadata: ObjectMeta,
        /// The devices.
        spec: ResourceSliceSpec,
    }

    /// Some devices of a pool.
    pub struct ResourceSliceSpec {
        /// Name of the driver.
        driver: String,
        /// The pool the slice belongs to.
        pool: ResourcePool,
        /// The only node that can use the devices.
        node_name: String,
        /// The nodes that can use the devices.
        node_selector: Option<NodeSelector>,
        /// Whether all nodes can use the devices.
        all_nodes: bool,
        /// Whether each device says which nodes can use it.
        per_device_node_selection: bool,
        /// Counters that devices of the pool share.
        shared_counters: Vec<CounterSet>,
        /// The devices.
        devices: Vec<Device>,
    }

    /// A pool of devices.
    pub struct ResourcePool {
        /// Name, unique for the driver.
        name: String,
        /// Slices of an older generation are out of date.
        generation: i64,
        /// How many slices of this generation make the pool complete.
        resource_slice_count: i64,
    }

    /// Counters that several devices draw from.
    pub struct CounterSet {
        /// Name devices refer to.
        name: String,
        /// The counters by name.
        counters: BTreeMap<String, Counter>,
    }

    /// An amount.
    pub struct Counter {
        /// The amount.
        value: Quantity,
    }

    /// A device.
    pub struct Device {
        /// Name, unique within the pool.
        name: String,
        /// What it is, by qualified name.
        attributes: BTreeMap<String, DeviceAttribute>,
        /// What it has, by qualified name.
        capacity: BTreeMap<String, DeviceCapacity>,
        /// What keeps claims away.
        taints: Vec<DeviceTaint>,
        /// What it draws from shared counters.
        consumes_counters: Vec<DeviceCounterConsumption>,
        /// The only node that can use it.
        node_name: String,
        /// The nodes that can use it.
        node_selector: Option<NodeSelector>,
        /// Whether all nodes can use it.
        all_nodes: bool,
        /// Whether several claims may have a part of it.
        allow_multiple_allocations: bool,
        /// Whether a claim to it ties the pod to the node.
        binds_to_node: bool,
        /// Conditions that must be true before the pod is bound.
        binding_conditions: Vec<String>,
        /// Conditions that mean the pod cannot be bound.
        binding_failure_conditions: Vec<String>,
    }

    /// An attribute of a device; exactly one is set.
    pub struct DeviceAttribute {
        /// A whole number.
        int: Option<i64>,
        /// True or false.
        bool: Option<bool>,
        /// A text.
        string: Option<String>,
        /// A semantic version.
        version: Option<String>,
    }

    /// A capacity of a device.
    pub struct DeviceCapacity {
        /// The amount.
        value: Quantity,
        /// How parts of it may be asked for.
        request_policy: Option<CapacityRequestPolicy>,
    }

    /// How parts of a capacity may be asked for.
    pub struct CapacityRequestPolicy {
        /// What a claim that says nothing gets.
        default: Option<Quantity>,
        /// The only amounts there are.
        valid_values: Vec<Quantity>,
        /// The amounts from a range.
        valid_range: Option<CapacityRequestPolicyRange>,
    }

    /// A range of amounts.
    pub struct CapacityRequestPolicyRange {
        /// Smallest amount.
        min: Option<Quantity>,
        /// Largest amount.
        max: Option<Quantity>,
        /// Amounts are `min` plus a multiple of this.
        step: Option<Quantity>,
    }

    /// Something that keeps claims away that do not tolerate it.
    pub struct DeviceTaint {
        /// Key.
        key: String,
        /// Value.
        value: String,
        /// `None`, `NoSchedule` or `NoExecute`.
        effect: String,
        /// When it appeared.
        time_added: Option<Timestamp>,
    }

    /// What a device draws from a set of shared counters.
    pub struct DeviceCounterConsumption {
        /// Name of the set.
        counter_set: String,
        /// Amounts by counter.
        counters: BTreeMap<String, Counter>,
    }
}
