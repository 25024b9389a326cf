//! Classes of devices.

use serde_json::Value;

use crate::ObjectMeta;
use crate::object_macro::wire_struct;

wire_struct! {
    /// A class of devices.
    pub struct DeviceClass {
        /// Name, labels and so on.
        metadata: ObjectMeta,
        /// Which devices, and how they are set up.
        spec: DeviceClassSpec,
    }

    /// Which devices a class has, and how they are set up.
    pub struct DeviceClassSpec {
        /// All of these must select a device.
        selectors: Vec<DeviceSelector>,
        /// Set-up of every device claimed through the class.
        config: Vec<DeviceClassConfiguration>,
        /// The extended resource that devices of the class serve.
        extended_resource_name: String,
    }

    /// Which devices.
    pub struct DeviceSelector {
        /// By an expression.
        cel: Option<CelDeviceSelector>,
    }

    /// An expression over a device, in the Common Expression Language.
    pub struct CelDeviceSelector {
        /// The expression.
        expression: String,
    }

    /// Set-up of devices of a class.
    pub struct DeviceClassConfiguration {
        /// For the driver to understand.
        opaque: Option<Value>,
    }
}
