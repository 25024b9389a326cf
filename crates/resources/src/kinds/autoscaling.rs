//! Autoscaling: `autoscaling`.

mod horizontal_pod_autoscaler;

use crate::kind::{Kind, Subresource, Versions};

const VERSIONS: Versions = &[("autoscaling", "v2"), ("autoscaling", "v1")];

/// `HorizontalPodAutoscaler`.
pub(super) static HORIZONTAL_POD_AUTOSCALER: Kind = Kind {
    versions: VERSIONS,
    short_names: &["hpa"],
    categories: &["all"],
    subresources: &[Subresource::status("HorizontalPodAutoscaler")],
    has_status: true,
    strategy: &horizontal_pod_autoscaler::HorizontalPodAutoscaler,
    ..Kind::named(
        "autoscaling",
        "HorizontalPodAutoscaler",
        "horizontalpodautoscaler",
        "horizontalpodautoscalers",
    )
};
