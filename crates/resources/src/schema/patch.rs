//! What strategic merge patches need to know of types.

use apimachinery::patch::{FieldPatch, PatchSchema, Strategy};

use super::{Resolved, Schema, Ty, Type};

impl PatchSchema for Type {
    fn name(&self) -> &str {
        self.name
    }

    fn field(&self, name: &str) -> Option<FieldPatch<'_>> {
        let field = Type::field(self, name)?;
        let strategy = match field.patch {
            Some(patch) if patch.is_merge => Strategy::Merge,
            Some(patch) if patch.is_replace => Strategy::Replace,
            _ => Strategy::Default,
        };
        let schema = Schema::get();
        let child = match schema.resolve(&field.ty) {
            Resolved::Other(Ty::List(of)) => schema.resolve(of),
            resolved => resolved,
        };
        let child = match child {
            Resolved::Object(of, _) => Some(of as &dyn PatchSchema),
            _ => None,
        };
        Some(FieldPatch { strategy, merge_key: field.merge_key().unwrap_or_default(), child })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_tells_how_fields_are_merged() {
        let schema = Schema::get();
        let spec = schema.named("", "v1", "PodSpec").unwrap();
        let containers = PatchSchema::field(spec, "containers").unwrap();
        assert_eq!((containers.strategy, containers.merge_key), (Strategy::Merge, "name"));
        assert_eq!(containers.child.unwrap().name(), "Container");
        assert_eq!(PatchSchema::field(spec, "tolerations").unwrap().strategy, Strategy::Default);
        assert!(PatchSchema::field(spec, "nodeSelector").unwrap().child.is_none());
        assert!(PatchSchema::field(spec, "nothing").is_none());
    }
}
