//! The table of types: what a field is called, what it holds and how Kubernetes treats it.
//!
//! The facts are text files, one per group and version, in `crates/resources/schema/`; [`table`] says how to read
//! them. They are parsed once, at the first use. Everything in the table borrows from the embedded text.
//!
//! | needs | where |
//! |---|---|
//! | a type by group, version and kind | [`Schema::type_of`] |
//! | a request body, strictly checked | [`decode`] |
//! | the zero values of an object | [`normalise`] |
//! | who can own which fields | [`OwnedType`] |
//! | OpenAPI documents | [`openapi_v3`], [`openapi_v2`] |

pub mod decode;
mod files;
pub mod json;
pub mod normalise;
mod openapi;
pub mod openapi_v2;
pub mod openapi_v3;
mod ownership;
mod patch;
mod plan;
mod scalar;
pub mod table;
#[cfg(test)]
mod tests;
mod type_name;
mod yaml;

use std::sync::LazyLock;

use base::Map;
use serde_json::Value;

pub use ownership::OwnedType;
use plan::Plan;

/// Every type that the API server knows.
#[derive(Debug)]
pub struct Schema {
    types: Vec<Type>,
    /// One for each type.
    plans: Vec<Plan>,
    by_name: Map<(&'static str, &'static str, &'static str), TypeId>,
}

/// A type's place in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TypeId(u32);

/// One type of the table.
#[derive(Debug)]
pub struct Type {
    /// Its place in the table.
    pub id: TypeId,
    /// API group, `""` for the core group, `meta.k8s.io` for the types that all groups share.
    pub group: &'static str,
    /// API version, such as `v1`.
    pub version: &'static str,
    /// Its name in the API, such as `PodSpec`.
    pub name: &'static str,
    /// Whether objects of it carry `kind` and `apiVersion`.
    pub is_kind: bool,
    /// What it consists of.
    pub shape: Shape,
    /// Whether appliers own it as a whole (`x-kubernetes-map-type: atomic`).
    pub is_atomic: bool,
    /// Where only one of several members may be set.
    pub union: Option<Union>,
    /// One clause for people.
    pub description: Option<&'static str>,
    /// The name of its definition in OpenAPI is this, a dot, and [`Self::name`].
    pub openapi_package: &'static str,
    /// The package that upstream's messages qualify it with.
    go_package: &'static str,
}

/// What a type consists of.
#[derive(Debug)]
pub enum Shape {
    /// An object with these fields.
    Object(Vec<Field>),
    /// A text; if it is an enumeration, one of these.
    Text(Vec<&'static str>),
    /// Another name for this.
    Alias(Ty),
}

/// A choice between members of an object.
#[derive(Debug)]
pub struct Union {
    /// The field that says which member is meant.
    pub discriminator: Option<&'static str>,
    /// The members, with the discriminator's value for each.
    pub members: Vec<(&'static str, &'static str)>,
}

/// What a field, an element or a value holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ty {
    /// A text.
    String,
    /// True or false.
    Boolean,
    /// A whole number of 32 bits.
    Int32,
    /// A whole number of 64 bits.
    Int64,
    /// A number with a fraction.
    Float64,
    /// Bytes, written in base64.
    Bytes,
    /// An instant in whole seconds, as RFC 3339.
    Time,
    /// An instant in microseconds, as RFC 3339.
    MicroTime,
    /// A span of time as Go writes it, such as `1m30s`.
    Duration,
    /// An amount of a resource, such as `500m`.
    Quantity,
    /// A whole number of 32 bits or a text, often a percentage or the name of a port.
    IntOrString,
    /// Any object (`RawExtension`).
    RawExtension,
    /// A set of fields (`FieldsV1`).
    FieldsV1,
    /// Any value (`JSON` of apiextensions).
    Json,
    /// An OpenAPI schema of a custom resource or a boolean.
    SchemaOrBool,
    /// An OpenAPI schema of a custom resource or a list of them.
    SchemaOrArray,
    /// An OpenAPI schema of a custom resource or a list of names.
    SchemaOrStrings,
    /// A list.
    List(Box<Ty>),
    /// An object whose members are named by data; the first says what the names are.
    Map(Box<Ty>, Box<Ty>),
    /// Another type of the table.
    Named(TypeId),
}

/// One field of an object.
#[derive(Debug)]
pub struct Field {
    /// Its name in JSON.
    pub name: &'static str,
    /// What it holds.
    pub ty: Ty,
    /// Whether no value and a zero value differ: then `0`, `""` and `false` are kept.
    pub is_pointer: bool,
    /// Whether validation and OpenAPI demand it. Decoding does not.
    pub is_required: bool,
    /// Whether it is printed even if it holds the zero value.
    pub is_always_printed: bool,
    /// Whether a zero value is left out where its type would otherwise be printed always.
    pub omits_zero: bool,
    /// How a strategic merge patch treats it.
    pub patch: Option<Patch>,
    /// How an applied list is owned; `None` is as a whole, too.
    pub list: Option<ListType>,
    /// How an applied object is owned, where the field differs from its type ([`Type::is_atomic`]); otherwise each
    /// member has its owners.
    pub map: Option<MapType>,
    /// The value of an absent field, where it is a constant.
    pub default: Option<Value>,
    /// Whether its use is discouraged.
    pub is_deprecated: bool,
    /// One clause for people.
    pub description: Option<&'static str>,
    /// The structures of upstream's source that it sits in without their being visible in JSON, outermost first.
    /// Upstream's messages name them.
    embedded_in: Option<&'static str>,
}

/// What a strategic merge patch does to a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patch {
    /// Whether lists are merged (by [`Self::key`], or as sets where there is none) and not replaced.
    pub is_merge: bool,
    /// Whether a patch may say which members are to be kept.
    pub retains_keys: bool,
    /// Whether a list or object is replaced, said explicitly.
    pub is_replace: bool,
    /// What elements of a merged list are told apart by.
    pub key: Option<&'static str>,
}

/// How server-side apply treats a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListType {
    /// Owned as a whole.
    Atomic,
    /// Each element has its owners; elements are different.
    Set,
    /// Each element has its owners; elements are told apart by these fields.
    Map(Vec<&'static str>),
}

/// How server-side apply treats an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapType {
    /// Owned as a whole.
    Atomic,
    /// Each member has its owners.
    Granular,
}

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    Schema::parse(files::FILES).expect("the embedded tables are well-formed: a test reads them")
});

/// The group under which the types that all groups share are in the table.
pub const META_GROUP: &str = "meta.k8s.io";

impl Schema {
    /// The table of this program.
    pub fn get() -> &'static Self {
        &SCHEMA
    }

    /// The type of a kind, such as `("apps", "v1", "Deployment")`. Kinds that all groups share (`Status`,
    /// `DeleteOptions`, `WatchEvent` …) are found under every group.
    pub fn type_of(&self, group: &str, version: &str, kind: &str) -> Option<&Type> {
        self.named(group, version, kind)
            .or_else(|| self.named(META_GROUP, "v1", kind))
            .filter(|found| found.is_kind || found.name == "WatchEvent")
    }

    /// Any type by its name, also those that are parts of kinds.
    pub fn named(&self, group: &str, version: &str, name: &str) -> Option<&Type> {
        self.by_name.get(&(group, version, name)).map(|id| self.type_by_id(*id))
    }

    /// The type at a place of this table.
    pub fn type_by_id(&self, id: TypeId) -> &Type {
        &self.types[id.0 as usize]
    }

    /// All types, by file and then in the file's order.
    pub fn types(&self) -> impl Iterator<Item = &Type> {
        self.types.iter()
    }

    /// What a type is, seen through other names for it.
    pub fn resolve<'s>(&'s self, ty: &'s Ty) -> Resolved<'s> {
        match ty {
            Ty::Named(id) => {
                let named = self.type_by_id(*id);
                match &named.shape {
                    Shape::Object(fields) => Resolved::Object(named, fields),
                    Shape::Text(values) => Resolved::Text(values),
                    Shape::Alias(of) => self.resolve(of),
                }
            }
            Ty::String => Resolved::Text(&[]),
            other => Resolved::Other(other),
        }
    }

    /// The type at the end of a path of field names from a type; lists and maps are stepped over, so that
    /// `["spec", "containers", "ports"]` is the list of ports. `None` where there is no such field.
    pub fn field_at<'s>(&'s self, from: &'s Type, path: &[&str]) -> Option<&'s Field> {
        let (last, way) = path.split_last()?;
        let mut at = from;
        for name in way {
            let mut ty = &at.field(name)?.ty;
            at = loop {
                match self.resolve(ty) {
                    Resolved::Object(found, _) => break found,
                    Resolved::Other(Ty::List(of) | Ty::Map(_, of)) => ty = of,
                    _ => return None,
                }
            };
        }
        at.field(last)
    }
}

/// A type without its other names.
#[derive(Clone, Copy, Debug)]
pub enum Resolved<'s> {
    /// An object with fields.
    Object(&'s Type, &'s [Field]),
    /// A text; if it is an enumeration, one of these.
    Text(&'s [&'static str]),
    /// A list, a map or a scalar that is no text.
    Other(&'s Ty),
}

impl Type {
    /// The fields of an object; none for other types.
    pub fn fields(&self) -> &[Field] {
        match &self.shape {
            Shape::Object(fields) => fields,
            _ => &[],
        }
    }

    /// A field by its name in JSON.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields().iter().find(|field| field.name == name)
    }

    /// The values of an enumeration; none where every text is allowed.
    pub fn enum_values(&self) -> &[&'static str] {
        match &self.shape {
            Shape::Text(values) => values,
            _ => &[],
        }
    }

    /// The name of its definition in OpenAPI, such as `io.k8s.api.core.v1.Pod`.
    pub fn openapi_name(&self) -> String {
        format!("{}.{}", self.openapi_package, self.name)
    }
}

impl Field {
    /// The values of an enumeration; none where every text is allowed.
    pub fn enum_values<'s>(&'s self, schema: &'s Schema) -> &'s [&'static str] {
        match schema.resolve(&self.ty) {
            Resolved::Text(values) => values,
            _ => &[],
        }
    }

    /// The field that elements of a list are merged by in a strategic merge patch.
    pub fn merge_key(&self) -> Option<&'static str> {
        self.patch.and_then(|patch| patch.key)
    }
}
