//! Bindings by who they are for.

use apimachinery::go::quote;
use base::Map;
use serde_json::Value;

use crate::user::User;

/// One binding, as far as decisions need it.
#[derive(Debug)]
pub(super) struct Binding {
    name: String,
    /// The role's name.
    pub(super) role: String,
    /// Whether the role is a cluster role.
    pub(super) is_cluster_role: bool,
    subjects: Vec<Subject>,
}

#[derive(Debug)]
struct Subject {
    kind: String,
    name: String,
    namespace: String,
}

/// Bindings of one namespace, or those of the cluster. Numbers are places in lists.
#[derive(Debug, Default)]
pub(super) struct Bindings {
    bindings: Vec<Binding>,
    by_user: Map<String, Vec<(usize, usize)>>,
    by_group: Map<String, Vec<(usize, usize)>>,
}

impl Binding {
    pub(super) fn of(object: &Value) -> Binding {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let subject = |subject: &Value| Subject {
            kind: text(&subject["kind"]),
            name: text(&subject["name"]),
            namespace: text(&subject["namespace"]),
        };
        Binding {
            name: text(&object["metadata"]["name"]),
            role: text(&object["roleRef"]["name"]),
            is_cluster_role: object["roleRef"]["kind"] == "ClusterRole",
            subjects: object["subjects"].as_array().into_iter().flatten().map(subject).collect(),
        }
    }

    /// Why somebody may do something: upstream's sentence.
    pub(super) fn reason(&self, namespace: &str, subject: usize) -> String {
        let subject = &self.subjects[subject];
        let who = match subject.kind.as_str() {
            "ServiceAccount" => {
                let own = if subject.namespace.is_empty() { namespace } else { &subject.namespace };
                quote(&format!("{}/{own}", subject.name))
            }
            _ => quote(&subject.name),
        };
        let (kind, role) = (&subject.kind, quote(&self.role));
        let role_kind = if self.is_cluster_role { "ClusterRole" } else { "Role" };
        if namespace.is_empty() {
            format!(
                "RBAC: allowed by ClusterRoleBinding {} of {role_kind} {role} to {kind} {who}",
                quote(&self.name)
            )
        } else {
            let name = quote(&format!("{}/{namespace}", self.name));
            format!("RBAC: allowed by RoleBinding {name} of {role_kind} {role} to {kind} {who}")
        }
    }
}

impl Bindings {
    /// Adds a binding of `namespace`, which is empty of those of the cluster.
    pub(super) fn push(&mut self, binding: Binding, namespace: &str) {
        let place = self.bindings.len();
        for (number, subject) in binding.subjects.iter().enumerate() {
            let entry = (place, number);
            match subject.kind.as_str() {
                "User" => self.by_user.entry(subject.name.clone()).or_default().push(entry),
                "Group" => self.by_group.entry(subject.name.clone()).or_default().push(entry),
                "ServiceAccount" => {
                    let own = if subject.namespace.is_empty() { namespace } else { &subject.namespace };
                    // In a binding of the cluster, an account without a namespace is nobody.
                    if !own.is_empty() {
                        let user = format!("system:serviceaccount:{own}:{}", subject.name);
                        self.by_user.entry(user).or_default().push(entry);
                    }
                }
                _ => {}
            }
        }
        self.bindings.push(binding);
    }

    /// The bindings that are for a user, in their order, each with the first subject that the user is.
    pub(super) fn of(&self, user: &User) -> impl Iterator<Item = (&Binding, usize)> {
        let of_groups = user.groups.iter().filter_map(|group| self.by_group.get(group));
        let mut found: Vec<(usize, usize)> =
            self.by_user.get(&user.name).into_iter().chain(of_groups).flatten().copied().collect();
        found.sort_unstable();
        found.dedup_by_key(|(place, _)| *place);
        found.into_iter().map(|(place, subject)| (&self.bindings[place], subject))
    }
}
