//! What field management has to know of types.

use serde_json::Value;

/// A type as a field, an element or a whole object has it: a handle that is cheap to copy.
///
/// Built-in kinds have theirs from the schema table, custom ones from their OpenAPI schema; values without a schema are
/// [`Shape::Deduced`].
pub trait FieldType: Copy {
    /// How a value of it is owned.
    fn shape(self) -> Shape;

    /// The type of a member of an object. The members of a deduced object are deduced.
    fn member(self, name: &str) -> Member<Self>;

    /// The type of the elements of a list.
    fn element(self) -> Option<Self>;

    /// What a member of an object is where it is absent: elements of lists may be told apart by it.
    fn default_of(self, name: &str) -> Option<&'static Value>;
}

/// How values of a type are owned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// As a whole: a text, a number or a boolean.
    Scalar(Scalar),
    /// A list.
    List(Relationship),
    /// An object: as a whole, or member by member.
    Map {
        /// Whether as a whole.
        is_atomic: bool,
    },
    /// Nothing is known: objects member by member, everything else as a whole.
    Deduced,
    /// Nothing is known, and values are owned as a whole.
    Opaque,
}

/// A value without parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// A text.
    String,
    /// A number.
    Numeric,
    /// True or false.
    Boolean,
    /// Any of them: amounts, times, numbers or names of ports.
    Untyped,
}

/// How elements of a list are owned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relationship {
    /// The list as a whole.
    Atomic,
    /// Each by itself; they are different scalars.
    Set,
    /// Each by itself; they are told apart by these members.
    Keyed(&'static [&'static str]),
}

/// What is known of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Member<T> {
    /// The type declares it.
    Declared(T),
    /// Its name comes from data.
    Free(T),
    /// There is no such field.
    Unknown,
}

impl<T> Member<T> {
    /// The type, if there is one.
    pub fn ty(self) -> Option<T> {
        match self {
            Member::Declared(ty) | Member::Free(ty) => Some(ty),
            Member::Unknown => None,
        }
    }
}

/// What a value without a known type is owned as.
pub(super) fn deduced(value: Option<&Value>) -> Shape {
    match value {
        Some(Value::Object(_)) => Shape::Map { is_atomic: false },
        _ => Shape::Scalar(Scalar::Untyped),
    }
}

/// The members of an object; none of anything else.
pub(super) fn members_of(value: Option<&Value>) -> Option<&serde_json::Map<String, Value>> {
    value.and_then(Value::as_object)
}

/// The elements of a list; none of anything else.
pub(super) fn elements_of(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
