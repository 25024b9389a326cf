use std::sync::LazyLock;

use apimachinery::GroupResource;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::authentication::AuthenticationError;

const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";

static PEM: LazyLock<String> = LazyLock::new(|| component::certificates::make_rsa_key().unwrap());

/// Objects by resource and name.
struct World(Vec<(&'static str, Value)>);

impl Objects for World {
    fn get(&self, resource: &GroupResource, namespace: &str, name: &str) -> Option<Arc<Value>> {
        let is_it = |(plural, object): &&(&str, Value)| {
            let own = object["metadata"]["namespace"].as_str().unwrap_or_default();
            *plural == resource.resource && object["metadata"]["name"] == name && own == namespace
        };
        self.0.iter().find(is_it).map(|(_, object)| Arc::new(object.clone()))
    }

    fn list(&self, _resource: &GroupResource, _namespace: Option<&str>) -> Vec<Arc<Value>> {
        Vec::new()
    }

    fn version(&self, _resource: &GroupResource) -> u64 {
        0
    }
}

fn now() -> Timestamp {
    "2026-11-29T12:00:00Z".parse().unwrap()
}

fn object(resource: &'static str, name: &str, uid: &str) -> (&'static str, Value) {
    (resource, json!({"metadata": {"name": name, "namespace": "ns", "uid": uid}}))
}

fn accounts(objects: Vec<(&'static str, Value)>) -> ServiceAccounts {
    let settings = Settings {
        issuers: vec![ISSUER.into()],
        keys: KeySource::ready(Keys::new(&PEM, &[]).unwrap()),
        extends_expiration: true,
        max_expiration_seconds: 0,
    };
    ServiceAccounts::new(settings, Arc::new(World(objects)))
}

fn claims() -> Claims {
    let now = now().as_second();
    Claims {
        issuer: ISSUER.into(),
        audiences: vec![ISSUER.into(), "b".into()],
        issued_at: now,
        not_before: now,
        expires_at: now + 3600,
        id: "id".into(),
        namespace: "ns".into(),
        service_account: Reference { name: "sa".into(), uid: "uid-sa".into() },
        ..Claims::default()
    }
}

fn pod_bound() -> Claims {
    let pod = Some(Reference { name: "p".into(), uid: "uid-p".into() });
    let node = Some(Reference { name: "n".into(), uid: "uid-n".into() });
    Claims { bound: Bound { pod, node, secret: None }, ..claims() }
}

#[test]
fn a_token_tells_whose_it_is() {
    let accounts = accounts(vec![object("serviceaccounts", "sa", "uid-sa"), object("pods", "p", "uid-p")]);
    let token = accounts.settings.keys.now().unwrap().sign(&pod_bound()).unwrap();
    let (user, audiences) = accounts.authenticate(&token, &["b".into()], now()).unwrap().unwrap();
    assert_eq!(audiences, ["b"]);
    assert_eq!(user.name, "system:serviceaccount:ns:sa");
    assert_eq!(user.uid, "uid-sa");
    assert_eq!(user.groups, ["system:serviceaccounts", "system:serviceaccounts:ns"]);
    let extra: Vec<String> = user.extra.iter().map(|(key, values)| format!("{key}={values:?}")).collect();
    let expected = [
        r#"credential-id=["JTI=id"]"#,
        r#"node-name=["n"]"#,
        r#"node-uid=["uid-n"]"#,
        r#"pod-name=["p"]"#,
        r#"pod-uid=["uid-p"]"#,
    ];
    assert_eq!(extra, expected.map(|text| format!("authentication.kubernetes.io/{text}")));
}

#[test]
fn tokens_that_do_not_hold_are_refused_with_upstreams_words() {
    let account = || object("serviceaccounts", "sa", "uid-sa");
    let ended = || {
        let (resource, mut object) = account();
        object["metadata"]["deletionTimestamp"] = "2026-11-29T11:58:00Z".into();
        (resource, object)
    };
    let late = |seconds: i64| Claims { expires_at: now().as_second() - seconds, ..claims() };
    let early = |seconds: i64| Claims { not_before: now().as_second() + seconds, ..claims() };
    let future = |seconds: i64| Claims { issued_at: now().as_second() + seconds, ..claims() };
    let audience =
        format!("token audiences [\"{ISSUER}\" \"b\"] is invalid for the target audiences [\"c\"]");
    for (claims, objects, wanted, expected) in [
        (claims(), vec![account()], "b", ""),
        (late(60), vec![account()], "b", ""),
        (late(61), vec![account()], "b", "service account token has expired"),
        (early(60), vec![account()], "b", ""),
        (early(61), vec![account()], "b", "service account token is not valid yet"),
        (future(61), vec![account()], "b", "service account token is issued in the future"),
        (claims(), vec![account()], "c", audience.as_str()),
        (claims(), vec![], "b", "serviceaccounts \"sa\" not found"),
        (claims(), vec![ended()], "b", "service account ns/sa has been deleted"),
        (
            claims(),
            vec![object("serviceaccounts", "sa", "other")],
            "b",
            "service account UID (other) does not match claim (uid-sa)",
        ),
        (pod_bound(), vec![account()], "b", "service account token has been invalidated"),
        (
            pod_bound(),
            vec![account(), object("pods", "p", "new")],
            "b",
            "pod UID (new) does not match service account pod ref claim (uid-p)",
        ),
    ] {
        let accounts = accounts(objects);
        let token = accounts.settings.keys.now().unwrap().sign(&claims).unwrap();
        let error = accounts.authenticate(&token, &[wanted.to_owned()], now()).err();
        let text = error.map(|error| error.to_string()).unwrap_or_default();
        assert_eq!(text, expected);
    }
}

#[test]
fn what_somebody_else_signed_is_refused() {
    let accounts = accounts(vec![object("serviceaccounts", "sa", "uid-sa")]);
    let token = accounts.settings.keys.now().unwrap().sign(&claims()).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let header = signed.split('.').next().unwrap();
    let forged = Claims { service_account: Reference { name: "x".into(), uid: "y".into() }, ..claims() };
    let forged = URL_SAFE_NO_PAD.encode(forged.to_json().to_string());
    let unsigned = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    let payload = signed.split('.').nth(1).unwrap();
    for token in [
        format!("{header}.{forged}.{signature}"),
        format!("{unsigned}.{payload}."),
        format!("{signed}."),
        format!("{signed}.AAAA"),
    ] {
        let found = accounts.authenticate(&token, &["b".into()], now());
        assert!(matches!(found, Err(AuthenticationError::ServiceAccount(_))), "{token}: {found:?}");
    }
    // What is no token of this issuer may be somebody else's.
    let foreign = Claims { issuer: "https://other".into(), ..claims() };
    let foreign = accounts.settings.keys.now().unwrap().sign(&foreign).unwrap();
    for token in ["", "tok-alice", "a.b.c", "....", foreign.as_str()] {
        assert_eq!(accounts.authenticate(token, &["b".into()], now()), Ok(None), "{token}");
    }
}

#[test]
fn public_keys_are_believed_and_have_the_same_id() {
    let keys = Keys::new(&PEM, &[]).unwrap();
    let again = Keys::new(&PEM, std::slice::from_ref(&*PEM)).unwrap();
    assert_eq!(again.to_json(), keys.to_json(), "a key is there once");
    let key = &keys.to_json()["keys"][0];
    assert_eq!(key["e"], "AQAB");
    assert_eq!(key["n"].as_str().unwrap().len(), 342, "2048 bits");
    assert_eq!(key["kid"].as_str().unwrap().len(), 43, "a SHA-256");
    for (pem, expected) in [
        ("nothing", KeyError::Pem),
        (
            "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n",
            KeyError::Unusable("its DER is not that of an RSA public key"),
        ),
    ] {
        assert_eq!(Keys::new(&PEM, &[pem.to_owned()]).err(), Some(expected));
    }
}

/// Made with `openssl rsa -pubout`.
const PUBLIC: &str = include_str!("testdata/public.pem");
/// `openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | base64`, in the alphabet of URLs.
const PUBLIC_ID: &str = include_str!("testdata/public.id");

#[test]
fn ids_of_public_keys_are_digests_of_what_openssl_writes() {
    let keys = Keys::new(&PEM, &[PUBLIC.to_owned()]).unwrap();
    assert_eq!(keys.to_json()["keys"][1]["kid"], PUBLIC_ID.trim());
}
