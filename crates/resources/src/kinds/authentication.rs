//! Who somebody is: `authentication.k8s.io`.

use crate::kind::{Kind, Verbs, Versions};

const VERSIONS: Versions = &[("authentication.k8s.io", "v1")];

/// `SelfSubjectReview`.
pub(super) static SELF_SUBJECT_REVIEW: Kind = Kind {
    versions: VERSIONS,
    is_namespaced: false,
    verbs: Verbs::CREATE,
    ..Kind::named("authentication.k8s.io", "SelfSubjectReview", "selfsubjectreview", "selfsubjectreviews")
};

/// `TokenReview`.
pub(super) static TOKEN_REVIEW: Kind = Kind {
    versions: VERSIONS,
    is_namespaced: false,
    verbs: Verbs::CREATE,
    ..Kind::named("authentication.k8s.io", "TokenReview", "tokenreview", "tokenreviews")
};
