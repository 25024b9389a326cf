//! What rows say besides what discovery shows, against what a real server did.

use std::collections::BTreeMap;

use apimachinery::meta::Meta;
use serde_json::Value;

use super::updated::{Target, target};
use super::{differences, filled, recordings, scenarios};
use crate::kind::UnknownField;

/// Calls `look` with every request of some families, its target and answer, and the last answer about the same object.
fn each_request(mut look: impl FnMut(&Target<'_>, &Value, &Value, Option<&Value>)) -> bool {
    let Some(folder) = recordings() else { return false };
    for family in ["crud", "listwatch", "pods", "validation"] {
        for scenario in scenarios(&folder, family) {
            let mut known = BTreeMap::<(&str, String, String), Value>::new();
            for step in scenario["steps"].as_array().expect("steps") {
                let (request, response) = (&step["request"], &step["response"]);
                let Some(target) = request["path"].as_str().and_then(target) else { continue };
                let body = &response["body"];
                let name = if target.name.is_empty() { Meta::of(body).name() } else { target.name };
                let key = (target.kind.plural, target.namespace.to_owned(), name.to_owned());
                look(&target, request, response, known.get(&key));
                if body["kind"] == target.kind.kind && !is_dry_run(request) {
                    known.insert(key, filled(body));
                }
            }
        }
    }
    true
}

fn is_dry_run(request: &Value) -> bool {
    request["query"].as_array().is_some_and(|query| query.iter().any(|pair| pair[0] == "dryRun"))
}

#[test]
fn deletions_are_answered_as_the_table_says() {
    let mut n_seen = 0;
    let is_there = each_request(|target, request, response, before| {
        let is_whole = !target.name.is_empty() && target.subresource.is_empty();
        if before.is_none()
            || request["method"] != "DELETE"
            || response["status"] != 200
            || !is_whole
            || is_dry_run(request)
        {
            return;
        }
        let body = &response["body"];
        if body["kind"] == "Status" {
            assert!(!target.kind.deletion.returns_object, "{:?} answers with a Status", target.kind);
        } else if Meta::of(body).finalizers().next().is_none() {
            assert!(target.kind.deletion.returns_object, "{:?} answers with the object", target.kind);
        } else {
            return;
        }
        n_seen += 1;
    });
    assert!(!is_there || n_seen > 40, "only {n_seen}");
}

#[test]
fn a_put_creates_or_overwrites_as_the_table_says() {
    let (mut n_created, mut n_missing, mut n_unconditional) = (0, 0, 0);
    let is_there = each_request(|target, request, response, before| {
        let is_whole = !target.name.is_empty() && target.subresource.is_empty();
        if request["method"] != "PUT" || !is_whole || request["body"]["metadata"]["name"] != target.name {
            return;
        }
        let kind = target.kind;
        match response["status"].as_i64() {
            Some(201) => {
                assert!(kind.creates_on_update, "{kind:?} was created by PUT");
                n_created += 1;
            }
            Some(404) => {
                assert!(!kind.creates_on_update, "{kind:?} was not created by PUT");
                n_missing += 1;
            }
            Some(200) if before.is_some() && Meta::of(&request["body"]).get("resourceVersion").is_none() => {
                assert!(kind.allows_unconditional_update, "{kind:?} was overwritten");
                n_unconditional += 1;
            }
            Some(422) => {
                let message = response["body"]["message"].as_str().unwrap_or_default();
                if message.contains("must be specified for an update") && before.is_some() {
                    assert!(!kind.allows_unconditional_update, "{kind:?} was not overwritten");
                    n_unconditional += 1;
                }
            }
            _ => {}
        }
    });
    let counts = (n_created, n_missing, n_unconditional);
    assert!(!is_there || n_created > 5 && n_missing > 20 && n_unconditional > 20, "only {counts:?}");
}

#[test]
fn fields_can_be_selected_by_as_the_table_says() {
    let mut n_seen = 0;
    let is_there = each_request(|target, request, response, _| {
        if request["method"] != "GET" || !target.name.is_empty() {
            return;
        }
        let query = request["query"].as_array().into_iter().flatten();
        let mut selectors =
            query.filter(|pair| pair[0] == "fieldSelector").filter_map(|pair| pair[1].as_str());
        let Some(selector) = selectors.next().filter(|selector| !selector.contains(',')) else { return };
        let Some((label, _)) = selector.split_once('=') else { return };
        let label = label.trim_end_matches(['!', '=']);
        if label.starts_with("metadata.") {
            return;
        }
        let kind = target.kind;
        let known = kind.selectable_fields.iter().any(|field| {
            field.label == label && field.only_in.is_none_or(|version| version == target.version)
        });
        assert_eq!(response["status"] == 200, known, "{kind:?} {label}");
        n_seen += 1;
        if known {
            return;
        }
        let (group, version) = target.version;
        let expected = match kind.unknown_field {
            UnknownField::OnlyMetadata => format!(
                "\"{label}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
            ),
            UnknownField::NotSupported => format!("field label not supported: {label}"),
            UnknownField::NotSupportedForKind => {
                format!("field label \"{label}\" not supported for {}", kind.kind)
            }
            UnknownField::NotSupportedForVersion => {
                format!("field label not supported for {group}/{version}, Kind={}: {label}", kind.kind)
            }
        };
        assert_eq!(response["body"]["message"], expected.as_str(), "{kind:?}");
    });
    assert!(!is_there || n_seen > 10, "only {n_seen}");
}

#[test]
fn objects_are_read_in_another_version_as_a_real_server_converts_them() {
    let mut n_seen = 0;
    let mut found = Vec::new();
    let is_there = each_request(|target, request, response, before| {
        let Some(before) = before else { return };
        let is_whole = !target.name.is_empty() && target.subresource.is_empty();
        let (answer, kind) = (filled(&response["body"]), target.kind);
        if request["method"] != "GET" || answer["kind"] != kind.kind || !is_whole {
            return;
        }
        let api_version = before["apiVersion"].as_str().unwrap_or_default();
        let from = api_version.split_once('/').unwrap_or(("", api_version));
        let is_same = Meta::of(before).resource_version() == Meta::of(&answer).resource_version();
        if from == target.version || !is_same {
            return;
        }
        let mut ours = before.clone();
        kind.strategy.convert(&mut ours, from, target.version);
        let mut theirs = answer.clone();
        for object in [&mut ours, &mut theirs] {
            object["metadata"]["managedFields"] = Value::Null;
        }
        n_seen += 1;
        found.extend(differences(&ours, &theirs, &format!("{kind:?}")));
    });
    assert!(found.is_empty(), "{found:#?}");
    assert!(!is_there || n_seen > 0, "nothing was read in another version");
}

/// What some kinds demand of names besides their format.
const OF_VALIDATION: [&str; 5] = [
    "must be no more than 52 characters",
    "must be `spec.version",
    "must be spec.names.plural",
    "will not able",
    "is reserved",
];

#[test]
fn names_are_refused_as_the_table_says() {
    let (mut n_good, mut n_bad, mut found) = (0, 0, Vec::new());
    let is_there = each_request(|target, request, response, _| {
        let is_create = request["method"] == "POST" && target.name.is_empty();
        let name = Meta::of(&request["body"]).name();
        if !is_create || name.is_empty() || !matches!(response["status"].as_i64(), Some(201 | 422)) {
            return;
        }
        let ours = target.kind.name_rule_in(target.version.0).check(name);
        let causes = response["body"]["details"]["causes"].as_array().into_iter().flatten();
        let theirs: Vec<_> = causes
            .filter(|cause| cause["field"] == "metadata.name" && cause["reason"] == "FieldValueInvalid")
            .filter_map(|cause| cause["message"].as_str())
            .filter(|message| !OF_VALIDATION.iter().any(|other| message.contains(other)))
            .collect();
        let is_same = ours.len() == theirs.len()
            && ours.iter().zip(&theirs).all(|(ours, theirs)| theirs.ends_with(ours.as_str()));
        if !is_same {
            found.push(format!("{:?} {name}: ours {ours:?}, theirs {theirs:?}", target.kind));
        }
        *(if ours.is_empty() { &mut n_good } else { &mut n_bad }) += 1;
    });
    assert!(found.is_empty(), "{found:#?}");
    assert!(!is_there || n_good > 300 && n_bad > 20, "only {n_good} good and {n_bad} bad names");
}
