use super::*;

fn pairs(query: &[(&str, &str)]) -> Vec<(String, String)> {
    query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn check<T: std::fmt::Debug>(
    decode: impl Fn(Query<'_>) -> Result<T, Box<Status>>,
    query: &[(&str, &str)],
    code: u16,
    message: &str,
) {
    let status = decode(Query(&pairs(query))).expect_err(message);
    assert_eq!((status.code, status.message.as_str()), (code, message), "{query:?}");
}

fn list(query: Query<'_>) -> Result<ListOptions, Box<Status>> {
    let mut options = ListOptions::decode(query)?;
    options.set_defaults();
    options.validate()?;
    Ok(options)
}

#[test]
fn list_options_are_read_and_defaulted() {
    let query = pairs(&[
        ("labelSelector", "a=b"),
        ("fieldSelector", "metadata.name=x"),
        ("limit", "-1"),
        ("continue", "tok"),
        ("resourceVersion", "5"),
        ("limit", "7"),
    ]);
    let options = list(Query(&query)).expect("options");
    assert_eq!(options.label_selector.to_string(), "a=b");
    assert_eq!(options.field_selector.exact_value("metadata.name"), Some("x"));
    assert_eq!((options.limit, options.watch, options.send_initial_events), (-1, false, None));

    let options = list(Query(&pairs(&[("watch", "")]))).expect("options");
    assert!(options.watch && options.send_initial_events == Some(true));
    assert_eq!(options.version_match(), Some(ResourceVersionMatch::NotOlderThan));
    let options = list(Query(&pairs(&[("watch", "1"), ("resourceVersion", "5")]))).expect("options");
    assert_eq!((options.send_initial_events, options.version_match()), (None, None));
    assert!(!list(Query(&pairs(&[("watch", "False")]))).expect("options").watch);
}

#[test]
fn list_options_that_do_not_fit_together_are_refused() {
    let invalid = |text: &str| format!("ListOptions.meta.k8s.io \"\" is invalid: {text}");
    let rv = |text: &str| format!("resourceVersionMatch: {text}");
    check(list, &[("limit", "x")], 400, "strconv.ParseInt: parsing \"x\": invalid syntax");
    check(
        list,
        &[("labelSelector", "a in ("), ("timeoutSeconds", "")],
        400,
        "strconv.ParseInt: parsing \"\": invalid syntax",
    );
    check(list, &[("fieldSelector", "x")], 400, "invalid selector: 'x'; can't understand 'x'");
    check(
        list,
        &[("resourceVersionMatch", "Exact")],
        422,
        &invalid(&rv("Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided")),
    );
    check(
        list,
        &[("resourceVersionMatch", "Exact"), ("resourceVersion", "0")],
        422,
        &invalid(&rv("Forbidden: resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"")),
    );
    check(
        list,
        &[("resourceVersionMatch", "x"), ("resourceVersion", "1"), ("continue", "c")],
        422,
        &invalid(&format!(
            "[{}, {}]",
            rv("Forbidden: resourceVersionMatch is forbidden when continue is provided"),
            rv("Unsupported value: \"x\": supported values: \"Exact\", \"NotOlderThan\", \"\"")
        )),
    );
    check(
        list,
        &[("sendInitialEvents", "true")],
        422,
        &invalid("sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list"),
    );
    let requires = rv("Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
    let unsupported = rv("Unsupported value: \"Exact\": supported values: \"NotOlderThan\"");
    check(list, &[("watch", "1"), ("sendInitialEvents", "x")], 422, &invalid(&requires));
    check(
        list,
        &[("watch", "1"), ("sendInitialEvents", "1"), ("resourceVersionMatch", "Exact")],
        422,
        &invalid(&format!("[{requires}, {unsupported}]")),
    );
    let unless =
        rv("Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
    check(
        list,
        &[("watch", "1"), ("resourceVersionMatch", "Exact"), ("resourceVersion", "1")],
        422,
        &invalid(&format!("[{unless}, {unsupported}]")),
    );
}

#[test]
fn resource_versions_that_are_no_numbers_fail_by_verb() {
    assert_eq!(resource_version(""), Ok(0));
    assert_eq!(resource_version("12"), Ok(12));
    let list = resource_version_for_list("abc").expect_err("no number");
    let text = "resourceVersion: Invalid value: \"abc\": strconv.ParseUint: parsing \"abc\": invalid syntax";
    assert_eq!((list.code, list.message), (400, format!("invalid resource version: {text}")));
    let one = resource_version_for_one("abc").expect_err("no number");
    assert_eq!((one.code, one.message.as_str()), (500, text));
    check(
        GetOptions::decode,
        &[("export", "true")],
        400,
        "the export parameter, deprecated since v1.14, is no longer supported",
    );
}

#[test]
fn write_options_are_read() {
    let query =
        pairs(&[("dryRun", "All"), ("dryRun", "All"), ("fieldManager", "m"), ("fieldValidation", "Strict")]);
    let options = WriteOptions::for_create(Query(&query)).expect("options");
    let expected = WriteOptions {
        is_dry_run: true,
        field_manager: "m".to_owned(),
        field_validation: FieldValidation::Strict,
        force: false,
    };
    assert_eq!(options, expected);
    let query = pairs(&[("force", "true"), ("fieldManager", "m")]);
    assert!(WriteOptions::for_patch(Query(&query), true).expect("options").force);
    assert_eq!(WriteOptions::for_update(Query(&[])).expect("options"), WriteOptions::default());
}

#[test]
fn write_options_that_must_not_be_are_refused() {
    check(
        WriteOptions::for_create,
        &[("dryRun", "")],
        422,
        "CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"\"]: supported values: \"All\"",
    );
    let patch = |query: Query<'_>| WriteOptions::for_patch(query, false);
    let apply = |query: Query<'_>| WriteOptions::for_patch(query, true);
    check(
        patch,
        &[("fieldValidation", "Bad")],
        422,
        "PatchOptions.meta.k8s.io \"\" is invalid: fieldValidation: Unsupported value: \"Bad\": supported values: \"\", \
         \"Ignore\", \"Strict\", \"Warn\"",
    );
    check(
        patch,
        &[("force", "1")],
        422,
        "PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not be specified for non-apply patch",
    );
    check(
        apply,
        &[],
        422,
        "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch",
    );
    check(
        apply,
        &[("fieldManager", &"m".repeat(129))],
        422,
        "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Too long: may not be more than 128 bytes",
    );
    check(
        WriteOptions::for_update,
        &[("fieldManager", "a\u{7f}")],
        422,
        "UpdateOptions.meta.k8s.io \"\" is invalid: fieldManager: Invalid value: \"a\\x7f\": invalid character U+007F (at \
         position 1)",
    );
}

#[test]
fn delete_options_come_from_query_or_body() {
    let query = pairs(&[("gracePeriodSeconds", "-1"), ("propagationPolicy", "Orphan"), ("dryRun", "All")]);
    let from_query = DeleteOptions::from_query(Query(&query)).expect("options");
    let body = br#"{"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":-1,"unknown":1,
        "propagationPolicy":"Orphan","dryRun":["All"]}"#;
    assert_eq!(DeleteOptions::from_body(body).expect("options"), from_query);
    assert_eq!(from_query.propagation_policy, Some(PropagationPolicy::Orphan));
    let body = br#"{"preconditions":{"uid":"u","resourceVersion":"1"},"orphanDependents":true}"#;
    let options = DeleteOptions::from_body(body).expect("options");
    let preconditions = Preconditions { uid: Some("u".to_owned()), resource_version: Some("1".to_owned()) };
    assert_eq!((options.preconditions, options.orphan_dependents), (preconditions, Some(true)));
}

#[test]
fn delete_options_that_must_not_be_are_refused() {
    let delete = DeleteOptions::from_query;
    check(delete, &[("gracePeriodSeconds", "abc")], 400, "strconv.ParseInt: parsing \"abc\": invalid syntax");
    let unsupported = "propagationPolicy: Unsupported value: \"X\": supported values: \"Foreground\", \"Background\", \
                       \"Orphan\", \"nil\"";
    check(
        delete,
        &[("propagationPolicy", "X")],
        422,
        &format!("DeleteOptions.meta.k8s.io \"\" is invalid: {unsupported}"),
    );
    for (body, code, message) in [
        (
            r#"{"orphanDependents":true,"propagationPolicy":"Background"}"#,
            422,
            "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Invalid value: \"Background\": orphanDependents \
             and deletionPropagation cannot be both set",
        ),
        (
            r#"{"dryRun":["Bad"]}"#,
            422,
            "DeleteOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"Bad\"]: supported values: \"All\"",
        ),
        (
            "{not json",
            400,
            "couldn't get version/kind; json parse error: invalid character 'n' looking for beginning of object key string",
        ),
        (
            r#"{"kind":"Pod","apiVersion":"v1"}"#,
            400,
            "no kind \"Pod\" is registered for version \"v1\" in scheme \
             \"k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27\"",
        ),
        (
            r#"{"gracePeriodSeconds":"x"}"#,
            400,
            "json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64",
        ),
    ] {
        let status = DeleteOptions::from_body(body.as_bytes()).expect_err(body);
        assert_eq!((status.code, status.message.as_str()), (code, message));
    }
}
