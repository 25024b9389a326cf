//! Request bodies into objects of a type, as upstream's typed decoding does it.
//!
//! Upstream decodes JSON into Go structures. What can be seen of that from outside is kept here: names are compared
//! exactly, `null` is the same as absent, unknown and repeated names are noted and not refused (what to do about
//! them is the caller's `fieldValidation`), and a value of the wrong type is refused in Go's words. Of several wrong
//! values the first is reported, except that a text which a scalar's own code refuses (a time, an amount) ends the
//! decoding at once and is what is reported.
//!
//! The result is [normalised](super::normalise).

mod convert;
mod direct;
mod walk;

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use super::json::{self, Node, SyntaxError};
use super::{Schema, Type, yaml};

pub use super::yaml::YamlError;

/// An object that was decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The object, without what is unknown.
    pub value: Value,
    /// What strict validation refuses and lenient validation warns of, at most 100, each once.
    pub strict: Vec<StrictError>,
}

/// Something that lenient decoding ignores.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StrictError {
    /// The type has no field of this path's last name. Paths are such as `spec.containers[0].foo`.
    UnknownField(String),
    /// An object has several members of this name; the last one counts.
    DuplicateField(String),
    /// The same in YAML, where the line (from 1) and the name are told, for all of a document together.
    DuplicateKeys(Vec<(usize, String)>),
}

impl fmt::Display for StrictError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownField(path) => write!(f, "unknown field {}", Quoted(path)),
            Self::DuplicateField(path) => write!(f, "duplicate field {}", Quoted(path)),
            Self::DuplicateKeys(keys) => {
                f.write_str("yaml: unmarshal errors:")?;
                for (line, key) in keys {
                    write!(f, "\n  line {line}: key {} already set in map", Quoted(key))?;
                }
                Ok(())
            }
        }
    }
}

impl StrictError {
    /// The warnings that lenient validation sends, one for each repeated name of YAML.
    pub fn warnings(&self) -> Vec<String> {
        let text = self.to_string();
        let lines = text.strip_prefix("yaml: unmarshal errors:\n");
        match lines {
            Some(lines) => lines.lines().map(|line| line.trim().to_owned()).collect(),
            None => vec![text],
        }
    }
}

/// Names that are there twice in a text without a type, such as a patch or a custom resource.
pub fn duplicate_fields(node: &Node) -> Vec<StrictError> {
    let mut found = Vec::new();
    find_duplicates(node, "", &mut found);
    found
}

fn find_duplicates(node: &Node, path: &str, found: &mut Vec<StrictError>) {
    match node {
        Node::Object(members) => {
            let mut seen = BTreeSet::new();
            for (name, value) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                if !seen.insert(name) {
                    let error = StrictError::DuplicateField(path.clone());
                    if found.len() < walk::STRICT_ERRORS_MAX && !found.contains(&error) {
                        found.push(error);
                    }
                }
                find_duplicates(value, &path, found);
            }
        }
        Node::List(items) => {
            for (at, item) in items.iter().enumerate() {
                find_duplicates(item, &format!("{path}[{at}]"), found);
            }
        }
        _ => {}
    }
}

/// A text in quotes as Go writes it.
struct Quoted<'t>(&'t str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for c in self.0.chars() {
            match c {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '\t' => f.write_str("\\t")?,
                '\r' => f.write_str("\\r")?,
                c if u32::from(c) < 0x20 || c == '\x7f' => write!(f, "\\x{:02x}", u32::from(c))?,
                c => write!(f, "{c}")?,
            }
        }
        f.write_str("\"")
    }
}

/// A body that is no object of the type. The texts are those that upstream's messages end with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// It is not JSON.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// It is not YAML.
    #[error(transparent)]
    Yaml(#[from] YamlError),
    /// A value has the wrong type.
    #[error("json: cannot unmarshal {value} into Go {} of type {ty}", place(field))]
    WrongType {
        /// What was found, such as `string` or `number 1.5`.
        value: String,
        /// The Go structure and the path of the field, such as `PodSpec` and `spec.containers`; `None` at the top.
        field: Option<(String, String)>,
        /// The Go type that was wanted.
        ty: String,
    },
    /// A scalar's text does not say what it has to.
    #[error("{0}")]
    Scalar(String),
}

fn place(field: &Option<(String, String)>) -> String {
    match field {
        Some((structure, path)) => format!("struct field {structure}.{path}"),
        None => "value".to_owned(),
    }
}

/// The API version and kind that an object says it has; empty where it does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypeMeta {
    /// Such as `apps/v1`.
    pub api_version: String,
    /// Such as `Deployment`.
    pub kind: String,
}

/// Reads what an object says it is, which upstream does before it decodes a body.
///
/// # Errors
///
/// `couldn't get version/kind; json parse error: …`, as upstream says it.
pub fn type_meta(node: &Node) -> Result<TypeMeta, String> {
    const TARGET: &str = r#"struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }"#;
    let failed = |value: &Node, target: &str| {
        let kind = value.go_kind();
        format!("couldn't get version/kind; json parse error: json: cannot unmarshal {kind} into Go {target}")
    };
    let members = match node {
        Node::Object(members) => members,
        Node::Null => return Ok(TypeMeta::default()),
        other => return Err(failed(other, &format!("value of type {TARGET}"))),
    };
    let mut meta = TypeMeta::default();
    // Names are compared without regard to case here, and the last one counts.
    for (name, value) in members {
        let into = if name.eq_ignore_ascii_case("apiVersion") {
            &mut meta.api_version
        } else if name.eq_ignore_ascii_case("kind") {
            &mut meta.kind
        } else {
            continue;
        };
        match value {
            Node::Text(text) => into.clone_from(text),
            Node::Null => {}
            other => {
                let field = if name.eq_ignore_ascii_case("kind") { "kind" } else { "apiVersion" };
                return Err(failed(other, &format!("struct field .{field} of type string")));
            }
        }
    }
    Ok(meta)
}

impl Schema {
    /// Decodes a JSON text as an object of a type.
    ///
    /// # Errors
    ///
    /// What upstream says about a text that is not JSON or a value of the wrong type.
    pub fn decode_json(&self, of: &Type, text: &[u8]) -> Result<Decoded, DecodeError> {
        self.decode_node(of, json::parse(text)?)
    }

    /// Decodes a YAML document as an object of a type.
    ///
    /// # Errors
    ///
    /// What upstream says about a text that is not YAML or a value of the wrong type.
    pub fn decode_yaml(&self, of: &Type, text: &str) -> Result<Decoded, DecodeError> {
        let document = yaml::parse(text)?;
        let mut decoded = self.decode_node(of, document.node)?;
        if !document.duplicates.is_empty() {
            decoded.strict.insert(0, StrictError::DuplicateKeys(document.duplicates));
        }
        Ok(decoded)
    }

    /// Reads a YAML document without a type, and what strict validation has against its repeated names.
    ///
    /// # Errors
    ///
    /// What upstream says about a text that is not YAML.
    pub fn parse_yaml(text: &str) -> Result<(Node, Option<StrictError>), YamlError> {
        let document = yaml::parse(text)?;
        let doubled = document.duplicates;
        let strict = if doubled.is_empty() { None } else { Some(StrictError::DuplicateKeys(doubled)) };
        Ok((document.node, strict))
    }

    /// Decodes a value, such as the result of a patch, as an object of a type.
    ///
    /// # Errors
    ///
    /// What upstream says about a value of the wrong type.
    pub fn decode_value(&self, of: &Type, value: &Value) -> Result<Decoded, DecodeError> {
        self.decode_node(of, Node::from_value(value))
    }

    /// Converts the result of a strategic merge patch, which upstream does with other messages than decoding.
    ///
    /// # Errors
    ///
    /// What upstream says about the first value that does not fit, in the order of the type's fields.
    pub fn convert_patched(&self, of: &Type, value: &Value) -> Result<Decoded, DecodeError> {
        let (value, strict) = convert::convert(self, of, value)?;
        let mut decoded = Decoded { value, strict };
        self.normalise(of, &mut decoded.value);
        Ok(decoded)
    }

    /// Decodes a parsed text as an object of a type.
    ///
    /// # Errors
    ///
    /// What upstream says about a value of the wrong type.
    pub fn decode_node(&self, of: &Type, node: Node) -> Result<Decoded, DecodeError> {
        let (value, strict) = walk::decode(self, of, node)?;
        let mut decoded = Decoded { value, strict };
        self.normalise(of, &mut decoded.value);
        Ok(decoded)
    }
}
