use super::*;

fn pod() -> Value {
    json!({"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a", "labels": {"l": "1"}}, "spec": {}})
}

fn options(include: &str) -> Result<TableOptions, Box<Status>> {
    TableOptions::decode(Query(&[("includeObject".to_owned(), include.to_owned())]))
}

#[test]
fn rows_have_as_much_of_their_objects_as_was_asked_for() {
    let columns = [
        ColumnDefinition::naming("Name", "its name"),
        ColumnDefinition::new("Age", "string", "its age"),
        ColumnDefinition::new("IP", "string", "its address").wide(),
    ];
    let pod = pod();
    let metadata = json!({"resourceVersion": "7", "continue": "c", "remainingItemCount": 2, "name": "x"});
    let of = |options: TableOptions| {
        let mut row = Row::new(vec!["a".into(), "5d".into(), "<none>".into()]);
        row.conditions.push(RowCondition {
            condition_type: "Completed".to_owned(),
            reason: "Succeeded".to_owned(),
            message: "The pod has completed successfully.".to_owned(),
        });
        table(&columns, &metadata, [(row, &pod)], options)
    };
    let document = of(options("").expect("options"));
    assert_eq!(
        document,
        json!({
            "kind": "Table",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": {"resourceVersion": "7", "continue": "c", "remainingItemCount": 2},
            "columnDefinitions": [
                {"name": "Name", "type": "string", "format": "name", "description": "its name", "priority": 0},
                {"name": "Age", "type": "string", "format": "", "description": "its age", "priority": 0},
                {"name": "IP", "type": "string", "format": "", "description": "its address", "priority": 1},
            ],
            "rows": [{
                "cells": ["a", "5d", "<none>"],
                "conditions": [{
                    "type": "Completed", "status": "True", "reason": "Succeeded",
                    "message": "The pod has completed successfully.",
                }],
                "object": {
                    "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
                    "metadata": {"name": "a", "labels": {"l": "1"}},
                },
            }],
        })
    );
    assert_eq!(of(options("None").expect("options"))["rows"][0]["object"], Value::Null);
    assert_eq!(of(options("Object").expect("options"))["rows"][0]["object"], pod);
    let without = TableOptions { no_headers: true, ..TableOptions::default() };
    assert_eq!(of(without)["columnDefinitions"], Value::Null);
}

#[test]
fn says_what_can_be_included() {
    let status = options("x").expect_err("unknown");
    assert_eq!(
        (status.code, status.message.as_str()),
        (
            400,
            "Unable to convert to Table as requested: includeObject: Invalid value: \"x\": must be 'Metadata', \
             'Object', 'None', or empty"
        )
    );
}

#[test]
fn lists_are_reduced_item_by_item() {
    let list = partial_object_metadata_list(&json!({"resourceVersion": "3"}), [&pod(), &json!({})]);
    assert_eq!(list["metadata"], json!({"resourceVersion": "3"}));
    assert_eq!(list["items"][0]["metadata"]["name"], "a");
    assert_eq!(list["items"][1]["metadata"], json!({}));
    assert_eq!(partial_object_metadata_list(&json!({}), [])["items"], json!([]));
}

#[test]
fn lists_and_objects_are_not_mixed_up() {
    let status = list_instead_of_object("core.ConfigMapList");
    assert_eq!(
        (status.code, status.message.as_str()),
        (
            406,
            "you requested PartialObjectMetadata, but the requested object is a list (*core.ConfigMapList)"
        )
    );
    let message =
        "you requested PartialObjectMetadataList, but the requested object is not a list (*core.ConfigMap)";
    assert_eq!(object_instead_of_list("core.ConfigMap").message, message);
}
