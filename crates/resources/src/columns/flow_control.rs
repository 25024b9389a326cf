//! FlowSchema, PriorityLevelConfiguration.

use super::cell::{age, at, condition, name, number, text, text_or};
use super::{AGE, NAME, string};
use crate::kind::Columns;

/// FlowSchema.
pub const FLOW_SCHEMA: Columns = Columns {
    columns: &[
        NAME,
        string("PriorityLevel", "D:PriorityLevelConfigurationReference.name"),
        string("MatchingPrecedence", "D:FlowSchemaSpec.matchingPrecedence"),
        string("DistinguisherMethod", "D:FlowSchemaSpec.distinguisherMethod"),
        AGE,
        string("MissingPL", "references a broken or non-existent PriorityLevelConfiguration"),
    ],
    cells: |object, now| {
        vec![
            name(object),
            text(object, "/spec/priorityLevelConfiguration/name").into(),
            number(object, "/spec/matchingPrecedence").into(),
            text_or(object, "/spec/distinguisherMethod/type", "<none>").into(),
            age(object, now),
            condition(object, "Dangling").map_or("?", |condition| text(condition, "/status")).into(),
        ]
    },
};

/// PriorityLevelConfiguration.
pub const PRIORITY_LEVEL_CONFIGURATION: Columns = Columns {
    columns: &[
        NAME,
        string("Type", "D:PriorityLevelConfigurationSpec.type"),
        string("NominalConcurrencyShares", "D:LimitedPriorityLevelConfiguration.nominalConcurrencyShares"),
        string("Queues", "D:QueuingConfiguration.queues"),
        string("HandSize", "D:QueuingConfiguration.handSize"),
        string("QueueLengthLimit", "D:QueuingConfiguration.queueLengthLimit"),
        AGE,
    ],
    cells: |object, now| {
        let limited = at(object, "/spec/limited");
        let queuing = limited.and_then(|limited| at(limited, "/limitResponse/queuing"));
        let of_queuing = |pointer| queuing.map_or("<none>".into(), |queuing| number(queuing, pointer).into());
        vec![
            name(object),
            text(object, "/spec/type").into(),
            limited.map_or("<none>".into(), |limited| number(limited, "/nominalConcurrencyShares").into()),
            of_queuing("/queues"),
            of_queuing("/handSize"),
            of_queuing("/queueLengthLimit"),
            age(object, now),
        ]
    },
};
