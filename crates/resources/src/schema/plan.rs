//! What decoding and normalising have to know about a type's fields, worked out once.
//!
//! Every write walks over all fields of an object several times. The table of types is kept for people to read; what
//! follows from it for each field is kept here for walking.

use apimachinery::members::is_same;

use super::normalise::Absent;
use super::{Field, Resolved, Schema, Shape, Ty, Type, TypeId};

/// What follows from a type's fields.
#[derive(Debug, Default)]
pub(super) struct Plan {
    by_name: ByName,
    /// For each field in the table's order.
    steps: Box<[Step]>,
    /// The fields that are printed although they are absent.
    pub(super) printed: Box<[u16]>,
}

/// The fields' places by a hash of their names under which no two fields of the type meet.
#[derive(Debug, Default)]
struct ByName {
    /// As many as a power of two; what is no field's has a place that there is not.
    places: Box<[u16]>,
    factor: u64,
}

impl ByName {
    fn of(fields: &[Field]) -> ByName {
        let n_slots = (fields.len() * 2).next_power_of_two();
        // Each doubling makes it likelier that a factor is found at once. If there should be none, names are compared.
        let mut sizes = std::iter::successors(Some(n_slots), |n_slots| Some(n_slots * 2)).take(6);
        let found = sizes.find_map(|n_slots| {
            (0..64_u64).find_map(|i| ByName::try_with(fields, n_slots, FACTOR.wrapping_add(i * 0x9e37_79b8)))
        });
        found.unwrap_or_default()
    }

    fn try_with(fields: &[Field], n_slots: usize, factor: u64) -> Option<ByName> {
        let mut by_name = ByName { places: vec![u16::MAX; n_slots].into(), factor };
        for (at, field) in (0..).zip(fields) {
            let slot = by_name.slot(field.name);
            if by_name.places[slot] != u16::MAX {
                return None;
            }
            by_name.places[slot] = at;
        }
        Some(by_name)
    }

    /// Where a name is, if it is one of the type's.
    fn slot(&self, name: &str) -> usize {
        let bytes = name.as_bytes();
        let word = |bytes: &[u8]| bytes.iter().fold(0, |word: u64, byte| word << 8 | u64::from(*byte));
        let (first, last) = match bytes {
            first if first.len() < 8 => (word(first), 0),
            _ => (
                u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes")),
                u64::from_le_bytes(bytes[bytes.len() - 8..].try_into().expect("eight bytes")),
            ),
        };
        let mixed = (first ^ last.rotate_left(23) ^ bytes.len() as u64).wrapping_mul(self.factor);
        (mixed >> 32) as usize & self.places.len().wrapping_sub(1)
    }
}

/// An odd number without a pattern.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// What follows from one field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// Whether a zero value is the same as none.
    pub(super) drops_zero: bool,
    /// Whether there can be something to normalise inside a value that is not zero.
    pub(super) has_inside: bool,
}

impl Plan {
    /// The plan of a type of a table whose types are all there.
    pub(super) fn of(schema: &Schema, of: &Type) -> Plan {
        let fields = of.fields();
        let step = |field: &Field| Step {
            drops_zero: !field.is_pointer && schema.is_dropped_when_zero(field),
            has_inside: schema.has_inside(&field.ty),
        };
        let is_printed = |at: &u16| !matches!(schema.absent(&fields[usize::from(*at)]), Absent::Nothing);
        Plan {
            by_name: ByName::of(fields),
            steps: fields.iter().map(step).collect(),
            printed: (0..).take(fields.len()).filter(is_printed).collect(),
        }
    }

    /// The place of a field among its type's.
    pub(super) fn find(&self, fields: &[Field], name: &str) -> Option<usize> {
        if self.by_name.places.is_empty() {
            return fields.iter().position(|field| field.name == name);
        }
        let at = usize::from(*self.by_name.places.get(self.by_name.slot(name))?);
        fields.get(at).filter(|field| is_same(field.name, name)).map(|_| at)
    }

    /// What follows from the field at a place.
    pub(super) fn step(&self, at: usize) -> Step {
        self.steps[at]
    }
}

impl Schema {
    /// The plan of a type of this table.
    pub(super) fn plan(&self, id: TypeId) -> &Plan {
        &self.plans[id.0 as usize]
    }

    /// Whether values of a type have parts for which zero values are added or taken away.
    fn has_inside(&self, ty: &Ty) -> bool {
        match self.resolve(ty) {
            Resolved::Object(of, _) => matches!(of.shape, Shape::Object(_)),
            Resolved::Text(_) => false,
            Resolved::Other(ty) => match ty {
                Ty::List(of) => self.has_inside(of),
                // Bytes that are null become empty.
                Ty::Map(_, of) => **of == Ty::Bytes || self.has_inside(of),
                Ty::SchemaOrBool | Ty::SchemaOrArray | Ty::SchemaOrStrings => true,
                _ => false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_finds_the_fields_of_every_type() {
        let schema = Schema::get();
        for of in schema.types() {
            let plan = schema.plan(of.id);
            for (at, field) in of.fields().iter().enumerate() {
                assert_eq!(plan.find(of.fields(), field.name), Some(at), "{}.{}", of.name, field.name);
            }
            assert_eq!(plan.find(of.fields(), "no such field"), None);
        }
    }

    #[test]
    fn labels_have_nothing_inside_and_containers_have() {
        let schema = Schema::get();
        let step = |kind: &str, field: &str| {
            let of = schema.named("", "v1", kind).expect(kind);
            let plan = schema.plan(of.id);
            plan.step(plan.find(of.fields(), field).expect(field))
        };
        assert!(!step("Pod", "metadata").drops_zero);
        assert!(step("PodSpec", "containers").has_inside);
        assert!(!step("PodSpec", "nodeSelector").has_inside);
        assert!(step("PodSpec", "nodeSelector").drops_zero);
        assert!(step("Secret", "data").has_inside);
    }
}
