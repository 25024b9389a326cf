//! CertificateApproval, CertificateSigning, CertificateSubjectRestriction, ClusterTrustBundleAttest: who may decide about
//! certificates of which signer.

use std::sync::Arc;

use apimachinery::Status;
use apimachinery::go::quote;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use component::certificates::Subject;
use serde_json::Value;

use super::{Operation, Plugin, Request, text};
use crate::attributes::Attributes;
use crate::authorization::{Authorizer, Decision};
use crate::user::User;

const GROUP: &str = "certificates.k8s.io";
const CLIENT_SIGNER: &str = "kubernetes.io/kube-apiserver-client";

pub(super) struct CertificateApproval(pub(super) Arc<dyn Authorizer>);

pub(super) struct CertificateSigning(pub(super) Arc<dyn Authorizer>);

pub(super) struct ClusterTrustBundleAttest(pub(super) Arc<dyn Authorizer>);

pub(super) struct CertificateSubjectRestriction;

/// Whether a user may do something in the name of a signer, or of all signers of its domain.
fn may(authorizer: &dyn Authorizer, user: &User, verb: &str, signer: &str) -> bool {
    let domain = signer.split('/').next().unwrap_or_default();
    [signer.to_owned(), format!("{domain}/*")].into_iter().any(|name| {
        let attributes = Attributes {
            verb: verb.to_owned(),
            is_resource: true,
            group: GROUP.to_owned(),
            version: "*".to_owned(),
            resource: "signers".to_owned(),
            name,
            ..Attributes::default()
        };
        matches!(authorizer.authorize(user, &attributes), Decision::Allow(_))
    })
}

/// Whether it is an update of a subresource of signing requests.
fn is_update_of(request: &Request<'_>, subresource: &str) -> bool {
    let attributes = request.attributes;
    request.operation == Operation::Update
        && attributes.group == GROUP
        && attributes.resource == "certificatesigningrequests"
        && attributes.subresource == subresource
}

impl Plugin for CertificateApproval {
    fn name(&self) -> &'static str {
        "CertificateApproval"
    }

    fn validate(&self, request: &Request<'_>, object: Option<&Value>) -> Result<(), Box<Status>> {
        let Some(asked) = object.filter(|_| is_update_of(request, "approval")) else { return Ok(()) };
        let signer = text(asked, "/spec/signerName");
        if may(&*self.0, request.user, "approve", signer) {
            return Ok(());
        }
        let signer = quote(signer);
        Err(request.forbidden(format!("user not permitted to approve requests with signerName {signer}")))
    }
}

impl Plugin for CertificateSigning {
    fn name(&self) -> &'static str {
        "CertificateSigning"
    }

    fn validate(&self, request: &Request<'_>, object: Option<&Value>) -> Result<(), Box<Status>> {
        let Some(asked) = object.filter(|_| is_update_of(request, "status")) else { return Ok(()) };
        let old = request.old.unwrap_or(&Value::Null);
        let is_same = ["certificate", "conditions"]
            .iter()
            .all(|member| asked["status"][*member] == old["status"][*member]);
        let signer = text(asked, "/spec/signerName");
        if is_same || may(&*self.0, request.user, "sign", signer) {
            return Ok(());
        }
        let signer = quote(signer);
        Err(request.forbidden(format!("user not permitted to sign requests with signerName {signer}")))
    }
}

impl Plugin for ClusterTrustBundleAttest {
    fn name(&self) -> &'static str {
        "ClusterTrustBundleAttest"
    }

    fn validate(&self, request: &Request<'_>, object: Option<&Value>) -> Result<(), Box<Status>> {
        let is_written = matches!(request.operation, Operation::Create | Operation::Update)
            && request.is_of(GROUP, "clustertrustbundles");
        let Some(bundle) = object.filter(|_| is_written) else { return Ok(()) };
        let signer = text(bundle, "/spec/signerName");
        // The garbage collector and the like change only metadata.
        let is_same = request.old.is_some_and(|old| old["spec"] == bundle["spec"]);
        if signer.is_empty() || is_same || may(&*self.0, request.user, "attest", signer) {
            return Ok(());
        }
        Err(request.forbidden(format!("user not permitted to attest for signerName {}", quote(signer))))
    }
}

impl Plugin for CertificateSubjectRestriction {
    fn name(&self) -> &'static str {
        "CertificateSubjectRestriction"
    }

    fn validate(&self, request: &Request<'_>, object: Option<&Value>) -> Result<(), Box<Status>> {
        let is_new =
            request.operation == Operation::Create && request.is_of(GROUP, "certificatesigningrequests");
        let Some(asked) = object.filter(|_| is_new) else { return Ok(()) };
        if text(asked, "/spec/signerName") != CLIENT_SIGNER {
            return Ok(());
        }
        let pem = STANDARD.decode(text(asked, "/spec/request")).unwrap_or_default();
        let Some(subject) = Subject::of_request(&pem) else {
            let error = "failed to parse CSR: PEM block type must be CERTIFICATE REQUEST";
            return Err(request.forbidden(error));
        };
        if subject.organizations.iter().any(|name| name == User::MASTERS) {
            return Err(request.forbidden(format!(
                "use of {CLIENT_SIGNER} signer with {} group is not allowed",
                User::MASTERS
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::test_request::Trial;
    use super::*;

    const REQUESTS: &str = "certificatesigningrequests";

    /// Lets everybody do what is listed: verb and name.
    struct Listed(&'static [(&'static str, &'static str)]);

    impl Authorizer for Listed {
        fn authorize(&self, _user: &User, asked: &Attributes) -> Decision {
            let is_listed = asked.resource == "signers"
                && self.0.iter().any(|(verb, name)| asked.verb == *verb && asked.name == *name);
            if is_listed { Decision::Allow(String::new()) } else { Decision::NoOpinion(String::new()) }
        }
    }

    fn trial(subresource: &str) -> Trial {
        let mut trial = Trial::new(Operation::Update, REQUESTS, "");
        trial.attributes.group = GROUP.to_owned();
        trial.attributes.subresource = subresource.to_owned();
        trial
    }

    fn asked(signer: &str, certificate: &str) -> Value {
        json!({"metadata": {"name": "c"}, "spec": {"signerName": signer}, "status": {"certificate": certificate}})
    }

    #[test]
    fn only_some_may_approve_and_sign() {
        let start = "certificatesigningrequests.certificates.k8s.io \"c\" is forbidden: ";
        let authorizer = Arc::new(Listed(&[("approve", "example.com/a"), ("sign", "example.com/*")]));
        let (approval, signing) =
            (CertificateApproval(authorizer.clone()), CertificateSigning(authorizer.clone()));
        let refused = |text: &str| Err((403, format!("{start}{text}")));
        let run = |plugin: &dyn Plugin, subresource: &str, new: Value| {
            trial(subresource).over(asked("example.com/b", "old")).run(plugin, new).map(|_| ())
        };
        assert_eq!(run(&approval, "approval", asked("example.com/a", "")), Ok(()));
        let text = "user not permitted to approve requests with signerName \"example.com/b\"";
        assert_eq!(run(&approval, "approval", asked("example.com/b", "")), refused(text));
        assert_eq!(run(&approval, "status", asked("example.com/b", "")), Ok(()));
        assert_eq!(run(&signing, "status", asked("example.com/b", "new")), Ok(()));
        assert_eq!(run(&signing, "status", asked("other.com/b", "old")), Ok(()), "nothing changes");
        let text = "user not permitted to sign requests with signerName \"other.com/b\"";
        assert_eq!(run(&signing, "status", asked("other.com/b", "new")), refused(text));

        let mut bundle = Trial::new(Operation::Create, "clustertrustbundles", "");
        bundle.attributes.group = GROUP.to_owned();
        let attest = ClusterTrustBundleAttest(authorizer);
        let text = "clustertrustbundles.certificates.k8s.io \"c\" is forbidden: user not permitted to attest for \
                    signerName \"x/y\"";
        assert_eq!(bundle.run(&attest, asked("x/y", "")), Err((403, text.to_owned())));
        assert!(bundle.run(&attest, asked("", "")).is_ok());
    }

    #[test]
    fn nobody_asks_to_be_a_master() {
        let create = || {
            let mut trial = trial("");
            trial.operation = Operation::Create;
            trial
        };
        let run = |signer: &str, organization: &str| {
            let pem = component::certificates::signing_request(&Subject::new("x", &[organization])).unwrap();
            let spec = json!({"signerName": signer, "request": STANDARD.encode(pem)});
            let outcome = create()
                .run(&CertificateSubjectRestriction, json!({"metadata": {"name": "c"}, "spec": spec}));
            outcome.map(|_| ()).map_err(|(_, text)| text)
        };
        let text = "certificatesigningrequests.certificates.k8s.io \"c\" is forbidden: use of \
                    kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed";
        assert_eq!(run(CLIENT_SIGNER, "system:masters"), Err(text.to_owned()));
        assert_eq!(run(CLIENT_SIGNER, "dev"), Ok(()));
        assert_eq!(run("example.com/a", "system:masters"), Ok(()));
    }
}
