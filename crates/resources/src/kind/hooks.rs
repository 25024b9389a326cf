//! A strategy made of functions.

use apimachinery::ErrorList;
use serde_json::Value;

use super::strategy::{Context, Strategy};

/// A strategy made of functions: a row of the table names those that its kind needs and takes the rest from
/// [`Hooks::NONE`]. [`Strategy`] says what each of them is for.
#[derive(Clone, Copy)]
pub struct Hooks {
    /// [`Strategy::set_defaults`], for kinds whose versions have the same defaults.
    pub set_defaults: fn(&mut Value),
    /// [`Strategy::prepare_for_create`].
    pub prepare_for_create: fn(Context<'_>, &mut Value),
    /// [`Strategy::prepare_for_update`].
    pub prepare_for_update: fn(Context<'_>, &mut Value, &Value),
    /// [`Strategy::changes_generation`].
    pub changes_generation: fn(&Value, &Value) -> bool,
    /// [`Strategy::validate`].
    pub validate: fn(Context<'_>, &Value) -> ErrorList,
    /// [`Strategy::validate_update`].
    pub validate_update: fn(Context<'_>, &Value, &Value) -> ErrorList,
    /// [`Strategy::warnings`].
    pub warnings: fn(Context<'_>, &Value, Option<&Value>) -> Vec<String>,
    /// [`Strategy::canonicalize`].
    pub canonicalize: fn(&mut Value),
    /// [`Strategy::decorate`].
    pub decorate: fn(&mut Value),
}

impl Hooks {
    /// Nothing at all.
    pub const NONE: Hooks = Hooks {
        set_defaults: |_| {},
        prepare_for_create: |_, _| {},
        prepare_for_update: |_, _, _| {},
        changes_generation: |_, _| false,
        validate: |_, _| ErrorList::new(),
        validate_update: |_, _, _| ErrorList::new(),
        warnings: |_, _, _| Vec::new(),
        canonicalize: |_| {},
        decorate: |_| {},
    };
}

impl Strategy for Hooks {
    fn set_defaults(&self, object: &mut Value, _group: &str, _version: &str) {
        (self.set_defaults)(object);
    }

    fn prepare_for_create(&self, context: Context<'_>, object: &mut Value) {
        (self.prepare_for_create)(context, object);
    }

    fn prepare_for_update(&self, context: Context<'_>, object: &mut Value, old: &Value) {
        (self.prepare_for_update)(context, object, old);
    }

    fn changes_generation(&self, object: &Value, old: &Value) -> bool {
        (self.changes_generation)(object, old)
    }

    fn validate(&self, context: Context<'_>, object: &Value) -> ErrorList {
        (self.validate)(context, object)
    }

    fn validate_update(&self, context: Context<'_>, object: &Value, old: &Value) -> ErrorList {
        (self.validate_update)(context, object, old)
    }

    fn warnings(&self, context: Context<'_>, object: &Value, old: Option<&Value>) -> Vec<String> {
        (self.warnings)(context, object, old)
    }

    fn canonicalize(&self, object: &mut Value) {
        (self.canonicalize)(object);
    }

    fn decorate(&self, object: &mut Value) {
        (self.decorate)(object);
    }
}
