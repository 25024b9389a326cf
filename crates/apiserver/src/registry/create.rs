//! New objects.

use apimachinery::Status;
use apimachinery::field::{Path, validated};
use apimachinery::meta::{self, Meta, MetaMut, MetaRules};
use apimachinery::names::NameRule;
use resources::kind::{Generation, Kind};
use resources::validation;
use serde_json::Value;
use store::{Error, Expect};

use super::rules::demands_known_finalizers;
use super::{Found, Registry, Target, Written, context, store_error};
use crate::admission::Operation;
use crate::authorization::Authorized;
use crate::chance;

/// How many names are tried for an object with `generateName`.
const N_NAMES_MAX: usize = 8;

/// A new object, which was decoded and defaulted.
#[derive(Debug)]
pub struct New {
    /// The object.
    pub object: Value,
    /// Who owns which of its fields, if that is not in the object: the list as text.
    pub managers: Option<String>,
}

impl From<Value> for New {
    fn from(object: Value) -> New {
        New { object, managers: None }
    }
}

impl Registry {
    /// Stores a new object. Gives it as it is stored, with its version; of a dry run, managers that came as text are not
    /// in it.
    ///
    /// # Errors
    /// What admission, validation or the store has against it; that its name is taken.
    pub async fn create(
        &self,
        request: &Authorized,
        target: &Target,
        mut new: New,
        is_dry_run: bool,
        warnings: &mut Vec<String>,
    ) -> Result<Written, Box<Status>> {
        let object = &mut new.object;
        meta::wipe_system_fields(object);
        let doubled = meta::dedup_owner_references(object);
        if !doubled.is_empty() {
            warnings.push(meta::duplicate_owners_warning(&doubled, false));
        }
        self.create_reset(request, target, new, is_dry_run, warnings).await
    }

    /// The same, after what belongs to the server has been taken away.
    pub(super) async fn create_reset(
        &self,
        request: &Authorized,
        target: &Target,
        new: New,
        is_dry_run: bool,
        warnings: &mut Vec<String>,
    ) -> Result<Written, Box<Status>> {
        let New { mut object, mut managers } = new;
        let mut target = target.clone();
        target.name = Meta::of(&object).name().to_owned();
        self.catch_up_for(&target, &object).await;
        let admitted = self.admission_request(request, &target, Operation::Create, None, is_dry_run);
        self.admit(&admitted, Some(&mut object))?;
        let doubled = meta::dedup_owner_references(&mut object);
        if !doubled.is_empty() {
            warnings.push(meta::duplicate_owners_warning(&doubled, true));
        }
        let generates = Meta::of(&object).name().is_empty() && !Meta::of(&object).generate_name().is_empty();
        let n_attempts = if generates { N_NAMES_MAX } else { 1 };
        let mut attempt = 1;
        loop {
            let mut own_warnings = Vec::new();
            // A copy of a document is the dearest step of all: only for those that may need it.
            let object = if generates { object.clone() } else { std::mem::take(&mut object) };
            let managers = if generates { managers.clone() } else { managers.take() };
            let new = New { object, managers };
            let created =
                self.create_once(request, &target, new, generates, is_dry_run, &mut own_warnings).await;
            match created {
                Err(status) if status.is_already_exists() && generates => {
                    let name = status.details.map(|details| details.name).unwrap_or_default();
                    if attempt == n_attempts {
                        let resource = target.group_resource();
                        return Err(Box::new(Status::generate_name_exhausted(&resource, &name)));
                    }
                    attempt += 1;
                }
                created => {
                    warnings.extend(own_warnings);
                    return created;
                }
            }
        }
    }

    async fn create_once(
        &self,
        request: &Authorized,
        target: &Target,
        new: New,
        generates: bool,
        is_dry_run: bool,
        warnings: &mut Vec<String>,
    ) -> Result<Written, Box<Status>> {
        let New { mut object, managers } = new;
        let kind = target.kind();
        let now = crate::clock::now();
        meta::set_creation_fields(&mut object, &chance::uid(), &crate::clock::print(now));
        let mut target = target.clone();
        if generates {
            let base = Meta::of(&object).generate_name().to_owned();
            // Addresses are names by themselves.
            let name = if kind.kind == "IPAddress" {
                base
            } else {
                self.random.with(|random| meta::generate_name(&base, random))
            };
            MetaMut::of(&mut object).set_name(&name);
            target.name = name;
        }
        let mut allocation = self.allocators.begin_create(self, kind, &mut object, is_dry_run).await?;
        let context = context(request, &target, now);
        prepare(kind, &mut object);
        kind.strategy.prepare_for_create(context, &mut object);
        let errors = validated(|| {
            let mut errors = validate_meta(&target, &object);
            errors.extend(kind.strategy.validate(context, &object));
            errors.extend(validation::validate(target.served.group, kind.kind, context, &object));
            errors
        });
        if !errors.is_empty() {
            return Err(Box::new(Status::invalid(&kind.group_kind(), &target.name, &errors)));
        }
        warnings.extend(kind.strategy.warnings(context, &object, None));
        kind.strategy.canonicalize(&mut object);
        kind.strategy.decorate(&mut object);
        self.normalise(kind, &mut object);
        let admitted = self.admission_request(request, &target, Operation::Create, None, is_dry_run);
        self.admission_validates(&admitted, Some(&object))?;
        self.check_escalation(request, kind, &object, None)?;
        let key = self.key(&target)?;
        let resource = target.group_resource();
        let taken = |current: Option<&store::Entry>| {
            let status = Status::already_exists(&resource, &target.name);
            let current = current.and_then(|entry| self.decode(entry).ok());
            let is_going = current.is_some_and(|current| Meta::of(&current).deletion_timestamp().is_some());
            Box::new(if is_going { status.with_prefix("object is being deleted: ") } else { status })
        };
        if is_dry_run {
            return match self.stored(&target, &key).await? {
                Some(current) => Err(taken(Some(&current))),
                None => Ok(Written::Unstored(object)),
            };
        }
        if !Meta::of(&object).resource_version().is_empty() {
            let message = "resourceVersion should not be set on objects to be created";
            return Err(Box::new(Status::unknown(message)));
        }
        let write = self.write_of(kind, &object, managers.as_deref());
        drop((object, managers));
        let committed = match self.store.commit(key, Expect::Absent, write).await {
            Ok(committed) => committed,
            Err(Error::Conflict { current }) => {
                allocation.undo().await;
                return Err(taken(current.as_ref()));
            }
            Err(error) => {
                if matches!(error, Error::Uncertain { .. }) {
                    allocation.leave();
                }
                return Err(store_error(&resource, &target.name, &error));
            }
        };
        allocation.keep().await;
        Ok(Written::Stored(Found::from(&committed.entry)))
    }
}

/// What the table of kinds says about new objects.
fn prepare(kind: &Kind, object: &mut Value) {
    if kind.has_status
        && !kind.keeps_status_on_create
        && let Some(members) = object.as_object_mut()
    {
        members.remove("status");
    }
    match kind.generation {
        Generation::Untouched | Generation::OfSpecLater => {}
        Generation::Of(_) | Generation::Fixed | Generation::Own => {
            MetaMut::of(object).set_generation(1);
        }
    }
}

/// What is wrong with the metadata of a new object.
fn validate_meta(target: &Target, object: &Value) -> apimachinery::ErrorList {
    let kind = target.kind();
    // Events of the new group have stricter names than those of the core group.
    let is_new_event = target.served.group == "events.k8s.io";
    let name = if is_new_event { NameRule::Dns1123Subdomain } else { kind.name_rule };
    let rules = MetaRules { is_namespaced: kind.is_namespaced, name };
    let path = Path::new("metadata");
    let mut errors = meta::validate_object_meta(object, rules, &path);
    if demands_known_finalizers(kind) {
        errors.extend(meta::validate_finalizers_of_core_kinds(object, &path));
    }
    errors
}
