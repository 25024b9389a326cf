//! Node affinity and inter-pod affinity terms.

use base::{Set, Symbol};
use wire::NodeSelectorRequirement;
use wire::selector::{is_label_value, is_qualified_name};

use super::labels::Requirement;
use super::{Compiler, Labels, Node, Selector};

/// One test on a node's labels.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum LabelTest {
    /// One that label selectors know too.
    Plain(Requirement),
    /// The label's value is a number above this.
    Greater(Symbol, i64),
    /// The label's value is a number below this.
    Less(Symbol, i64),
}

impl LabelTest {
    /// `None` if upstream would not parse it: for a negative bound, because a label cannot have that value.
    fn compile(requirement: &NodeSelectorRequirement, compiler: &mut Compiler<'_>) -> Option<LabelTest> {
        let is_valid = is_qualified_name(&requirement.key)
            && requirement.values.iter().all(|value| is_label_value(value));
        if !is_valid {
            return None;
        }
        let key = compiler.symbol(&requirement.key);
        let values = compiler.symbols_of(&requirement.values);
        let integer = || match requirement.values.as_slice() {
            [value] => value.parse::<i64>().ok(),
            _ => None,
        };
        let plain = |requirement| Some(LabelTest::Plain(requirement));
        match requirement.operator.as_str() {
            "In" if !values.is_empty() => plain(Requirement::In(key, values)),
            "NotIn" if !values.is_empty() => plain(Requirement::NotIn(key, values)),
            "Exists" if values.is_empty() => plain(Requirement::Exists(key)),
            "DoesNotExist" if values.is_empty() => plain(Requirement::DoesNotExist(key)),
            "Gt" => integer().map(|bound| LabelTest::Greater(key, bound)),
            "Lt" => integer().map(|bound| LabelTest::Less(key, bound)),
            _ => None,
        }
    }

    /// Whether the node passes.
    pub(crate) fn matches(&self, node: &Node) -> bool {
        match self {
            LabelTest::Plain(requirement) => requirement.matches(&node.labels),
            LabelTest::Greater(key, bound) => node.integer_label(*key).is_some_and(|value| value > *bound),
            LabelTest::Less(key, bound) => node.integer_label(*key).is_some_and(|value| value < *bound),
        }
    }
}

/// One test on a node's fields. Only `metadata.name` has a value; other fields read as the empty string.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct FieldTest {
    on_name: bool,
    equal: bool,
    value: Symbol,
}

impl FieldTest {
    fn compile(requirement: &NodeSelectorRequirement, compiler: &mut Compiler<'_>) -> Option<FieldTest> {
        let [value] = requirement.values.as_slice() else { return None };
        let equal = match requirement.operator.as_str() {
            "In" => true,
            "NotIn" => false,
            _ => return None,
        };
        Some(FieldTest { on_name: requirement.key == "metadata.name", equal, value: compiler.symbol(value) })
    }

    fn matches(&self, node: &Node) -> bool {
        self.matches_name(node.name)
    }

    fn matches_name(&self, name: Symbol) -> bool {
        let actual = if self.on_name { name } else { Symbol::EMPTY };
        (actual == self.value) == self.equal
    }
}

/// A node selector term: all tests must hold.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeSelectorTerm {
    labels: Box<[LabelTest]>,
    fields: Box<[FieldTest]>,
}

impl NodeSelectorTerm {
    /// Compiles a term. `Ok(None)` is a term without any requirement, which selects nothing; an error is a
    /// malformed requirement.
    fn compile(
        term: &wire::NodeSelectorTerm,
        compiler: &mut Compiler<'_>,
    ) -> Result<Option<NodeSelectorTerm>, String> {
        if term.match_expressions.is_empty() && term.match_fields.is_empty() {
            return Ok(None);
        }
        let malformed = |r: &NodeSelectorRequirement| {
            format!("invalid node selector requirement: {} {} {:?}", r.key, r.operator, r.values)
        };
        let labels =
            term.match_expressions.iter().map(|r| LabelTest::compile(r, compiler).ok_or(malformed(r)));
        let labels = labels.collect::<Result<_, _>>()?;
        let fields = term.match_fields.iter().map(|r| FieldTest::compile(r, compiler).ok_or(malformed(r)));
        Ok(Some(NodeSelectorTerm { labels, fields: fields.collect::<Result<_, _>>()? }))
    }

    /// Whether the node is selected.
    pub fn matches(&self, node: &Node) -> bool {
        self.labels.iter().all(|test| test.matches(node)) && self.matches_fields(node)
    }

    /// The tests on labels.
    pub(crate) fn label_tests(&self) -> &[LabelTest] {
        &self.labels
    }

    /// Whether there are tests on fields.
    pub(crate) fn tests_fields(&self) -> bool {
        !self.fields.is_empty()
    }

    /// Whether the node passes the tests on fields.
    pub(crate) fn matches_fields(&self, node: &Node) -> bool {
        self.fields.iter().all(|test| test.matches(node))
    }
}

/// A node selector: one of its terms must hold. A malformed term never does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeSelector {
    terms: Box<[NodeSelectorTerm]>,
    has_malformed_terms: bool,
    narrowing: Option<Box<[Symbol]>>,
}

impl NodeSelector {
    /// Compiles a node selector.
    pub fn compile(selector: &wire::NodeSelector, compiler: &mut Compiler<'_>) -> NodeSelector {
        let (mut terms, mut has_malformed_terms) = (Vec::new(), false);
        for term in &selector.node_selector_terms {
            match NodeSelectorTerm::compile(term, compiler) {
                Ok(usable) => terms.extend(usable),
                Err(_) => has_malformed_terms = true,
            }
        }
        NodeSelector {
            terms: terms.into_boxed_slice(),
            has_malformed_terms,
            narrowing: narrowing(selector, compiler),
        }
    }

    /// Whether the node is selected.
    pub fn matches(&self, node: &Node) -> bool {
        self.terms.iter().any(|term| term.matches(node))
    }

    /// Whether a node with these labels is selected, whatever its name: how node affinities of volumes are read.
    pub(crate) fn matches_labels_of(&self, node: &Node) -> bool {
        self.terms.iter().any(|term| {
            term.labels.iter().all(|test| test.matches(node))
                && term.fields.iter().all(|test| test.matches_name(Symbol::EMPTY))
        })
    }

    /// The terms that can be read.
    pub(crate) fn terms(&self) -> &[NodeSelectorTerm] {
        &self.terms
    }

    /// The names of the only nodes that can be selected, if every term names its nodes. An empty list means
    /// that the terms contradict themselves.
    pub fn named_nodes(&self) -> Option<&[Symbol]> {
        self.narrowing.as_deref()
    }
}

/// Union over terms of the intersection of their `metadata.name In` requirements, read from the terms as
/// written: even those that are malformed otherwise.
fn narrowing(selector: &wire::NodeSelector, compiler: &mut Compiler<'_>) -> Option<Box<[Symbol]>> {
    if selector.node_selector_terms.is_empty() {
        return None;
    }
    let mut union: Vec<Symbol> = Vec::new();
    let mut seen = Set::default();
    for term in &selector.node_selector_terms {
        let mut names: Option<Vec<Symbol>> = None;
        for requirement in &term.match_fields {
            if requirement.key == "metadata.name" && requirement.operator == "In" {
                let values = compiler.symbols_of(&requirement.values);
                names = Some(match names {
                    None => values.into_vec(),
                    Some(names) => names.into_iter().filter(|name| values.contains(name)).collect(),
                });
            }
        }
        union.extend(names?.into_iter().filter(|name| seen.insert(*name)));
    }
    Some(union.into_boxed_slice())
}

/// Preferred node selector terms with their weights, or the text of the parse error.
pub type PreferredTerms = Result<Box<[(i64, NodeSelectorTerm)]>, Box<str>>;

/// Compiles preferred terms; those of weight 0 or without requirements are dropped.
pub fn preferred_terms(
    terms: &[wire::PreferredSchedulingTerm],
    compiler: &mut Compiler<'_>,
) -> PreferredTerms {
    let mut compiled = Vec::new();
    let mut errors = Vec::new();
    for term in terms.iter().filter(|term| term.weight != 0) {
        match NodeSelectorTerm::compile(&term.preference, compiler) {
            Ok(Some(preference)) => compiled.push((i64::from(term.weight), preference)),
            Ok(None) => {}
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(compiled.into_boxed_slice()) } else { Err(errors.join(", ").into_boxed_str()) }
}

/// What a pod asks of the node it runs on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeAffinity {
    /// `spec.nodeSelector`: every label must be there. `None` if the pod has none.
    pub node_selector: Option<Selector>,
    /// `requiredDuringSchedulingIgnoredDuringExecution`.
    pub required: Option<NodeSelector>,
    /// `preferredDuringSchedulingIgnoredDuringExecution`.
    pub preferred: PreferredTerms,
    /// Whether preferred terms are given at all, even if none of them counts.
    pub has_preferences: bool,
}

impl NodeAffinity {
    /// Compiles what a pod spec says about nodes.
    pub fn compile(spec: &wire::PodSpec, compiler: &mut Compiler<'_>) -> NodeAffinity {
        let affinity = spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref());
        NodeAffinity {
            node_selector: (!spec.node_selector.is_empty())
                .then(|| Selector::from_map(&spec.node_selector, compiler)),
            required: affinity
                .and_then(|a| a.required_during_scheduling_ignored_during_execution.as_ref())
                .map(|selector| NodeSelector::compile(selector, compiler)),
            preferred: affinity.map_or(Ok(Box::new([])), |a| {
                preferred_terms(&a.preferred_during_scheduling_ignored_during_execution, compiler)
            }),
            has_preferences: affinity
                .is_some_and(|a| !a.preferred_during_scheduling_ignored_during_execution.is_empty()),
        }
    }

    /// Whether the node meets the node selector and the required terms.
    pub fn admits(&self, node: &Node) -> bool {
        self.node_selector.as_ref().is_none_or(|selector| selector.matches(&node.labels))
            && self.required.as_ref().is_none_or(|required| required.matches(node))
    }

    /// Whether the node is not admitted, but only as far as can be told: a required term could not be read.
    pub fn cannot_tell(&self, node: &Node) -> bool {
        self.node_selector.as_ref().is_none_or(|selector| selector.matches(&node.labels))
            && self
                .required
                .as_ref()
                .is_some_and(|required| required.has_malformed_terms && !required.matches(node))
    }

    /// Whether nothing is required of a node.
    pub fn requires_nothing(&self) -> bool {
        self.node_selector.is_none() && self.required.is_none()
    }
}

/// One term of inter-pod affinity or anti-affinity.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AffinityTerm {
    /// The namespaces listed, or the pod's own if neither a list nor a selector is given.
    pub namespaces: Box<[Symbol]>,
    /// Selects further namespaces by their labels.
    pub namespace_selector: Selector,
    /// Selects pods.
    pub selector: Selector,
    /// Nodes with the same value of this label are one place.
    pub topology_key: Symbol,
}

impl AffinityTerm {
    fn compile(
        term: &wire::PodAffinityTerm,
        pod_namespace: Symbol,
        compiler: &mut Compiler<'_>,
    ) -> Result<AffinityTerm, String> {
        let namespaces = if term.namespaces.is_empty() && term.namespace_selector.is_none() {
            Box::new([pod_namespace]) as Box<[Symbol]>
        } else {
            compiler.symbols_of(&term.namespaces)
        };
        Ok(AffinityTerm {
            namespaces,
            namespace_selector: Selector::compile(term.namespace_selector.as_ref(), compiler)?,
            selector: Selector::compile(term.label_selector.as_ref(), compiler)?,
            topology_key: compiler.symbol(&term.topology_key),
        })
    }

    /// Whether a pod in `namespace`, which has labels `namespace_labels`, with labels `labels` is meant.
    pub fn matches(&self, namespace: Symbol, namespace_labels: &Labels, labels: &Labels) -> bool {
        (self.namespaces.contains(&namespace) || self.namespace_selector.matches(namespace_labels))
            && self.selector.matches(labels)
    }
}

/// A preferred term and its weight.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WeightedTerm {
    /// 1 to 100.
    pub weight: i64,
    /// What is preferred, or to be avoided.
    pub term: AffinityTerm,
}

/// A pod's inter-pod affinity and anti-affinity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PodAffinity {
    /// Whether `podAffinity` or `podAntiAffinity` is given at all, even without terms.
    pub is_given: bool,
    /// Required affinity terms.
    pub affinity: Box<[AffinityTerm]>,
    /// Required anti-affinity terms.
    pub anti_affinity: Box<[AffinityTerm]>,
    /// Preferred affinity terms.
    pub preferred_affinity: Box<[WeightedTerm]>,
    /// Preferred anti-affinity terms.
    pub preferred_anti_affinity: Box<[WeightedTerm]>,
    /// Why terms could not be parsed; their lists are then empty above.
    pub errors: Box<[Box<str>]>,
}

impl PodAffinity {
    /// Compiles what a pod spec says about other pods.
    pub fn compile(spec: &wire::PodSpec, namespace: Symbol, compiler: &mut Compiler<'_>) -> PodAffinity {
        let Some(affinity) = &spec.affinity else { return PodAffinity::default() };
        let mut errors: Vec<Box<str>> = Vec::new();
        let (near, apart) = (affinity.pod_affinity.as_ref(), affinity.pod_anti_affinity.as_ref());
        // One malformed term takes its whole list with it.
        let mut terms = |terms: Result<Box<[AffinityTerm]>, String>| {
            terms.unwrap_or_else(|error| {
                errors.push(error.into_boxed_str());
                Box::default()
            })
        };
        let mut compile = |given: Option<&[wire::PodAffinityTerm]>| -> Result<Box<[AffinityTerm]>, String> {
            let given = given.unwrap_or_default().iter();
            given.map(|term| AffinityTerm::compile(term, namespace, compiler)).collect()
        };
        let needs_near =
            terms(compile(near.map(|a| a.required_during_scheduling_ignored_during_execution.as_slice())));
        let needs_apart =
            terms(compile(apart.map(|a| a.required_during_scheduling_ignored_during_execution.as_slice())));
        let mut weighted = |given: Option<&[wire::WeightedPodAffinityTerm]>| -> Box<[WeightedTerm]> {
            let given = given.unwrap_or_default();
            let plain: Vec<_> = given.iter().map(|weighted| weighted.pod_affinity_term.clone()).collect();
            let compiled = terms(compile(Some(&plain)));
            let weights = given.iter().map(|weighted| i64::from(weighted.weight));
            weights.zip(compiled).map(|(weight, term)| WeightedTerm { weight, term }).collect()
        };
        let likes_near =
            weighted(near.map(|a| a.preferred_during_scheduling_ignored_during_execution.as_slice()));
        let likes_apart =
            weighted(apart.map(|a| a.preferred_during_scheduling_ignored_during_execution.as_slice()));
        PodAffinity {
            is_given: near.is_some() || apart.is_some(),
            affinity: needs_near,
            anti_affinity: needs_apart,
            preferred_affinity: likes_near,
            preferred_anti_affinity: likes_apart,
            errors: errors.into_boxed_slice(),
        }
    }

    /// Whether there are preferred terms of either kind.
    pub fn has_preferences(&self) -> bool {
        !self.preferred_affinity.is_empty() || !self.preferred_anti_affinity.is_empty()
    }
}
