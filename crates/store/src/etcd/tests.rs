//! The etcd backend against a real etcd. Without one the tests say that they are skipped.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};

use super::{Etcd, Options, Tls};
use crate::conformance::agreement::{agrees_with_the_model, strategy};
use crate::conformance::{self, Subject, events, in_time};
use crate::contract::{Expect, Range, Revision, Store, Write};
use crate::error::{Error, OpenError};

mod server;

use server::{Certificates, Server};

fn subject(store: Etcd) -> Subject {
    Subject { store: Arc::new(store), prefix: "/test/".to_owned() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_every_promise() {
    let Some(server) = Server::start().await else { return };
    conformance::keeps_every_promise(Arc::new(server.client())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_as_the_model_does() {
    let Some(server) = Server::start().await else { return };
    let mut runner = TestRunner::deterministic();
    for n in 0..12 {
        let steps = strategy::steps(60).new_tree(&mut runner).expect("a history").current();
        let store: Arc<dyn Store> = Arc::new(server.client());
        agrees_with_the_model(store, None, &format!("/{n}/"), &steps).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_more_than_a_page() {
    let Some(server) = Server::start().await else { return };
    let subject = subject(server.client());
    let n_entries = 2 * super::PAGE_ENTRIES + 7;
    for n in 0..n_entries {
        subject.put(&format!("{n:05}"), "x").await;
    }
    let listing = subject.list().await;
    assert_eq!((listing.entries.len(), listing.n_remaining), (n_entries, 0));
    assert!(listing.entries.is_sorted_by_key(|entry| entry.key.clone()));
    let limit = super::PAGE_ENTRIES + 1;
    let range = Range::prefix(subject.prefix.clone()).limited(limit);
    let page = subject.store.list(range, Some(listing.revision)).await.expect("a page");
    assert_eq!((page.entries.len(), page.n_remaining), (limit, (n_entries - limit) as u64));
    assert_eq!(page.entries[..], listing.entries[..limit]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn delivers_a_long_past_in_order() {
    let Some(server) = Server::start().await else { return };
    let subject = subject(server.client());
    let start = subject.revision().await;
    // More than etcd sends at once, by number and by size.
    for n in 0..2300 {
        let value = if n % 100 == 0 { "x".repeat(200_000) } else { n.to_string() };
        subject.put("a", &value).await;
    }
    let events = events(&mut subject.watch(start).await, 2300).await;
    assert!(events.iter().zip(start.0 + 1..).all(|(event, number)| event.revision() == Revision(number)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watches_go_on_after_etcd_was_killed() {
    let Some(mut server) = Server::start().await else { return };
    let subject = subject(server.client());
    let start = subject.revision().await;
    let mut watch = subject.watch(start).await;
    let first = subject.put("a", "1").await;
    assert_eq!(events(&mut watch, 1).await[0].entry, first.entry);
    server.kill();
    let refused = subject.commit("a", Expect::Anything, Write::put("lost")).await;
    assert!(matches!(refused, Err(Error::Unavailable { .. } | Error::Uncertain { .. })), "{refused:?}");
    let refused = subject.store.get(b"/test/a").await;
    assert!(matches!(refused, Err(Error::Unavailable { .. })), "{refused:?}");
    assert!(subject.store.health().await.is_err());
    assert!(server.run().await, "it starts again");
    assert_eq!(subject.get("a").await, Some(first.entry.clone()), "the client finds it again");
    let second = subject.put("a", "2").await;
    let event = events(&mut watch, 1).await.remove(0);
    assert_eq!((event.entry, event.previous), (second.entry, Some(first.entry)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asks_the_next_endpoint_when_one_is_dead() {
    let Some(server) = Server::start().await else { return };
    // Nobody listens on port 1.
    let dead = "http://127.0.0.1:1".to_owned();
    let options = Options { endpoints: vec![dead.clone(), server.endpoint()], tls: None };
    let subject = subject(Etcd::new(&options).expect("the options make sense"));
    // A commit is sent again where it cannot have arrived.
    let made = subject.put("a", "1").await;
    let mut watch = subject.watch(Revision(made.revision.0 - 1)).await;
    assert_eq!(events(&mut watch, 1).await[0].entry, made.entry);
    let alone =
        Etcd::new(&Options { endpoints: vec![dead.clone()], tls: None }).expect("it is not asked yet");
    let refused = alone.commit(Bytes::from_static(b"a"), Expect::Anything, Write::put("1")).await;
    match refused {
        Err(Error::Unavailable { reason }) => assert!(reason.contains(&dead), "{reason}"),
        other => panic!("it was never sent: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_expire_together_share_a_lease() {
    let Some(server) = Server::start().await else { return };
    let store = server.client();
    let ttl = Duration::from_secs(3600);
    let first = store.leases.lease(&store.connection, ttl).await.expect("a lease");
    assert_eq!(store.leases.lease(&store.connection, ttl).await, Ok(first));
    let other = store.leases.lease(&store.connection, ttl * 2).await.expect("a lease");
    assert_ne!(other, first);
    store.leases.forget(first).await;
    assert_ne!(store.leases.lease(&store.connection, ttl).await, Ok(first));
}

fn certify(folder: &Path) -> Certificates {
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_key = KeyPair::generate().unwrap();
    let ca_file = write("ca.crt", ca.self_signed(&ca_key).unwrap().pem());
    let issuer = Issuer::new(ca, ca_key);
    let issue = |name: &str, purposes: Vec<ExtendedKeyUsagePurpose>| {
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        params.extended_key_usages = purposes;
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        (write(&format!("{name}.crt"), certificate.pem()), write(&format!("{name}.key"), key.serialize_pem()))
    };
    // etcd also calls itself, with its server's certificate.
    let server =
        issue("server", vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth]);
    let client = issue("client", vec![ExtendedKeyUsagePurpose::ClientAuth]);
    Certificates { ca: ca_file, server, client }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proves_who_asks_and_checks_who_answers() {
    let Some(server) = Server::start_with(|folder| Some(certify(folder))).await else { return };
    let subject = subject(server.client());
    let made = subject.put("a", "1").await;
    let mut watch = subject.watch(Revision(made.revision.0 - 1)).await;
    assert_eq!(events(&mut watch, 1).await[0].entry, made.entry);

    let options = server.options();
    let tls = options.tls.clone().expect("it has certificates");
    let nobody = Options { tls: Some(Tls { client: None, ..tls.clone() }), ..options.clone() };
    let nobody = Etcd::new(&nobody).expect("the options make sense");
    let refused = in_time("a refusal", nobody.get(b"/test/a")).await;
    assert!(matches!(refused, Err(Error::Unavailable { .. })), "{refused:?}");

    let folder = tempfile::tempdir().expect("a folder");
    let other = certify(folder.path());
    let stranger = Options { tls: Some(Tls { ca: other.ca, ..tls }), ..options };
    let stranger = Etcd::new(&stranger).expect("the options make sense");
    let refused = in_time("a refusal", stranger.get(b"/test/a")).await;
    assert!(
        matches!(&refused, Err(Error::Unavailable { reason }) if reason.contains("certificate")),
        "{refused:?}"
    );
}

#[tokio::test]
async fn options_that_make_no_sense_are_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let certificates = certify(folder.path());
    let tls = |ca: &Path| Some(Tls { ca: ca.to_path_buf(), client: None });
    let text = folder.path().join("text");
    std::fs::write(&text, "no certificate").unwrap();
    let bad_key =
        Some(Tls { ca: certificates.ca.clone(), client: Some((certificates.client.0.clone(), text)) });
    let cases = [
        (vec![], None, "endpoints"),
        (vec!["127.0.0.1:2379"], None, "127.0.0.1:2379"),
        (vec!["not a url"], None, "not a url"),
        (vec!["ftp://127.0.0.1"], None, "http://"),
        (vec!["http://127.0.0.1:1", "https://127.0.0.1:1"], None, "https://127.0.0.1:1"),
        (vec!["http://127.0.0.1:1"], tls(&certificates.ca), "https is needed"),
        (vec!["https://127.0.0.1:1"], tls(Path::new("/nowhere/ca.crt")), "/nowhere/ca.crt"),
        (vec!["https://127.0.0.1:1"], bad_key, "PEM"),
    ];
    for (endpoints, tls, named) in cases {
        let endpoints = endpoints.into_iter().map(str::to_owned).collect();
        let options = Options { endpoints, tls };
        let error = Etcd::new(&options).expect_err("it makes no sense");
        assert!(matches!(error, OpenError::Configuration { .. } | OpenError::Io { .. }), "{error:?}");
        assert!(error.to_string().contains(named), "{options:?}: {error}");
    }
}
