//! Role based access control: roles say what may be done, bindings who may.
//!
//! What is read of roles and bindings is kept by subject, and made anew per kind when the cache's version of that kind is
//! another one. A decision then costs the bindings of the user and of its groups.

mod index;
mod rule;
#[cfg(test)]
mod tests;

use std::sync::{Arc, PoisonError, RwLock};

use apimachinery::GroupResource;
use base::Map;
use serde_json::Value;

pub use rule::{Rule, covers, split};

use self::index::{Binding, Bindings};
use super::{Authorizer, Decision};
use crate::attributes::Attributes;
use crate::objects::Objects;
use crate::user::User;

/// The group of roles and bindings.
pub const GROUP: &str = "rbac.authorization.k8s.io";

type Rules = Arc<[Rule]>;
/// Roles by namespace (empty of cluster roles) and name.
type Roles = Map<(String, String), Rules>;
/// Bindings by namespace (empty of cluster role bindings).
type BindingsByNamespace = Map<String, Bindings>;

/// What RBAC says.
pub struct Rbac {
    objects: Arc<dyn Objects>,
    cluster_roles: Derived<Roles>,
    roles: Derived<Roles>,
    cluster_role_bindings: Derived<BindingsByNamespace>,
    role_bindings: Derived<BindingsByNamespace>,
}

/// Something that is made of all objects of a resource, with the version they had.
struct Derived<T> {
    resource: GroupResource,
    made: RwLock<Option<(u64, Arc<T>)>>,
}

impl<T> Derived<T> {
    fn of(resource: &str) -> Derived<T> {
        Derived { resource: GroupResource::new(GROUP, resource), made: RwLock::default() }
    }

    fn get(&self, objects: &dyn Objects, make: impl FnOnce(Vec<Arc<Value>>) -> T) -> Arc<T> {
        let version = objects.version(&self.resource);
        if let Some((own, made)) = &*self.made.read().unwrap_or_else(PoisonError::into_inner)
            && *own == version
        {
            return made.clone();
        }
        // The version was read before the objects: what changes in between is made once more.
        let made = Arc::new(make(objects.list(&self.resource, None)));
        *self.made.write().unwrap_or_else(PoisonError::into_inner) = Some((version, made.clone()));
        made
    }
}

impl Rbac {
    /// What caches say about roles and bindings.
    pub fn new(objects: Arc<dyn Objects>) -> Rbac {
        Rbac {
            objects,
            cluster_roles: Derived::of("clusterroles"),
            roles: Derived::of("roles"),
            cluster_role_bindings: Derived::of("clusterrolebindings"),
            role_bindings: Derived::of("rolebindings"),
        }
    }

    /// All rules that hold for a user, cluster-wide and in a namespace if one is given, and what could not be resolved.
    pub fn rules_for(&self, user: &User, namespace: &str) -> (Vec<Rule>, Vec<String>) {
        let mut all = Vec::new();
        let errors = self.visit(user, namespace, |_, _, _, rules| {
            all.extend(rules.iter().cloned());
            false
        });
        (all, errors)
    }

    /// The rules of a role; `namespace` is empty of a cluster role.
    pub fn role(&self, namespace: &str, name: &str) -> Option<Rules> {
        let roles = if namespace.is_empty() {
            self.cluster_roles.get(&*self.objects, roles)
        } else {
            self.roles.get(&*self.objects, roles)
        };
        roles.get(&(namespace.to_owned(), name.to_owned())).cloned()
    }

    /// Calls with the rules of each binding of a user, until told to stop: cluster role bindings first, then those in
    /// the namespace. Returns which roles are missing.
    fn visit(
        &self,
        user: &User,
        namespace: &str,
        mut visit: impl FnMut(&str, &Binding, usize, &Rules) -> bool,
    ) -> Vec<String> {
        let mut errors = Vec::new();
        let everywhere = self.cluster_role_bindings.get(&*self.objects, bindings);
        let inside = (!namespace.is_empty()).then(|| self.role_bindings.get(&*self.objects, bindings));
        let everywhere = everywhere.get("").map(|found| ("", found));
        let inside = inside.as_ref().and_then(|all| all.get(namespace)).map(|found| (namespace, found));
        for (namespace, bindings) in everywhere.into_iter().chain(inside) {
            for (binding, subject) in bindings.of(user) {
                let role_namespace = if binding.is_cluster_role { "" } else { namespace };
                match self.role(role_namespace, &binding.role) {
                    Some(rules) => {
                        if visit(namespace, binding, subject, &rules) {
                            return errors;
                        }
                    }
                    None => {
                        let kind = if binding.is_cluster_role { "clusterrole" } else { "role" };
                        let error =
                            format!("{kind}.{GROUP} {} not found", apimachinery::go::quote(&binding.role));
                        if !errors.contains(&error) {
                            errors.push(error);
                        }
                    }
                }
            }
        }
        errors
    }
}

impl Authorizer for Rbac {
    fn authorize(&self, user: &User, attributes: &Attributes) -> Decision {
        let namespace = if attributes.is_resource { attributes.namespace.as_str() } else { "" };
        let mut allowed = None;
        let errors = self.visit(user, namespace, |namespace, binding, subject, rules| {
            if rules.iter().any(|rule| rule.allows(attributes)) {
                allowed = Some(binding.reason(namespace, subject));
            }
            allowed.is_some()
        });
        match (allowed, errors.as_slice()) {
            (Some(reason), _) => Decision::Allow(reason),
            (None, []) => Decision::NoOpinion(String::new()),
            (None, [error]) => Decision::NoOpinion(format!("RBAC: {error}")),
            (None, errors) => Decision::NoOpinion(format!("RBAC: [{}]", errors.join(", "))),
        }
    }
}

fn roles(objects: Vec<Arc<Value>>) -> Roles {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let role = |object: Arc<Value>| {
        let metadata = &object["metadata"];
        ((text(&metadata["namespace"]), text(&metadata["name"])), Rule::list(&object["rules"]).into())
    };
    objects.into_iter().map(role).collect()
}

fn bindings(objects: Vec<Arc<Value>>) -> BindingsByNamespace {
    let mut by_namespace = BindingsByNamespace::default();
    for object in objects {
        let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
        by_namespace.entry(namespace.to_owned()).or_default().push(Binding::of(&object), namespace);
    }
    by_namespace
}
