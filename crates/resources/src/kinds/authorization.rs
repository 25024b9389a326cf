//! Who may do what: `authorization.k8s.io`.

use crate::kind::{Kind, Verbs, Versions};

const VERSIONS: Versions = &[("authorization.k8s.io", "v1")];

/// `LocalSubjectAccessReview`.
pub(super) static LOCAL_SUBJECT_ACCESS_REVIEW: Kind = Kind {
    versions: VERSIONS,
    verbs: Verbs::CREATE,
    ..Kind::named(
        "authorization.k8s.io",
        "LocalSubjectAccessReview",
        "localsubjectaccessreview",
        "localsubjectaccessreviews",
    )
};

/// `SelfSubjectAccessReview`.
pub(super) static SELF_SUBJECT_ACCESS_REVIEW: Kind = Kind {
    versions: VERSIONS,
    is_namespaced: false,
    verbs: Verbs::CREATE,
    ..Kind::named(
        "authorization.k8s.io",
        "SelfSubjectAccessReview",
        "selfsubjectaccessreview",
        "selfsubjectaccessreviews",
    )
};

/// `SelfSubjectRulesReview`.
pub(super) static SELF_SUBJECT_RULES_REVIEW: Kind = Kind {
    versions: VERSIONS,
    is_namespaced: false,
    verbs: Verbs::CREATE,
    ..Kind::named(
        "authorization.k8s.io",
        "SelfSubjectRulesReview",
        "selfsubjectrulesreview",
        "selfsubjectrulesreviews",
    )
};

/// `SubjectAccessReview`.
pub(super) static SUBJECT_ACCESS_REVIEW: Kind = Kind {
    versions: VERSIONS,
    is_namespaced: false,
    verbs: Verbs::CREATE,
    ..Kind::named(
        "authorization.k8s.io",
        "SubjectAccessReview",
        "subjectaccessreview",
        "subjectaccessreviews",
    )
};
