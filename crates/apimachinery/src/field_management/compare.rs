//! What differs between two states of an object.

use serde_json::Value;

use super::items::Items;
use super::path::Way;
use super::set::Set;
use super::types::{FieldType, Relationship, Shape, deduced, elements_of, members_of};

/// What differs between two states of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// What the new one has and the old one has not.
    pub added: Set,
    /// What both have, differently.
    pub modified: Set,
    /// What the old one has and the new one has not.
    pub removed: Set,
}

impl Comparison {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.modified.is_empty() && self.removed.is_empty()
    }
}

/// Compares two states of an object. Zero values that upstream prints must be in both, because a field that is there
/// with another value is changed, and one that is not there is added.
pub fn compare<T: FieldType>(ty: T, old: &Value, new: &Value) -> Comparison {
    let mut found = Comparison::default();
    found.walk(ty, &Way::START, Some(old), Some(new));
    found
}

impl Comparison {
    fn walk<T: FieldType>(&mut self, ty: T, way: &Way<'_>, old: Option<&Value>, new: Option<&Value>) {
        if old.is_some() && old == new {
            return;
        }
        let is_leaf = match ty.shape() {
            Shape::Deduced => self.walk_deduced(ty, way, old, new),
            shape => self.walk_shape(ty, shape, way, old, new),
        };
        if is_leaf {
            return;
        }
        if old.is_none() {
            self.added.insert(&way.path());
        } else if new.is_none() {
            self.removed.insert(&way.path());
        }
    }

    /// Values whose kinds are different are not looked into together.
    fn walk_deduced<T: FieldType>(
        &mut self,
        ty: T,
        way: &Way<'_>,
        old: Option<&Value>,
        new: Option<&Value>,
    ) -> bool {
        let object = Shape::Map { is_atomic: false };
        let is_wildcard = |value: Option<&Value>| value.is_none_or(Value::is_null);
        let (old_shape, new_shape) = (deduced(old), deduced(new));
        if is_wildcard(new) && old_shape == object || is_wildcard(old) && new_shape == object {
            return self.walk_shape(ty, object, way, old, new);
        }
        if old_shape != new_shape {
            if old_shape == object {
                self.walk_shape(ty, object, way, old, None);
            } else {
                self.walk_shape(ty, object, way, None, new);
            }
            return self.leaf(way, old, new);
        }
        self.walk_shape(ty, new_shape, way, old, new)
    }

    /// Whether the value was compared as a whole.
    fn walk_shape<T: FieldType>(
        &mut self,
        ty: T,
        shape: Shape,
        way: &Way<'_>,
        old: Option<&Value>,
        new: Option<&Value>,
    ) -> bool {
        match shape {
            Shape::List(relationship @ (Relationship::Set | Relationship::Keyed(_))) => {
                let (before, after) = (elements_of(old), elements_of(new));
                if before.is_empty() && after.is_empty() {
                    return self.leaf(way, old, new);
                }
                self.walk_items(ty, relationship, way, before, after);
                false
            }
            Shape::Map { is_atomic: false } => {
                let (before, after) = (members_of(old), members_of(new));
                if before.is_none_or(serde_json::Map::is_empty) && after.is_none_or(serde_json::Map::is_empty)
                {
                    return self.leaf(way, old, new);
                }
                for (name, value) in before.into_iter().flatten() {
                    if let Some(ty) = ty.member(name).ty() {
                        self.walk(ty, &way.field(name), Some(value), after.and_then(|after| after.get(name)));
                    }
                }
                let is_new = |name: &str| before.is_none_or(|before| !before.contains_key(name));
                for (name, value) in after.into_iter().flatten().filter(|(name, _)| is_new(name)) {
                    if let Some(ty) = ty.member(name).ty() {
                        self.walk(ty, &way.field(name), None, Some(value));
                    }
                }
                false
            }
            _ => self.leaf(way, old, new),
        }
    }

    fn leaf(&mut self, way: &Way<'_>, old: Option<&Value>, new: Option<&Value>) -> bool {
        match (old, new) {
            (None, _) => self.added.insert(&way.path()),
            (_, None) => self.removed.insert(&way.path()),
            (old, new) if old != new => self.modified.insert(&way.path()),
            _ => {}
        }
        true
    }

    /// Elements that occur more than once are compared as one: nobody can own one of them.
    fn walk_items<T: FieldType>(
        &mut self,
        list: T,
        relationship: Relationship,
        way: &Way<'_>,
        old: &[Value],
        new: &[Value],
    ) {
        let Some(ty) = list.element() else { return };
        let (before, after) = (Items::of(list, relationship, old), Items::of(list, relationship, new));
        let added = after.elements().filter(|element| !before.has(element));
        for element in before.elements().chain(added) {
            let way = way.element(element);
            match (before.all(element), after.all(element)) {
                ([], [one]) => self.walk(ty, &way, None, Some(one)),
                ([one], []) => self.walk(ty, &way, Some(one), None),
                ([one], [other]) => self.walk(ty, &way, Some(one), Some(other)),
                ([_, _, ..], several @ [_, _, ..]) => {
                    if before.all(element) != several {
                        self.modified.insert(&way.path());
                    }
                }
                ([_, _, ..], rest) => {
                    if let [one] = rest {
                        self.walk(ty, &way, None, Some(one));
                    }
                    self.removed.insert(&way.path());
                }
                (rest, _) => {
                    if let [one] = rest {
                        self.walk(ty, &way, Some(one), None);
                    }
                    self.added.insert(&way.path());
                }
            }
        }
    }
}
