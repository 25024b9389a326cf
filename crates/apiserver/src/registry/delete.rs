//! Objects that go.

use apimachinery::meta::{Meta, MetaMut};
use apimachinery::options::DeleteOptions;
use apimachinery::{GroupResource, Status};
use serde_json::Value;
use store::{Entry, Error, Expect, Revision, Write};

use super::grace::{self, Grace};
use super::{Registry, Target, finalizers, store_error};
use crate::admission::Operation;
use crate::authorization::Authorized;

/// How often a deletion starts over because somebody else wrote.
const N_ATTEMPTS_MAX: usize = 1_000;

/// What is asked of a deletion.
#[derive(Clone, Debug, Default)]
pub struct Deletion {
    /// The client's options.
    pub options: DeleteOptions,
}

/// What became of an object that was to be deleted.
#[derive(Clone, Debug)]
pub enum Removal {
    /// It is gone; this is what it was.
    Gone(Value),
    /// It is still there: somebody has to agree first, or it has time to end.
    Pending(Value),
}

impl Registry {
    /// Deletes an object, or asks it to end.
    ///
    /// # Errors
    /// It is not there, a precondition does not hold, admission refuses, the store fails.
    pub async fn delete(
        &self,
        request: &Authorized,
        target: &Target,
        deletion: &Deletion,
    ) -> Result<Removal, Box<Status>> {
        let key = self.key(target)?;
        let mut is_noted = false;
        for _ in 0..N_ATTEMPTS_MAX {
            let entry = self.stored(target, &key).await?.ok_or_else(|| target.not_found())?;
            let old = self.decode(&entry)?;
            // Once it has been noted that the object ends at once, only its end is left.
            let step = if is_noted {
                Step::End
            } else {
                check_preconditions(target, &deletion.options, &old)?;
                self.next_step(request, target, deletion, &old)?
            };
            let object = match step {
                Step::Nothing(object) => return Ok(Removal::Pending(object)),
                Step::Note(object) | Step::NoteAndEnd(object) if deletion.options.is_dry_run => {
                    return Ok(Removal::Pending(object));
                }
                Step::End if deletion.options.is_dry_run => return Ok(Removal::Gone(old)),
                Step::Note(object) => match self.note(target, &entry, object).await? {
                    Some(object) => return Ok(Removal::Pending(object)),
                    None => continue,
                },
                Step::NoteAndEnd(object) => {
                    is_noted = self.note(target, &entry, object).await?.is_some();
                    continue;
                }
                Step::End => old,
            };
            match self.store.commit(key.clone(), Expect::Modified(entry.modified), Write::Delete).await {
                Ok(committed) => {
                    self.allocators.release(self, target.kind(), &object, committed.revision).await;
                    return Ok(Removal::Gone(object_at(object, committed.revision)));
                }
                Err(Error::Conflict { .. }) => {}
                Err(error) => {
                    return Err(store_error(&target.group_resource(), &target.name, &error));
                }
            }
        }
        Err(Box::new(Status::modified(&target.group_resource(), &target.name)))
    }

    /// Stores what a deletion changes in an object. `None` if somebody else wrote.
    async fn note(
        &self,
        target: &Target,
        entry: &Entry,
        mut object: Value,
    ) -> Result<Option<Value>, Box<Status>> {
        let write = self.write_of(target.kind(), &object, None);
        match self.store.commit(entry.key.clone(), Expect::Modified(entry.modified), write).await {
            Ok(committed) => {
                MetaMut::of(&mut object).set_resource_version(&committed.revision.to_string());
                Ok(Some(object))
            }
            Err(Error::Conflict { .. }) => Ok(None),
            Err(error) => Err(store_error(&target.group_resource(), &target.name, &error)),
        }
    }

    fn next_step(
        &self,
        request: &Authorized,
        target: &Target,
        deletion: &Deletion,
        old: &Value,
    ) -> Result<Step, Box<Status>> {
        let kind = target.kind();
        let options = &deletion.options;
        let admitted =
            self.admission_request(request, target, Operation::Delete, Some(old), options.is_dry_run);
        self.admit(&admitted, None)?;
        self.admission_validates(&admitted, None)?;
        let now = crate::clock::now();
        let mut object = old.clone();
        if kind.group.is_empty() && kind.kind == "Namespace" {
            return Ok(end_namespace(kind, object, options, &crate::clock::print(now)));
        }
        let grace =
            if kind.deletion.is_graceful { grace::begin(&mut object, options, now) } else { Grace::None };
        if grace == Grace::Pending {
            return Ok(Step::Nothing(object));
        }
        let finalizers = finalizers::of_deletion(kind, &object, options);
        if let Some(finalizers) = &finalizers {
            MetaMut::of(&mut object).set_finalizers(finalizers);
        }
        let is_held = Meta::of(&object).finalizers().next().is_some();
        match grace {
            Grace::Given(0) if !is_held => Ok(Step::NoteAndEnd(object)),
            Grace::Given(_) => Ok(Step::Note(object)),
            _ if !is_held => Ok(Step::End),
            _ => {
                mark(kind, &mut object, &crate::clock::print(now));
                let is_same = object == *old;
                Ok(if is_same { Step::Nothing(object) } else { Step::Note(object) })
            }
        }
    }
}

/// What a deletion does next.
enum Step {
    /// Nothing: this is how the object is.
    Nothing(Value),
    /// Store this; the rest is for others.
    Note(Value),
    /// Store this, then remove it.
    NoteAndEnd(Value),
    /// Remove it.
    End,
}

/// Notes that an object without time to end is being deleted, and waits for its finalizers only.
fn mark(kind: &resources::kind::Kind, object: &mut Value, now: &str) {
    let meta = Meta::of(object);
    let generation = meta.generation();
    if meta.deletion_timestamp().is_some() {
        return;
    }
    let mut meta = MetaMut::of(object);
    meta.set_deletion(now, 0);
    if generation > 0 {
        meta.set_generation(generation + 1);
    }
    if kind.kind == "CustomResourceDefinition" && kind.group == "apiextensions.k8s.io" {
        note_end_of_definition(object, now);
    }
}

/// The status of an object, made where it is missing.
fn status_of(object: &mut Value) -> Option<&mut serde_json::Map<String, Value>> {
    let members = object.as_object_mut()?;
    members.entry("status").or_insert_with(|| serde_json::Map::new().into()).as_object_mut()
}

/// A definition of custom resources says why it is still there.
fn note_end_of_definition(object: &mut Value, now: &str) {
    let condition = serde_json::json!({
        "type": "Terminating",
        "status": "True",
        "lastTransitionTime": now,
        "reason": "InstanceDeletionPending",
        "message": "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
    });
    let Some(status) = status_of(object) else { return };
    let conditions = status.entry("conditions").or_insert_with(|| Value::Array(Vec::new()));
    match conditions {
        Value::Array(conditions) => {
            conditions.retain(|known| known["type"] != "Terminating");
            conditions.push(condition);
        }
        conditions => *conditions = Value::Array(vec![condition]),
    }
}

/// A namespace first becomes `Terminating`; whoever empties it removes its own finalizers.
fn end_namespace(
    kind: &resources::kind::Kind,
    mut object: Value,
    options: &DeleteOptions,
    now: &str,
) -> Step {
    let is_held = object["spec"]["finalizers"].as_array().is_some_and(|names| !names.is_empty());
    if Meta::of(&object).deletion_timestamp().is_some() {
        let is_held = is_held || Meta::of(&object).finalizers().next().is_some();
        return if is_held { Step::Nothing(object) } else { Step::End };
    }
    if let Some(finalizers) = finalizers::of_deletion(kind, &object, options) {
        MetaMut::of(&mut object).set_finalizers(&finalizers);
    }
    MetaMut::of(&mut object).set("deletionTimestamp", now.into());
    if let Some(status) = status_of(&mut object) {
        status.insert("phase".to_owned(), "Terminating".into());
    }
    Step::Note(object)
}

fn object_at(mut object: Value, revision: Revision) -> Value {
    MetaMut::of(&mut object).set_resource_version(&revision.to_string());
    object
}

/// What the client knows of the object has to be so.
fn check_preconditions(target: &Target, options: &DeleteOptions, old: &Value) -> Result<(), Box<Status>> {
    let kind = target.kind();
    // Upstream names the kind here, not the resource.
    let named = GroupResource::new(kind.group, kind.kind);
    let meta = Meta::of(old);
    if let Some(uid) = &options.preconditions.uid
        && uid != meta.uid()
    {
        let own = meta.uid();
        let message = format!(
            "the UID in the precondition ({uid}) does not match the UID in record ({own}). The object might have been \
             deleted and then recreated"
        );
        return Err(Box::new(Status::conflict(&named, &target.name, message)));
    }
    if let Some(version) = &options.preconditions.resource_version
        && version != meta.resource_version()
    {
        let own = meta.resource_version();
        let message = format!(
            "the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record ({own}). \
             The object might have been modified"
        );
        return Err(Box::new(Status::conflict(&named, &target.name, message)));
    }
    Ok(())
}
