//! How a wire object is declared.

/// Declares structs of the Kubernetes API.
///
/// Every field may be absent or `null` and then has its default; fields that are not declared are skipped;
/// default values are not written. JSON names are the camel case of the Rust names, and a field whose
/// Kubernetes name is not (`hostIP`) carries its own `#[serde(rename = …)]`.
macro_rules! wire_struct {
    ($(
        $(#[$meta:meta])*
        pub struct $name:ident {
            $(
                $(#[$field_meta:meta])*
                $field:ident: $type:ty,
            )*
        }
    )*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Deserialize, serde::Serialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            $(
                $(#[$field_meta])*
                #[serde(
                    default,
                    deserialize_with = "crate::nullable::or_default",
                    skip_serializing_if = "crate::nullable::is_default"
                )]
                pub $field: $type,
            )*
        }

        impl crate::nullable::Nullable for $name {
            fn from_nullable<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::nullable::read_struct(deserializer)
            }
        }
    )*};
}

pub(crate) use wire_struct;
