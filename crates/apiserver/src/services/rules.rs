//! What depends on the fields of a service alone; the kind's own file has it.

use serde_json::Value;

pub(super) fn normalise_on_create(_: &mut Value) {}
pub(super) fn normalise_on_update(_: &mut Value, _: &Value) {}
pub(super) fn patch_on_update(_: &mut Value, _: &Value) {}
pub(super) fn type_change(_: &mut Value, _: &Value) {}
