//! What a plugin says about a pod or a pod on a node.

use base::Interner;

use super::Reason;

/// The kind of a [`Status`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// All is well.
    Success,
    /// Something failed that has nothing to do with the cluster's state.
    Error,
    /// Not now; preempting pods might help.
    Unschedulable,
    /// Not now, and preemption cannot help.
    UnschedulableAndUnresolvable,
    /// Permit only: wait.
    Wait,
    /// The plugin has nothing to say about this pod.
    Skip,
    /// Rejected until something outside happens.
    Pending,
}

impl Code {
    /// Upstream's name, as in metric labels.
    pub fn name(self) -> &'static str {
        match self {
            Code::Success => "Success",
            Code::Error => "Error",
            Code::Unschedulable => "Unschedulable",
            Code::UnschedulableAndUnresolvable => "UnschedulableAndUnresolvable",
            Code::Wait => "Wait",
            Code::Skip => "Skip",
            Code::Pending => "Pending",
        }
    }

    /// Whether this refuses the pod, as opposed to failing.
    pub fn is_rejected(self) -> bool {
        matches!(self, Code::Unschedulable | Code::UnschedulableAndUnresolvable | Code::Pending)
    }
}

impl Code {
    /// The code of a verdict.
    pub fn of<T>(verdict: &Result<T, Status>) -> Code {
        verdict.as_ref().map_or_else(|status| status.code, |_| Code::Success)
    }
}

/// A verdict with its reasons. Success has no status: functions return `Result<(), Status>`.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// The kind.
    pub code: Code,
    /// The plugin that said so; empty when several did or none.
    pub plugin: &'static str,
    /// Why.
    pub reasons: Vec<Reason>,
}

impl Status {
    /// A status with one reason.
    pub fn new(code: Code, plugin: &'static str, reason: Reason) -> Status {
        Status { code, plugin, reasons: vec![reason] }
    }

    /// A status without reasons.
    pub fn bare(code: Code) -> Status {
        Status { code, plugin: "", reasons: Vec::new() }
    }

    /// [`Code::Unschedulable`] for one reason.
    pub fn unschedulable(plugin: &'static str, reason: Reason) -> Status {
        Status::new(Code::Unschedulable, plugin, reason)
    }

    /// [`Code::UnschedulableAndUnresolvable`] for one reason.
    pub fn unresolvable(plugin: &'static str, reason: Reason) -> Status {
        Status::new(Code::UnschedulableAndUnresolvable, plugin, reason)
    }

    /// [`Code::Error`] with a text.
    pub fn error(plugin: &'static str, text: impl Into<Box<str>>) -> Status {
        Status::new(Code::Error, plugin, Reason::text(text))
    }

    /// The refusal of a pod that needs something which this version cannot decide about.
    pub fn not_supported(plugin: &'static str, what: &str) -> Status {
        Status::error(
            plugin,
            format!(
                "{what}: this version of Steersman cannot decide about that yet, so the pod is not placed"
            ),
        )
    }

    /// The reasons' sentences, joined with `", "`.
    pub fn message(&self, symbols: &Interner) -> String {
        let sentences: Vec<_> = self.reasons.iter().map(|reason| reason.sentence(symbols)).collect();
        sentences.join(", ")
    }

    /// Whether both say the same, whatever the operands.
    pub fn reads_like(&self, other: &Status) -> bool {
        self.code == other.code
            && self.plugin == other.plugin
            && self.reasons.len() == other.reasons.len()
            && self.reasons.iter().zip(&other.reasons).all(|(own, other)| own.reads_like(other))
    }

    /// The same without operands.
    pub fn without_operands(&self) -> Status {
        let reasons = self.reasons.iter().map(Reason::without_operands).collect();
        Status { code: self.code, plugin: self.plugin, reasons }
    }
}
