//! All plugins in upstream's order, and which of them run.

use std::sync::Arc;

use apimachinery::Status;
use serde_json::Value;

use super::certificates::{
    CertificateApproval, CertificateSigning, CertificateSubjectRestriction, ClusterTrustBundleAttest,
};
use super::default_classes::{DefaultIngressClass, DefaultStorageClass};
use super::default_toleration_seconds::DefaultTolerationSeconds;
use super::namespace_lifecycle::NamespaceLifecycle;
use super::node_restriction::NodeRestriction;
use super::persistent_volume_claim_resize::PersistentVolumeClaimResize;
use super::pod_resize_validator::PodResizeValidator;
use super::pod_topology_labels::PodTopologyLabels;
use super::priority::Priority;
use super::runtime_class::RuntimeClass;
use super::service_account::ServiceAccount;
use super::storage_object_in_use_protection::StorageObjectInUseProtection;
use super::taint_nodes_by_condition::TaintNodesByCondition;
use super::{Plugin, Request};
use crate::authorization::Authorizer;

/// What plugins are made with.
#[derive(Clone)]
pub struct Settings {
    /// `--default-not-ready-toleration-seconds`
    pub not_ready_toleration_seconds: i64,
    /// `--default-unreachable-toleration-seconds`
    pub unreachable_toleration_seconds: i64,
    /// For plugins that ask who may do what.
    pub authorizer: Arc<dyn Authorizer>,
    /// Makes the five characters at the end of generated names.
    pub name_suffix: Arc<dyn Fn() -> String + Send + Sync>,
}

/// How a plugin is made.
type Make = fn(&Settings) -> Box<dyn Plugin>;

/// A plugin of upstream: its name, whether it runs if nobody says anything, how it is made if it is here.
struct Known {
    name: &'static str,
    is_default: bool,
    make: Option<Make>,
}

const fn on(name: &'static str, make: Make) -> Known {
    Known { name, is_default: true, make: Some(make) }
}

/// On by default, and belongs to a later issue.
const fn on_later(name: &'static str) -> Known {
    Known { name, is_default: true, make: None }
}

/// Off by default, and belongs to a later issue.
const fn off_later(name: &'static str) -> Known {
    Known { name, is_default: false, make: None }
}

static KNOWN: [Known; 41] = [
    Known { name: "AlwaysAdmit", is_default: false, make: Some(|_| Box::new(AlwaysAdmit)) },
    off_later("NamespaceAutoProvision"),
    on("NamespaceLifecycle", |_| Box::new(NamespaceLifecycle)),
    off_later("NamespaceExists"),
    off_later("LimitPodHardAntiAffinityTopology"),
    on_later("LimitRanger"),
    on("ServiceAccount", |settings| Box::new(ServiceAccount { name_suffix: settings.name_suffix.clone() })),
    Known {
        name: "NodeRestriction",
        is_default: false,
        make: Some(|settings| Box::new(NodeRestriction(settings.authorizer.clone()))),
    },
    on("TaintNodesByCondition", |_| Box::new(TaintNodesByCondition)),
    off_later("AlwaysPullImages"),
    off_later("ImagePolicyWebhook"),
    on_later("PodSecurity"),
    off_later("PodNodeSelector"),
    on("Priority", |_| Box::new(Priority)),
    on("DefaultTolerationSeconds", |settings| {
        Box::new(DefaultTolerationSeconds {
            not_ready_seconds: settings.not_ready_toleration_seconds,
            unreachable_seconds: settings.unreachable_toleration_seconds,
        })
    }),
    off_later("PodTolerationRestriction"),
    off_later("EventRateLimit"),
    off_later("ExtendedResourceToleration"),
    on("DefaultStorageClass", |_| Box::new(DefaultStorageClass)),
    on("StorageObjectInUseProtection", |_| Box::new(StorageObjectInUseProtection)),
    // Behind a gate that is off.
    off_later("PodGroupProtection"),
    off_later("OwnerReferencesPermissionEnforcement"),
    on("PersistentVolumeClaimResize", |_| Box::new(PersistentVolumeClaimResize)),
    on("RuntimeClass", |_| Box::new(RuntimeClass)),
    on("CertificateApproval", |settings| Box::new(CertificateApproval(settings.authorizer.clone()))),
    on("CertificateSigning", |settings| Box::new(CertificateSigning(settings.authorizer.clone()))),
    on("ClusterTrustBundleAttest", |settings| {
        Box::new(ClusterTrustBundleAttest(settings.authorizer.clone()))
    }),
    on("CertificateSubjectRestriction", |_| Box::new(CertificateSubjectRestriction)),
    on("DefaultIngressClass", |_| Box::new(DefaultIngressClass)),
    off_later("DenyServiceExternalIPs"),
    on("PodTopologyLabels", |_| Box::new(PodTopologyLabels)),
    // Behind gates that are off.
    off_later("PodGroupWorkloadExists"),
    on_later("NodeDeclaredFeatureValidator"),
    off_later("JobValidation"),
    on("PodResizeValidator", |_| Box::new(PodResizeValidator)),
    on_later("MutatingAdmissionPolicy"),
    on_later("MutatingAdmissionWebhook"),
    on_later("ValidatingAdmissionPolicy"),
    on_later("ValidatingAdmissionWebhook"),
    on_later("ResourceQuota"),
    Known { name: "AlwaysDeny", is_default: false, make: Some(|_| Box::new(AlwaysDeny)) },
];

/// What is wrong with the flags.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// A plugin that does not exist.
    #[error("{flag} plugin {name:?} is unknown")]
    Unknown {
        /// The flag.
        flag: &'static str,
        /// The name.
        name: String,
    },
    /// A plugin that is to run and not to run.
    #[error("[{0}] in enable-admission-plugins and disable-admission-plugins overlapped")]
    Both(String),
    /// A plugin of upstream that is not here.
    #[error("enable-admission-plugins plugin {0:?} is not implemented yet")]
    NotYet(String),
}

/// The plugins that run.
pub struct Chain {
    plugins: Vec<Box<dyn Plugin>>,
    missing: Vec<&'static str>,
}

impl Chain {
    /// The default plugins with some more (`--enable-admission-plugins`) and without some
    /// (`--disable-admission-plugins`).
    ///
    /// # Errors
    /// If a name is unknown, or one that is to run is not here.
    pub fn new(enabled: &[String], disabled: &[String], settings: &Settings) -> Result<Chain, ChainError> {
        let is_known = |name: &String| KNOWN.iter().any(|known| known.name == name);
        for (flag, names) in [("enable-admission-plugins", enabled), ("disable-admission-plugins", disabled)]
        {
            if let Some(name) = names.iter().find(|name| !is_known(name)) {
                return Err(ChainError::Unknown { flag, name: name.clone() });
            }
        }
        let both: Vec<&str> =
            enabled.iter().filter(|name| disabled.contains(name)).map(String::as_str).collect();
        if !both.is_empty() {
            return Err(ChainError::Both(both.join(" ")));
        }
        let has = |names: &[String], known: &Known| names.iter().any(|name| name == known.name);
        let mut chain = Chain { plugins: Vec::new(), missing: Vec::new() };
        for known in &KNOWN {
            if has(disabled, known) || !(known.is_default || has(enabled, known)) {
                continue;
            }
            match known.make {
                Some(make) => chain.plugins.push(make(settings)),
                None if known.is_default => chain.missing.push(known.name),
                None => return Err(ChainError::NotYet(known.name.to_owned())),
            }
        }
        Ok(chain)
    }

    /// The names of those that run, in their order.
    pub fn names(&self) -> Vec<&'static str> {
        self.plugins.iter().map(|plugin| plugin.name()).collect()
    }

    /// Default plugins of upstream that would run and are not here yet: for the start-up log.
    pub fn missing(&self) -> &[&'static str] {
        &self.missing
    }

    /// The plugins, for who runs them itself.
    pub fn into_plugins(self) -> Vec<Box<dyn Plugin>> {
        self.plugins
    }
}

/// A chain is a plugin: its plugins one after the other, until one refuses.
impl Plugin for Chain {
    fn name(&self) -> &'static str {
        "chain"
    }

    fn admit(&self, request: &Request<'_>, mut object: Option<&mut Value>) -> Result<(), Box<Status>> {
        self.plugins.iter().try_for_each(|plugin| plugin.admit(request, object.as_deref_mut()))
    }

    fn validate(&self, request: &Request<'_>, object: Option<&Value>) -> Result<(), Box<Status>> {
        self.plugins.iter().try_for_each(|plugin| plugin.validate(request, object))
    }
}

struct AlwaysAdmit;

impl Plugin for AlwaysAdmit {
    fn name(&self) -> &'static str {
        "AlwaysAdmit"
    }
}

struct AlwaysDeny;

impl Plugin for AlwaysDeny {
    fn name(&self) -> &'static str {
        "AlwaysDeny"
    }

    fn admit(&self, request: &Request<'_>, _object: Option<&mut Value>) -> Result<(), Box<Status>> {
        Err(request.forbidden("admission control is denying all modifications"))
    }

    fn validate(&self, request: &Request<'_>, _object: Option<&Value>) -> Result<(), Box<Status>> {
        Err(request.forbidden("admission control is denying all modifications"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Operation;
    use super::super::test_request::Trial;
    use super::*;
    use crate::authorization::Decision;

    struct Nobody;

    impl Authorizer for Nobody {
        fn authorize(&self, _: &crate::user::User, _: &crate::attributes::Attributes) -> Decision {
            Decision::NoOpinion(String::new())
        }
    }

    fn chain(enabled: &[&str], disabled: &[&str]) -> Result<Chain, ChainError> {
        let owned = |names: &[&str]| -> Vec<String> { names.iter().map(|name| (*name).to_owned()).collect() };
        let settings = Settings {
            not_ready_toleration_seconds: 300,
            unreachable_toleration_seconds: 300,
            authorizer: Arc::new(Nobody),
            name_suffix: Arc::new(|| "abcde".to_owned()),
        };
        Chain::new(&owned(enabled), &owned(disabled), &settings)
    }

    #[test]
    fn flags_say_what_runs_in_upstreams_order() {
        let names = chain(&["AlwaysDeny"], &["Priority"]).unwrap().names();
        assert_eq!(names.first(), Some(&"NamespaceLifecycle"));
        assert_eq!(names.last(), Some(&"AlwaysDeny"));
        assert!(!names.contains(&"Priority"));
        assert!(chain(&[], &[]).unwrap().missing().contains(&"ResourceQuota"));
        assert!(!chain(&[], &["ResourceQuota"]).unwrap().missing().contains(&"ResourceQuota"));
        for (enabled, disabled, text) in [
            ("Prio", "", "enable-admission-plugins plugin \"Prio\" is unknown"),
            ("", "Prio", "disable-admission-plugins plugin \"Prio\" is unknown"),
            (
                "Priority",
                "Priority",
                "[Priority] in enable-admission-plugins and disable-admission-plugins overlapped",
            ),
            (
                "AlwaysPullImages",
                "",
                "enable-admission-plugins plugin \"AlwaysPullImages\" is not implemented yet",
            ),
        ] {
            let lists = [enabled, disabled].map(|name| if name.is_empty() { vec![] } else { vec![name] });
            let Err(error) = chain(&lists[0], &lists[1]) else { panic!("{text}") };
            assert_eq!(error.to_string(), text);
        }
    }

    #[test]
    fn plugins_are_called_what_they_are_known_as() {
        let all: Vec<&str> =
            KNOWN.iter().filter(|known| known.make.is_some()).map(|known| known.name).collect();
        assert_eq!(chain(&["AlwaysAdmit", "AlwaysDeny", "NodeRestriction"], &[]).unwrap().names(), all);
    }

    #[test]
    fn the_first_refusal_counts() {
        let chain = chain(&["AlwaysDeny"], &[]).unwrap();
        let refused = Trial::new(Operation::Create, "configmaps", "ns").run(&chain, serde_json::json!({}));
        assert_eq!(refused, Err((404, "namespaces \"ns\" not found".to_owned())));
        let refused = Trial::new(Operation::Create, "nodes", "").run(&chain, serde_json::json!({}));
        let text = "nodes \"Unknown\" is forbidden: admission control is denying all modifications";
        assert_eq!(refused, Err((403, text.to_owned())));
    }
}
