use serde_json::{Value, json};

use crate::schema::Schema;
use crate::schema::decode::{duplicate_fields, type_meta};
use crate::schema::json::parse;

fn decode(group: &str, kind: &str, body: &str) -> Result<(Value, Vec<String>), String> {
    let schema = Schema::get();
    let of = schema.type_of(group, "v1", kind).expect(kind);
    let decoded = schema.decode_json(of, body.as_bytes()).map_err(|error| error.to_string())?;
    Ok((decoded.value, decoded.strict.iter().map(ToString::to_string).collect()))
}

#[test]
fn notes_what_is_unknown_or_there_twice() {
    let cases: [(&str, &str, &[&str]); 7] = [
        (
            "",
            r#"{"bogus":1,"metadata":{"extra":2}}"#,
            &[r#"unknown field "bogus""#, r#"unknown field "metadata.extra""#],
        ),
        ("", r#"{"Metadata":{}}"#, &[r#"unknown field "Metadata""#]),
        (
            "",
            r#"{"spec":{"containers":[{},{"foo":1,"foo":2}]}}"#,
            &[r#"unknown field "spec.containers[1].foo""#],
        ),
        ("", r#"{"spec":{"nodeName":"a","nodeName":"b"}}"#, &[r#"duplicate field "spec.nodeName""#]),
        ("", r#"{"metadata":{"labels":{"a":"1","a":"2"}}}"#, &[r#"duplicate field "metadata.labels.a""#]),
        (
            "",
            r#"{"spec":{"volumes":[{"emptyDir":{"x":1}}]}}"#,
            &[r#"unknown field "spec.volumes[0].emptyDir.x""#],
        ),
        ("", r#"{"metadata":{"labels":null},"spec":null}"#, &[]),
    ];
    for (group, body, expected) in cases {
        assert_eq!(decode(group, "Pod", body).expect(body).1, expected, "{body}");
    }
}

#[test]
fn reads_the_metadata_of_any_object() {
    let (value, strict) = decode(
        "stable.example.com",
        "PartialObjectMetadata",
        r#"{"metadata":{"name":"x","bogus":1,"labels":{"a":null}}}"#,
    )
    .expect("decodes");
    assert_eq!(value, json!({"metadata": {"name": "x", "labels": {"a": ""}}}));
    assert_eq!(strict, [r#"unknown field "metadata.bogus""#]);
}

#[test]
fn refuses_values_of_wrong_types_in_upstreams_words() {
    let cases = [
        (
            "apps",
            "Deployment",
            r#"{"metadata":"x"}"#,
            "json: cannot unmarshal string into Go struct field Deployment.metadata of type v1.ObjectMeta",
        ),
        (
            "apps",
            "Deployment",
            r#"{"spec":{"replicas":"x"}}"#,
            "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            "apps",
            "Deployment",
            r#"{"spec":{"replicas":1.5}}"#,
            "json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            "apps",
            "Deployment",
            r#"{"spec":{"replicas":3000000000}}"#,
            "json: cannot unmarshal number 3000000000 into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            "",
            "ConfigMap",
            r#"{"data":{"k":1}}"#,
            "json: cannot unmarshal number into Go struct field ConfigMap.data of type string",
        ),
        (
            "",
            "Secret",
            r#"{"data":{"k":1}}"#,
            "json: cannot unmarshal number into Go struct field Secret.data of type []uint8",
        ),
        ("", "Secret", r#"{"data":{"k":"!"}}"#, "illegal base64 data at input byte 0"),
        (
            "",
            "ConfigMap",
            r#"{"metadata":{"managedFields":"text"}}"#,
            "json: cannot unmarshal string into Go struct field ObjectMeta.metadata.managedFields of type []v1.ManagedFieldsEntry",
        ),
        (
            "",
            "Pod",
            r#"{"spec":{"containers":[{"ports":[{"protocol":5}]}]}}"#,
            "json: cannot unmarshal number into Go struct field ContainerPort.spec.containers.ports.protocol of type v1.Protocol",
        ),
        (
            "",
            "Pod",
            r#"{"spec":{"containers":[{"resources":{"limits":"x"}}]}}"#,
            "json: cannot unmarshal string into Go struct field ResourceRequirements.spec.containers.resources.limits of type v1.ResourceList",
        ),
        (
            "",
            "Pod",
            r#"{"spec":{"containers":[{"resources":{"limits":{"cpu":"x"}}}]}}"#,
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
        (
            "",
            "Pod",
            r#"{"spec":{"containers":[{"resources":{"limits":{"cpu":"1i"}}}]}}"#,
            "unable to parse quantity's suffix",
        ),
        (
            "",
            "Service",
            r#"{"spec":{"ports":[{"targetPort":true}]}}"#,
            "json: cannot unmarshal bool into Go struct field ServicePort.spec.ports.targetPort of type int32",
        ),
        (
            "coordination.k8s.io",
            "Lease",
            r#"{"spec":{"renewTime":"bad"}}"#,
            r#"parsing time "bad" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "bad" as "2006""#,
        ),
        (
            "coordination.k8s.io",
            "Lease",
            r#"{"spec":{"renewTime":"2024-01-01T00:00:00Z"}}"#,
            r#"parsing time "2024-01-01T00:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000""#,
        ),
        (
            "",
            "Pod",
            r#"{"metadata":{"creationTimestamp":"2024-13-01T00:00:00Z"}}"#,
            r#"parsing time "2024-13-01T00:00:00Z": month out of range"#,
        ),
        (
            "",
            "Pod",
            r#"{"metadata":{"creationTimestamp":"2024-02-30T00:00:00Z"}}"#,
            r#"parsing time "2024-02-30T00:00:00Z": day out of range"#,
        ),
        (
            "",
            "Pod",
            r#"{"spec":{"volumes":[{"emptyDir":"x"}]}}"#,
            "json: cannot unmarshal string into Go struct field Volume.spec.volumes.VolumeSource.emptyDir of type v1.EmptyDirVolumeSource",
        ),
        (
            "",
            "PersistentVolumeClaim",
            r#"{"spec":{"accessModes":["a",1]}}"#,
            "json: cannot unmarshal number into Go struct field PersistentVolumeClaimSpec.spec.accessModes of type v1.PersistentVolumeAccessMode",
        ),
        ("", "Pod", "[]", "json: cannot unmarshal array into Go value of type v1.Pod"),
        ("", "Pod", "{not json", "invalid character 'n' looking for beginning of object key string"),
        ("", "Pod", "not json", "invalid character 'o' in literal null (expecting 'u')"),
        ("", "Pod", "{", "unexpected end of JSON input"),
        ("", "Pod", "{} x", "invalid character 'x' after top-level value"),
    ];
    for (group, kind, body, expected) in cases {
        assert_eq!(decode(group, kind, body).expect_err(body), expected, "{body}");
    }
}

#[test]
fn reports_the_first_wrong_value_unless_a_scalars_own_code_refuses_one() {
    let body = r#"{"spec":{"replicas":"x","paused":1}}"#;
    assert!(decode("apps", "Deployment", body).expect_err(body).contains("spec.replicas"));
    let body = r#"{"spec":{"replicas":"x"},"metadata":{"creationTimestamp":"bad"}}"#;
    assert!(decode("apps", "Deployment", body).expect_err(body).starts_with("parsing time"));
}

#[test]
fn prints_zero_values_as_upstream_does() {
    let cases = [
        ("", "PodList", "{}", json!({"metadata": {}, "items": []})),
        ("", "Pod", r#"{}"#, json!({"metadata": {}, "spec": {"containers": null}, "status": {}})),
        (
            "apps",
            "Deployment",
            r#"{"spec":{"replicas":0,"minReadySeconds":0,"paused":false,"selector":null,"template":{"spec":{"containers":[{"name":"c","args":[],"image":""}]}}}}"#,
            json!({"metadata": {}, "status": {}, "spec": {
                "replicas": 0, "selector": null, "strategy": {},
                "template": {"metadata": {}, "spec": {"containers": [{"name": "c", "resources": {}}]}}}}),
        ),
        (
            "",
            "Service",
            r#"{"metadata":{"name":"s"}}"#,
            json!({"metadata": {"name": "s"}, "spec": {}, "status": {"loadBalancer": {}}}),
        ),
        (
            "",
            "Event",
            "{}",
            json!({"metadata": {}, "involvedObject": {}, "source": {}, "firstTimestamp": null, "lastTimestamp": null, "eventTime": null, "reportingComponent": "", "reportingInstance": ""}),
        ),
        (
            "rbac.authorization.k8s.io",
            "ClusterRole",
            r#"{"rules":[]}"#,
            json!({"metadata": {}, "rules": null}),
        ),
        (
            "",
            "Secret",
            r#"{"data":{"a":"","b":null,"c":"aGk="}}"#,
            json!({"metadata": {}, "data": {"a": "", "b": "", "c": "aGk="}}),
        ),
    ];
    for (group, kind, body, expected) in cases {
        assert_eq!(decode(group, kind, body).expect(body).0, expected, "{body}");
    }
}

#[test]
fn writes_scalars_in_their_canonical_form() {
    let body = r#"{"spec":{"containers":[{"name":"c","resources":{"limits":{"cpu":"1000m","memory":"1024Mi","x":2,"y":0.5}}}]},
        "metadata":{"creationTimestamp":"2024-01-01T01:00:00.5+01:00"}}"#;
    let value = decode("", "Pod", body).expect(body).0;
    assert_eq!(
        value.pointer("/spec/containers/0/resources/limits"),
        Some(&json!({"cpu": "1", "memory": "1Gi", "x": "2", "y": "500m"}))
    );
    assert_eq!(value.pointer("/metadata/creationTimestamp"), Some(&json!("2024-01-01T00:00:00Z")));
}

#[test]
fn a_second_object_of_the_same_name_adds_to_the_first() {
    let (value, strict) = decode("", "ConfigMap", r#"{"data":{"a":"1"},"data":{"b":"2"}}"#).expect("decodes");
    assert_eq!(value["data"], json!({"a": "1", "b": "2"}));
    assert_eq!(strict, [r#"duplicate field "data""#]);
}

#[test]
fn reads_schemas_of_custom_resources() {
    let body = r#"{"spec":{"versions":[{"name":"v1","schema":{"openAPIV3Schema":{"type":"object",
        "additionalProperties":false,"items":{"type":"string","nope":1},"default":{"a":null}}}}]}}"#;
    let (value, strict) = decode("apiextensions.k8s.io", "CustomResourceDefinition", body).expect(body);
    let schema = value.pointer("/spec/versions/0/schema/openAPIV3Schema").expect("the schema");
    assert_eq!(
        *schema,
        json!({"type": "object", "additionalProperties": false, "items": {"type": "string"}, "default": {"a": null}})
    );
    assert!(strict.is_empty(), "nothing is strict inside of items: {strict:?}");
}

#[test]
fn converts_the_results_of_strategic_merge_patches() {
    let schema = Schema::get();
    let of = schema.type_of("apps", "v1", "Deployment").expect("Deployment");
    let wrong = [
        (json!({"spec": {"template": {"spec": {"containers": "text"}}}}), "cannot restore slice from string"),
        (json!({"spec": {"replicas": "x"}}), "unrecognized type: int32"),
        (json!({"spec": {"replicas": 1.5}}), "cannot convert float64 to int32"),
        (json!({"spec": {"paused": 1}}), "unrecognized type: bool"),
        (json!({"spec": []}), "cannot restore struct from: slice"),
        (json!({"metadata": {"labels": {"a": 1}}}), "cannot convert int64 to string"),
        (json!({"metadata": {"labels": 1}}), "cannot restore map from int64"),
        (json!({"spec": {"strategy": {"type": 1}}}), "cannot convert int64 to v1.DeploymentStrategyType"),
        (
            json!({"spec": {"paused": 1}, "metadata": {"creationTimestamp": 5}}),
            "json: cannot unmarshal number into Go value of type string",
        ),
    ];
    for (value, expected) in wrong {
        assert_eq!(schema.convert_patched(of, &value).expect_err(expected).to_string(), expected);
    }
    let value = json!({"spec": {"replicas": 2.0, "x": {}, "strategy": {"y": 1}}});
    let converted = schema.convert_patched(of, &value).expect("converts");
    assert_eq!(converted.value["spec"]["replicas"], json!(2));
    let strict: Vec<String> = converted.strict.iter().map(ToString::to_string).collect();
    assert_eq!(strict, [r#"unknown field "spec.strategy.y""#, r#"unknown field "spec.x""#]);
}

#[test]
fn finds_names_that_are_there_twice_without_a_type() {
    let node = parse(br#"{"a":[{"b":1,"b":2}],"a":0,"c":{"d":1}}"#).expect("JSON");
    let found: Vec<String> = duplicate_fields(&node).iter().map(ToString::to_string).collect();
    assert_eq!(found, [r#"duplicate field "a[0].b""#, r#"duplicate field "a""#]);
}

#[test]
fn tells_what_an_object_says_it_is() {
    let meta = |text: &[u8]| type_meta(&parse(text).expect("JSON"));
    let found = meta(br#"{"apiVersion":"v1","kind":"Pod"}"#).expect("an object");
    assert_eq!((found.api_version.as_str(), found.kind.as_str()), ("v1", "Pod"));
    assert_eq!(
        meta(b"[1]").expect_err("a list"),
        r#"couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }"#
    );
    assert_eq!(
        meta(br#"{"kind":1}"#).expect_err("a number"),
        "couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string"
    );
}

fn yaml(text: &str) -> Result<(Value, Vec<String>), String> {
    let schema = Schema::get();
    let of = schema.type_of("", "v1", "ConfigMap").expect("ConfigMap");
    let decoded = schema.decode_yaml(of, text).map_err(|error| error.to_string())?;
    Ok((decoded.value, decoded.strict.iter().map(ToString::to_string).collect()))
}

#[test]
fn reads_yaml() {
    let (value, strict) =
        yaml("metadata:\n  name: e\n  name: f\ndata: {a: 'yes', b: \"1\", c: text}\n").expect("reads");
    assert_eq!(value, json!({"metadata": {"name": "f"}, "data": {"a": "yes", "b": "1", "c": "text"}}));
    assert_eq!(strict, ["yaml: unmarshal errors:\n  line 3: key \"name\" already set in map"]);
    let commented = "# a\n---\n# b\nmetadata: # c\n  # d\n  name: f # e\n# f\ndata:\n- # g\n";
    let node = Schema::parse_yaml(commented).expect("comments are no content").0;
    assert_eq!(node.into_value(), json!({"metadata": {"name": "f"}, "data": [null]}));
    let wrong = [
        (
            "data:\n  k: yes\n",
            "json: cannot unmarshal bool into Go struct field ConfigMap.data of type string",
        ),
        (
            "data:\n  k: 010\n",
            "json: cannot unmarshal number into Go struct field ConfigMap.data of type string",
        ),
        ("apiVersion: v1\n kind: x\n", "yaml: line 2: mapping values are not allowed in this context"),
        ("a: b: c", "yaml: mapping values are not allowed in this context"),
        ("%YAML 1.2\n---\na: b\n", "yaml: found incompatible YAML document"),
    ];
    for (text, expected) in wrong {
        assert_eq!(yaml(text).expect_err(text), expected, "{text}");
    }
    assert_eq!(yaml("").expect("an empty text").0, json!({"metadata": {}}));
}
