//! What HorizontalPodAutoscalers need besides what all kinds do: two versions.
//!
//! `v1` has one metric, the use of CPU. What `v2` has besides is in annotations there.

mod v1;

use serde_json::Value;

use crate::defaults::autoscaling;
use crate::document::Members as _;
use crate::document::members_of;
use crate::kind::Strategy;
use crate::schema::Schema;

/// The strategy of autoscalers.
pub(in crate::kinds) struct HorizontalPodAutoscaler;

impl Strategy for HorizontalPodAutoscaler {
    fn set_defaults(&self, object: &mut Value, _group: &str, version: &str) {
        if version == "v1" { autoscaling::v1(object) } else { autoscaling::v2(object) }
    }

    fn convert(&self, object: &mut Value, _from: (&str, &str), (group, version): (&str, &str)) {
        if version == "v1" {
            v1::from_v2(object)
        } else {
            v1::into_v2(object)
        }
        members_of(object).put("apiVersion", format!("{group}/{version}"));
        if let Some(of) = Schema::get().type_of(group, version, "HorizontalPodAutoscaler") {
            Schema::get().normalise(of, object);
        }
        // Upstream decodes what it stored, and sets defaults then.
        if version != "v1" {
            autoscaling::v2(object);
        }
    }
}
