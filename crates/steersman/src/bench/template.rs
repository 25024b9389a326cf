//! The part of Go's templates that workloads are written in.
//!
//! `{{.Index}}`, `{{.Count}}` and other values; scheduler_perf's functions on numbers (`Mod`, `DivideInt` …);
//! Go's comparisons; parentheses; `{{if}}`, `{{else if}}`, `{{else}}`, `{{end}}`; comments and trim markers.
//! Anything else is an error that names the construct.

mod expression;
mod parse;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use expression::{Env, Expression};

/// A text with actions.
#[derive(Debug)]
pub(super) struct Template {
    file: PathBuf,
    nodes: Vec<Node>,
}

#[derive(Debug)]
enum Node {
    Text(String),
    Print(Expression),
    /// Conditions with what they stand before; the last one may have none.
    If(Vec<(Option<Expression>, Vec<Node>)>),
}

impl Template {
    /// Reads a template; `file` is for messages.
    pub(super) fn parse(text: &str, file: &Path) -> Result<Template> {
        let nodes = parse::parse(text).with_context(|| file.display().to_string())?;
        Ok(Template { file: file.to_path_buf(), nodes })
    }

    /// Whether it is the same text for every index.
    pub(super) fn is_fixed(&self) -> bool {
        self.nodes.iter().all(|node| matches!(node, Node::Text(_)))
    }

    /// The text for one index.
    pub(super) fn render(&self, index: u64, count: u64, params: &BTreeMap<String, Value>) -> Result<String> {
        let mut out = String::new();
        let env = Env { index, count, params };
        write(&self.nodes, &env, &mut out).with_context(|| self.file.display().to_string())?;
        Ok(out)
    }
}

fn write(nodes: &[Node], env: &Env<'_>, out: &mut String) -> Result<()> {
    for node in nodes {
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Print(expression) => out.push_str(&expression.value(env)?.to_string()),
            Node::If(branches) => {
                for (condition, nodes) in branches {
                    let holds = match condition {
                        Some(condition) => condition.value(env)?.is_true(),
                        None => true,
                    };
                    if holds {
                        write(nodes, env, out)?;
                        break;
                    }
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
