//! PodGroup, PriorityClass, Workload.

use super::cell::{age, at, flag, list, name, number, text, text_or};
use super::{AGE, NAME, boolean, integer, string};
use crate::kind::Columns;

/// PriorityClass.
pub const PRIORITY_CLASS: Columns = Columns {
    columns: &[
        NAME,
        integer("Value", "D:PriorityClass.value"),
        boolean("Global-Default", "D:PriorityClass.globalDefault"),
        AGE,
        string("PreemptionPolicy", "D:PriorityClass.preemptionPolicy"),
    ],
    cells: |object, now| {
        vec![
            name(object),
            number(object, "/value").into(),
            flag(object, "/globalDefault").into(),
            age(object, now),
            text_or(object, "/preemptionPolicy", "PreemptLowerPriority").into(),
        ]
    },
};

/// PodGroup.
pub const POD_GROUP: Columns = Columns {
    columns: &[
        NAME,
        string("Policy", "D:PodGroupSpec.schedulingPolicy"),
        string("Workload", "Name of the referenced Workload object"),
        string("Status", "Status of the PodGroup"),
        AGE,
    ],
    cells: |object, now| {
        let policy =
            match (at(object, "/spec/schedulingPolicy/gang"), at(object, "/spec/schedulingPolicy/basic")) {
                (Some(_), _) => "Gang",
                (None, Some(_)) => "Basic",
                (None, None) => "<none>",
            };
        let last = list(object, "/status/conditions").last();
        vec![
            name(object),
            policy.into(),
            text_or(object, "/spec/podGroupTemplateRef/workload/workloadName", "<none>").into(),
            last.map_or("<none>", |condition| text(condition, "/reason")).into(),
            age(object, now),
        ]
    },
};

/// Workload.
pub const WORKLOAD: Columns =
    Columns { columns: &[NAME, AGE], cells: |object, now| vec![name(object), age(object, now)] };
