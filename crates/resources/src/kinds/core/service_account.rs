//! What ServiceAccounts need besides what all kinds do.

use apimachinery::meta::Meta;
use serde_json::Value;

use crate::document::{Members as _, members_of};
use crate::kind::{Context, Hooks};

const ENFORCE: &str = "kubernetes.io/enforce-mountable-secrets";

/// The strategy of service accounts.
pub(in crate::kinds) static STRATEGY: Hooks = Hooks {
    prepare_for_create: |_, object| keep_names_of_secrets(object),
    prepare_for_update: |_, object, _| keep_names_of_secrets(object),
    warnings,
    ..Hooks::NONE
};

/// Secrets are of the account's own namespace, so that there is nothing more to say of them.
fn keep_names_of_secrets(object: &mut Value) {
    members_of(object).for_each("secrets", |secret| secret.retain(|member, _| member == "name"));
}

fn warnings(_context: Context<'_>, object: &Value, old: Option<&Value>) -> Vec<String> {
    let is_set = |object: &Value| Meta::of(object).annotation(ENFORCE).is_some();
    if !is_set(object) || old.is_some_and(is_set) {
        return Vec::new();
    }
    vec![format!(
        "metadata.annotations[{ENFORCE}]: deprecated in v1.32+; prefer separate namespaces to isolate access to \
         mounted secrets"
    )]
}
