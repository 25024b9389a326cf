//! Changed objects.

use apimachinery::field::{ErrorList, Path, validated};
use apimachinery::meta::{self, Meta, MetaMut};
use apimachinery::{GroupKind, Status};
use resources::kind::{Context, Generation, Kind};
use resources::validation;
use serde_json::Value;
use store::{Entry, Error, Expect, Write};

use super::rules::{checks_metadata_twice, demands_known_finalizers, rules};
use super::{Found, Registry, Target, Written, context, store_error};
use crate::admission::Operation;
use crate::authorization::Authorized;
use crate::field_manager::keep_times;
use crate::services::Allocation;

/// How often a write starts over because somebody else wrote. Each time somebody else's write went through, so this many
/// in a row are not met by chance.
pub(super) const N_ATTEMPTS_MAX: usize = 1_000;

/// Makes the new object of the stored one, or, where it may be created, of nothing. Asked again after each conflict.
pub type Change<'c> = dyn FnMut(Option<&Value>) -> Result<Value, Box<Status>> + Send + 'c;

/// What is to be done with an object.
pub struct Update<'u> {
    /// Makes the new object.
    pub change: &'u mut Change<'u>,
    /// The uid that the stored object must have; empty for any.
    pub uid: String,
    /// Whether an object that is not there is made.
    pub may_create: bool,
    /// Whether nothing is stored.
    pub is_dry_run: bool,
    /// Whether it is the server's own deed, which strategies and validation have nothing to say about: a binding.
    pub is_internal: bool,
}

/// What became of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The object as it is now.
    pub written: Written,
    /// Whether it is new.
    pub is_created: bool,
}

/// What one attempt came to.
enum Attempt {
    Done(Outcome),
    /// Somebody else wrote in between.
    Again,
}

fn changed(written: Written) -> Attempt {
    Attempt::Done(Outcome { written, is_created: false })
}

impl Registry {
    /// Changes an object.
    ///
    /// # Errors
    /// What the change, admission, validation or the store has against it; that it is not there, or has changed.
    pub async fn update(
        &self,
        request: &Authorized,
        target: &Target,
        mut update: Update<'_>,
        warnings: &mut Vec<String>,
    ) -> Result<Outcome, Box<Status>> {
        let key = self.key(target)?;
        // What an attempt has taken is the next one's: nobody else can take it in between, nor it stand in its own way.
        let mut allocation = Allocation::new(self, update.is_dry_run);
        for _ in 0..N_ATTEMPTS_MAX {
            let mut own_warnings = Vec::new();
            let attempt = match self.stored(target, &key).await? {
                Some(entry) => {
                    allocation.begin_again();
                    let attempt = self.update_once(
                        request,
                        target,
                        &mut update,
                        &entry,
                        &mut allocation,
                        &mut own_warnings,
                    );
                    match attempt.await {
                        Ok(attempt) => attempt,
                        Err(status) => {
                            allocation.undo().await;
                            return Err(status);
                        }
                    }
                }
                None if update.may_create => {
                    self.create_instead(request, target, &mut update, &mut own_warnings).await?
                }
                None => return Err(target.not_found()),
            };
            if let Attempt::Done(outcome) = attempt {
                warnings.append(&mut own_warnings);
                allocation.keep().await;
                return Ok(outcome);
            }
        }
        allocation.undo().await;
        Err(Box::new(Status::modified(&target.group_resource(), &target.name)))
    }

    async fn create_instead(
        &self,
        request: &Authorized,
        target: &Target,
        update: &mut Update<'_>,
        warnings: &mut Vec<String>,
    ) -> Result<Attempt, Box<Status>> {
        let attributes =
            crate::attributes::Attributes { verb: "create".to_owned(), ..request.attributes().clone() };
        let request = request.also(self.modes.as_ref(), attributes)?;
        let mut object = (update.change)(None)?;
        if !update.uid.is_empty() {
            let uid = &update.uid;
            let message = format!("Precondition failed: UID in precondition: {uid}, UID in object meta: ");
            return Err(self.invalid_object(target, &message));
        }
        meta::dedup_owner_references(&mut object);
        match self.create_reset(&request, target, object.into(), update.is_dry_run, warnings).await {
            Ok(written) => Ok(Attempt::Done(Outcome { written, is_created: true })),
            Err(status) if status.is_already_exists() => Ok(Attempt::Again),
            Err(status) => Err(status),
        }
    }

    async fn update_once(
        &self,
        request: &Authorized,
        target: &Target,
        update: &mut Update<'_>,
        entry: &Entry,
        allocation: &mut Allocation,
        warnings: &mut Vec<String>,
    ) -> Result<Attempt, Box<Status>> {
        let kind = target.kind();
        let resource = target.group_resource();
        let old = self.decode(entry)?;
        self.check_uid(target, &update.uid, &old)?;
        let mut object = (update.change)(Some(&old))?;
        let doubled = meta::dedup_owner_references(&mut object);
        if !doubled.is_empty() {
            warnings.push(meta::duplicate_owners_warning(&doubled, false));
        }
        let admitted =
            self.admission_request(request, target, Operation::Update, Some(&old), update.is_dry_run);
        self.admit(&admitted, Some(&mut object))?;
        meta::dedup_owner_references(&mut object);
        check_version(target, &mut object, &old)?;
        self.allocators.begin_update(allocation, kind, &target.subresource, &mut object, &old).await?;
        if update.is_internal {
            meta::keep_system_fields(&mut object, &old);
            self.normalise(kind, &mut object);
        } else {
            self.apply_strategy(request, target, &mut object, &old, warnings)?;
        }
        keep_times(&mut object, &old);
        let admitted =
            self.admission_request(request, target, Operation::Update, Some(&old), update.is_dry_run);
        self.admission_validates(&admitted, Some(&object))?;
        self.check_escalation(request, kind, &object, Some(&old))?;
        let is_last_finalizer = is_to_be_deleted(kind, &object);
        if update.is_dry_run {
            return Ok(changed(Written::Unstored(object)));
        }
        let write = if is_last_finalizer { Write::Delete } else { self.write_of(kind, &object, None) };
        if let Write::Put { value, .. } = &write
            && *value == entry.value
        {
            return Ok(changed(Written::Stored(Found::from(entry))));
        }
        // The last of a deleted object is not in the store.
        let last = is_last_finalizer.then_some((object, old));
        match self.store.commit(entry.key.clone(), Expect::Modified(entry.modified), write).await {
            Ok(committed) => {
                let Some((object, old)) = last else {
                    return Ok(changed(Written::Stored(Found::from(&committed.entry))));
                };
                // There is no object that could use it.
                allocation.begin_again();
                self.allocators.release(self, kind, &old, committed.revision).await;
                Ok(changed(Written::Unstored(object)))
            }
            Err(Error::Conflict { .. }) => Ok(Attempt::Again),
            Err(error) => {
                if matches!(error, Error::Uncertain { .. }) {
                    allocation.leave();
                }
                Err(store_error(&resource, &target.name, &error))
            }
        }
    }

    /// Prepares and checks a changed object as its kind wants it.
    fn apply_strategy(
        &self,
        request: &Authorized,
        target: &Target,
        object: &mut Value,
        old: &Value,
        warnings: &mut Vec<String>,
    ) -> Result<(), Box<Status>> {
        let kind = target.kind();
        let now = crate::clock::now();
        let context = context(request, target, now);
        keep_other_parts(kind, &target.subresource, object, old);
        kind.strategy.prepare_for_update(context, object, old);
        meta::keep_system_fields(object, old);
        self.normalise(kind, object);
        if target.subresource != "status" {
            count_generation(kind, object, old);
        }
        let errors = validated(|| check_update(target, context, object, old));
        if !errors.is_empty() {
            return Err(Box::new(Status::invalid(&kind.group_kind(), &target.name, &errors)));
        }
        warnings.extend(kind.strategy.warnings(context, object, Some(old)));
        kind.strategy.canonicalize(object);
        kind.strategy.decorate(object);
        self.normalise(kind, object);
        Ok(())
    }

    /// A write that names a uid is for the object with that uid.
    fn check_uid(&self, target: &Target, wanted: &str, old: &Value) -> Result<(), Box<Status>> {
        let uid = Meta::of(old).uid();
        if wanted.is_empty() || wanted == uid {
            return Ok(());
        }
        let message =
            format!("Precondition failed: UID in precondition: {wanted}, UID in object meta: {uid}");
        Err(self.invalid_object(target, &message))
    }

    /// Upstream's words for a precondition that does not hold.
    fn invalid_object(&self, target: &Target, message: &str) -> Box<Status> {
        let key = self.key(target).unwrap_or_default();
        let key = String::from_utf8_lossy(&key);
        let error = format!(
            "StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: {message}"
        );
        Box::new(Status::conflict(&target.group_resource(), &target.name, error))
    }
}

/// What is wrong with a changed object.
fn check_update(target: &Target, context: Context<'_>, object: &Value, old: &Value) -> ErrorList {
    let kind = target.kind();
    let path = Path::new("metadata");
    let mut errors = meta::validate_object_meta_update(object, old, &path);
    if checks_metadata_twice(kind) {
        errors.extend(errors.clone());
    }
    if kind.kind == "Pod" {
        // The pod's own validation checks all of it as that of a new one, twice.
        let again = meta::validate_object_meta(object, rules(kind), &path);
        errors.extend(again.clone());
        errors.extend(again);
    }
    if demands_known_finalizers(kind) {
        errors.extend(meta::validate_finalizers_of_core_kinds(object, &path));
    }
    errors.extend(kind.strategy.validate_update(context, object, old));
    errors.extend(validation::validate_update(target.served.group, kind.kind, context, object, old));
    errors
}

/// Whether the change is of the version that is stored. Without a version it is of whatever is stored, where the kind
/// allows that.
fn check_version(target: &Target, object: &mut Value, old: &Value) -> Result<(), Box<Status>> {
    let kind = target.kind();
    let current = Meta::of(old).resource_version();
    match Meta::of(object).resource_version() {
        "" | "0" if kind.allows_unconditional_update => {
            MetaMut::of(object).set_resource_version(current);
            Ok(())
        }
        "" | "0" => {
            let errors = meta::validate_resource_version_for_update(object, &Path::new("metadata"));
            let named = GroupKind::new(kind.group, kind.plural);
            Err(Box::new(Status::invalid(&named, &target.name, &errors)))
        }
        version if version == current => Ok(()),
        version => {
            apimachinery::go::parse_u64(version)
                .map_err(|error| Box::new(Status::unknown(error.to_string())))?;
            Err(Box::new(Status::modified(&target.group_resource(), &target.name)))
        }
    }
}

/// Of the object itself the status stays, of `/status` everything else but metadata.
fn keep_other_parts(kind: &Kind, subresource: &str, object: &mut Value, old: &Value) {
    let (Some(members), Some(old)) = (object.as_object_mut(), old.as_object()) else { return };
    match subresource {
        "" if kind.has_status => match old.get("status") {
            Some(status) => {
                members.insert("status".to_owned(), status.clone());
            }
            None => {
                members.remove("status");
            }
        },
        "status" => {
            let is_open = |name: &str| matches!(name, "apiVersion" | "kind" | "metadata" | "status");
            members.retain(|name, _| is_open(name));
            let kept = old.iter().filter(|(name, _)| !is_open(name));
            members.extend(kept.map(|(name, value)| (name.clone(), value.clone())));
        }
        _ => {}
    }
}

/// Counts a change of what the kind counts changes of.
fn count_generation(kind: &Kind, object: &mut Value, old: &Value) {
    let has_changed = match kind.generation {
        Generation::Untouched | Generation::Fixed => false,
        Generation::Of(members) => members.iter().any(|member| object.get(*member) != old.get(*member)),
        Generation::OfSpecLater => object.get("spec") != old.get("spec"),
        Generation::Own => kind.strategy.changes_generation(object, old),
    };
    if has_changed {
        MetaMut::of(object).set_generation(Meta::of(old).generation() + 1);
    }
}

/// Whether nobody holds up the end of an object that is being deleted.
fn is_to_be_deleted(kind: &Kind, object: &Value) -> bool {
    let meta = Meta::of(object);
    let is_namespace = kind.group.is_empty() && kind.kind == "Namespace";
    let is_held = is_namespace
        && object["spec"]["finalizers"].as_array().is_some_and(|finalizers| !finalizers.is_empty());
    meta.deletion_timestamp().is_some()
        && meta.deletion_grace_period_seconds().unwrap_or_default() == 0
        && meta.finalizers().next().is_none()
        && !is_held
}
