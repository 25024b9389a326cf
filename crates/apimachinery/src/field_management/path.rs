//! Steps of paths to fields.

use std::cmp::Ordering;
use std::fmt;

use serde_json::{Number, Value};

/// One step from an object or list to something in it.
#[derive(Clone, Debug)]
pub enum PathElement {
    /// A member of an object.
    Field(String),
    /// An element of a list whose elements are told apart by these members, sorted by name.
    Key(Vec<(String, Value)>),
    /// An element of a set.
    Value(Value),
    /// The element at this place. Nobody makes it any more; old objects may have it.
    Index(i64),
}

/// As upstream sorts: members, then keyed elements, then elements of sets, then places.
impl Ord for PathElement {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (PathElement::Field(a), PathElement::Field(b)) => a.cmp(b),
            (PathElement::Key(a), PathElement::Key(b)) => compare_keys(a, b),
            (PathElement::Value(a), PathElement::Value(b)) => compare_values(a, b),
            (PathElement::Index(a), PathElement::Index(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for PathElement {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for PathElement {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for PathElement {}

impl PathElement {
    /// A member of an object.
    pub fn field(name: &str) -> PathElement {
        PathElement::Field(name.to_owned())
    }

    fn rank(&self) -> u8 {
        match self {
            PathElement::Field(_) => 0,
            PathElement::Key(_) => 1,
            PathElement::Value(_) => 2,
            PathElement::Index(_) => 3,
        }
    }
}

/// `.name`, `[name="a"]`, `[="a"]`, `[3]`.
impl fmt::Display for PathElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PathElement::Field(name) => write!(f, ".{name}"),
            PathElement::Key(members) => {
                f.write_str("[")?;
                for (i, (name, value)) in members.iter().enumerate() {
                    let comma = if i > 0 { "," } else { "" };
                    write!(f, "{comma}{name}={}", text(value))?;
                }
                f.write_str("]")
            }
            PathElement::Value(value) => write!(f, "[={}]", text(value)),
            PathElement::Index(place) => write!(f, "[{place}]"),
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => crate::go::quote(text),
        Value::Null => "null".to_owned(),
        other => crate::go::value_text(other),
    }
}

fn compare_keys(a: &[(String, Value)], b: &[(String, Value)]) -> Ordering {
    for ((name, value), (other_name, other)) in a.iter().zip(b) {
        let order = name.cmp(other_name).then_with(|| compare_values(value, other));
        if order != Ordering::Equal {
            return order;
        }
    }
    a.len().cmp(&b.len())
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Number(_) => 0,
        Value::String(_) => 1,
        Value::Bool(_) => 2,
        Value::Array(_) => 3,
        Value::Object(_) => 4,
        Value::Null => 5,
    }
}

/// The order of values: numbers, texts, booleans, lists, objects, null.
fn compare_values(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => compare_numbers(a, b),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Array(a), Value::Array(b)) => {
            let different = a.iter().zip(b).map(|(a, b)| compare_values(a, b));
            let first = different.into_iter().find(|order| *order != Ordering::Equal);
            first.unwrap_or_else(|| a.len().cmp(&b.len()))
        }
        (Value::Object(a), Value::Object(b)) => {
            let different = a
                .iter()
                .zip(b)
                .map(|((name, a), (other, b))| name.cmp(other).then_with(|| compare_values(a, b)));
            let first = different.into_iter().find(|order| *order != Ordering::Equal);
            first.unwrap_or_else(|| a.len().cmp(&b.len()))
        }
        _ => rank(a).cmp(&rank(b)),
    }
}

fn compare_numbers(a: &Number, b: &Number) -> Ordering {
    match (a.as_i128(), b.as_i128()) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => a.as_f64().unwrap_or_default().total_cmp(&b.as_f64().unwrap_or_default()),
    }
}

/// The way from an object to where a walk is, without copies.
#[derive(Clone, Copy)]
pub(super) struct Way<'w> {
    parent: Option<&'w Way<'w>>,
    step: Step<'w>,
}

#[derive(Clone, Copy)]
enum Step<'w> {
    Start,
    Field(&'w str),
    Element(&'w PathElement),
}

impl<'w> Way<'w> {
    pub(super) const START: Way<'static> = Way { parent: None, step: Step::Start };

    pub(super) fn field(&'w self, name: &'w str) -> Way<'w> {
        Way { parent: Some(self), step: Step::Field(name) }
    }

    pub(super) fn element(&'w self, element: &'w PathElement) -> Way<'w> {
        Way { parent: Some(self), step: Step::Element(element) }
    }

    /// As steps from the start.
    pub(super) fn path(&self) -> Vec<PathElement> {
        let mut path = self.parent.map(Way::path).unwrap_or_default();
        match self.step {
            Step::Start => {}
            Step::Field(name) => path.push(PathElement::field(name)),
            Step::Element(element) => path.push(element.clone()),
        }
        path
    }
}
