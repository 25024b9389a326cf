use super::*;

fn render(text: &str, index: u64) -> Result<String> {
    let params = BTreeMap::from([
        ("zone".to_owned(), Value::from("moon")),
        ("n".to_owned(), Value::from(3)),
        ("list".to_owned(), Value::Array(Vec::new())),
    ]);
    Template::parse(text, Path::new("pod.yaml"))?.render(index, 30, &params)
}

fn check(text: &str, index: u64, rendered: &str) {
    assert_eq!(render(text, index).expect(text), rendered, "{text}");
}

#[test]
fn values_and_functions_are_printed() {
    check("pod-{{.Index}} of {{ .Count }}", 7, "pod-7 of 30");
    check("{{Mod .Index 12}} {{ DivideInt .Index 5 }}", 14, "2 2");
    check("{{ DivideInt 30000 .Count }}Mi", 0, "1000Mi");
    check("{{AddInt .Index 1 (MultiplyInt 2 .n)}}", 4, "11");
    check("{{SubtractInt 2 5}} {{DivideFloat 1 4}} {{SubtractFloat 1 0.5}}", 0, "-3 0.25 0.5");
    check("{{.zone}}-{{AddFloat 1.5 1}}", 0, "moon-2.5");
    check("no action", 0, "no action");
}

#[test]
fn conditions_choose() {
    let text = "{{if eq (Mod .Index 3) 0}}a{{else if lt .Index 5}}b{{else}}c{{end}}";
    check(text, 3, "a");
    check(text, 4, "b");
    check(text, 8, "c");
    check("{{if Mod .Index 2}}odd{{end}}", 2, "");
    check("{{if and (gt .Index 1) (not (ge .Index 9))}}x{{if or 0 .Index}}y{{end}}{{end}}", 3, "xy");
}

#[test]
fn markers_trim_and_comments_vanish() {
    check("a\n{{- if 1 }}\nb\n{{- end }}\nc{{/* not shown */}}", 0, "a\nb\nc");
    check("a {{ .Index -}}\n  b", 1, "a 1b");
}

#[test]
fn what_is_not_known_is_named_with_its_file_and_line() {
    let check = |text: &str, wanted: &str| {
        let error = format!("{:#}", render(text, 1).expect_err(text));
        assert_eq!(error, format!("pod.yaml: {wanted}"), "{text}");
    };
    check("a\n{{range .Index}}{{end}}", "line 2: {{range .Index}}: range is not known here");
    check("{{Sprintf .Index}}", "line 1: {{Sprintf .Index}}: \"Sprintf\" is not known here");
    check("{{$x := 1}}", "line 1: {{$x := 1}}: \"$x\" is not known here");
    check("{{.Index | Mod 2}}", "line 1: {{.Index | Mod 2}}: \"|\" is not expected there");
    check("{{Mod .Index}}", "line 1: {{Mod .Index}}: Mod does not take 1 arguments");
    check("{{Mod .Index 0}}", "division by zero");
    check("{{DivideInt .Index 0}}", "division by zero");
    check("{{.Other}}", ".Other has no value: there are .Index, .Count and templateParams");
    check("{{.list}}", ".list is neither text nor a number");
    check("{{Mod \"x\" 2}}", "\"x\" is no number");
    check("{{.Index", "line 1: {{ without }}");
    check("{{if .Index}}", "{{if}} without {{end}}");
    check("{{end}}", "line 1: {{end}} without {{if}}");
    check("{{}}", "line 1: {{}}: there is nothing to print");
    check("{{(.Index}}", "line 1: {{(.Index}}: ( without )");
}

#[test]
fn fixed_texts_are_told_from_others() {
    let is_fixed = |text| Template::parse(text, Path::new("t")).expect("a template").is_fixed();
    assert!(is_fixed("a: b"));
    assert!(is_fixed("a: b{{/* c */}}"));
    assert!(!is_fixed("a: {{.Index}}"));
}
