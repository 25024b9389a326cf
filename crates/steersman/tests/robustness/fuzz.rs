//! Random requests against the running server.
//!
//! Objects of all kinds are made from the schemas that the server itself publishes, mostly right and sometimes wrong; then
//! texts are damaged. Beside that, writers whose every acknowledged write is remembered share the server, which is killed
//! and started again. What must hold: no 500, every error is a `Status`, the process lives, nothing acknowledged is lost.
//!
//! `STEERSMAN_FUZZ_SECONDS` and `STEERSMAN_FUZZ_SEED` say how long and from where.

mod ledger;
mod objects;
mod requests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use base::Stream;
use bytes::Bytes;

use crate::client::{Answer, Client};
use crate::process::Server;
use ledger::Ledger;
use objects::Schemas;
use requests::{Requests, Wild};

const N_WILD: usize = 4;
const N_WRITERS: usize = 4;
const N_ROUNDS: u64 = 3;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_requests_break_nothing() {
    let seconds = setting("STEERSMAN_FUZZ_SECONDS", 20);
    let seed = setting("STEERSMAN_FUZZ_SEED", 1);
    let mut server = Server::start(&["--enable-admission-plugins=NodeRestriction"]).await;
    let schemas = Arc::new(Schemas::read(&server.client()).await);
    let requests = Arc::new(Requests::read(&server.client()).await);
    let n_asked = Arc::new([const { AtomicU64::new(0) }; 6]);
    let mut ledgers: Vec<Ledger> = Vec::new();
    for writer in 0..N_WRITERS {
        ledgers.push(Ledger::new(&server.client(), writer, seed).await);
    }
    for round in 0..N_ROUNDS {
        let is_over = Arc::new(AtomicBool::new(false));
        let mut wild = Vec::new();
        for i in 0..N_WILD {
            let random = Stream::new(seed * 1_000 + round * 100 + i as u64, "wild");
            let wildling = Wild { random, schemas: Arc::clone(&schemas), requests: Arc::clone(&requests) };
            wild.push(tokio::spawn(go_wild(
                wildling,
                server.client(),
                Arc::clone(&is_over),
                Arc::clone(&n_asked),
            )));
        }
        let mut writing = Vec::new();
        for ledger in ledgers.drain(..) {
            writing.push(tokio::spawn(ledger.write_until(server.client(), Arc::clone(&is_over))));
        }
        tokio::time::sleep(Duration::from_millis(seconds * 1_000 / N_ROUNDS)).await;
        let is_last = round + 1 == N_ROUNDS;
        if is_last {
            is_over.store(true, Ordering::Relaxed);
        } else {
            // In the middle of everything.
            assert!(server.is_running(), "{}", server.log());
            server.crash_and_restart().await;
            is_over.store(true, Ordering::Relaxed);
        }
        for task in wild {
            task.await.unwrap();
        }
        for task in writing {
            ledgers.push(task.await.unwrap());
        }
        assert!(server.is_running(), "{}", server.log());
        check_all(&ledgers, &server.client()).await;
    }
    assert!(!server.log().contains("panicked"), "{}", server.log());
    server.crash_and_restart().await;
    check_all(&ledgers, &server.client()).await;
    let n_writes: usize = ledgers.iter().map(Ledger::n_acknowledged).sum();
    let by_class: Vec<u64> = n_asked.iter().map(|n| n.load(Ordering::Relaxed)).collect();
    println!("wild requests by hundreds of their status: {by_class:?}; {n_writes} writes acknowledged");
    assert!(by_class[2] > 50 && by_class[4] > 50, "{by_class:?}");
    assert!(n_writes > 100);
}

async fn check_all(ledgers: &[Ledger], client: &Client) {
    for ledger in ledgers {
        ledger.check(client).await;
    }
    ledger::check_shared(client, ledgers).await;
}

async fn go_wild(mut wild: Wild, client: Client, is_over: Arc<AtomicBool>, n_asked: Arc<[AtomicU64; 6]>) {
    let mut connection = client.connect().await.ok();
    while !is_over.load(Ordering::Relaxed) {
        if wild.random.below(200) == 0 {
            wild.damaged_http(&client).await;
            continue;
        }
        let request = wild.request();
        let Some(open) = connection.as_mut().filter(|open| open.is_open()) else {
            connection = client.connect().await.ok();
            if connection.is_none() {
                // It is being started again.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            continue;
        };
        let headers: Vec<(&str, &str)> = request.headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let body = Bytes::from(request.body.clone());
        let asked = open.send(&request.method, &request.path, &headers, body);
        let Ok(asked) = tokio::time::timeout(Duration::from_secs(60), asked).await else {
            panic!("no answer to {request:?}");
        };
        // An error is a connection that was cut, or a request that cannot even be sent.
        let Ok(answer) = asked else {
            connection = None;
            continue;
        };
        n_asked[usize::from(answer.status / 100).min(5)].fetch_add(1, Ordering::Relaxed);
        if request.method != "HEAD"
            && let Some(complaint) = complaint(&answer)
        {
            panic!("{complaint}\n{request:?}\n{} {}", answer.status, answer.text());
        }
    }
}

/// What is wrong with an answer.
fn complaint(answer: &Answer) -> Option<&'static str> {
    if answer.status < 400 {
        return None;
    }
    let document = answer.json();
    let plain = answer.text();
    if document.is_null() {
        // What upstream says in plain text as well.
        let is_known = plain == "404 page not found\n" || plain.starts_with("Too many requests");
        let is_other_format = answer.header("content-type").starts_with("application/yaml");
        // OpenAPI says 406 without words.
        let is_refused_by_http = plain.is_empty() && matches!(answer.status, 400 | 406 | 414 | 431);
        let is_health = plain.contains("check failed");
        return (!(is_known || is_other_format || is_refused_by_http || is_health))
            .then_some("an error that is no Status");
    }
    if document["kind"] != "Status" || document["status"] != "Failure" || document["code"] != answer.status {
        return Some("an error that is no Status");
    }
    if answer.header("audit-id").is_empty() {
        return Some("an answer without Audit-Id");
    }
    // Upstream's own words that come with 500.
    let message = document["message"].as_str().unwrap_or_default();
    let is_upstreams = [
        "resourceVersion should not be set on objects to be created",
        "etcdserver: request is too large",
        "strconv.ParseUint",
        "failed to allocate",
        "range is full",
        "failed to create typed patch object (",
        "failed to convert new typed object to object: ",
    ]
    .iter()
    .any(|known| message.contains(known));
    (answer.status == 500 && !is_upstreams).then_some("500")
}
