//! What upstream's messages call types.

use super::{Schema, Ty};

impl Schema {
    /// The type's name in Go, such as `[]v1.Container`: messages about wrong types quote it.
    pub(super) fn go_name(&self, ty: &Ty) -> String {
        let name = match ty {
            Ty::String => "string",
            Ty::Boolean => "bool",
            Ty::Int32 => "int32",
            Ty::Int64 => "int64",
            Ty::Float64 => "float64",
            Ty::Bytes => "[]uint8",
            Ty::Time => "v1.Time",
            Ty::MicroTime => "v1.MicroTime",
            Ty::Duration => "v1.Duration",
            Ty::Quantity => "resource.Quantity",
            Ty::IntOrString => "intstr.IntOrString",
            Ty::RawExtension => "runtime.RawExtension",
            Ty::FieldsV1 => "v1.FieldsV1",
            Ty::Json => "v1.JSON",
            Ty::SchemaOrBool => "v1.JSONSchemaPropsOrBool",
            Ty::SchemaOrArray => "v1.JSONSchemaPropsOrArray",
            Ty::SchemaOrStrings => "v1.JSONSchemaPropsOrStringArray",
            Ty::List(of) => return format!("[]{}", self.go_name(of)),
            Ty::Map(key, value) => return format!("map[{}]{}", self.go_name(key), self.go_name(value)),
            Ty::Named(id) => {
                let named = self.type_by_id(*id);
                return format!("{}.{}", named.go_package, named.name);
            }
        };
        name.to_owned()
    }
}
