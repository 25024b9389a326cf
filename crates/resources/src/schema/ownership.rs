//! What field management needs to know of types.

use std::sync::{LazyLock, OnceLock};

use apimachinery::field_management::{FieldType, Member, Relationship, Scalar, Shape};
use serde_json::Value;

use super::{Field, ListType, MapType, Resolved, Schema, Ty, Type};

/// A type of the table as something owns fields of it.
#[derive(Clone, Copy, Debug)]
pub struct OwnedType(At);

/// Where the type is met: fields say more about lists and objects than their types do.
#[derive(Clone, Copy, Debug)]
enum At {
    Whole(&'static Type),
    Field(&'static Field),
    Element(&'static Ty),
    /// A value without a schema.
    Deduced,
}

impl OwnedType {
    /// A whole object.
    pub fn of(ty: &'static Type) -> OwnedType {
        OwnedType(At::Whole(ty))
    }

    /// A value without a schema.
    pub const DEDUCED: OwnedType = OwnedType(At::Deduced);

    fn resolved(self) -> Option<Resolved<'static>> {
        let schema = Schema::get();
        match self.0 {
            At::Whole(ty) => Some(Resolved::Object(ty, ty.fields())),
            At::Field(field) => Some(schema.resolve(&field.ty)),
            At::Element(ty) => Some(schema.resolve(ty)),
            At::Deduced => None,
        }
    }

    fn map_type(self) -> Option<MapType> {
        match self.0 {
            At::Field(field) => field.map,
            _ => None,
        }
    }
}

impl FieldType for OwnedType {
    fn shape(self) -> Shape {
        match self.resolved() {
            None => Shape::Deduced,
            Some(Resolved::Text(_)) => Shape::Scalar(Scalar::String),
            Some(Resolved::Object(of, _)) => {
                let is_atomic = self.map_type().map_or(of.is_atomic, |map| map == MapType::Atomic);
                Shape::Map { is_atomic }
            }
            Some(Resolved::Other(ty)) => match ty {
                Ty::String | Ty::Bytes | Ty::Duration => Shape::Scalar(Scalar::String),
                Ty::Boolean => Shape::Scalar(Scalar::Boolean),
                Ty::Int32 | Ty::Int64 | Ty::Float64 => Shape::Scalar(Scalar::Numeric),
                Ty::Time | Ty::MicroTime | Ty::Quantity | Ty::IntOrString => Shape::Scalar(Scalar::Untyped),
                Ty::Map(..) => Shape::Map { is_atomic: self.map_type() == Some(MapType::Atomic) },
                Ty::RawExtension | Ty::FieldsV1 => Shape::Map { is_atomic: false },
                Ty::List(_) => Shape::List(match self.0 {
                    At::Field(Field { list: Some(ListType::Set), .. }) => Relationship::Set,
                    At::Field(Field { list: Some(ListType::Map(keys)), .. }) => Relationship::Keyed(keys),
                    _ => Relationship::Atomic,
                }),
                _ => Shape::Opaque,
            },
        }
    }

    fn member(self, name: &str) -> Member<OwnedType> {
        match self.resolved() {
            Some(Resolved::Object(of, fields)) => match Schema::get().plan(of.id).find(fields, name) {
                Some(at) => Member::Declared(OwnedType(At::Field(&fields[at]))),
                None => Member::Unknown,
            },
            Some(Resolved::Other(Ty::Map(_, of))) => Member::Free(OwnedType(At::Element(of))),
            Some(Resolved::Other(Ty::RawExtension | Ty::FieldsV1)) | None => Member::Free(OwnedType::DEDUCED),
            _ => Member::Unknown,
        }
    }

    fn element(self) -> Option<OwnedType> {
        match self.resolved() {
            Some(Resolved::Other(Ty::List(of))) => Some(OwnedType(At::Element(of))),
            _ => None,
        }
    }

    fn default_of(self, name: &str) -> Option<&'static Value> {
        match self.resolved() {
            Some(Resolved::Object(of, fields)) => {
                let field = &fields[Schema::get().plan(of.id).find(fields, name)?];
                field.default.as_ref().or_else(|| zero_in_openapi(field))
            }
            _ => None,
        }
    }
}

/// OpenAPI says of a field that upstream always prints that its zero value is the default.
fn zero_in_openapi(field: &Field) -> Option<&'static Value> {
    static ZEROS: LazyLock<[Value; 3]> =
        LazyLock::new(|| [Value::from(""), Value::from(0), Value::from(false)]);
    if field.is_pointer || !field.is_always_printed {
        return None;
    }
    match Schema::get().resolve(&field.ty) {
        Resolved::Text(_) => Some(&ZEROS[0]),
        Resolved::Other(Ty::Int32 | Ty::Int64 | Ty::Float64) => Some(&ZEROS[1]),
        Resolved::Other(Ty::Boolean) => Some(&ZEROS[2]),
        _ => None,
    }
}

impl Schema {
    /// What upstream prints for an object of a type of this program's table that nothing was put into.
    pub fn zero_of(of: &'static Type) -> &'static Value {
        static ZEROS: LazyLock<Vec<OnceLock<Value>>> =
            LazyLock::new(|| Schema::get().types().map(|_| OnceLock::new()).collect());
        ZEROS[of.id.0 as usize].get_or_init(|| Schema::get().zero(&Ty::Named(of.id)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &[&str]) -> OwnedType {
        let mut ty = OwnedType::of(Schema::get().named("", "v1", "Pod").unwrap());
        for name in path {
            ty = if *name == "*" { ty.element().unwrap() } else { ty.member(name).ty().unwrap() };
        }
        ty
    }

    #[test]
    fn the_table_tells_how_fields_are_owned() {
        let containers = at(&["spec", "containers"]);
        assert_eq!(containers.shape(), Shape::List(Relationship::Keyed(&["name"])));
        let ports = at(&["spec", "containers", "*", "ports"]);
        assert_eq!(ports.shape(), Shape::List(Relationship::Keyed(&["containerPort", "protocol"])));
        assert_eq!(ports.element().unwrap().default_of("protocol"), Some(&Value::from("TCP")));
        assert_eq!(at(&["spec", "nodeSelector"]).shape(), Shape::Map { is_atomic: true });
        assert_eq!(at(&["metadata", "labels"]).shape(), Shape::Map { is_atomic: false });
        assert!(matches!(at(&["metadata", "labels"]).member("x"), Member::Free(_)));
        assert_eq!(at(&["metadata", "finalizers"]).shape(), Shape::List(Relationship::Set));
        assert_eq!(at(&["metadata", "ownerReferences", "*"]).shape(), Shape::Map { is_atomic: true });
        assert_eq!(at(&["spec", "tolerations"]).shape(), Shape::List(Relationship::Atomic));
        assert_eq!(at(&["spec", "hostNetwork"]).shape(), Shape::Scalar(Scalar::Boolean));
        assert!(matches!(at(&["spec"]).member("nothing"), Member::Unknown));
        assert_eq!(at(&["metadata", "managedFields", "*", "fieldsV1", "x"]).shape(), Shape::Deduced);
    }
}
