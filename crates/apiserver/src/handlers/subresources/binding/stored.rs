//! Binding a pod as it is stored: a few members of its text are exchanged, and the rest is neither read nor written anew.
//!
//! Only what goes through is done here. Whatever is unusual or is to be refused is left to the long way, which has words
//! for it.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::set_bound;

/// What a binding wants of a pod.
pub(super) struct Wanted<'w> {
    /// The pod's UID; empty for any.
    pub(super) uid: &'w str,
    /// The node.
    pub(super) node: &'w str,
    /// The labels that the pod gets, besides its own.
    pub(super) labels: Vec<(&'w str, &'w str)>,
    /// The annotations that it gets.
    pub(super) annotations: Vec<(&'w str, &'w str)>,
    /// The time.
    pub(super) now: &'w str,
}

/// The members of an object in their order, each as text.
struct Members<'t>(Vec<(&'t str, Cow<'t, str>)>);

impl<'de: 't, 't> Deserialize<'de> for Members<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::with_capacity(24);
                while let Some((name, value)) = map.next_entry::<&'de str, &'de RawValue>()? {
                    members.push((name, Cow::Borrowed(value.get())));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

impl<'t> Members<'t> {
    fn read(text: &'t str) -> Option<Members<'t>> {
        let members: Members<'t> = serde_json::from_str(text).ok()?;
        // What is stored is sorted; whoever wrote it in another way gets it back in the long way.
        members.0.is_sorted_by(|(a, _), (b, _)| a < b).then_some(members)
    }

    fn get(&self, name: &str) -> Option<&str> {
        let at = self.0.binary_search_by(|(own, _)| (*own).cmp(name)).ok()?;
        self.0.get(at).map(|(_, text)| text.as_ref())
    }

    fn set(&mut self, name: &'static str, text: String) {
        match self.0.binary_search_by(|(own, _)| (*own).cmp(name)) {
            Ok(at) => self.0[at].1 = Cow::Owned(text),
            Err(at) => self.0.insert(at, (name, Cow::Owned(text))),
        }
    }

    /// Names are as they were read, without escapes.
    fn put(&self, out: &mut String) {
        out.push('{');
        for (i, (name, text)) in self.0.iter().enumerate() {
            out.push_str(if i == 0 { "\"" } else { ",\"" });
            out.push_str(name);
            out.push_str("\":");
            out.push_str(text);
        }
        out.push('}');
    }

    fn text(&self) -> String {
        let mut out =
            String::with_capacity(self.0.iter().map(|(name, text)| name.len() + text.len() + 4).sum());
        self.put(&mut out);
        out
    }
}

/// The bytes of the bound pod, or `None` if it is for the long way.
pub(super) fn bound(stored: &[u8], wanted: &Wanted<'_>) -> Option<Bytes> {
    let text = std::str::from_utf8(stored).ok()?;
    let mut pod = Members::read(text)?;
    let metadata = pod.get("metadata")?.to_owned();
    let metadata = Members::read(&metadata)?;
    if metadata.get("deletionTimestamp").is_some() {
        return None;
    }
    let uid = metadata.get("uid")?.strip_prefix('"')?.strip_suffix('"')?;
    if !wanted.uid.is_empty() && wanted.uid != uid {
        return None;
    }
    let metadata = with_words(metadata, wanted)?;
    let spec = pod.get("spec")?.to_owned();
    let mut spec = Members::read(&spec)?;
    if spec.get("nodeName").is_some() || spec.get("schedulingGates").is_some() {
        return None;
    }
    spec.set("nodeName", Value::from(wanted.node).to_string());
    let spec = spec.text();
    let mut status: Map<String, Value> = match pod.get("status") {
        Some(status) => serde_json::from_str(status).ok()?,
        None => Map::new(),
    };
    set_bound(&mut status, wanted.now);
    if let Some(metadata) = metadata {
        pod.set("metadata", metadata);
    }
    pod.set("spec", spec);
    pod.set("status", Value::Object(status).to_string());
    let mut out = String::with_capacity(stored.len() + 256);
    pod.put(&mut out);
    Some(Bytes::copy_from_slice(out.as_bytes()))
}

/// Metadata with the labels and annotations that are wanted: `Some(None)` if none are, `None` if it is for the long way.
fn with_words(mut metadata: Members<'_>, wanted: &Wanted<'_>) -> Option<Option<String>> {
    if wanted.labels.is_empty() && wanted.annotations.is_empty() {
        return Some(None);
    }
    for (name, words) in [("labels", &wanted.labels), ("annotations", &wanted.annotations)] {
        if words.is_empty() {
            continue;
        }
        let mut own: Map<String, Value> = match metadata.get(name) {
            Some(text) => serde_json::from_str(text).ok()?,
            None => Map::new(),
        };
        own.extend(words.iter().map(|(key, value)| ((*key).to_owned(), (*value).into())));
        metadata.set(name, Value::Object(own).to_string());
    }
    Some(Some(metadata.text()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const WANTED: Wanted<'static> = Wanted {
        uid: "u",
        node: "n\"1",
        labels: Vec::new(),
        annotations: Vec::new(),
        now: "2026-01-01T00:00:00Z",
    };

    fn stored(pod: &Value) -> String {
        pod.to_string()
    }

    #[test]
    fn members_are_exchanged_and_the_rest_stays() {
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "p", "uid": "u", "labels": {"a": "b"}, "managedFields": [{"x": 1.50}]},
            "spec": {"containers": [{"name": "c", "image": "\u{e9}\\"}], "restartPolicy": "Always"},
            "status": {"phase": "Pending", "qosClass": "Burstable", "nominatedNodeName": "n0"},
        });
        let bound_pod = bound(stored(&pod).as_bytes(), &WANTED).expect("a plain pod");
        let bound_pod: Value = serde_json::from_slice(&bound_pod).expect("JSON");
        let mut expected = pod.clone();
        expected["spec"]["nodeName"] = "n\"1".into();
        expected["status"] = json!({"phase": "Pending", "qosClass": "Burstable", "conditions": [{
            "type": "PodScheduled", "status": "True", "lastProbeTime": null,
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        }]});
        assert_eq!(bound_pod, expected);
        let words = Wanted { labels: vec![("z", "1"), ("a", "2")], annotations: vec![("k", "v")], ..WANTED };
        let bound_pod = bound(stored(&pod).as_bytes(), &words).expect("a plain pod");
        let bound_pod: Value = serde_json::from_slice(&bound_pod).expect("JSON");
        expected["metadata"]["labels"] = json!({"a": "2", "z": "1"});
        expected["metadata"]["annotations"] = json!({"k": "v"});
        assert_eq!(bound_pod, expected);
    }

    #[test]
    fn what_is_refused_or_unusual_goes_the_long_way() {
        let pod = json!({"metadata": {"uid": "u"}, "spec": {}, "status": {}});
        assert!(bound(stored(&pod).as_bytes(), &WANTED).is_some());
        for (pointer, value) in [
            ("/metadata", json!({"uid": "other"})),
            ("/metadata", json!({"uid": "u", "deletionTimestamp": "2026-01-01T00:00:00Z"})),
            ("/spec", json!({"nodeName": "n"})),
            ("/spec", json!({"schedulingGates": [{"name": "g"}]})),
            ("/spec", json!([])),
            ("/status", json!("x")),
        ] {
            let mut pod = pod.clone();
            *pod.pointer_mut(pointer).expect("a member") = value.clone();
            assert!(bound(stored(&pod).as_bytes(), &WANTED).is_none(), "{pointer} {value}");
        }
        for text in ["", "[]", r#"{"spec":{},"metadata":{"uid":"u"}}"#, r#"{"metadata":{"uid":"u"}}"#] {
            assert!(bound(text.as_bytes(), &WANTED).is_none(), "{text}");
        }
    }
}
