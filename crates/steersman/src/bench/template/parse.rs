//! From text to a template.

use anyhow::{Result, anyhow, bail};

use super::Node;
use super::expression::Expression;

/// Branches that are open at some place of the text.
struct Open {
    /// Conditions with what they stand before; what comes next belongs to the last one.
    branches: Vec<(Option<Expression>, Vec<Node>)>,
}

/// Reads a text.
pub(super) fn parse(text: &str) -> Result<Vec<Node>> {
    let mut nodes = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut rest = text;
    let mut trims = false;
    loop {
        let start = rest.find("{{");
        let (before, after) = rest.split_at(start.unwrap_or(rest.len()));
        let mut plain = if trims { before.trim_start() } else { before };
        let Some(action) = after.strip_prefix("{{") else {
            push(&mut nodes, &mut open, Node::Text(plain.to_owned()));
            break;
        };
        let line = 1 + text[..text.len() - after.len()].matches('\n').count();
        let action = match action.strip_prefix("- ") {
            Some(action) => {
                plain = plain.trim_end();
                action
            }
            None => action,
        };
        push(&mut nodes, &mut open, Node::Text(plain.to_owned()));
        let Some((action, after)) = action.split_once("}}") else {
            bail!("line {line}: {{{{ without }}}}");
        };
        let (action, trims_after) = match action.strip_suffix(" -") {
            Some(action) => (action, true),
            None => (action, false),
        };
        take(action.trim(), &mut nodes, &mut open).map_err(|problem| anyhow!("line {line}: {problem}"))?;
        (rest, trims) = (after, trims_after);
    }
    if !open.is_empty() {
        bail!("{{{{if}}}} without {{{{end}}}}");
    }
    Ok(nodes)
}

/// Takes in what stands between `{{` and `}}`.
fn take(action: &str, nodes: &mut Vec<Node>, open: &mut Vec<Open>) -> Result<()> {
    if action.starts_with("/*") && action.ends_with("*/") {
        return Ok(());
    }
    let (word, rest) = action.split_once(char::is_whitespace).unwrap_or((action, ""));
    match word {
        "if" => {
            let condition = Expression::parse(rest)?;
            open.push(Open { branches: vec![(Some(condition), Vec::new())] });
        }
        "else" => {
            let Some(Open { branches }) = open.last_mut() else { bail!("{{{{else}}}} without {{{{if}}}}") };
            if branches.last().is_some_and(|(condition, _)| condition.is_none()) {
                bail!("{{{{else}}}} after {{{{else}}}}");
            }
            let condition = match rest.trim().strip_prefix("if ") {
                Some(condition) => Some(Expression::parse(condition)?),
                None if rest.trim().is_empty() => None,
                None => bail!("{{{{{action}}}}} is not known here"),
            };
            branches.push((condition, Vec::new()));
        }
        "end" => {
            let Some(Open { branches }) = open.pop() else { bail!("{{{{end}}}} without {{{{if}}}}") };
            push(nodes, open, Node::If(branches));
        }
        "range" | "with" | "define" | "template" | "block" | "break" | "continue" => {
            bail!("{{{{{action}}}}}: {word} is not known here");
        }
        _ => {
            let print = Node::Print(Expression::parse(action)?);
            push(nodes, open, print);
        }
    }
    Ok(())
}

fn push(nodes: &mut Vec<Node>, open: &mut [Open], node: Node) {
    if matches!(&node, Node::Text(text) if text.is_empty()) {
        return;
    }
    match open.last_mut().and_then(|open| open.branches.last_mut()) {
        Some((_, branch)) => branch.push(node),
        None => nodes.push(node),
    }
}
