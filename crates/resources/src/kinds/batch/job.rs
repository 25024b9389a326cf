//! What Jobs need besides what all kinds do: a selector that no other job has.

use apimachinery::meta::Meta;
use serde_json::Value;

use crate::defaults;
use crate::document::{Members as _, at_mut};
use crate::kind::{Context, Hooks};
use crate::kinds::name_warnings;

const UID: &str = "batch.kubernetes.io/controller-uid";
const NAME: &str = "batch.kubernetes.io/job-name";
const OLD_UID: &str = "controller-uid";
const OLD_NAME: &str = "job-name";

/// The strategy of jobs.
pub(in crate::kinds) static STRATEGY: Hooks = Hooks {
    set_defaults: defaults::batch::job,
    prepare_for_create: |_, object| {
        generate_selector(object);
        // A job without labels has those of its template, now that they are there.
        defaults::batch::job(object);
    },
    warnings,
    ..Hooks::NONE
};

/// Selects pods by the job's uid, unless the user selects by hand.
fn generate_selector(object: &mut Value) {
    let (name, uid) = (Meta::of(object).name().to_owned(), Meta::of(object).uid().to_owned());
    let Some(spec) = at_mut(object, &["spec"]) else { return };
    if spec.flag("manualSelector") {
        return;
    }
    let labels = spec.members_made("template").members_made("metadata").members_made("labels");
    for (key, value) in [(OLD_UID, &uid), (UID, &uid), (OLD_NAME, &name), (NAME, &name)] {
        labels.fill_absent(key, value.as_str());
    }
    let selector = spec.members_made("selector").members_made("matchLabels");
    selector.fill_absent(UID, uid);
}

fn warnings(context: Context<'_>, object: &Value, old: Option<&Value>) -> Vec<String> {
    name_warnings::of_workload(context, object, old)
}
