//! Lease, LeaseCandidate.

use super::cell::{age, name, text};
use super::{AGE, NAME, string};
use crate::kind::Columns;

/// Lease.
pub const LEASE: Columns = Columns {
    columns: &[NAME, string("Holder", "D:LeaseSpec.holderIdentity"), AGE],
    cells: |object, now| vec![name(object), text(object, "/spec/holderIdentity").into(), age(object, now)],
};

/// LeaseCandidate.
pub const LEASE_CANDIDATE: Columns = Columns {
    columns: &[
        NAME,
        string("LeaseName", "D:LeaseCandidateSpec.leaseName"),
        string("BinaryVersion", "D:ObjectMeta.binaryVersion"),
        string("EmulationVersion", "D:ObjectMeta.emulationVersion"),
        AGE,
    ],
    cells: |object, now| {
        vec![
            name(object),
            text(object, "/spec/leaseName").into(),
            text(object, "/spec/binaryVersion").into(),
            text(object, "/spec/emulationVersion").into(),
            age(object, now),
        ]
    },
};
