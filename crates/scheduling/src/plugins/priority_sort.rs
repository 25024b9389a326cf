//! PrioritySort: higher priority first, then who has waited longer.

use std::cmp::Reverse;

use base::Now;
use wire::config::ExtensionPoint;

use crate::framework::{Plugin, Registration, SortKey};
use crate::model::Pod;

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[ExtensionPoint::QueueSort],
    ..Registration::named("PrioritySort", |_| Ok(Box::new(PrioritySort)))
};

struct PrioritySort;

impl Plugin for PrioritySort {
    fn sort_key(&self, pod: &Pod, since: Now) -> SortKey {
        SortKey { priority: Reverse(pod.priority), since }
    }
}
