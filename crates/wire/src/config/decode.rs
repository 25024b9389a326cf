//! Reading fields of a document, strictly, collecting every problem on the way.

mod args;
mod base64;
mod component;
mod spelling;

pub(super) use base64::encode as encode_base64;
pub(super) use component::load;
pub use spelling::closest;

use std::collections::BTreeSet;

use super::Duration;
use super::document::Node;
use super::error::Problem;

/// How many problems are reported, per file and per arguments of a plugin: Kubernetes' limit too.
/// Whoever has more has given the wrong file.
const PROBLEMS_MAX: usize = 100;

/// An object being read. Each field is asked for by name; what nobody asked for is unknown.
///
/// A field that is `null` counts as absent. A field of the wrong type is a problem, and is
/// then treated as absent, so that reading goes on and finds the other problems too.
struct Object<'n, 'p> {
    fields: &'n [(String, Node)],
    path: String,
    asked: Vec<&'static str>,
    problems: &'p mut Vec<Problem>,
}

/// Reads `node` as an object; `None` if it is none.
fn read_object<'n, T>(
    node: &'n Node,
    path: String,
    problems: &mut Vec<Problem>,
    read: impl FnOnce(&mut Object<'n, '_>) -> T,
) -> Option<T> {
    let fields = match node {
        Node::Object(fields) => fields.as_slice(),
        // A null item of a list is an empty object, as in Go.
        Node::Null => &[],
        node => {
            problems.push(mismatch(node, &path, "object"));
            return None;
        }
    };
    let mut object = Object { fields, path, asked: Vec::new(), problems };
    let result = read(&mut object);
    object.report_strict();
    Some(result)
}

fn mismatch(node: &Node, path: &str, wanted: &str) -> Problem {
    let kind = node.kind();
    Problem::Fatal(match path {
        "" => format!("cannot unmarshal {kind} into {wanted}"),
        path => format!("cannot unmarshal {kind} into field \"{path}\" of type {wanted}"),
    })
}

impl<'n> Object<'n, '_> {
    fn child(&self, key: &str) -> String {
        match self.path.as_str() {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        }
    }

    /// The last field of that name that is not null.
    fn get(&mut self, key: &'static str) -> Option<&'n Node> {
        self.asked.push(key);
        let found = self.fields.iter().rev().find(|(name, _)| name == key);
        found.map(|(_, node)| node).filter(|node| !node.is_null())
    }

    /// Reports a value that has the right type but cannot be used.
    fn fatal(&mut self, key: &str, text: impl std::fmt::Display) {
        let path = self.child(key);
        self.problems.push(Problem::Fatal(format!("{path}: {text}")));
    }

    fn scalar<T>(
        &mut self,
        key: &'static str,
        wanted: &str,
        read: impl FnOnce(&'n Node) -> Option<T>,
    ) -> Option<T> {
        let node = self.get(key)?;
        let value = read(node);
        if value.is_none() {
            let path = self.child(key);
            let problem = match node {
                Node::Number(number) => Problem::Fatal(format!(
                    "cannot unmarshal number {number} into field \"{path}\" of type {wanted}"
                )),
                node => mismatch(node, &path, wanted),
            };
            self.problems.push(problem);
        }
        value
    }

    fn boolean(&mut self, key: &'static str) -> Option<bool> {
        self.scalar(key, "bool", |node| match node {
            Node::Bool(value) => Some(*value),
            _ => None,
        })
    }

    fn int32(&mut self, key: &'static str) -> Option<i32> {
        self.scalar(key, "int32", |node| match node {
            Node::Number(number) => number.as_i64().and_then(|value| i32::try_from(value).ok()),
            _ => None,
        })
    }

    fn int64(&mut self, key: &'static str) -> Option<i64> {
        self.scalar(key, "int64", |node| match node {
            Node::Number(number) => number.as_i64(),
            _ => None,
        })
    }

    fn float32(&mut self, key: &'static str) -> Option<f32> {
        self.scalar(key, "float32", |node| match node {
            Node::Number(number) => {
                number.as_f64().map(|value| value as f32).filter(|value| value.is_finite())
            }
            _ => None,
        })
    }

    fn text(&mut self, key: &'static str) -> Option<String> {
        self.scalar(key, "string", |node| match node {
            Node::Text(text) => Some(text.clone()),
            _ => None,
        })
    }

    fn duration(&mut self, key: &'static str) -> Option<Duration> {
        let text = self.text(key)?;
        match text.parse() {
            Ok(duration) => Some(duration),
            Err(error) => {
                self.fatal(key, error);
                None
            }
        }
    }

    /// A value of a type of the Kubernetes API, which skips fields that it does not know.
    fn lenient<T: serde::de::DeserializeOwned>(&mut self, key: &'static str) -> Option<T> {
        let value = self.get(key)?.to_value();
        match serde_json::from_value(value) {
            Ok(value) => Some(value),
            Err(error) => {
                self.fatal(key, error);
                None
            }
        }
    }

    /// Bytes, which JSON carries in base64.
    fn bytes(&mut self, key: &'static str) -> Option<Vec<u8>> {
        let text = self.text(key)?;
        match base64::decode(&text) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                self.fatal(key, error);
                None
            }
        }
    }

    fn items(&mut self, key: &'static str) -> Option<&'n [Node]> {
        match self.get(key)? {
            Node::List(items) => Some(items),
            node => {
                let path = self.child(key);
                self.problems.push(mismatch(node, &path, "array"));
                None
            }
        }
    }

    fn texts(&mut self, key: &'static str) -> Option<Vec<String>> {
        let items = self.items(key)?;
        let mut texts = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match item {
                Node::Text(text) => texts.push(text.clone()),
                Node::Null => texts.push(String::new()),
                node => {
                    let path = format!("{}[{index}]", self.child(key));
                    self.problems.push(mismatch(node, &path, "string"));
                }
            }
        }
        Some(texts)
    }

    fn object<T>(&mut self, key: &'static str, read: impl FnOnce(&mut Object<'n, '_>) -> T) -> Option<T> {
        let node = self.get(key)?;
        let path = self.child(key);
        read_object(node, path, self.problems, read)
    }

    fn objects<T>(
        &mut self,
        key: &'static str,
        mut read: impl FnMut(&mut Object<'n, '_>) -> T,
    ) -> Option<Vec<T>> {
        let items = self.items(key)?;
        let path = self.child(key);
        let mut read_item =
            |(index, item)| read_object(item, format!("{path}[{index}]"), self.problems, &mut read);
        Some(items.iter().enumerate().filter_map(&mut read_item).collect())
    }

    /// Reports fields that nobody asked for, and repeated ones.
    fn report_strict(&mut self) {
        let mut seen = BTreeSet::new();
        for (name, _) in self.fields {
            let path = self.child(name);
            if !seen.insert(name) {
                self.problems.push(Problem::Strict(format!("duplicate field \"{path}\"")));
            } else if !self.asked.contains(&name.as_str()) {
                let hint = match closest(name, &self.asked) {
                    Some(known) => format!(" (did you mean \"{known}\"?)"),
                    None => String::new(),
                };
                self.problems.push(Problem::Strict(format!("unknown field \"{path}\"{hint}")));
            }
        }
    }
}

#[cfg(test)]
mod survival_tests;
#[cfg(test)]
mod tests;
