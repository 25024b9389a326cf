//! Objects as bytes.
//!
//! What is stored is compact JSON that begins with `{"apiVersion":…,"kind":…,"metadata":{`, other members by name, and
//! has no resourceVersion: that is the store's revision, put in on the way out without reading the rest.

use std::cell::RefCell;

use bytes::{BufMut, Bytes, BytesMut};
use serde_json::{Map, Value};

use resources::kind::Kind;

use crate::served::api_version;

/// What stored objects of a kind begin with.
pub fn head(kind: &Kind) -> String {
    let (group, version) = kind.versions[kind.stored_in];
    format!(r#"{{"apiVersion":"{}","kind":"{}","metadata":{{"#, api_version(group, version), kind.kind)
}

/// An object as it is stored. What it says about its version and kind is replaced by the kind's.
pub fn encode(kind: &Kind, object: &Value) -> Bytes {
    encode_with(kind, object, None)
}

/// The same with the managers of its fields, as text, where the object itself does not say them.
pub fn encode_with(kind: &Kind, object: &Value, managers: Option<&str>) -> Bytes {
    ENCODED.with_borrow_mut(|out| {
        out.clear();
        put_object(out, kind, object, managers);
        let bytes = Bytes::copy_from_slice(out);
        if out.capacity() > ENCODED_KEPT_MAX {
            *out = Vec::new();
        }
        bytes
    })
}

thread_local! {
    /// Where objects are printed: what is kept of them has exactly their length.
    static ENCODED: RefCell<Vec<u8>> = RefCell::default();
}

/// A buffer that has grown larger is not kept, in bytes.
const ENCODED_KEPT_MAX: usize = 64 << 10;

fn put_object(out: &mut Vec<u8>, kind: &Kind, object: &Value, managers: Option<&str>) {
    let empty = Map::new();
    let members = object.as_object().unwrap_or(&empty);
    let (group, version) = kind.versions[kind.stored_in];
    let slash = if group.is_empty() { "" } else { "/" };
    for part in [r#"{"apiVersion":""#, group, slash, version, r#"","kind":""#, kind.kind, r#"","metadata":{"#]
    {
        out.extend_from_slice(part.as_bytes());
    }
    let metadata = members.get("metadata").and_then(Value::as_object).unwrap_or(&empty);
    put_metadata(out, metadata, managers);
    out.push(b'}');
    for (name, value) in members {
        if !matches!(name.as_str(), "apiVersion" | "kind" | "metadata") {
            out.push(b',');
            put_member(out, name, value);
        }
    }
    out.push(b'}');
}

fn put_metadata(out: &mut Vec<u8>, metadata: &Map<String, Value>, mut managers: Option<&str>) {
    const MANAGERS: &str = "managedFields";
    let mut separator: &[u8] = b"";
    let mut put_managers = |out: &mut Vec<u8>, separator: &mut &[u8]| {
        if let Some(managers) = managers.take() {
            out.extend_from_slice(separator);
            out.extend_from_slice(b"\"managedFields\":");
            out.extend_from_slice(managers.as_bytes());
            *separator = b",";
        }
    };
    for (name, value) in metadata {
        if name.as_str() > MANAGERS {
            put_managers(out, &mut separator);
        }
        if name != "resourceVersion" {
            out.extend_from_slice(separator);
            put_member(out, name, value);
            separator = b",";
        }
    }
    put_managers(out, &mut separator);
}

fn put_member(out: &mut Vec<u8>, name: &str, value: &Value) {
    serde_json::to_writer(&mut *out, name).expect("a text is JSON");
    out.push(b':');
    serde_json::to_writer(out, value).expect("a document is JSON");
}

/// An object as it was stored, with its version. `None` if the bytes are no object: somebody else wrote them.
pub fn decode(stored: &[u8], revision: u64) -> Option<Value> {
    let mut object: Value = serde_json::from_slice(stored).ok()?;
    let metadata = object.as_object_mut()?.entry("metadata").or_insert_with(|| Map::new().into());
    metadata.as_object_mut()?.insert("resourceVersion".to_owned(), revision.to_string().into());
    Some(object)
}

/// A stored object with its version, in two pieces of which the second is the stored bytes themselves.
pub fn served(head: &str, stored: &Bytes, revision: u64) -> [Bytes; 2] {
    if stored.starts_with(head.as_bytes()) {
        let mut begin = BytesMut::with_capacity(head.len() + VERSION_BYTES_MAX);
        begin.put_slice(head.as_bytes());
        let rest = stored.slice(head.len()..);
        put_version(&mut begin, revision, &rest);
        return [begin.freeze(), rest];
    }
    // Somebody else wrote it: valid, but in another order.
    let whole = match decode(stored, revision) {
        Some(object) => serde_json::to_vec(&object).expect("a document is JSON").into(),
        None => stored.clone(),
    };
    [whole, Bytes::new()]
}

/// How many bytes a version takes as a member.
const VERSION_BYTES_MAX: usize = 42;

/// Writes the version as the first member of metadata, of which `rest` is the rest.
fn put_version(out: &mut BytesMut, revision: u64, rest: &[u8]) {
    out.put_slice(b"\"resourceVersion\":\"");
    out.put_slice(revision.to_string().as_bytes());
    out.put_slice(if rest.first() == Some(&b'}') { b"\"" } else { b"\"," });
}

/// Writes a stored object with its version.
pub fn put_served(out: &mut BytesMut, head: &str, stored: &Bytes, revision: u64) {
    for piece in served(head, stored, revision) {
        out.put_slice(&piece);
    }
}

/// Writes a stored object with its version as an item of a list, which does not repeat what the list says.
pub fn put_item(out: &mut BytesMut, head: &str, stored: &[u8], revision: u64) {
    const METADATA: &[u8] = b"{\"metadata\":{";
    match stored.strip_prefix(head.as_bytes()) {
        Some(rest) => {
            out.reserve(stored.len() + 48);
            out.put_slice(METADATA);
            put_version(out, revision, rest);
            out.put_slice(rest);
        }
        None => {
            let mut item = decode(stored, revision).unwrap_or_default();
            without_type(&mut item);
            let mut out = out.writer();
            serde_json::to_writer(&mut out, &item).expect("a document is JSON");
        }
    }
}

/// Takes away what a list says for all its items.
pub fn without_type(item: &mut Value) {
    if let Some(members) = item.as_object_mut() {
        members.remove("apiVersion");
        members.remove("kind");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    static LEASE: Kind = Kind {
        versions: &[("coordination.k8s.io", "v1")],
        ..Kind::named("coordination.k8s.io", "Lease", "lease", "leases")
    };

    #[test]
    fn stored_bytes_begin_alike_and_take_the_version_in() {
        let object =
            json!({"apiVersion": "x", "a": 1, "metadata": {"name": "n", "resourceVersion": "7"}, "z": [2]});
        let stored = encode(&LEASE, &object);
        let text =
            r#"{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"n"},"a":1,"z":[2]}"#;
        assert_eq!(stored, text);
        let mut served = BytesMut::new();
        put_served(&mut served, &head(&LEASE), &stored, 9);
        let value: Value = serde_json::from_slice(&served).unwrap();
        assert_eq!(value["metadata"], json!({"name": "n", "resourceVersion": "9"}));
        assert_eq!(decode(&stored, 9), Some(value));
    }

    #[test]
    fn managers_stand_where_their_name_belongs() {
        for (metadata, expected) in [
            (json!({}), r#"{"managedFields":[{}]}"#),
            (json!({"labels": {}}), r#"{"labels":{},"managedFields":[{}]}"#),
            (json!({"name": "n", "labels": {}}), r#"{"labels":{},"managedFields":[{}],"name":"n"}"#),
            (json!({"resourceVersion": "1", "uid": "u"}), r#"{"managedFields":[{}],"uid":"u"}"#),
        ] {
            let stored = encode_with(&LEASE, &json!({"metadata": metadata}), Some("[{}]"));
            let text = String::from_utf8_lossy(&stored).into_owned();
            assert!(text.ends_with(&format!("\"metadata\":{expected}}}")), "{text}");
            let mut with = metadata;
            with["managedFields"] = json!([{}]);
            assert_eq!(encode(&LEASE, &json!({"metadata": with})), stored);
        }
    }

    #[test]
    fn bytes_of_another_order_are_served_too() {
        let mut served = BytesMut::new();
        let stored = Bytes::from_static(br#"{"kind":"Lease","metadata":{}}"#);
        put_served(&mut served, &head(&LEASE), &stored, 9);
        assert_eq!(served, r#"{"kind":"Lease","metadata":{"resourceVersion":"9"}}"#);
        assert_eq!(decode(b"[]", 1), None);
    }
}
