//! Taints, tolerations, and which of them go together.

use base::{Interner, Symbol};
use wire::config::Gate;

use super::Compiler;

/// What a taint does to pods that do not tolerate it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// New pods are kept off the node.
    NoSchedule,
    /// New pods are placed elsewhere if possible.
    PreferNoSchedule,
    /// New pods are kept off and running ones evicted.
    NoExecute,
    /// An effect that this version of Kubernetes does not know.
    Other(Symbol),
}

impl Effect {
    fn compile(text: &str, compiler: &mut Compiler<'_>) -> Effect {
        match text {
            "NoSchedule" => Effect::NoSchedule,
            "PreferNoSchedule" => Effect::PreferNoSchedule,
            "NoExecute" => Effect::NoExecute,
            other => Effect::Other(compiler.symbol(other)),
        }
    }

    /// Whether the scheduler must not place a pod that does not tolerate a taint with this effect.
    pub fn forbids_scheduling(self) -> bool {
        matches!(self, Effect::NoSchedule | Effect::NoExecute)
    }

    /// How the API spells the effect; `symbols` resolves the unknown ones.
    pub fn as_str(self, symbols: &Interner) -> &str {
        match self {
            Effect::NoSchedule => "NoSchedule",
            Effect::PreferNoSchedule => "PreferNoSchedule",
            Effect::NoExecute => "NoExecute",
            Effect::Other(symbol) => symbols.resolve(symbol),
        }
    }
}

/// A taint of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Taint {
    /// The key.
    pub key: Symbol,
    /// The value, often empty.
    pub value: Symbol,
    /// What it does.
    pub effect: Effect,
    /// The value as an integer in canonical form, for the comparison operators.
    integer: Option<i64>,
}

impl Taint {
    /// Compiles one taint.
    pub fn compile(taint: &wire::Taint, compiler: &mut Compiler<'_>) -> Taint {
        Taint {
            key: compiler.symbol(&taint.key),
            value: compiler.symbol(&taint.value),
            effect: Effect::compile(&taint.effect, compiler),
            integer: canonical_integer(&taint.value),
        }
    }

    /// A taint given by its parts.
    pub fn new(key: Symbol, value: Symbol, effect: Effect) -> Taint {
        Taint { key, value, effect, integer: None }
    }
}

/// How a toleration compares its value with a taint's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Comparison {
    Equal,
    Exists,
    LessThan(Option<i64>),
    GreaterThan(Option<i64>),
    Unknown,
}

/// A toleration of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Toleration {
    key: Symbol,
    value: Symbol,
    effect: Option<Effect>,
    comparison: Comparison,
}

impl Toleration {
    /// Compiles one toleration. The comparison operators `Lt` and `Gt` (KEP-5471) tolerate nothing while
    /// their gate TaintTolerationComparisonOperators is off.
    pub fn compile(toleration: &wire::Toleration, compiler: &mut Compiler<'_>) -> Toleration {
        let compares = compiler.gates.enabled(Gate::TaintTolerationComparisonOperators);
        Toleration {
            key: compiler.symbol(&toleration.key),
            value: compiler.symbol(&toleration.value),
            effect: (!toleration.effect.is_empty()).then(|| Effect::compile(&toleration.effect, compiler)),
            comparison: match toleration.operator.as_str() {
                "" | "Equal" => Comparison::Equal,
                "Exists" => Comparison::Exists,
                "Lt" if compares => Comparison::LessThan(canonical_integer(&toleration.value)),
                "Gt" if compares => Comparison::GreaterThan(canonical_integer(&toleration.value)),
                _ => Comparison::Unknown,
            },
        }
    }

    /// Whether this toleration accepts `taint`.
    pub fn tolerates(&self, taint: &Taint) -> bool {
        if self.effect.is_some_and(|effect| effect != taint.effect) {
            return false;
        }
        if self.key != Symbol::EMPTY && self.key != taint.key {
            return false;
        }
        match self.comparison {
            Comparison::Equal => self.value == taint.value,
            Comparison::Exists => true,
            Comparison::LessThan(bound) => {
                taint.integer.zip(bound).is_some_and(|(taint, bound)| taint < bound)
            }
            Comparison::GreaterThan(bound) => {
                taint.integer.zip(bound).is_some_and(|(taint, bound)| taint > bound)
            }
            Comparison::Unknown => false,
        }
    }

    /// Whether it can apply to taints with effect PreferNoSchedule.
    pub fn concerns_prefer_no_schedule(&self) -> bool {
        matches!(self.effect, None | Some(Effect::PreferNoSchedule))
    }
}

/// The first taint that forbids scheduling and that no toleration accepts.
pub fn untolerated<'t>(taints: &'t [Taint], tolerations: &[Toleration]) -> Option<&'t Taint> {
    taints
        .iter()
        .filter(|taint| taint.effect.forbids_scheduling())
        .find(|taint| !tolerations.iter().any(|toleration| toleration.tolerates(taint)))
}

/// A taint as users write it: `key=value:Effect`, or `key:Effect` without a value.
pub fn describe(taint: &Taint, symbols: &Interner) -> String {
    let (key, effect) = (symbols.resolve(taint.key), taint.effect.as_str(symbols));
    match symbols.resolve(taint.value) {
        "" => format!("{key}:{effect}"),
        value => format!("{key}={value}:{effect}"),
    }
}

/// Integers as the comparison operators accept them: `0`, or digits without leading zero after an optional `-`.
fn canonical_integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let canonical = text == "0"
        || digits.starts_with(|first: char| ('1'..='9').contains(&first))
            && digits.bytes().all(|byte| byte.is_ascii_digit());
    if canonical { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use wire::config::FeatureGates;

    use super::*;

    fn check(gates: &FeatureGates, toleration: &str, taint: &str, expected: bool) {
        let mut symbols = Interner::default();
        let mut compiler = Compiler { symbols: &mut symbols, gates };
        let compiled = Toleration::compile(&serde_json::from_str(toleration).expect("json"), &mut compiler);
        let on = Taint::compile(&serde_json::from_str(taint).expect("json"), &mut compiler);
        assert_eq!(compiled.tolerates(&on), expected, "{toleration} on {taint}");
    }

    #[test]
    fn an_empty_key_or_effect_matches_any() {
        let gates = FeatureGates::default();
        let taint = r#"{"key":"k","value":"v","effect":"NoSchedule"}"#;
        check(&gates, r#"{"operator":"Exists"}"#, taint, true);
        check(&gates, r#"{"operator":"Exists","effect":"NoExecute"}"#, taint, false);
        check(&gates, r#"{"key":"k","value":"v"}"#, taint, true);
        check(&gates, r#"{"key":"k","value":"w"}"#, taint, false);
        check(&gates, r#"{"key":"other","operator":"Exists"}"#, taint, false);
        check(&gates, r#"{"value":"v","operator":"Equal"}"#, taint, true);
    }

    #[test]
    fn comparison_operators_follow_their_gate_and_accept_canonical_integers_only() {
        let off = FeatureGates::default();
        let on = FeatureGates::parse("TaintTolerationComparisonOperators=true").expect("known gate");
        let taint = r#"{"key":"k","value":"5","effect":"NoSchedule"}"#;
        check(&off, r#"{"key":"k","operator":"Lt","value":"7"}"#, taint, false);
        check(&on, r#"{"key":"k","operator":"Lt","value":"7"}"#, taint, true);
        check(&on, r#"{"key":"k","operator":"Gt","value":"7"}"#, taint, false);
        check(&on, r#"{"key":"k","operator":"Gt","value":"-1"}"#, taint, true);
        check(&on, r#"{"key":"k","operator":"Gt","value":"01"}"#, taint, false);
        check(&on, r#"{"key":"k","operator":"Lt","value":"+7"}"#, taint, false);
    }
}
