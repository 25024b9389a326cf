//! YAML as Kubernetes reads it: the first document, turned into JSON by the rules of YAML 1.1.
//!
//! So `yes` is a boolean, `010` is eight, and a name that is no text becomes one. Messages are upstream's.

mod scalar;

use std::collections::BTreeMap;

use granit_parser::{Event, Parser, ScanError, Span};

use super::json::{DEPTH_MAX, Node};

/// How many values aliases may add to a document.
const ALIASED_MAX: usize = 100_000;

/// A text that is not YAML, in upstream's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct YamlError(String);

/// A document.
#[derive(Debug)]
pub(super) struct Document {
    /// What is in it; null if it is empty.
    pub(super) node: Node,
    /// Names that are in a mapping already, with their lines from 1.
    pub(super) duplicates: Vec<(usize, String)>,
}

/// Reads the first document of a text.
///
/// # Errors
///
/// What upstream says about the first place that does not fit.
pub(super) fn parse(text: &str) -> Result<Document, YamlError> {
    let mut reader = Reader {
        events: Parser::new_from_str(text),
        anchors: BTreeMap::new(),
        duplicates: Vec::new(),
        n_aliased: 0,
        depth: 0,
        n_lines: text.lines().count(),
    };
    loop {
        let (event, span) = reader.next()?;
        match event {
            Event::StreamStart => {}
            Event::DocumentStart(_, Some(version)) if (version.major, version.minor) != (1, 1) => {
                return Err(YamlError("yaml: found incompatible YAML document".to_owned()));
            }
            Event::DocumentStart(..) => {
                let (event, span) = reader.next()?;
                let node = reader.node(event, span)?;
                return Ok(Document { node, duplicates: reader.duplicates });
            }
            Event::StreamEnd => return Ok(Document { node: Node::Null, duplicates: Vec::new() }),
            _ => return Err(unexpected(span)),
        }
    }
}

fn unexpected(span: Span) -> YamlError {
    YamlError(format!("yaml: line {}: did not find expected node content", span.start.line()))
}

fn in_words(error: &ScanError, n_lines: usize) -> YamlError {
    let text = error.kind().to_string();
    // Upstream notices at the end that a bracket is open.
    let open = [("unclosed bracket '['", ']'), ("unclosed bracket '{'", '}')];
    if let Some((_, bracket)) = open.iter().find(|(open, _)| *open == text) {
        return YamlError(format!("yaml: line {n_lines}: did not find expected ',' or '{bracket}'"));
    }
    let (context, problem) = match text.split_once(", ") {
        Some((context, problem)) if context.starts_with("while ") => (context, problem),
        _ => ("", text.as_str()),
    };
    // Upstream counts lines from 0 in the parser, from 1 in the scanner, and never says line 0.
    let line = error.marker().line();
    let line = if context.starts_with("while parsing") {
        line - 1
    } else if line == 1 {
        0
    } else {
        line
    };
    YamlError(match line {
        0 => format!("yaml: {problem}"),
        _ => format!("yaml: line {line}: {problem}"),
    })
}

struct Reader<'t> {
    events: Parser<'t, granit_parser::StrInput<'t>>,
    anchors: BTreeMap<usize, Node>,
    duplicates: Vec<(usize, String)>,
    n_aliased: usize,
    depth: usize,
    n_lines: usize,
}

impl<'t> Reader<'t> {
    /// The next event that is no comment. Whether the parser tells comments is up to everybody who builds with it.
    fn next(&mut self) -> Result<(Event<'t>, Span), YamlError> {
        loop {
            match self.events.next() {
                Some(Ok((Event::Comment(..), _))) => {}
                Some(Ok(event)) => return Ok(event),
                Some(Err(error)) => return Err(in_words(&error, self.n_lines)),
                None => return Err(YamlError("yaml: unexpected end of the document".to_owned())),
            }
        }
    }

    fn node(&mut self, event: Event<'t>, span: Span) -> Result<Node, YamlError> {
        let (node, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                (scalar::resolve(&text, style, tag.as_deref())?, anchor)
            }
            Event::SequenceStart(_, anchor, _) => (self.nested(Self::list)?, anchor),
            Event::MappingStart(_, anchor, _) => (self.nested(Self::mapping)?, anchor),
            Event::Alias(id) => {
                let node = self
                    .anchors
                    .get(&id)
                    .cloned()
                    .ok_or_else(|| YamlError("yaml: an anchor contains itself".to_owned()))?;
                self.n_aliased += n_values(&node);
                if self.n_aliased > ALIASED_MAX {
                    return Err(YamlError("yaml: document contains excessive aliasing".to_owned()));
                }
                return Ok(node);
            }
            _ => return Err(unexpected(span)),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Node, YamlError>) -> Result<Node, YamlError> {
        if self.depth == DEPTH_MAX {
            return Err(YamlError("yaml: exceeded max depth".to_owned()));
        }
        self.depth += 1;
        let node = read(self);
        self.depth -= 1;
        node
    }

    fn list(&mut self) -> Result<Node, YamlError> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Node::List(items)),
                (event, span) => items.push(self.node(event, span)?),
            }
        }
    }

    fn mapping(&mut self) -> Result<Node, YamlError> {
        let mut members: Vec<(String, Node)> = Vec::new();
        let mut merged = Vec::new();
        loop {
            let (key, span) = match self.next()? {
                (Event::MappingEnd, _) => break,
                (event, span) => (self.node(event, span)?, span),
            };
            let (event, value_span) = self.next()?;
            let value = self.node(event, value_span)?;
            let key = key_text(key)?;
            if key == "<<" {
                merged.push(value);
                continue;
            }
            match members.iter_mut().find(|(name, _)| *name == key) {
                Some((_, old)) => {
                    *old = value;
                    self.duplicates.push((span.start.line(), key));
                }
                None => members.push((key, value)),
            }
        }
        for value in merged {
            merge(&mut members, value)?;
        }
        Ok(Node::Object(members))
    }
}

/// `<<`: members of other mappings, where there is none of that name.
fn merge(members: &mut Vec<(String, Node)>, from: Node) -> Result<(), YamlError> {
    match from {
        Node::Object(more) => {
            for (name, value) in more {
                if !members.iter().any(|(other, _)| *other == name) {
                    members.push((name, value));
                }
            }
            Ok(())
        }
        Node::List(items) => items.into_iter().try_for_each(|item| merge(members, item)),
        _ => Err(YamlError("yaml: map merge requires map or sequence of maps as the value".to_owned())),
    }
}

fn n_values(node: &Node) -> usize {
    match node {
        Node::List(items) => 1 + items.iter().map(n_values).sum::<usize>(),
        Node::Object(members) => 1 + members.iter().map(|(_, value)| n_values(value)).sum::<usize>(),
        _ => 1,
    }
}

/// A name in JSON for a key of YAML.
fn key_text(key: Node) -> Result<String, YamlError> {
    match key {
        Node::Text(text) | Node::Number(text) => Ok(text),
        Node::Bool(value) => Ok(value.to_string()),
        Node::Null => Ok("null".to_owned()),
        Node::List(_) | Node::Object(_) => {
            Err(YamlError("error converting YAML to JSON: unsupported map key: write a text".to_owned()))
        }
    }
}
