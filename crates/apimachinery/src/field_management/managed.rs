//! `metadata.managedFields`: all managers of an object.

use serde_json::{Map, Value};

use super::fields_v1;
use super::set::Set;

/// How a manager writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// By server-side apply.
    Apply,
    /// By any other write.
    Update,
}

impl Operation {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Operation::Apply => "Apply",
            Operation::Update => "Update",
        }
    }
}

/// What tells managers apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its name.
    pub manager: String,
    /// How it writes.
    pub operation: Operation,
    /// The version that it writes in; empty of appliers, who have one entry whatever version they apply.
    pub api_version: String,
    /// Through which subresource it writes; empty for the object itself.
    pub subresource: String,
}

impl Identity {
    /// Of a manager who writes in a version.
    pub fn new(manager: &str, operation: Operation, api_version: &str, subresource: &str) -> Identity {
        let api_version = if operation == Operation::Apply { "" } else { api_version };
        Identity {
            manager: manager.to_owned(),
            operation,
            api_version: api_version.to_owned(),
            subresource: subresource.to_owned(),
        }
    }

    /// What upstream sorts managers by.
    pub(super) fn sort_key(&self) -> String {
        let mut members = vec![("manager", self.manager.as_str()), ("operation", self.operation.as_str())];
        members.push(("apiVersion", &self.api_version));
        members.push(("subresource", &self.subresource));
        let written = members.iter().filter(|(_, value)| !value.is_empty());
        let written: Vec<String> =
            written.map(|(name, value)| format!("\"{name}\":{}", Value::from(*value))).collect();
        format!("{{{}}}", written.join(","))
    }
}

/// One manager and what it owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who.
    pub identity: Identity,
    /// The version of the paths.
    pub api_version: String,
    /// What it owns.
    pub set: Set,
    /// When it last took a field, as RFC 3339 in UTC. Entries that came by way of `scale` have none.
    pub time: Option<String>,
}

/// All managers of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Managed(pub Vec<Entry>);

impl Managed {
    /// Of what is in metadata.
    ///
    /// # Errors
    /// Upstream's text about the first entry that is none.
    pub fn decode(entries: &[Value]) -> Result<Managed, String> {
        let mut managed = Managed::default();
        for (i, value) in entries.iter().enumerate() {
            let text = |name: &str| value[name].as_str().unwrap_or_default();
            let operation = match text("operation") {
                "Apply" => Operation::Apply,
                "Update" => Operation::Update,
                _ => return Err("operation must be `Apply` or `Update`".to_owned()),
            };
            let api_version = text("apiVersion");
            if api_version.is_empty() {
                return Err("apiVersion must not be empty".to_owned());
            }
            match text("fieldsType") {
                "FieldsV1" => {}
                "" => return Err(format!("missing fieldsType in managed fields entry {i}")),
                other => return Err(format!("invalid fieldsType {other:?} in managed fields entry {i}")),
            }
            let set = match value.get("fieldsV1").filter(|fields| !fields.is_null()) {
                Some(fields) => fields_v1::decode(fields)?,
                None => Set::default(),
            };
            managed.put(Entry {
                identity: Identity::new(text("manager"), operation, api_version, text("subresource")),
                api_version: api_version.to_owned(),
                set,
                time: value["time"].as_str().map(str::to_owned),
            });
        }
        Ok(managed)
    }

    /// As it is in metadata, sorted; `None` if there is nobody.
    pub fn encode(mut self) -> Option<Value> {
        self.0.sort_by(|a, b| {
            let key = |entry: &Entry| {
                let identity = &entry.identity;
                (identity.operation, entry.time.clone().unwrap_or_default(), identity.manager.clone())
            };
            let own = key(a).cmp(&key(b));
            own.then_with(|| a.api_version.cmp(&b.api_version))
                .then_with(|| a.identity.subresource.cmp(&b.identity.subresource))
        });
        let entries: Vec<Value> =
            self.0.iter().map(|entry| entry_value(entry, fields_v1::encode(&entry.set))).collect();
        (!entries.is_empty()).then_some(Value::Array(entries))
    }

    /// The entry of a manager.
    pub fn get(&self, identity: &Identity) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.identity == *identity)
    }

    /// Takes the entry of a manager out.
    pub(super) fn take(&mut self, identity: &Identity) -> Option<Entry> {
        let at = self.0.iter().position(|entry| entry.identity == *identity)?;
        Some(self.0.swap_remove(at))
    }

    /// Puts an entry in, in place of the manager's own.
    pub(super) fn put(&mut self, entry: Entry) {
        match self.0.iter_mut().find(|own| own.identity == entry.identity) {
            Some(own) => *own = entry,
            None => self.0.push(entry),
        }
    }
}

/// An entry as it is in metadata.
fn entry_value(entry: &Entry, fields: Value) -> Value {
    let mut members = Map::new();
    let identity = &entry.identity;
    let mut put = |name: &str, text: &str| {
        if !text.is_empty() {
            members.insert(name.to_owned(), text.into());
        }
    };
    put("manager", &identity.manager);
    put("operation", identity.operation.as_str());
    put("apiVersion", &entry.api_version);
    put("time", entry.time.as_deref().unwrap_or_default());
    put("fieldsType", "FieldsV1");
    put("subresource", &identity.subresource);
    members.insert("fieldsV1".to_owned(), fields);
    Value::Object(members)
}
