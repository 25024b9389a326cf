//! What decoding and normalising have to know about a type's fields, worked out once.
//!
//! Every write walks over all fields of an object several times. The table of types is kept for people to read; what
//! follows from it for each field is kept here for walking.

use super::normalise::Absent;
use super::{Field, Resolved, Schema, Shape, Ty, Type, TypeId};

/// What follows from a type's fields.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// The fields' places, in the order of their names.
    by_name: Box<[u16]>,
    /// For each field in the table's order.
    steps: Box<[Step]>,
    /// The fields that are printed although they are absent.
    pub(super) printed: Box<[u16]>,
}

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
        let mut by_name: Vec<u16> = (0..).take(fields.len()).collect();
        by_name.sort_by_key(|at| fields[usize::from(*at)].name);
        let step = |field: &Field| Step {
            drops_zero: !field.is_pointer && schema.is_dropped_when_zero(field),
            has_inside: schema.has_inside(&field.ty),
        };
        let is_printed = |at: &u16| !matches!(schema.absent(&fields[usize::from(*at)]), Absent::Nothing);
        Plan {
            by_name: by_name.into(),
            steps: fields.iter().map(step).collect(),
            printed: (0..).take(fields.len()).filter(is_printed).collect(),
        }
    }

    /// The place of a field among its type's.
    pub(super) fn find(&self, fields: &[Field], name: &str) -> Option<usize> {
        let found = self.by_name.binary_search_by(|at| fields[usize::from(*at)].name.cmp(name)).ok()?;
        Some(usize::from(self.by_name[found]))
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
