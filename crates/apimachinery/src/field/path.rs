//! Where a field is.

use std::cell::Cell;
use std::fmt;

use smallvec::SmallVec;

/// How many bytes a path has without a memory allocation. Most have fewer.
const N_BYTES_INLINE: usize = 88;

/// The path of a field from the root of its document.
///
/// Grows by copying: paths are made for fields that are looked at, and printed for those that are wrong. So there are many
/// that nobody prints, and making one costs nothing but the copy; under [`validated`] not even that.
///
/// [`validated`]: super::validated
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(SmallVec<[u8; N_BYTES_INLINE]>);

thread_local! {
    /// Whether paths are not spelled: nobody will print them.
    static IS_SILENT: Cell<bool> = const { Cell::new(false) };
}

/// While there is one of these, paths that begin on this thread are not spelled, nor are their members.
pub(super) struct Silence {
    was_silent: bool,
}

impl Silence {
    pub(super) fn begin() -> Silence {
        Silence { was_silent: IS_SILENT.replace(true) }
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        IS_SILENT.set(self.was_silent);
    }
}

impl Path {
    /// A field at the root. The empty name prints as `[]`, as upstream's does.
    pub fn new(name: &str) -> Self {
        if IS_SILENT.get() {
            return Self::silent();
        }
        Self(SmallVec::from_slice(if name.is_empty() { b"[]" } else { name.as_bytes() }))
    }

    /// Upstream's missing path, which messages show as `<nil>`. Its members are fields at the root.
    pub fn none() -> Self {
        Self::new("<nil>")
    }

    /// A path that is not spelled. All others have at least one byte.
    fn silent() -> Self {
        Self(SmallVec::new())
    }

    fn is_none(&self) -> bool {
        self.0.as_slice() == b"<nil>"
    }

    fn with(&self, parts: [&str; 3]) -> Self {
        let n_bytes = self.0.len() + parts.iter().map(|part| part.len()).sum::<usize>();
        if n_bytes > N_BYTES_INLINE {
            let mut path = SmallVec::with_capacity(n_bytes);
            path.extend_from_slice(&self.0);
            parts.iter().for_each(|part| path.extend_from_slice(part.as_bytes()));
            return Self(path);
        }
        let mut path = [0; N_BYTES_INLINE];
        let mut end = self.0.len();
        path[..end].copy_from_slice(&self.0);
        for part in parts {
            path[end..end + part.len()].copy_from_slice(part.as_bytes());
            end += part.len();
        }
        Self(SmallVec::from_buf_and_len(path, n_bytes))
    }

    /// The member `name`, which may be several names with dots.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        if self.0.is_empty() {
            Self::silent()
        } else if self.is_none() {
            Self::new(name)
        } else {
            self.with([".", name, ""])
        }
    }

    /// The element `index` of a list.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        if self.0.is_empty() {
            return Self::silent();
        }
        // From the last digit on; 20 digits hold every number of 64 bits.
        let mut digits = [b'0'; 20];
        let (mut rest, mut first) = (index, digits.len());
        while rest > 0 || first == digits.len() {
            first -= 1;
            digits[first] += (rest % 10) as u8;
            rest /= 10;
        }
        self.with(["[", std::str::from_utf8(&digits[first..]).unwrap_or_default(), "]"])
    }

    /// The entry `key` of a map.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        if self.0.is_empty() { Self::silent() } else { self.with(["[", key, "]"]) }
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("only whole texts are added")
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
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
        let long = Path::new("a").child(&"b".repeat(100)).index(usize::MAX).index(10);
        assert_eq!(long.to_string(), format!("a.{}[{}][10]", "b".repeat(100), usize::MAX));
    }
}
