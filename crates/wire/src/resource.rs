//! Dynamic resource allocation: devices, classes of devices, and claims to them.

mod claim;
mod class;
mod slice;

pub use claim::{
    AllocationResult, CapacityRequirements, DeviceAllocationConfiguration, DeviceAllocationResult,
    DeviceClaim, DeviceClaimConfiguration, DeviceConstraint, DeviceRequest, DeviceRequestAllocationResult,
    DeviceSubRequest, DeviceToleration, ExactDeviceRequest, ResourceClaim, ResourceClaimConsumerReference,
    ResourceClaimSpec, ResourceClaimStatus,
};
pub use class::{CelDeviceSelector, DeviceClass, DeviceClassConfiguration, DeviceClassSpec, DeviceSelector};
pub use slice::{
    CapacityRequestPolicy, CapacityRequestPolicyRange, Counter, CounterSet, Device, DeviceAttribute,
    DeviceCapacity, DeviceCounterConsumption, DeviceTaint, ResourcePool, ResourceSlice, ResourceSliceSpec,
};
