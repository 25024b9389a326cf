//! Claims to devices.

use std::collections::BTreeMap;

use serde_json::Value;

use super::DeviceSelector;
use crate::object_macro::wire_struct;
use crate::{NodeSelector, ObjectMeta, Quantity, Timestamp};

wire_struct! {
    /// A claim to devices.
    pub struct ResourceClaim {
        /// Name, labels and so on.
        metadata: ObjectMeta,
        /// What is wanted.
        spec: ResourceClaimSpec,
        /// What it got.
        status: ResourceClaimStatus,
    }

    /// What a claim wants.
    pub struct ResourceClaimSpec {
        /// The devices.
        devices: DeviceClaim,
    }

    /// The devices that a claim wants.
    pub struct DeviceClaim {
        /// Each of them must be served.
        requests: Vec<DeviceRequest>,
        /// What must hold between the devices.
        constraints: Vec<DeviceConstraint>,
        /// How they are set up.
        config: Vec<DeviceClaimConfiguration>,
    }

    /// A request for devices: exactly this, or the first of these that is to be had.
    pub struct DeviceRequest {
        /// Name containers and constraints refer to.
        name: String,
        /// Exactly this.
        exactly: Option<ExactDeviceRequest>,
        /// The first of these that is to be had.
        first_available: Vec<DeviceSubRequest>,
    }

    /// A request for devices of one sort.
    pub struct ExactDeviceRequest {
        /// The class.
        device_class_name: String,
        /// All of these must select a device.
        selectors: Vec<DeviceSelector>,
        /// `ExactCount` (also when empty) or `All`.
        allocation_mode: String,
        /// How many; 0 with `ExactCount` is 1.
        count: i64,
        /// Whether devices in use are looked at, not taken.
        admin_access: Option<bool>,
        /// Taints it puts up with.
        tolerations: Vec<DeviceToleration>,
        /// How much of each device.
        capacity: Option<CapacityRequirements>,
    }

    /// One of several alternatives of a request.
    pub struct DeviceSubRequest {
        /// Name within the request; constraints say `<request>/<name>`.
        name: String,
        /// The class.
        device_class_name: String,
        /// All of these must select a device.
        selectors: Vec<DeviceSelector>,
        /// `ExactCount` (also when empty) or `All`.
        allocation_mode: String,
        /// How many; 0 with `ExactCount` is 1.
        count: i64,
        /// Taints it puts up with.
        tolerations: Vec<DeviceToleration>,
        /// How much of each device.
        capacity: Option<CapacityRequirements>,
    }

    /// How much of each device.
    pub struct CapacityRequirements {
        /// Amounts by name of the capacity.
        requests: BTreeMap<String, Quantity>,
    }

    /// A device taint that a request puts up with.
    pub struct DeviceToleration {
        /// Key of the taint; empty with `Exists` tolerates everything.
        key: String,
        /// `Equal` (also when empty) or `Exists`.
        operator: String,
        /// Value to compare with.
        value: String,
        /// Effect of the taint; empty means any.
        effect: String,
        /// How long a `NoExecute` taint is tolerated; absent is forever.
        toleration_seconds: Option<i64>,
    }

    /// What must hold between devices.
    pub struct DeviceConstraint {
        /// The requests it is about; empty is all of them.
        requests: Vec<String>,
        /// An attribute whose value they share.
        match_attribute: String,
        /// An attribute whose values all differ.
        distinct_attribute: String,
    }

    /// Set-up of claimed devices.
    pub struct DeviceClaimConfiguration {
        /// The requests it is for; empty is all of them.
        requests: Vec<String>,
        /// For the driver to understand.
        opaque: Option<Value>,
    }

    /// What a claim got.
    pub struct ResourceClaimStatus {
        /// The devices; absent means that none were allocated yet.
        allocation: Option<AllocationResult>,
        /// Who may use them.
        reserved_for: Vec<ResourceClaimConsumerReference>,
        /// What drivers report of the devices.
        devices: Vec<Value>,
    }

    /// Devices allocated to a claim.
    pub struct AllocationResult {
        /// The devices.
        devices: DeviceAllocationResult,
        /// Where they can be used; absent is everywhere.
        node_selector: Option<NodeSelector>,
        /// When they were allocated.
        allocation_timestamp: Option<Timestamp>,
    }

    /// The devices of an allocation and their set-up.
    pub struct DeviceAllocationResult {
        /// The devices.
        results: Vec<DeviceRequestAllocationResult>,
        /// Their set-up.
        config: Vec<DeviceAllocationConfiguration>,
    }

    /// A device allocated to a request.
    pub struct DeviceRequestAllocationResult {
        /// Name of the request, or `<request>/<alternative>`.
        request: String,
        /// Name of the driver.
        driver: String,
        /// Name of the pool.
        pool: String,
        /// Name of the device.
        device: String,
        /// Whether the device is looked at, not taken.
        admin_access: Option<bool>,
        /// The request's tolerations.
        tolerations: Vec<DeviceToleration>,
        /// Which share of a device that several claims use.
        #[serde(rename = "shareID")]
        share_id: String,
        /// How much of it was taken.
        consumed_capacity: BTreeMap<String, Quantity>,
        /// Conditions that must be true before the pod is bound.
        binding_conditions: Vec<String>,
        /// Conditions that mean the pod cannot be bound.
        binding_failure_conditions: Vec<String>,
    }

    /// Set-up of allocated devices, and where it comes from.
    pub struct DeviceAllocationConfiguration {
        /// `FromClass` or `FromClaim`.
        source: String,
        /// The requests it is for; empty is all of them.
        requests: Vec<String>,
        /// For the driver to understand.
        opaque: Option<Value>,
    }

    /// Somebody who may use a claim.
    pub struct ResourceClaimConsumerReference {
        /// Group, empty for the core group.
        api_group: String,
        /// Plural name of the kind, such as `pods`.
        resource: String,
        /// Name of the object.
        name: String,
        /// Uid of the object.
        uid: String,
    }
}
