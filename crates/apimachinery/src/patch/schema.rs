//! What strategic merge needs to know of fields.

/// How a field of a type is patched.
pub trait PatchSchema {
    /// Name of the type, for errors.
    fn name(&self) -> &str;

    /// The field `name`; none where the type has no such field.
    fn field(&self, name: &str) -> Option<FieldPatch<'_>>;
}

/// How one field is patched.
#[derive(Clone, Copy)]
pub struct FieldPatch<'s> {
    /// What happens to its value.
    pub strategy: Strategy,
    /// By which member elements of a list are matched; empty for lists of scalars.
    pub merge_key: &'s str,
    /// The type of the value, or of the elements of a list; none for scalars and for maps without fields of
    /// their own, such as labels.
    pub child: Option<&'s dyn PatchSchema>,
}

/// What a patch does to the value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// What is usual: objects are merged, lists replaced.
    Default,
    /// Lists are merged too.
    Merge,
    /// Objects are replaced too.
    Replace,
}
