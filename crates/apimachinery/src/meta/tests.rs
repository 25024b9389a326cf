use base::Stream;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::field::Path;
use crate::names::NameRule;

fn rules() -> MetaRules {
    MetaRules { is_namespaced: true, name: NameRule::Dns1123Subdomain }
}

fn check(metadata: Value, expected: &str) {
    let mut document = json!({"metadata": {"name": "m", "namespace": "n"}});
    for (name, value) in metadata.as_object().expect("members") {
        document["metadata"][name] = value.clone();
    }
    let errors = validate_object_meta(&document, rules(), &Path::new("metadata"));
    let text = if errors.is_empty() { String::new() } else { errors.to_string() };
    assert_eq!(text, expected, "{metadata}");
}

#[test]
fn reads_and_writes_members() {
    let mut document = json!({"kind": "Pod"});
    let mut meta = MetaMut::of(&mut document);
    meta.set_name("a").set_namespace("n").set_generation(3).set_label("l", "1").set_annotation("x", "y");
    meta.set_finalizers(&["f"]).set_deletion("2026-01-01T00:00:00Z", 30).set_resource_version("7");
    let meta = Meta::of(&document);
    assert_eq!((meta.name(), meta.namespace(), meta.generation()), ("a", "n", 3));
    assert_eq!((meta.label("l"), meta.annotation("x")), (Some("1"), Some("y")));
    assert_eq!(meta.finalizers().collect::<Vec<_>>(), ["f"]);
    assert_eq!(meta.deletion_timestamp(), Some("2026-01-01T00:00:00Z"));
    assert_eq!(meta.deletion_grace_period_seconds(), Some(30));
    assert_eq!((meta.uid(), meta.owner_references().len()), ("", 0));

    let mut meta = MetaMut::of(&mut document);
    meta.set_generation(0).set_finalizers::<&str>(&[]).set_resource_version("").remove_annotation("x");
    let removed = ["generation", "finalizers", "resourceVersion", "annotations"];
    assert!(removed.iter().all(|name| document["metadata"].get(name).is_none()), "{document}");
    assert_eq!(Meta::of(&json!(null)).name(), "");
}

#[test]
fn generated_names_fit_into_a_label() {
    let mut random = Stream::new(1, "names");
    let name = generate_name("web-", &mut random);
    assert!(name.starts_with("web-") && name.len() == 9, "{name}");
    assert!(NameRule::Dns1123Label.check(&name).is_empty(), "{name}");
    assert_ne!(name, generate_name("web-", &mut random));
    assert_eq!(generate_name(&"a".repeat(100), &mut random).len(), 63);
    assert!(generate_name(&"ä".repeat(100), &mut random).len() <= 63);
}

#[test]
fn new_metadata_is_validated() {
    let qualified = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
                     alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
                     '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    check(json!({}), "");
    check(json!({"name": null}), "metadata.name: Required value: name or generateName is required");
    check(
        json!({"name": ".."}),
        &format!("metadata.name: Invalid value: \"..\": {}", NameRule::Dns1123Subdomain.check("..")[0]),
    );
    check(json!({"namespace": ""}), "metadata.namespace: Required value");
    check(
        json!({"generation": -1}),
        "metadata.generation: Invalid value: -1: must be greater than or equal to 0",
    );
    check(
        json!({"labels": {"bad key!": "v"}}),
        &format!("metadata.labels: Invalid value: \"bad key!\": name part {qualified}"),
    );
    check(
        json!({"annotations": {"A/b": "v", "A b": "w"}}),
        &format!("metadata.annotations: Invalid value: \"A b\": name part {qualified}"),
    );
    check(
        json!({"annotations": {"k": "v".repeat(262_144)}}),
        "metadata.annotations: Too long: may not be more than 262144 bytes",
    );
    check(
        json!({"finalizers": ["x y"]}),
        &format!("metadata.finalizers: Invalid value: \"x y\": name part {qualified}"),
    );
    check(
        json!({"finalizers": ["orphan", "foregroundDeletion"]}),
        "metadata.finalizers: Invalid value: [\"orphan\",\"foregroundDeletion\"]: finalizer orphan and \
         foregroundDeletion cannot be both set",
    );
    check(
        json!({"managedFields": [{"operation": "x", "fieldsType": "y", "manager": "m\n", "subresource": "s".repeat(257)}]}),
        "[metadata.managedFields[0].operation: Invalid value: \"x\": must be `Apply` or `Update`, \
         metadata.managedFields[0].fieldsType: Invalid value: \"y\": must be `FieldsV1`, \
         metadata.managedFields[0].manager: Invalid value: \"m\\n\": invalid character U+000A (at position 1), \
         metadata.managedFields[0].subresource: Too long: may not be more than 256 bytes]",
    );
    let document = json!({"metadata": {"name": "m", "namespace": "n"}});
    let cluster = MetaRules { is_namespaced: false, ..rules() };
    assert_eq!(
        validate_object_meta(&document, cluster, &Path::new("metadata")).to_string(),
        "metadata.namespace: Forbidden: not allowed on this type"
    );
}

#[test]
fn owner_references_are_validated() {
    check(
        json!({"ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p"}]}),
        "metadata.ownerReferences.uid: Invalid value: \"\": must not be empty",
    );
    check(
        json!({"ownerReferences": [{"apiVersion": "a/b/c", "kind": "Pod", "name": "p", "uid": "u"}]}),
        "metadata.ownerReferences.apiVersion: Invalid value: \"a/b/c\": version must not be empty",
    );
    check(
        json!({"ownerReferences": [{"apiVersion": "v1", "kind": "Event", "name": "p", "uid": "u"}]}),
        "metadata.ownerReferences: Invalid value: {\"apiVersion\":\"v1\",\"kind\":\"Event\",\"name\":\"p\",\"uid\":\"u\"}: \
         /v1, Kind=Event is disallowed from being an owner",
    );
    let owner = |name: &str, uid: &str| json!({"apiVersion": "v1", "kind": "Pod", "name": name, "uid": uid, "controller": true});
    check(
        json!({"ownerReferences": [owner("p", "u1"), owner("q", "u2")]}),
        "metadata.ownerReferences: Invalid value: \
         [{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"name\":\"p\",\"uid\":\"u1\",\"controller\":true},\
         {\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"name\":\"q\",\"uid\":\"u2\",\"controller\":true}]: Only one reference \
         can have Controller set to true. Found \"true\" in references for Pod/p and Pod/q",
    );
}

#[test]
fn errors_do_not_grow_with_the_square_of_the_request() {
    let owner = |i: usize| json!({"apiVersion": "v1", "kind": "P", "name": i.to_string(), "uid": "u", "controller": true});
    let owners: Vec<Value> = (0..20_000).map(owner).collect();
    let document = json!({"metadata": {"name": "m", "namespace": "n", "ownerReferences": owners}});
    assert_eq!(validate_object_meta(&document, rules(), &Path::new("metadata")).0.len(), 10);
}

#[test]
fn finalizers_of_core_kinds_have_a_prefix() {
    let document = json!({"metadata": {"finalizers": ["orphan", "plain", "a.b/c"]}});
    assert_eq!(
        validate_finalizers_of_core_kinds(&document, &Path::new("metadata")).to_string(),
        "metadata.finalizers[1]: Invalid value: \"plain\": name is neither a standard finalizer name nor is it fully \
         qualified"
    );
}

fn check_update(old: Value, new: Value, expected: &str) {
    let errors = validate_object_meta_update(
        &json!({"metadata": new}),
        &json!({"metadata": old}),
        &Path::new("metadata"),
    );
    let text = if errors.is_empty() { String::new() } else { errors.to_string() };
    assert_eq!(text, expected, "{new}");
}

#[test]
fn changed_metadata_is_validated() {
    let old = || json!({"name": "a", "uid": "u", "resourceVersion": "1", "generation": 2});
    let with = |changes: Value| {
        let mut new = old();
        for (name, value) in changes.as_object().expect("members") {
            new[name] = value.clone();
        }
        new
    };
    check_update(old(), old(), "");
    check_update(old(), with(json!({"uid": "b"})), "metadata.uid: Invalid value: \"b\": field is immutable");
    check_update(
        old(),
        with(json!({"name": null})),
        "metadata.name: Invalid value: \"\": field is immutable",
    );
    check_update(
        old(),
        with(json!({"deletionTimestamp": "2001-01-01T00:00:00Z"})),
        "metadata.deletionTimestamp: Invalid value: \"2001-01-01T00:00:00Z\": field is immutable",
    );
    check_update(
        old(),
        with(json!({"deletionGracePeriodSeconds": 4})),
        "metadata.deletionGracePeriodSeconds: Invalid value: 4: field is immutable",
    );
    check_update(
        with(json!({"deletionGracePeriodSeconds": 4})),
        old(),
        "metadata.deletionGracePeriodSeconds: Invalid value: null: field is immutable",
    );
    check_update(
        old(),
        with(json!({"generation": 1})),
        "metadata.generation: Invalid value: 1: must not be decremented",
    );
    check_update(
        old(),
        with(json!({"resourceVersion": ""})),
        "metadata.resourceVersion: Invalid value: \"\": must be specified for an update",
    );
    let deleting = |finalizers: Value| with(json!({"deletionTimestamp": "t", "finalizers": finalizers}));
    check_update(deleting(json!(["a.b/c"])), deleting(json!([])), "");
    check_update(
        deleting(json!(["a.b/c"])),
        deleting(json!(["a.b/c", "a.b/e", "a.b/d"])),
        "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new \
         finalizers []string{\"a.b/d\", \"a.b/e\"}",
    );
    assert_eq!(
        validate_resource_version_for_update(&json!({}), &Path::new("metadata")).to_string(),
        "metadata.resourceVersion: Invalid value: 0: must be specified for an update"
    );
}

#[test]
fn the_server_keeps_what_is_its_own() {
    let mut new = json!({"metadata": {
        "name": "a", "uid": "x", "creationTimestamp": "t", "deletionTimestamp": "t", "selfLink": "/",
        "deletionGracePeriodSeconds": 1, "generation": 7,
    }});
    wipe_system_fields(&mut new);
    assert_eq!(new, json!({"metadata": {"name": "a", "generation": 7}}));
    let stored = json!({"metadata": {
        "name": "a", "uid": "u", "creationTimestamp": "t1", "deletionTimestamp": "t2",
        "deletionGracePeriodSeconds": 0, "generation": 2,
    }});
    let mut change = json!({"metadata": {"name": "a", "creationTimestamp": "t9", "selfLink": "/"}});
    keep_system_fields(&mut change, &stored);
    assert_eq!(change, stored);
    let mut change = json!({"metadata": {"uid": "v", "deletionGracePeriodSeconds": 4}});
    keep_system_fields(&mut change, &stored);
    let meta = Meta::of(&change);
    assert_eq!((meta.uid(), meta.deletion_grace_period_seconds()), ("v", Some(4)));
}

#[test]
fn owners_that_are_there_twice_are_there_once() {
    let mut document = json!({"metadata": {"ownerReferences": [{"uid": "a"}, {"uid": "b"}, {"uid": "a"}, {"uid": "a", "name": "x"}]}});
    let uids = dedup_owner_references(&mut document);
    assert_eq!(uids, ["a"]);
    assert_eq!(Meta::of(&document).owner_references().len(), 3);
    assert!(duplicate_owners_warning(&uids, false).ends_with("duplicate UID(s) observed: a"));
    assert!(dedup_owner_references(&mut document).is_empty());
}

#[test]
fn versions_and_times_make_no_difference() {
    let doc = |version: &str, time: &str, manager: &str| {
        json!({"a": 1, "metadata": {
            "name": "x", "resourceVersion": version, "managedFields": [{"manager": manager, "time": time}],
        }})
    };
    let one = doc("1", "t1", "m");
    assert!(equal_but_for_resource_version(&one, &doc("2", "t1", "m")));
    assert!(!equal_but_for_resource_version(&one, &doc("1", "t2", "m")));
    assert!(equal_but_for_managed_field_times(&one, &doc("2", "t2", "m")));
    assert!(!equal_but_for_managed_field_times(&one, &doc("1", "t1", "n")));
    let of_two = |first: (&str, &str), second: (&str, &str)| {
        let entry = |(manager, time): (&str, &str)| json!({"manager": manager, "time": time});
        json!({"metadata": {"managedFields": [entry(first), entry(second)]}})
    };
    let two = of_two(("m", "t1"), ("n", "t1"));
    assert!(equal_but_for_managed_field_times(&two, &of_two(("n", "t1"), ("m", "t2"))), "they stand by time");
    assert!(!equal_but_for_managed_field_times(&two, &of_two(("n", "t1"), ("o", "t2"))));
    let absent =
        json!({"a": 1, "metadata": {"name": "x", "managedFields": [{"manager": "m", "time": "t1"}]}});
    assert!(equal_but_for_resource_version(&one, &absent));
    assert!(!equal_but_for_resource_version(&one, &json!({"a": 1})));
}

proptest! {
    #[test]
    fn never_panics(document in crate::patch::any_document(), other in crate::patch::any_document()) {
        let document = json!({"metadata": document});
        let other = json!({"metadata": other});
        let path = Path::new("metadata");
        validate_object_meta(&document, rules(), &path);
        validate_object_meta_update(&document, &other, &path);
        let mut changed = document.clone();
        dedup_owner_references(&mut changed);
        keep_system_fields(&mut changed, &other);
        prop_assert!(equal_but_for_resource_version(&document, &document));
    }
}
