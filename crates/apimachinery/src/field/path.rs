//! Where a field is.

use std::fmt;

/// The path of a field from the root of its document.
///
/// Grows by copying: paths are made for fields that are looked at, and printed for those that are wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(String);

impl Path {
    /// A field at the root. The empty name prints as `[]`, as upstream's does.
    pub fn new(name: &str) -> Self {
        Self(if name.is_empty() { "[]".to_owned() } else { name.to_owned() })
    }

    /// Upstream's missing path, which messages show as `<nil>`. Its members are fields at the root.
    pub fn none() -> Self {
        Self("<nil>".to_owned())
    }

    fn is_none(&self) -> bool {
        self.0 == "<nil>"
    }

    /// The member `name`, which may be several names with dots.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        if self.is_none() {
            return Self::new(name);
        }
        // Validation makes many paths that nobody prints: no formatter, one allocation.
        let mut path = String::with_capacity(self.0.len() + 1 + name.len());
        path.push_str(&self.0);
        path.push('.');
        path.push_str(name);
        Self(path)
    }

    /// The element `index` of a list.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }

    /// The entry `key` of a map.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        Self(format!("{}[{key}]", self.0))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_members_entries_and_elements() {
        let path = Path::new("spec").child("containers").index(2).child("resources.limits").key("cpu");
        assert_eq!(path.to_string(), "spec.containers[2].resources.limits[cpu]");
        assert_eq!(Path::new("").to_string(), "[]");
        assert_eq!(Path::none().to_string(), "<nil>");
        assert_eq!(Path::none().child("values").index(0).to_string(), "values[0]");
    }
}
