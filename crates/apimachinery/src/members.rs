//! Members of objects, found fast.
//!
//! Documents are ordered maps, and a create asks a few hundred times for a member, mostly for one that is not there.
//! The objects are small. There it is faster to go over all names and compare lengths than to search by order,
//! which has to look into every name on the way.

use serde_json::{Map, Value};

/// Objects with more members are searched.
const N_WALKED_MAX: usize = 16;

/// Whether two names are the same, without the call that a comparison of texts is: most names have no more than sixteen
/// bytes.
#[inline]
pub fn is_same(own: &str, name: &str) -> bool {
    let (own, name) = (own.as_bytes(), name.as_bytes());
    if own.len() != name.len() {
        return false;
    }
    match (own.first_chunk::<8>(), name.first_chunk::<8>()) {
        (Some(own_first), Some(first)) => {
            own_first == first
                && own.last_chunk::<8>() == name.last_chunk::<8>()
                && (own.len() <= 16 || own == name)
        }
        _ => match (own.first_chunk::<4>(), name.first_chunk::<4>()) {
            (Some(own_first), Some(first)) => {
                own_first == first && own.last_chunk::<4>() == name.last_chunk::<4>()
            }
            _ => own.iter().eq(name),
        },
    }
}

/// A member of an object: the same as [`Map::get`].
#[inline]
pub fn member<'m>(members: &'m Map<String, Value>, name: &str) -> Option<&'m Value> {
    if members.len() > N_WALKED_MAX {
        return members.get(name);
    }
    members.iter().find(|(own, _)| is_same(own, name)).map(|(_, value)| value)
}

/// A member of an object, to be changed: the same as [`Map::get_mut`].
#[inline]
pub fn member_mut<'m>(members: &'m mut Map<String, Value>, name: &str) -> Option<&'m mut Value> {
    if members.len() > N_WALKED_MAX {
        return members.get_mut(name);
    }
    members.iter_mut().find(|(own, _)| is_same(own, name)).map(|(_, value)| value)
}

/// A member of a document that may be no object: the same as [`Value::get`] with a name.
#[inline]
pub fn member_of<'v>(document: &'v Value, name: &str) -> Option<&'v Value> {
    match document {
        Value::Object(members) => member(members, name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_whole() {
        let name = "abcdefghijklmnopqrstuvwxyz";
        for n in 0..name.len() {
            let elsewhere = name[..n].to_owned();
            assert!(is_same(&name[..n], &elsewhere));
            assert!(!is_same(&name[..n], &name[..=n]));
            for at in 0..n {
                let mut other = name[..n].to_owned();
                other.replace_range(at..=at, "-");
                assert!(!is_same(&name[..n], &other), "{n} {at}");
            }
        }
    }

    #[test]
    fn finds_what_a_map_finds() {
        for n in [0, 1, 15, 16, 17, 40] {
            let mut members: Map<String, Value> = (0..n).map(|i| (format!("name{i}"), i.into())).collect();
            for i in 0..50 {
                let name = format!("name{i}");
                assert_eq!(member(&members, &name), members.get(&name));
                assert_eq!(member_mut(&mut members, &name).cloned(), members.get(&name).cloned());
                let document = Value::Object(members.clone());
                assert_eq!(member_of(&document, &name), document.get(&name));
            }
        }
        assert_eq!(member_of(&Value::from("a"), "a"), None);
    }
}
