//! Label sets and label selectors over symbols.

use std::collections::BTreeMap;

use base::Symbol;
use wire::LabelSelector;

use super::Compiler;

/// The labels of an object, sorted by key symbol.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Labels(Box<[(Symbol, Symbol)]>);

impl Labels {
    /// Interns a label map.
    pub fn compile(labels: &BTreeMap<String, String>, compiler: &mut Compiler<'_>) -> Labels {
        let mut entries: Vec<_> =
            labels.iter().map(|(key, value)| (compiler.symbol(key), compiler.symbol(value))).collect();
        entries.sort_unstable();
        Labels(entries.into_boxed_slice())
    }

    /// Interns the labels of a pod, whose values may be seen once and never again.
    pub fn compile_passing(labels: &BTreeMap<String, String>, compiler: &mut Compiler<'_>) -> Labels {
        let mut pair =
            |(key, value): (&String, &String)| (compiler.symbol(key), compiler.symbols.intern_passing(value));
        let mut entries: Vec<_> = labels.iter().map(&mut pair).collect();
        entries.sort_unstable();
        Labels(entries.into_boxed_slice())
    }

    /// The value of `key`, if the label is there.
    pub fn get(&self, key: Symbol) -> Option<Symbol> {
        // Objects carry a handful of labels; a scan beats a binary search up to there.
        if self.0.len() <= 12 {
            return self.0.iter().find(|entry| entry.0 == key).map(|entry| entry.1);
        }
        self.0.binary_search_by_key(&key, |entry| entry.0).ok().map(|i| self.0[i].1)
    }

    /// All pairs, ordered by key symbol.
    pub fn iter(&self) -> impl Iterator<Item = (Symbol, Symbol)> + '_ {
        self.0.iter().copied()
    }

    /// Whether there is no label at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// One test of a label selector.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Requirement {
    /// The label has one of these values.
    In(Symbol, Box<[Symbol]>),
    /// The label is absent or has none of these values.
    NotIn(Symbol, Box<[Symbol]>),
    /// The label is there.
    Exists(Symbol),
    /// The label is absent.
    DoesNotExist(Symbol),
}

impl Requirement {
    /// Whether an object with these labels passes.
    pub fn matches(&self, labels: &Labels) -> bool {
        match self {
            Requirement::In(key, values) => labels.get(*key).is_some_and(|value| values.contains(&value)),
            Requirement::NotIn(key, values) => labels.get(*key).is_none_or(|value| !values.contains(&value)),
            Requirement::Exists(key) => labels.get(*key).is_some(),
            Requirement::DoesNotExist(key) => labels.get(*key).is_none(),
        }
    }
}

/// A compiled label selector: all requirements must hold. A nil selector matches nothing, an empty one everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Selector {
    nothing: bool,
    requirements: Vec<Requirement>,
}

impl Selector {
    /// The selector that matches no object.
    pub const NOTHING: Selector = Selector { nothing: true, requirements: Vec::new() };
    /// The selector that matches every object.
    pub const EVERYTHING: Selector = Selector { nothing: false, requirements: Vec::new() };

    /// Compiles an optional selector; the error names the malformed requirement in upstream's words.
    pub fn compile(
        selector: Option<&LabelSelector>,
        compiler: &mut Compiler<'_>,
    ) -> Result<Selector, String> {
        let Some(selector) = selector else { return Ok(Selector::NOTHING) };
        let problems = wire::selector::validate_label_selector(selector, "");
        if !problems.is_empty() {
            let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
            return Err(problems.join(", "));
        }
        let mut compiled = Selector::from_map(&selector.match_labels, compiler);
        for expression in &selector.match_expressions {
            let key = compiler.symbol(&expression.key);
            let values = compiler.symbols_of(&expression.values);
            compiled.requirements.push(match (expression.operator.as_str(), values.is_empty()) {
                ("In", false) => Requirement::In(key, values),
                ("NotIn", false) => Requirement::NotIn(key, values),
                ("Exists", true) => Requirement::Exists(key),
                ("DoesNotExist", true) => Requirement::DoesNotExist(key),
                (operator, _) => return Err(format!("{operator:?} is not a valid label selector operator")),
            });
        }
        Ok(compiled)
    }

    /// The selector that demands each of these labels: a Service's or ReplicationController's `spec.selector`.
    pub fn from_map(labels: &BTreeMap<String, String>, compiler: &mut Compiler<'_>) -> Selector {
        let requirements = labels
            .iter()
            .map(|(key, value)| Requirement::In(compiler.symbol(key), Box::new([compiler.symbol(value)])))
            .collect();
        Selector { nothing: false, requirements }
    }

    /// The tests that all have to hold; `None` if nothing is selected.
    pub fn requirements(&self) -> Option<&[Requirement]> {
        (!self.nothing).then_some(self.requirements.as_slice())
    }

    /// The labels that whatever is selected has with one of these values each: what those who are selected can be
    /// looked up by.
    pub fn demands(&self) -> impl Iterator<Item = (Symbol, &[Symbol])> {
        self.requirements.iter().filter_map(|requirement| match requirement {
            Requirement::In(key, values) => Some((*key, &**values)),
            _ => None,
        })
    }

    /// Whether an object with these labels is selected.
    pub fn matches(&self, labels: &Labels) -> bool {
        !self.nothing && self.requirements.iter().all(|requirement| requirement.matches(labels))
    }

    /// Whether this is a selector without requirements that is not nil, which upstream often treats apart.
    pub fn is_empty(&self) -> bool {
        !self.nothing && self.requirements.is_empty()
    }

    /// Demands that `key` has `value` as well. A selector that matches nothing stays so.
    pub fn require(&mut self, key: Symbol, value: Symbol) {
        if !self.nothing {
            self.requirements.push(Requirement::In(key, Box::new([value])));
        }
    }

    /// Demands all that `other` demands as well.
    pub fn require_all(&mut self, other: &Selector) {
        self.nothing |= other.nothing;
        self.requirements.extend(other.requirements.iter().cloned());
    }
}

#[cfg(test)]
mod tests {
    use base::Interner;
    use wire::config::FeatureGates;

    use super::*;

    fn check(selector: &str, labels: &[(&str, &str)], expected: bool) {
        let (mut symbols, gates) = (Interner::default(), FeatureGates::default());
        let mut compiler = Compiler { symbols: &mut symbols, gates: &gates };
        let selector: Option<LabelSelector> = serde_json::from_str(selector).expect("a selector");
        let map = labels.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        let labels = Labels::compile(&map, &mut compiler);
        let compiled = Selector::compile(selector.as_ref(), &mut compiler).expect("well-formed");
        assert_eq!(compiled.matches(&labels), expected, "{selector:?} on {map:?}");
    }

    #[test]
    fn nil_matches_nothing_and_empty_matches_everything() {
        check("null", &[("a", "b")], false);
        check("{}", &[], true);
        check("{}", &[("a", "b")], true);
    }

    #[test]
    fn negative_requirements_match_objects_without_the_label() {
        let not_in = r#"{"matchExpressions":[{"key":"a","operator":"NotIn","values":["b"]}]}"#;
        check(not_in, &[], true);
        check(not_in, &[("a", "b")], false);
        check(not_in, &[("a", "c")], true);
        check(r#"{"matchExpressions":[{"key":"a","operator":"DoesNotExist"}]}"#, &[], true);
    }

    #[test]
    fn all_requirements_must_hold() {
        let both = r#"{"matchLabels":{"a":"b"},"matchExpressions":[{"key":"c","operator":"Exists"}]}"#;
        check(both, &[("a", "b")], false);
        check(both, &[("a", "b"), ("c", "")], true);
        check(both, &[("a", "x"), ("c", "")], false);
    }

    #[test]
    fn refuses_malformed_requirements() {
        let (mut symbols, gates) = (Interner::default(), FeatureGates::default());
        let mut compiler = Compiler { symbols: &mut symbols, gates: &gates };
        for text in [
            r#"{"matchExpressions":[{"key":"a","operator":"In"}]}"#,
            r#"{"matchExpressions":[{"key":"a","operator":"Exists","values":["b"]}]}"#,
            r#"{"matchExpressions":[{"key":"a","operator":"Gt","values":["1"]}]}"#,
        ] {
            let selector: LabelSelector = serde_json::from_str(text).expect("a selector");
            assert!(Selector::compile(Some(&selector), &mut compiler).is_err(), "{text}");
        }
    }
}
