//! PodDisruptionBudget.

use super::cell::{age, at, int_or_string, name, number};
use super::{AGE, NAME, integer, string};
use crate::kind::Columns;

/// PodDisruptionBudget.
pub const POD_DISRUPTION_BUDGET: Columns = Columns {
    columns: &[
        NAME,
        string("Min Available", "The minimum number of pods that must be available."),
        string("Max Unavailable", "The maximum number of pods that may be unavailable."),
        integer("Allowed Disruptions", "Calculated number of pods that may be disrupted at this time."),
        AGE,
    ],
    cells: |object, now| {
        let bound = |pointer| at(object, pointer).map_or("N/A".to_owned(), int_or_string);
        vec![
            name(object),
            bound("/spec/minAvailable").into(),
            bound("/spec/maxUnavailable").into(),
            number(object, "/status/disruptionsAllowed").into(),
            age(object, now),
        ]
    },
};
