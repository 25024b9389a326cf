use super::*;
use ExtensionPoint as P;

/// `A`, `B` and `C` filter and score; `Sort`, `Sort2`, `Bind`, `Gen` and `Gen2` do what their
/// names say; `Place` scores placements.
fn implements(name: &str) -> Option<&'static [P]> {
    Some(match name {
        "A" | "B" | "C" => &[P::Filter, P::Score],
        "F" => &[P::Filter],
        "Sort" | "Sort2" => &[P::QueueSort],
        "Bind" => &[P::Bind],
        "Gen" | "Gen2" => &[P::PlacementGenerate],
        "Place" => &[P::PlacementScore],
        _ => return None,
    })
}

/// Sets written as `point: enabled - disabled`, plugins as `name` or `name=weight`.
fn plugins(lines: &[&str]) -> Plugins {
    let list = |text: &str| {
        let plugin = |item: &str| {
            let (name, weight) = item.split_once('=').unwrap_or((item, "0"));
            Plugin { name: name.to_owned(), weight: weight.parse().unwrap() }
        };
        text.split_whitespace().map(plugin).collect()
    };
    let mut plugins = Plugins::default();
    for line in lines {
        let (point, rest) = line.split_once(':').unwrap();
        let (enabled, disabled) = rest.split_once(" - ").unwrap_or((rest, ""));
        let set = plugins.set_mut(P::from_name(point).unwrap());
        set.enabled.extend::<Vec<_>>(list(enabled));
        set.disabled.extend::<Vec<_>>(list(disabled));
    }
    plugins
}

fn resolve(lines: &[&str]) -> Result<ResolvedPlugins, String> {
    let lines = [lines, &["multiPoint: Sort Bind"]].concat();
    expand(&plugins(&lines), "s", &implements).map_err(|error| error.to_string())
}

fn check(lines: &[&str], point: P, expected: &str) {
    let resolved = resolve(lines).unwrap_or_else(|error| panic!("{lines:?}: {error}"));
    let text = |plugin: &ResolvedPlugin| match plugin.weight {
        Some(weight) => format!("{}={weight}", plugin.name),
        None => plugin.name.clone(),
    };
    let found: Vec<_> = resolved.at(point).iter().map(text).collect();
    assert_eq!(found.join(" "), expected, "{lines:?}");
}

fn refused(lines: &[&str], message: &str) {
    assert_eq!(resolve(lines), Err(message.to_owned()), "{lines:?}");
}

#[test]
fn expands_to_the_points_that_a_plugin_implements() {
    let lines = ["multiPoint: F B=3 A"];
    check(&lines, P::Filter, "F B A");
    check(&lines, P::Score, "B=3 A=1");
    check(&lines, P::Reserve, "");
    check(&lines, P::QueueSort, "Sort");
    check(&lines, P::MultiPoint, "");
}

#[test]
fn leaves_out_what_a_point_disables() {
    check(&["multiPoint: A B C", "filter: - B"], P::Filter, "A C");
    check(&["multiPoint: A B C", "filter: - B"], P::Score, "A=1 B=1 C=1");
    check(&["multiPoint: A B C", "filter: - *"], P::Filter, "");
    check(&["multiPoint: A B", "filter: C A - *"], P::Filter, "C A");
}

#[test]
fn puts_overrides_first_then_the_expanded_then_the_rest() {
    check(&["multiPoint: A F", "filter: C A"], P::Filter, "A F C");
    check(&["multiPoint: A B F", "filter: C B A"], P::Filter, "B A F C");
    // Disabled at the point as well, the explicit entry is no longer an override.
    check(&["multiPoint: A F", "filter: C A - A"], P::Filter, "F C A");
}

#[test]
fn the_weight_of_a_point_beats_that_of_multi_point() {
    check(&["multiPoint: A=2 B=4", "score: A=9"], P::Score, "A=9 B=4");
    check(&["multiPoint: A=2 B=4", "score: A"], P::Score, "A=1 B=4");
    check(&["multiPoint: Place=7"], P::PlacementScore, "Place=7");
}

#[test]
fn refuses_unknown_plugins() {
    refused(&["score: X"], r#"ScorePlugin "X" does not exist"#);
    refused(&["multiPoint: X"], r#"PreFilterPlugin "X" does not exist"#);
    refused(&["filter: X", "multiPoint: Y"], r#"FilterPlugin "X" does not exist"#);
}

#[test]
fn refuses_a_plugin_at_a_point_that_it_lacks() {
    refused(&["score: F"], r#"plugin "F" does not extend ScorePlugin plugin"#);
}

#[test]
fn refuses_a_plugin_enabled_twice() {
    refused(&["filter: A A"], r#"plugin "A" already registered as "FilterPlugin""#);
    refused(&["multiPoint: A A"], r#"plugin "A" already registered as "FilterPlugin""#);
    // An explicit entry everywhere hides the repetition.
    check(&["multiPoint: A A", "filter: A", "score: A"], P::Filter, "A");
}

#[test]
fn needs_one_queue_sort_and_a_bind() {
    let bare = |lines: &[&str]| {
        expand(&plugins(lines), "s", &implements).map(|_| ()).map_err(|error| error.to_string())
    };
    let sort = |got| {
        format!("only one queue sort plugin required for profile with scheduler name \"s\", but got {got}")
    };
    assert_eq!(bare(&["bind: Bind"]), Err(sort(0)));
    assert_eq!(bare(&["multiPoint: Sort Sort2 Bind"]), Err(sort(2)));
    assert_eq!(
        bare(&["queueSort: Sort"]),
        Err("at least one bind plugin is needed for profile with scheduler name \"s\"".to_owned())
    );
    assert_eq!(bare(&["queueSort: Sort", "bind: Bind"]), Ok(()));
}

#[test]
fn allows_one_placement_generator() {
    check(&["multiPoint: Gen"], P::PlacementGenerate, "Gen");
    refused(
        &["multiPoint: Gen Gen2"],
        "at most one placement generate plugin is allowed for profile with scheduler name \"s\"",
    );
}

#[test]
fn the_largest_weights_do_not_overflow() {
    let max = i32::MAX;
    let lines = [&*format!("multiPoint: A={max} B={max} C={max}")];
    check(&lines, P::Score, &format!("A={max} B={max} C={max}"));
    let error = PluginSetError::Overflow { point: P::PlacementScore };
    let message = "placement score plugins: total score of Score plugins could overflow";
    assert_eq!(error.to_string(), message);
}
