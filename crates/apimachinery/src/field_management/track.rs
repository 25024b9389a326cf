//! Who owns what after a write that is no apply.

use serde_json::Value;

use super::created::{entry_text, owned_of_new};
use super::managed::{Entry, Identity, Managed, Operation};
use super::set::Set;
use super::types::FieldType;
use super::updater::{difference, nobodys_and, take_from_others};
use crate::meta::{Meta, MetaMut};

/// How many entries of updates an object has at most; older ones are put together.
const N_UPDATERS_MAX: usize = 10;

/// Who the older ones are put together under.
const OLDER: &str = "ancient-changes";

/// Other versions of a kind.
pub trait Versions<T> {
    /// The type of objects in a version; `None` if nobody serves it.
    fn type_of(&self, api_version: &str) -> Option<T>;

    /// An object of one version in another. Only asked for versions that have a type; must return the object itself if
    /// both are the same.
    fn convert(&self, object: Value, from: &str, to: &str) -> Option<Value>;
}

/// Who writes, what and how.
pub struct Request<'r, T> {
    /// The type of the object in the version of the request.
    pub ty: T,
    /// A zero value of the type: what upstream prints of a structure that nothing was put into.
    pub zero: &'r Value,
    /// The version of the request, such as `apps/v1`.
    pub api_version: &'r str,
    /// The kind.
    pub kind: &'r str,
    /// The subresource that is written through; empty for the object itself.
    pub subresource: &'r str,
    /// The manager's name.
    pub manager: &'r str,
    /// The time, as RFC 3339 in UTC and whole seconds.
    pub now: &'r str,
    /// What cannot be owned this way, with what is below: the strategy resets it.
    pub reset: &'r Set,
    /// Other versions of the kind.
    pub versions: &'r dyn Versions<T>,
}

impl<T> Request<'_, T> {
    pub(super) fn identity(&self, manager: &str, operation: Operation) -> Identity {
        Identity::new(manager, operation, self.api_version, self.subresource)
    }
}

/// Notes in a new object that its creator owns what is in it. `said` is what the client has put into
/// `metadata.managedFields`, taken out before zero values were.
pub fn track_created<T: FieldType>(request: &Request<'_, T>, new: &mut Value, said: Option<Value>) {
    let except = nobodys_and(request.reset);
    if let Some(managers) = managers_of_new(request, &except, new, said) {
        MetaMut::of(new).set("managedFields", managers.to_value());
    }
}

/// Managers of a new object as text, for who stores the object without reading it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagersText {
    /// The list of managers, compact, members sorted by name.
    pub text: String,
    /// How deep its lists and objects are nested.
    pub n_levels: usize,
}

impl ManagersText {
    /// As a document. One that is nested too deep to be read is null.
    pub fn to_value(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }
}

/// Who owns what of a new object, which is not noted in it. `except` is what nobody owns, with what `request.reset` says:
/// [`nobodys_and`]. `None` if nobody owns anything, and if the client has said who does: then that is noted.
pub fn managers_of_new<T: FieldType>(
    request: &Request<'_, T>,
    except: &Set,
    new: &mut Value,
    said: Option<Value>,
) -> Option<ManagersText> {
    let is_said = said.as_ref().and_then(Value::as_array).is_some_and(|said| !said.is_empty());
    if is_said && !is_reset(said.as_ref()) {
        update(request, request.zero, new, said.as_ref(), true);
        return None;
    }
    MetaMut::of(new).remove("managedFields");
    let fields = owned_of_new(request.ty, request.zero, new, except)?;
    // A list and an entry are around the fields.
    let n_levels = fields.n_levels + 2;
    let text =
        entry_text(request.manager, request.api_version, request.subresource, request.now, &fields.text);
    Some(ManagersText { text, n_levels })
}

/// Notes in a changed object who owns what. Both objects are of the version of the request, defaulted, with the zero
/// values that upstream prints; `said` as for [`track_created`].
pub fn track<T: FieldType>(request: &Request<'_, T>, live: &Value, new: &mut Value, said: Option<Value>) {
    update(request, live, new, said.as_ref(), false);
}

/// Whether a client wants the managers to be forgotten: an empty list, or one empty entry.
fn is_reset(said: Option<&Value>) -> bool {
    let is_blank = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        _ => false,
    };
    match said {
        Some(Value::Array(entries)) => match entries.as_slice() {
            [] => true,
            [Value::Object(entry)] => entry.values().all(is_blank),
            _ => false,
        },
        _ => false,
    }
}

fn update<T: FieldType>(
    request: &Request<'_, T>,
    live: &Value,
    new: &mut Value,
    said: Option<&Value>,
    is_create: bool,
) {
    let own = Meta::of(live).managed_fields();
    let said = said.filter(|_| request.subresource.is_empty());
    let from_client = match said {
        said if is_reset(said) => Some(Managed::default()),
        Some(Value::Array(entries)) if entries.as_slice() != own => {
            Managed::decode(entries).ok().filter(|managed| !managed.0.is_empty())
        }
        _ => None,
    };
    // The managers themselves are no difference.
    let entries = Meta::of(live).get("managedFields").cloned();
    MetaMut::of(new).set("managedFields", entries.unwrap_or_default());
    if from_client.is_none() && own.is_empty() && !is_create {
        return;
    }
    let found = difference(request.ty, live, new, request.reset);
    let is_current = |entry: &Value| entry["apiVersion"] == request.api_version;
    if from_client.is_none() && found.is_empty() && own.iter().all(is_current) {
        return;
    }
    let mut managed = from_client.unwrap_or_else(|| Managed::decode(own).unwrap_or_default());
    // Who is tracked by nobody is not tracked from the middle of its life on.
    if !managed.0.is_empty() || is_create {
        let identity = request.identity(request.manager, Operation::Update);
        add_update(request, live, new, &mut managed, &identity, found);
    }
    put_managed(new, managed);
}

/// Gives a manager what differs, and takes it from the others.
pub(super) fn add_update<T: FieldType>(
    request: &Request<'_, T>,
    live: &Value,
    new: &Value,
    managed: &mut Managed,
    identity: &Identity,
    found: super::Comparison,
) {
    // With force nothing is in conflict.
    let _ = take_from_others(request, live, new, &found, managed, None, true);
    let taken = found.modified.union(found.added);
    if taken.is_empty() {
        cap(managed);
        return;
    }
    let previous = managed.take(identity).map(|entry| entry.set).unwrap_or_default();
    managed.put(Entry {
        identity: identity.clone(),
        api_version: request.api_version.to_owned(),
        set: taken.union(previous),
        time: Some(request.now.to_owned()),
    });
    cap(managed);
}

/// Writes managers into metadata.
pub(super) fn put_managed(object: &mut Value, managed: Managed) {
    MetaMut::of(object).set("managedFields", managed.encode().unwrap_or_default());
}

/// Puts the oldest entries of updates together, those of each version by themselves, until there are few enough.
fn cap(managed: &mut Managed) {
    let is_update = |entry: &&Entry| entry.identity.operation == Operation::Update;
    let mut updaters: Vec<Identity> =
        managed.0.iter().filter(is_update).map(|entry| entry.identity.clone()).collect();
    let mut n = updaters.len();
    if n <= N_UPDATERS_MAX {
        return;
    }
    let time =
        |identity: &Identity| managed.get(identity).and_then(|entry| entry.time.clone()).unwrap_or_default();
    updaters.sort_by_cached_key(|identity| (time(identity), identity.sort_key()));
    let mut first_of_version: Vec<(String, Identity)> = Vec::new();
    for identity in updaters {
        if n <= N_UPDATERS_MAX {
            return;
        }
        let Some(version) = managed.get(&identity).map(|entry| entry.api_version.clone()) else { continue };
        let first = first_of_version.iter().find(|(known, _)| *known == version);
        let Some((_, first)) = first else {
            first_of_version.push((version, identity));
            continue;
        };
        let bucket = Identity::new(OLDER, Operation::Update, &version, "");
        let Some(entry) = managed.take(&identity) else { continue };
        let older = managed.take(&bucket).or_else(|| managed.take(first));
        let older = older.map(|older| older.set).unwrap_or_default();
        managed.put(Entry { identity: bucket, set: entry.set.union(older), ..entry });
        n -= 1;
    }
}
