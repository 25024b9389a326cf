//! Discovery from the table, and by itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::recordings;
use crate::kind::{Kind, Verbs};
use crate::kinds::{GROUPS, all};
use crate::schema::Schema;

fn read(folder: &Path, name: &str) -> Value {
    let text = fs::read_to_string(folder.join("discovery").join(name)).expect("a discovery document");
    serde_json::from_str(&text).expect("JSON")
}

fn names(verbs: Verbs) -> Vec<&'static str> {
    verbs.names().collect()
}

/// The rows of an APIResourceList that a kind gives in a version.
fn rows(kind: &Kind) -> Vec<Value> {
    let mut row = Map::new();
    row.insert("name".into(), kind.plural.into());
    row.insert("singularName".into(), kind.singular.into());
    row.insert("namespaced".into(), kind.is_namespaced.into());
    row.insert("kind".into(), kind.kind.into());
    row.insert("verbs".into(), names(kind.verbs).into());
    if !kind.short_names.is_empty() {
        row.insert("shortNames".into(), kind.short_names.into());
    }
    if !kind.categories.is_empty() {
        row.insert("categories".into(), kind.categories.into());
    }
    if let Some(hash) = kind.storage_version_hash() {
        row.insert("storageVersionHash".into(), hash.into());
    }
    let mut rows = vec![row.into()];
    for subresource in kind.subresources {
        let mut row = json!({
            "name": format!("{}/{}", kind.plural, subresource.name),
            "singularName": "",
            "namespaced": kind.is_namespaced,
            "kind": subresource.kind,
            "verbs": names(subresource.verbs),
        });
        if let Some((group, version)) = subresource.group_version {
            row["group"] = group.into();
            row["version"] = version.into();
        }
        rows.push(row);
    }
    rows
}

#[test]
fn the_table_is_what_a_real_server_lists() {
    let Some(folder) = recordings() else { return };
    for group in GROUPS {
        for (version, _) in group.versions {
            let name = match group.name {
                "" => format!("api-{version}.json"),
                group => format!("apis-{group}-{version}.json"),
            };
            let served = |kind: &&&Kind| kind.versions.contains(&(group.name, version));
            let ours: Vec<Value> = all().iter().filter(served).flat_map(|kind| rows(kind)).collect();
            let theirs = read(&folder, &name)["resources"].clone();
            assert_eq!(Value::Array(ours), theirs, "{name}");
        }
    }
}

#[test]
fn groups_and_versions_are_in_the_order_of_a_real_server() {
    let Some(folder) = recordings() else { return };
    let list = read(&folder, "apis.json");
    let theirs: Vec<_> = list["groups"].as_array().expect("groups").iter().collect();
    assert_eq!(GROUPS.len(), theirs.len() + 1, "the core group is not among them");
    for (ours, theirs) in GROUPS[1..].iter().zip(theirs) {
        assert_eq!(theirs["name"], ours.name);
        let versions: Vec<_> = ours.versions.iter().map(|(version, _)| *version).collect();
        let listed = theirs["versions"].as_array().expect("versions").iter();
        let listed: Vec<_> = listed.map(|version| version["version"].as_str().unwrap_or_default()).collect();
        assert_eq!(versions, listed, "{}", ours.name);
        assert_eq!(theirs["preferredVersion"]["version"], versions[0]);
    }
}

#[test]
fn groups_are_in_the_order_of_their_priorities() {
    for pair in GROUPS.windows(2) {
        assert!(pair[0].priority >= pair[1].priority, "{} before {}", pair[0].name, pair[1].name);
        for group in pair {
            assert!(group.versions.is_sorted_by(|a, b| a.1 > b.1), "{}", group.name);
        }
    }
}

#[test]
fn kinds_are_in_the_order_of_groups_and_names() {
    let place = |kind: &Kind| GROUPS.iter().position(|group| group.name == kind.group);
    assert!(all().iter().all(|kind| place(kind).is_some()));
    assert!(all().is_sorted_by_key(|kind| (place(kind), kind.plural)));
}

#[test]
fn every_version_that_serves_a_kind_has_a_type_for_it() {
    for kind in all() {
        for (group, version) in kind.versions {
            assert!(
                Schema::get().type_of(group, version, kind.kind).is_some(),
                "{kind:?} in {group}/{version}"
            );
            let group = GROUPS.iter().find(|known| known.name == *group).expect("a group of the table");
            assert!(group.versions.iter().any(|(known, _)| known == version), "{kind:?}");
        }
    }
}

#[test]
fn keys_of_different_kinds_are_different() {
    let mut seen = BTreeMap::new();
    for kind in all().iter().filter(|kind| kind.is_stored()) {
        let before = seen.insert(kind.key_prefix, kind);
        assert!(before.is_none(), "{kind:?} and {before:?} are stored under {}", kind.key_prefix);
    }
    assert_eq!(seen["minions"].kind, "Node");
    assert_eq!(seen["services/specs"].kind, "Service");
}

#[test]
fn kinds_that_are_not_stored_say_so() {
    let not_stored: Vec<_> = all().iter().filter(|kind| !kind.is_stored()).map(|kind| kind.plural).collect();
    assert_eq!(
        not_stored,
        [
            "bindings",
            "componentstatuses",
            "selfsubjectreviews",
            "tokenreviews",
            "localsubjectaccessreviews",
            "selfsubjectaccessreviews",
            "selfsubjectrulesreviews",
            "subjectaccessreviews",
        ]
    );
}

#[test]
fn a_kind_with_a_status_subresource_has_a_status() {
    for kind in all() {
        assert_eq!(kind.has_status, kind.subresource("status").is_some(), "{kind:?}");
    }
}
