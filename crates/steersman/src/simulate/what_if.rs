//! `--what-if`: changes to the cluster that are tried out before anything is scheduled.
//!
//! An expression is parsed, then all of them are checked against each other, then they are applied one after
//! the other, each to what the one before left.

mod nodes;
mod scale;

use std::fmt;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail};

use crate::cluster_files::ClusterFiles;
pub(super) use scale::WorkloadKind;

/// More nodes or pods than this are a typing error: more than Kubernetes is built for, and as much as memory takes.
const COUNT_MAX: usize = 100_000;

/// A change, with the expression that asked for it.
#[derive(Debug)]
pub(super) struct WhatIf {
    expression: String,
    change: Change,
}

#[derive(Debug, PartialEq, Eq)]
enum Change {
    AddNodes { n: usize, model: Model },
    RemoveNode(String),
    Cordon(String),
    Scale { workload: Workload, n: usize },
}

/// What new nodes are like.
#[derive(Debug, PartialEq, Eq)]
enum Model {
    /// A node of the cluster.
    Node(String),
    /// The node in a file.
    File(PathBuf),
}

/// What makes pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Workload {
    namespace: String,
    kind: WorkloadKind,
    name: String,
}

impl fmt::Display for Workload {
    /// As one writes it in an expression.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.namespace, self.kind.keyword(), self.name)
    }
}

/// Parses expressions, and refuses those that contradict each other.
pub(super) fn parse(expressions: &[String]) -> Result<Vec<WhatIf>> {
    let parse = |expression: &String| {
        let change = parse_one(expression).with_context(|| format!("--what-if {expression}"))?;
        Ok(WhatIf { expression: expression.clone(), change })
    };
    let what_ifs: Vec<WhatIf> = expressions.iter().map(parse).collect::<Result<_>>()?;
    for (i, later) in what_ifs.iter().enumerate() {
        for earlier in &what_ifs[..i] {
            if let Some(contradiction) = contradiction(&earlier.change, &later.change) {
                return Err(contradictory(earlier, later, &contradiction));
            }
        }
    }
    Ok(what_ifs)
}

/// Applies all changes in order.
pub(super) fn apply(what_ifs: &[WhatIf], files: &mut ClusterFiles) -> Result<()> {
    for (i, what_if) in what_ifs.iter().enumerate() {
        let WhatIf { expression, change } = what_if;
        for earlier in &what_ifs[..i] {
            // Which replica sets belong to a Deployment only the files say.
            if let Some(contradiction) = scaled_through(&earlier.change, change, files) {
                return Err(contradictory(earlier, what_if, &contradiction));
            }
        }
        let done = match change {
            Change::AddNodes { n, model: Model::Node(name) } => nodes::add_like(files, *n, name),
            Change::AddNodes { n, model: Model::File(path) } => nodes::add_from_file(files, *n, path),
            Change::RemoveNode(name) => nodes::remove(files, name),
            Change::Cordon(name) => nodes::cordon(files, name),
            Change::Scale { workload, n } => scale::scale(files, workload, *n),
        };
        done.with_context(|| format!("--what-if {expression}"))?;
    }
    Ok(())
}

fn contradictory(earlier: &WhatIf, later: &WhatIf, contradiction: &str) -> anyhow::Error {
    anyhow!("--what-if {} and {}: {contradiction}", earlier.expression, later.expression)
}

/// Why two changes cannot both be meant.
fn contradiction(earlier: &Change, later: &Change) -> Option<String> {
    match (earlier, later) {
        (Change::RemoveNode(a), Change::Cordon(b)) | (Change::Cordon(a), Change::RemoveNode(b)) if a == b => {
            Some(format!("node {a:?} cannot be both removed and cordoned. Keep one of the two"))
        }
        (Change::RemoveNode(a), Change::RemoveNode(b)) if a == b => {
            Some(format!("node {a:?} can be removed only once. Keep one of the two"))
        }
        (Change::Cordon(a), Change::Cordon(b)) if a == b => {
            Some(format!("node {a:?} can be cordoned only once. Keep one of the two"))
        }
        (Change::RemoveNode(a), Change::AddNodes { model: Model::Node(b), .. }) if a == b => Some(format!(
            "there is no node {a:?} to copy once it is removed. Put add-nodes first, or copy another node"
        )),
        (Change::Scale { workload: a, .. }, Change::Scale { workload: b, .. }) if a == b => {
            Some(format!("{a} is scaled twice. Keep one of the two"))
        }
        _ => None,
    }
}

/// Why two changes cannot both be meant: they scale a Deployment and one of its replica sets.
fn scaled_through(earlier: &Change, later: &Change, files: &ClusterFiles) -> Option<String> {
    let (Change::Scale { workload: a, .. }, Change::Scale { workload: b, .. }) = (earlier, later) else {
        return None;
    };
    let (deployment, replica_set) = match (a.kind, b.kind) {
        (WorkloadKind::Deployment, WorkloadKind::ReplicaSet) => (a, b),
        (WorkloadKind::ReplicaSet, WorkloadKind::Deployment) => (b, a),
        _ => return None,
    };
    scale::is_revision(files, deployment, replica_set).then(|| {
        format!("{replica_set} belongs to {deployment}, so its pods are scaled twice. Keep one of the two")
    })
}

const ADD_NODES: &str =
    "Write add-nodes=N:like=NODE or add-nodes=N:file=PATH, such as add-nodes=3:like=worker-1";
const SCALE: &str = "Write scale=KIND/NAME=N or scale=NAMESPACE/KIND/NAME=N, such as scale=deployment/web=5";

fn parse_one(expression: &str) -> Result<Change> {
    let (verb, rest) = expression.split_once('=').unwrap_or((expression, ""));
    match verb {
        "add-nodes" => parse_add_nodes(rest),
        "remove-node" => Ok(Change::RemoveNode(node_name(rest, verb)?)),
        "cordon" => Ok(Change::Cordon(node_name(rest, verb)?)),
        "scale" => parse_scale(rest),
        _ => bail!(
            "{verb:?} is not something that can be tried out. Begin with add-nodes=, remove-node=, cordon= or scale="
        ),
    }
}

fn parse_add_nodes(rest: &str) -> Result<Change> {
    let Some((count, model)) = rest.split_once(':') else { bail!("it does not say like what. {ADD_NODES}") };
    let n = parse_count(count, 1, "nodes", ADD_NODES)?;
    match model.split_once('=') {
        Some(("like" | "file", "")) => bail!("nothing follows {model:?}. {ADD_NODES}"),
        Some(("like", name)) => Ok(Change::AddNodes { n, model: Model::Node(name.to_owned()) }),
        Some(("file", path)) => Ok(Change::AddNodes { n, model: Model::File(PathBuf::from(path)) }),
        _ => bail!("{model:?} is neither like=NODE nor file=PATH. {ADD_NODES}"),
    }
}

fn parse_scale(rest: &str) -> Result<Change> {
    let Some((workload, count)) = rest.rsplit_once('=') else { bail!("it does not say how many. {SCALE}") };
    let n = parse_count(count, 0, "pods", SCALE)?;
    let parts: Vec<&str> = workload.split('/').collect();
    let (namespace, kind, name) = match parts[..] {
        [kind, name] => ("default", kind, name),
        [namespace, kind, name] => (namespace, kind, name),
        _ => bail!("{workload:?} does not name a workload. {SCALE}"),
    };
    if namespace.is_empty() || name.is_empty() {
        bail!("{workload:?} does not name a workload. {SCALE}");
    }
    let Some(kind) = WorkloadKind::from_keyword(kind) else {
        let known: Vec<_> = WorkloadKind::ALL.iter().map(|kind| kind.keyword()).collect();
        bail!("{kind:?} is not a kind that can be scaled: {} are", known.join(", "));
    };
    let workload = Workload { namespace: namespace.to_owned(), kind, name: name.to_owned() };
    Ok(Change::Scale { workload, n })
}

fn node_name(name: &str, verb: &str) -> Result<String> {
    if name.is_empty() {
        bail!("it names no node. Write {verb}=NODE, such as {verb}=worker-1");
    }
    Ok(name.to_owned())
}

fn parse_count(text: &str, min: usize, what: &str, advice: &str) -> Result<usize> {
    match text.parse() {
        Ok(n) if (min..=COUNT_MAX).contains(&n) => Ok(n),
        Ok(_) => {
            bail!("{text:?} is out of range: between {min} and {COUNT_MAX} {what} can be asked for. {advice}")
        }
        Err(_) => bail!("{text:?} is not a number of {what}. {advice}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(expressions: &[&str]) -> String {
        let expressions: Vec<String> = expressions.iter().map(|text| (*text).to_owned()).collect();
        format!("{:#}", parse(&expressions).expect_err("an error"))
    }

    #[test]
    fn reads_every_form() {
        let like = Change::AddNodes { n: 3, model: Model::Node("a".into()) };
        assert_eq!(parse_one("add-nodes=3:like=a").expect("valid"), like);
        let file = Change::AddNodes { n: 1, model: Model::File("x:y=z.yaml".into()) };
        assert_eq!(parse_one("add-nodes=1:file=x:y=z.yaml").expect("valid"), file);
        let workload = |namespace: &str| Workload {
            namespace: namespace.into(),
            kind: WorkloadKind::Deployment,
            name: "web".into(),
        };
        let scale = Change::Scale { workload: workload("default"), n: 0 };
        assert_eq!(parse_one("scale=deployment/web=0").expect("valid"), scale);
        let scale = Change::Scale { workload: workload("shop"), n: 7 };
        assert_eq!(parse_one("scale=shop/deploy/web=7").expect("valid"), scale);
    }

    #[test]
    fn errors_name_the_expression_and_what_would_be_right() {
        assert_eq!(
            error(&["explode=now"]),
            "--what-if explode=now: \"explode\" is not something that can be tried out. Begin with add-nodes=, \
             remove-node=, cordon= or scale="
        );
        assert_eq!(
            error(&["add-nodes=x:like=a"]),
            "--what-if add-nodes=x:like=a: \"x\" is not a number of nodes. Write add-nodes=N:like=NODE or \
             add-nodes=N:file=PATH, such as add-nodes=3:like=worker-1"
        );
        assert!(error(&["add-nodes=0:like=a"]).contains("\"0\" is out of range: between 1 and 100000 nodes"));
        assert!(error(&["add-nodes=3"]).contains("it does not say like what"));
        assert!(error(&["add-nodes=3:as=a"]).contains("neither like=NODE nor file=PATH"));
        assert!(error(&["cordon"]).contains("Write cordon=NODE"));
        assert!(error(&["scale=web=3"]).contains("\"web\" does not name a workload"));
        assert!(error(&["scale=daemonset/web=3"]).contains("\"daemonset\" is not a kind that can be scaled"));
        assert!(error(&["scale=deployment/web=-1"]).contains("\"-1\" is not a number of pods. Write"));
    }

    #[test]
    fn contradictions_name_both_expressions() {
        assert_eq!(
            error(&["remove-node=a", "cordon=a"]),
            "--what-if remove-node=a and cordon=a: node \"a\" cannot be both removed and cordoned. Keep one of \
             the two"
        );
        assert!(error(&["remove-node=a", "remove-node=a"]).contains("only once"));
        assert!(error(&["cordon=a", "cordon=a"]).contains("\"a\" can be cordoned only once"));
        assert!(error(&["remove-node=a", "add-nodes=1:like=a"]).contains("Put add-nodes first"));
        assert!(error(&["scale=rs/a=1", "scale=default/replicaset/a=2"]).contains("scaled twice"));
    }
}
