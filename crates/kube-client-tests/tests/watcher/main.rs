//! kube-rs' watcher follows ten thousand changes over connections that are cut at random, and misses nothing.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]
#![allow(clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "tests tell how much they have seen")]

mod proxy;
mod server;
mod truth;

use std::time::Duration;

use base::Stream;
use futures_util::StreamExt as _;
use kube::api::{Api, ApiResource, DynamicObject};
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Client, ResourceExt as _};
use proxy::Proxy;
use server::Server;
use truth::{Kind, Seen, Truth};

const N_CHANGES: usize = 5_000;

/// After this long without an event the last one has been seen, or was missed.
const PATIENCE: Duration = Duration::from_secs(60);

fn resource(kind: Kind) -> ApiResource {
    ApiResource {
        group: String::new(),
        version: "v1".to_owned(),
        api_version: "v1".to_owned(),
        kind: kind.kind().to_owned(),
        plural: kind.plural().to_owned(),
    }
}

/// Follows until the last change has been seen. The end is a revision that nobody else has.
async fn follow(
    client: Client,
    kind: Kind,
    config: watcher::Config,
    mut last: tokio::sync::watch::Receiver<u64>,
) -> Seen {
    let api: Api<DynamicObject> = Api::all_with(client, &resource(kind));
    let mut events = Box::pin(watcher(api, config));
    let mut seen = Seen::default();
    let of = |object: &DynamicObject| {
        let value = object.data["data"]["v"].as_str().or(object
            .metadata
            .labels
            .as_ref()
            .and_then(|all| all.get("v"))
            .map(String::as_str));
        (
            object.name_any(),
            object.resource_version().unwrap().parse().unwrap(),
            value.unwrap_or_default().to_owned(),
        )
    };
    loop {
        let is_over = |seen: &Seen, last: u64| last > 0 && seen.last() >= last && seen.is_up_to_date();
        let next = tokio::select! {
            next = tokio::time::timeout(PATIENCE, events.next()) => next,
            Ok(()) = last.changed() => {
                if is_over(&seen, *last.borrow()) {
                    return seen;
                }
                continue;
            }
        };
        let next = next.unwrap_or_else(|_| panic!("{kind:?}: nothing comes any more after {}", seen.last()));
        match next.expect("a watcher does not end") {
            Ok(Event::Init) => seen.begin(),
            Ok(Event::InitApply(object)) => seen.initial(of(&object)),
            Ok(Event::InitDone) => seen.initial_done(),
            Ok(Event::Apply(object)) => seen.applied(of(&object)),
            Ok(Event::Delete(object)) => seen.deleted(of(&object)),
            // A connection was cut, or the past is gone. The watcher begins again by itself.
            Err(error) => {
                seen.failed(&error.to_string());
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        if is_over(&seen, *last.borrow()) {
            return seen;
        }
    }
}

async fn nothing_is_missed(config: fn() -> watcher::Config, seed: u64) {
    let server = Server::start().await;
    let proxy = Proxy::start(server.address(), seed).await;
    let (done, last) = tokio::sync::watch::channel(0);
    let mut followers = Vec::new();
    for kind in Kind::ALL {
        let client = server.client(proxy.address()).await;
        followers.push(tokio::spawn(follow(client, kind, config(), last.clone())));
    }
    let mut truth = Truth::new(seed);
    for n in 0..N_CHANGES {
        for kind in Kind::ALL {
            truth.change(&server, kind).await;
        }
        if n % 20 == 0 {
            // So that it happens while somebody looks.
            tokio::time::sleep(Duration::from_millis(4)).await;
        }
        if n == N_CHANGES / 2 {
            // Nobody gets through while more happens than is remembered.
            proxy.block(true);
            truth.forget(&server).await;
            proxy.block(false);
        }
    }
    proxy.calm();
    let end = truth.finish(&server).await;
    done.send(end).unwrap();
    for (kind, follower) in Kind::ALL.into_iter().zip(followers) {
        let seen = follower.await.unwrap();
        truth.compare(kind, &seen);
        println!("{kind:?}: {}", seen.summary());
        assert!(seen.n_failures() > 3, "connections were cut");
        assert!(seen.n_begins() > 1, "the past was gone once");
    }
    assert!(proxy.n_cut() > 10, "{}", proxy.n_cut());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_that_lists_first_misses_nothing() {
    nothing_is_missed(|| watcher::Config::default().page_size(50), 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_with_streaming_lists_misses_nothing() {
    nothing_is_missed(|| watcher::Config::default().streaming_lists(), 2).await;
}

#[test]
fn random_numbers_are_the_same_each_time() {
    assert_eq!(Stream::new(1, "proxy").below(1_000), Stream::new(1, "proxy").below(1_000));
}
