//! Electors against a server that keeps one Lease, over ways that can be cut.

use std::sync::Mutex;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;
use crate::transport::{Answer, Answering, Transport};

/// What happens to requests on one way to the server.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Way {
    #[default]
    Open,
    /// They fail at once.
    Refusing,
    /// They do not arrive, and nobody says so.
    Silent,
    /// They arrive, and their answers do not.
    Deaf,
}

#[derive(Default)]
struct Server {
    lease: Option<Value>,
    revision: u64,
    notes: Vec<String>,
    n_puts: usize,
    n_gets: usize,
    /// How many of the next writes meet another one.
    conflicts: usize,
}

impl Server {
    fn answer(&mut self, method: &Method, path: &str, body: &[u8]) -> (u16, Value) {
        if path == "/api/v1/namespaces/kube-system/events" {
            let event: Value = serde_json::from_slice(body).expect("an event");
            assert_eq!(event["involvedObject"]["kind"], "Lease");
            assert_eq!(event["reason"], "LeaderElection");
            self.notes.push(event["message"].as_str().expect("a message").to_owned());
            return (201, event);
        }
        assert!(path.starts_with("/apis/coordination.k8s.io/v1/namespaces/kube-system/leases"), "{path}");
        let refusal = |code: u16| (code, json!({"kind": "Status", "code": code, "message": "no"}));
        let object = serde_json::from_slice::<Value>(body).unwrap_or_default();
        match *method {
            Method::GET => {
                self.n_gets += 1;
                self.lease.clone().map_or(refusal(404), |lease| (200, lease))
            }
            Method::POST if self.lease.is_some() => refusal(409),
            Method::PUT => {
                self.n_puts += 1;
                let known = self.lease.as_ref().map(|lease| &lease["metadata"]["resourceVersion"]);
                if self.conflicts > 0 || known != Some(&object["metadata"]["resourceVersion"]) {
                    self.conflicts = self.conflicts.saturating_sub(1);
                    return refusal(409);
                }
                self.store(object)
            }
            _ => self.store(object),
        }
    }

    fn store(&mut self, mut object: Value) -> (u16, Value) {
        self.revision += 1;
        object["metadata"]["resourceVersion"] = self.revision.to_string().into();
        object["metadata"]["uid"] = "u".into();
        self.lease = Some(object.clone());
        (200, object)
    }

    fn spec(&self) -> Value {
        self.lease.as_ref().expect("a lease")["spec"].clone()
    }
}

type Shared = Arc<Mutex<Server>>;

#[derive(Clone)]
struct Client {
    server: Shared,
    way: Arc<Mutex<Way>>,
}

impl Transport for Client {
    fn send(&self, request: Request<Bytes>) -> Answering<'_> {
        Box::pin(async move {
            // A request takes a while.
            sleep(Duration::from_millis(5)).await;
            let way = *self.way.lock().expect("not poisoned");
            match way {
                Way::Refusing => return Err("connection refused".into()),
                Way::Silent => std::future::pending().await,
                Way::Open | Way::Deaf => {}
            }
            let answer = self.server.lock().expect("not poisoned").answer(
                request.method(),
                request.uri().path(),
                request.body(),
            );
            if way == Way::Deaf {
                std::future::pending::<()>().await;
            }
            sleep(Duration::from_millis(5)).await;
            let body = Full::new(Bytes::from(answer.1.to_string())).map_err(|never| match never {});
            let body: Answer = body.boxed_unsync();
            Ok(Response::builder().status(answer.0).body(body).expect("a response"))
        })
    }
}

/// One process that takes part.
struct Process {
    way: Arc<Mutex<Way>>,
    standing: watch::Receiver<Standing>,
    slow: Arc<AtomicU64>,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<End>,
}

fn settings() -> Settings {
    Settings {
        namespace: "kube-system".into(),
        name: "kube-scheduler".into(),
        lease_duration: Duration::from_secs(15),
        renew_deadline: Duration::from_secs(10),
        retry_period: Duration::from_secs(2),
    }
}

impl Process {
    fn start(server: &Shared, name: &str) -> Process {
        Process::with_clock(server, name, "2026-01-01T00:00:00Z")
    }

    fn with_clock(server: &Shared, name: &str, start: &str) -> Process {
        let way = Arc::new(Mutex::new(Way::Open));
        let client = Client { server: Arc::clone(server), way: Arc::clone(&way) };
        let connection = Connection::over(client, "test", "test");
        let (begun, start) = (Instant::now(), start.parse::<Timestamp>().expect("a time"));
        let clock: Clock = Arc::new(move || start + begun.elapsed());
        let seed = name.len() as u64;
        let elector = Elector::new(connection, settings(), name, "default-scheduler", clock, seed);
        let elector = elector.expect("settings that work");
        let (stop, stopped) = oneshot::channel::<()>();
        Process {
            way,
            standing: elector.standing(),
            slow: elector.n_slow_paths(),
            stop: Some(stop),
            running: tokio::spawn(elector.run(async move {
                let _ = stopped.await;
            })),
        }
    }

    fn leads(&self) -> bool {
        // One that has ended, for whatever reason, does not act.
        match *self.standing.borrow() {
            Standing::Leader { until } => Instant::now() < until && !self.running.is_finished(),
            Standing::Follower => false,
        }
    }

    fn set(&self, way: Way) {
        *self.way.lock().expect("not poisoned") = way;
    }

    async fn stop(&mut self) -> End {
        drop(self.stop.take());
        (&mut self.running).await.expect("no panic")
    }
}

/// Lets time pass and looks all the time. Returns after how long `ready` was true.
async fn watch_until(all: &[&Process], limit: u64, ready: impl Fn() -> bool) -> Duration {
    let begun = Instant::now();
    loop {
        let n_leaders = all.iter().filter(|process| process.leads()).count();
        assert!(n_leaders <= 1, "{n_leaders} leaders after {:?}", begun.elapsed());
        if ready() {
            return begun.elapsed();
        }
        assert!(begun.elapsed().as_secs() < limit, "not within {limit} s");
        sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_leads_and_renews_without_looking() {
    let server = Shared::default();
    let a = Process::start(&server, "a");
    watch_until(&[&a], 1, || a.leads()).await;
    let spec = server.lock().unwrap().spec();
    assert_eq!(spec["holderIdentity"], "a");
    assert_eq!((&spec["leaseDurationSeconds"], &spec["leaseTransitions"]), (&json!(15), &json!(0)));
    assert_eq!(spec["acquireTime"], spec["renewTime"]);
    assert!(spec["acquireTime"].as_str().unwrap().starts_with("2026-01-01T00:00:00.00"), "{spec}");
    let b = Process::start(&server, "bb");
    let begun = Instant::now();
    watch_until(&[&a, &b], 200, || begun.elapsed().as_secs() >= 100).await;
    assert!(a.leads() && !b.leads());
    let state = server.lock().unwrap();
    assert!((45..=51).contains(&state.n_puts), "{}", state.n_puts);
    assert_eq!(state.spec()["acquireTime"], spec["acquireTime"]);
    assert_ne!(state.spec()["renewTime"], spec["renewTime"]);
    assert_eq!(state.notes, ["a became leader"]);
    assert_eq!(a.slow.load(Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_stops_hands_over_at_once() {
    let server = Shared::default();
    let mut a = Process::start(&server, "a");
    watch_until(&[&a], 1, || a.leads()).await;
    let b = Process::start(&server, "bb");
    watch_until(&[&a, &b], 9, || server.lock().unwrap().n_gets >= 3).await;
    assert_eq!(a.stop().await, End::Stopped);
    let spec = server.lock().unwrap().spec();
    assert_eq!((&spec["holderIdentity"], &spec["leaseDurationSeconds"]), (&json!(""), &json!(1)));
    let took = watch_until(&[&a, &b], 6, || b.leads()).await;
    assert!(took <= Duration::from_millis(4_450), "{took:?}: longer than a period with jitter");
    let spec = server.lock().unwrap().spec();
    assert_eq!((&spec["holderIdentity"], &spec["leaseTransitions"]), (&json!("bb"), &json!(1)));
    sleep(Duration::from_millis(50)).await;
    let notes = server.lock().unwrap().notes.clone();
    assert_eq!(notes, ["a became leader", "a stopped leading", "bb became leader"]);
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_is_killed_is_followed_when_its_lease_is_over() {
    let server = Shared::default();
    let a = Process::start(&server, "a");
    watch_until(&[&a], 1, || a.leads()).await;
    let b = Process::start(&server, "bb");
    watch_until(&[&a, &b], 5, || server.lock().unwrap().n_puts >= 1).await;
    a.running.abort();
    sleep(Duration::from_millis(1)).await;
    let took = watch_until(&[&a, &b], 25, || b.leads()).await;
    assert!((11..=20).contains(&took.as_secs()), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn partitions_never_make_two_leaders() {
    for way in [Way::Refusing, Way::Silent, Way::Deaf] {
        let server = Shared::default();
        let mut a = Process::start(&server, "a");
        watch_until(&[&a], 1, || a.leads()).await;
        let b = Process::start(&server, "bb");
        watch_until(&[&a, &b], 9, || server.lock().unwrap().n_gets >= 2).await;
        a.set(way);
        // Of a deaf one every renewal arrives, so others see it change until it gives up.
        watch_until(&[&a, &b], 40, || b.leads()).await;
        assert_eq!((&mut a.running).await.unwrap(), End::Lost, "{way:?}");
        assert_eq!(*a.standing.borrow(), Standing::Follower);
        assert_eq!(server.lock().unwrap().spec()["holderIdentity"], "bb");
    }
}

#[tokio::test(start_paused = true)]
async fn a_short_partition_is_survived() {
    let server = Shared::default();
    let a = Process::start(&server, "a");
    watch_until(&[&a], 1, || a.leads()).await;
    let b = Process::start(&server, "bb");
    // A request that nobody answers takes half the time that there is.
    for (way, seconds) in [(Way::Refusing, 7), (Way::Silent, 3)] {
        a.set(way);
        let begun = Instant::now();
        watch_until(&[&a, &b], 8, || begun.elapsed().as_secs() >= seconds).await;
        a.set(Way::Open);
        let begun = Instant::now();
        watch_until(&[&a, &b], 60, || begun.elapsed().as_secs() >= 30).await;
        assert!(a.leads() && !b.leads());
    }
    assert_eq!(server.lock().unwrap().spec()["leaseTransitions"], 0);
}

#[tokio::test(start_paused = true)]
async fn conflicts_are_looked_into() {
    let server = Shared::default();
    let a = Process::start(&server, "a");
    watch_until(&[&a], 1, || a.leads()).await;
    // Somebody has put a label on it.
    let lease = server.lock().unwrap().lease.clone().unwrap();
    let mut labelled = lease;
    labelled["metadata"]["labels"] = json!({"a": "b"});
    server.lock().unwrap().store(labelled);
    let begun = Instant::now();
    watch_until(&[&a], 9, || begun.elapsed().as_secs() >= 5).await;
    assert!(a.leads());
    assert_eq!(a.slow.load(Ordering::Relaxed), 1);
    assert_eq!(server.lock().unwrap().lease.as_ref().unwrap()["metadata"]["labels"]["a"], "b");
}

#[tokio::test(start_paused = true)]
async fn a_release_that_meets_another_write_is_tried_again() {
    let server = Shared::default();
    let mut a = Process::start(&server, "a");
    watch_until(&[&a], 1, || a.leads()).await;
    server.lock().unwrap().conflicts = 2;
    assert_eq!(a.stop().await, End::Stopped);
    assert_eq!(server.lock().unwrap().spec()["holderIdentity"], "");
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_server_that_is_away_ends_at_once() {
    let server = Shared::default();
    let mut a = Process::start(&server, "a");
    a.set(Way::Refusing);
    sleep(Duration::from_millis(100)).await;
    a.set(Way::Silent);
    let begun = Instant::now();
    assert_eq!(a.stop().await, End::Stopped);
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_was_taken_without_an_answer_is_given_back() {
    let server = Shared::default();
    let mut a = Process::start(&server, "a");
    // It finds no lease, makes one, and does not hear so.
    sleep(Duration::from_millis(12)).await;
    a.set(Way::Deaf);
    sleep(Duration::from_millis(100)).await;
    assert_eq!(server.lock().unwrap().spec()["holderIdentity"], "a");
    a.set(Way::Open);
    assert_eq!(a.stop().await, End::Stopped);
    assert_eq!(server.lock().unwrap().spec()["holderIdentity"], "");
}

#[tokio::test(start_paused = true)]
async fn the_lease_of_another_is_not_given_back() {
    let server = Shared::default();
    let mut a = Process::start(&server, "a");
    watch_until(&[&a], 1, || a.leads()).await;
    let mut taken = server.lock().unwrap().lease.clone().unwrap();
    taken["spec"]["holderIdentity"] = "somebody".into();
    server.lock().unwrap().store(taken);
    assert_eq!(a.stop().await, End::Stopped);
    assert_eq!(server.lock().unwrap().spec()["holderIdentity"], "somebody");
}

#[tokio::test(start_paused = true)]
async fn clocks_that_differ_do_not_matter() {
    let server = Shared::default();
    let a = Process::with_clock(&server, "a", "1999-01-01T00:00:00Z");
    watch_until(&[&a], 1, || a.leads()).await;
    let b = Process::with_clock(&server, "bb", "2048-01-01T00:00:00Z");
    let begun = Instant::now();
    watch_until(&[&a, &b], 100, || begun.elapsed().as_secs() >= 60).await;
    assert!(a.leads() && !b.leads());
}

#[tokio::test(start_paused = true)]
async fn a_lease_without_a_word_can_be_had() {
    let server = Shared::default();
    let lease = json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": "kube-scheduler", "namespace": "kube-system"},
    });
    server.lock().unwrap().store(lease);
    let a = Process::start(&server, "a");
    watch_until(&[&a], 1, || a.leads()).await;
    assert_eq!(server.lock().unwrap().spec()["leaseTransitions"], 1);
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_was_asleep_does_not_act_on_an_old_lease() {
    let server = Shared::default();
    let a = Process::start(&server, "a");
    watch_until(&[&a], 1, || a.leads()).await;
    let Standing::Leader { until } = *a.standing.borrow() else { panic!("it leads") };
    // Nothing of the process runs, and the standing it had is looked at when time has passed.
    a.running.abort();
    assert_eq!((until - Instant::now()).as_secs(), 11);
    tokio::time::advance(Duration::from_secs(12)).await;
    assert!(until < Instant::now());
}

#[test]
fn settings_are_checked_as_client_go_does() {
    let seconds = Duration::from_secs;
    for (lease, renew, retry, expected) in [
        (15, 10, 2, Ok(())),
        (10, 10, 2, Err(SettingsError::LeaseDuration)),
        (15, 12, 10, Err(SettingsError::RenewDeadline)),
        (15, 10, 0, Err(SettingsError::Zero("retryPeriod"))),
    ] {
        let settings = Settings {
            lease_duration: seconds(lease),
            renew_deadline: seconds(renew),
            retry_period: seconds(retry),
            ..settings()
        };
        assert_eq!(settings.check(), expected);
    }
    assert_eq!(
        SettingsError::RenewDeadline.to_string(),
        "renewDeadline must be greater than retryPeriod*JitterFactor"
    );
}

#[test]
fn an_identity_is_the_host_and_a_uuid() {
    assert_eq!(identity("n1", [0xff; 16]), "n1_ffffffff-ffff-4fff-bfff-ffffffffffff");
    assert_eq!(identity("n1", [0; 16]), "n1_00000000-0000-4000-8000-000000000000");
}
