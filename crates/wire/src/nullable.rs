//! `null` means absent, at every depth.
//!
//! The API server omits what is empty, but clients write `null` and YAML writers write `key:` with nothing
//! after it. Kubernetes' decoder leaves the zero value in all of these places: fields, list items, map values.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// A type that reads `null` as its default.
pub(crate) trait Nullable: Sized {
    /// Reads a value or `null`.
    fn from_nullable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// Reads a field that may be `null`.
pub(crate) fn or_default<'de, D: Deserializer<'de>, T: Nullable>(deserializer: D) -> Result<T, D::Error> {
    T::from_nullable(deserializer)
}

/// Whether a field need not be written.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

macro_rules! nullable_scalar {
    ($($type:ty),*) => {$(
        impl Nullable for $type {
            fn from_nullable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(Option::<$type>::deserialize(deserializer)?.unwrap_or_default())
            }
        }
    )*};
}

nullable_scalar!(bool, i32, i64, String, crate::Quantity);

impl Nullable for crate::Timestamp {
    fn from_nullable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<Self>::deserialize(deserializer)?.unwrap_or_default())
    }
}

impl Nullable for Value {
    fn from_nullable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
}

/// An item of a list, or a value of a map or option.
struct Item<T>(T);

impl<'de, T: Nullable> Deserialize<'de> for Item<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::from_nullable(deserializer).map(Item)
    }
}

impl<T: Nullable> Nullable for Option<T> {
    fn from_nullable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<Item<T>>::deserialize(deserializer)?.map(|item| item.0))
    }
}

impl<T: Nullable> Nullable for Box<T> {
    fn from_nullable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::from_nullable(deserializer).map(Box::new)
    }
}

impl<T: Nullable> Nullable for Vec<T> {
    fn from_nullable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let items = Option::<Vec<Item<T>>>::deserialize(deserializer)?.unwrap_or_default();
        Ok(items.into_iter().map(|item| item.0).collect())
    }
}

impl<T: Nullable> Nullable for BTreeMap<String, T> {
    fn from_nullable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_option(NullableMap(PhantomData))
    }
}

struct NullableMap<T>(PhantomData<T>);

impl<'de, T: Nullable> Visitor<'de> for NullableMap<T> {
    type Value = BTreeMap<String, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(BTreeMap::new())
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(BTreeMap::new())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut map = BTreeMap::new();
        while let Some((key, Item(value))) = entries.next_entry()? {
            map.insert(key, value);
        }
        Ok(map)
    }
}

/// Reads a struct from a map. Left to itself, serde would take a list for one as well.
pub(crate) fn read_struct<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    deserializer.deserialize_option(NullableStruct(PhantomData))
}

struct NullableStruct<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for NullableStruct<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_none<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields))
    }
}
