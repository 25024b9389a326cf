//! How many requests are answered at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use component::metrics::{ApiServerMetrics, Gauge, Held};
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::attributes::Attributes;
use crate::debug;
use crate::served::api_version;
use crate::user::User;

/// How many requests may wait for each one that is answered. What waits costs its headers and a task.
const N_WAITING_PER_TURN: i64 = 50;

/// How many requests are answered at once (`--max-requests-inflight`, `--max-mutating-requests-inflight`). Those that go
/// on until somebody ends them do not count, and administrators and probes always get their turn. Others wait, as with
/// upstream's priority and fairness (KEP-1040), which knows more than two sorts of requests.
#[derive(Debug)]
pub struct Inflight {
    read_only: Turns,
    mutating: Turns,
    wait_max: Duration,
}

#[derive(Debug)]
struct Turns {
    /// `None` without a limit.
    semaphore: Option<Arc<Semaphore>>,
    n_waiting_max: i64,
    running: Arc<Gauge>,
    waiting: Arc<Gauge>,
    queue: Arc<Mutex<Queue>>,
}

/// Who waits, in the order of arrival.
#[derive(Debug, Default)]
struct Queue {
    n_arrived: u64,
    waiting: BTreeMap<u64, Waiting>,
}

#[derive(Debug)]
struct Waiting {
    user: String,
    attributes: Attributes,
    since: Timestamp,
}

/// A place in a queue, until it is dropped.
struct Place<'t> {
    queue: &'t Mutex<Queue>,
    number: u64,
}

/// A push or a removal is whole even if somebody else panics.
fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        lock(self.queue).waiting.remove(&self.number);
    }
}

/// Held while a request is answered.
#[derive(Debug)]
pub struct Permit {
    _turn: Option<OwnedSemaphorePermit>,
    _held: Held,
}

/// There are too many requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

impl Inflight {
    /// With these limits; 0 is none. Requests wait for their turn at most `wait_max`.
    pub fn new(
        n_read_only_max: usize,
        n_mutating_max: usize,
        wait_max: Duration,
        counters: &ApiServerMetrics,
    ) -> Inflight {
        let turns = |name: &str, n_max: usize| Turns {
            semaphore: (n_max > 0).then(|| Arc::new(Semaphore::new(n_max.min(Semaphore::MAX_PERMITS)))),
            n_waiting_max: i64::try_from(n_max).unwrap_or(i64::MAX).saturating_mul(N_WAITING_PER_TURN),
            running: counters.inflight.with([name]),
            waiting: counters.inqueue.with([name]),
            queue: Arc::default(),
        };
        Inflight {
            read_only: turns("readOnly", n_read_only_max),
            mutating: turns("mutating", n_mutating_max),
            wait_max,
        }
    }

    /// Begins a request, when it is its turn. `is_exempt` says that it need not wait.
    ///
    /// # Errors
    /// If there are too many.
    pub async fn enter(
        &self,
        user: &User,
        attributes: &Attributes,
        is_exempt: bool,
    ) -> Result<Permit, TooMany> {
        let turns = if attributes.is_read_only() { &self.read_only } else { &self.mutating };
        let turn = match &turns.semaphore {
            Some(semaphore) if !is_exempt => {
                Some(turns.take(semaphore, self.wait_max, user, attributes).await?)
            }
            _ => None,
        };
        Ok(Permit { _turn: turn, _held: turns.running.hold() })
    }

    /// Both sorts of requests, under the names that counters have for them. Upstream has priority levels here; the server
    /// has a queue for each sort, which is active while somebody waits in it.
    fn queues(&self) -> [(&'static str, &Turns); 2] {
        [("mutating", &self.mutating), ("readOnly", &self.read_only)]
    }

    /// How many requests wait and are answered, in upstream's columns.
    pub(crate) fn dump_levels(&self) -> String {
        let mut rows = vec![row([
            "PriorityLevelName",
            "ActiveQueues",
            "IsIdle",
            "IsQuiescing",
            "WaitingRequests",
            "ExecutingRequests",
        ])];
        // Those that never wait are counted with the others.
        rows.push(row(["exempt", NONE, NONE, NONE, NONE, NONE]));
        for (name, turns) in self.queues() {
            let (n_waiting, n_running) = (lock(&turns.queue).waiting.len(), turns.running.get());
            let n_active = usize::from(n_waiting > 0).to_string();
            let is_idle = (n_waiting == 0 && n_running == 0).to_string();
            rows.push(row([
                name,
                &n_active,
                &is_idle,
                "false",
                &n_waiting.to_string(),
                &n_running.to_string(),
            ]));
        }
        debug::columns(&rows)
    }

    /// The same by queue. Each request takes one seat.
    pub(crate) fn dump_queues(&self) -> String {
        let mut rows = vec![row([
            "PriorityLevelName",
            "Index",
            "PendingRequests",
            "ExecutingRequests",
            "SeatsInUse",
            "NextDispatchR",
            "InitialSeatsSum",
            "MaxSeatsSum",
            "TotalWorkSum",
        ])];
        for (name, turns) in self.queues() {
            let n_waiting = lock(&turns.queue).waiting.len().to_string();
            let n_running = turns.running.get().to_string();
            rows.push(row([
                name, "0", &n_waiting, &n_running, &n_running, NONE, &n_waiting, &n_waiting, NONE,
            ]));
        }
        debug::columns(&rows)
    }

    /// The requests that wait, the oldest first.
    pub(crate) fn dump_requests(&self, is_detailed: bool) -> String {
        let mut head = row([
            "PriorityLevelName",
            "FlowSchemaName",
            "QueueIndex",
            "RequestIndexInQueue",
            // As upstream spells it.
            "FlowDistingsher",
            "ArriveTime",
            "InitialSeats",
            "FinalSeats",
            "AdditionalLatency",
        ]);
        if is_detailed {
            let details =
                ["UserName", "Verb", "APIPath", "Namespace", "Name", "APIVersion", "Resource", "SubResource"];
            head.extend(row(details));
        }
        let mut rows = vec![head];
        for (name, turns) in self.queues() {
            for (place, Waiting { user, attributes: of, since }) in
                lock(&turns.queue).waiting.values().enumerate()
            {
                let (place, since) = (place.to_string(), since.to_string());
                let mut cells = row([name, NONE, "0", &place, user, &since, "1", "0", "0s"]);
                if is_detailed {
                    let version = api_version(&of.group, &of.version);
                    cells.extend(row([
                        user,
                        &of.verb,
                        &of.path,
                        &of.namespace,
                        &of.name,
                        &version,
                        &of.resource,
                        &of.subresource,
                    ]));
                }
                rows.push(cells);
            }
        }
        debug::columns(&rows)
    }
}

/// What there is not.
const NONE: &str = "<none>";

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.into_iter().map(str::to_owned).collect()
}

impl Turns {
    async fn take(
        &self,
        semaphore: &Arc<Semaphore>,
        wait_max: Duration,
        user: &User,
        attributes: &Attributes,
    ) -> Result<OwnedSemaphorePermit, TooMany> {
        if let Ok(turn) = Arc::clone(semaphore).try_acquire_owned() {
            return Ok(turn);
        }
        if self.waiting.get() >= self.n_waiting_max {
            return Err(TooMany);
        }
        let _waiting = self.waiting.hold();
        let _place = self.place(user, attributes);
        let turn = tokio::time::timeout(wait_max, Arc::clone(semaphore).acquire_owned()).await;
        turn.map_err(|_| TooMany)?.map_err(|_| TooMany)
    }

    fn place(&self, user: &User, attributes: &Attributes) -> Place<'_> {
        let mut queue = lock(&self.queue);
        let number = queue.n_arrived;
        queue.n_arrived += 1;
        let since = crate::clock::now();
        queue
            .waiting
            .insert(number, Waiting { user: user.name.clone(), attributes: attributes.clone(), since });
        Place { queue: &self.queue, number }
    }
}

#[cfg(test)]
mod tests {
    use component::metrics::Registry;

    use super::*;

    fn of(verb: &str) -> Attributes {
        Attributes { verb: verb.to_owned(), path: "/api/v1/pods".to_owned(), ..Attributes::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn requests_wait_for_their_turn_and_not_for_ever() {
        let counters = ApiServerMetrics::register(&Registry::new());
        let inflight = Inflight::new(1, 0, Duration::from_secs(15), &counters);
        let user = User { name: "zed".into(), ..User::default() };
        let (get, create) = (of("get"), of("create"));
        let first = inflight.enter(&user, &get, false).await.unwrap();
        assert_eq!(inflight.enter(&user, &get, false).await.unwrap_err(), TooMany);
        assert!(inflight.enter(&user, &get, true).await.is_ok(), "administrators do not wait");
        assert!(inflight.enter(&user, &create, false).await.is_ok(), "without a limit nobody waits");
        let (second, ()) = tokio::join!(inflight.enter(&user, &get, false), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert_eq!(counters.inqueue.with(["readOnly"]).get(), 1);
            let cells = |text: String| {
                let words = text.lines().last().unwrap().split_whitespace();
                words.map(|cell| cell.trim_end_matches(',').to_owned()).collect::<Vec<_>>()
            };
            assert_eq!(cells(inflight.dump_levels()), ["readOnly", "1", "false", "false", "1", "1"]);
            assert_eq!(cells(inflight.dump_queues())[..5], ["readOnly", "0", "1", "1", "1"]);
            let request = cells(inflight.dump_requests(true));
            assert_eq!(request[..5], ["readOnly", NONE, "0", "0", "zed"]);
            assert_eq!(request[9..12], ["zed", "get", "/api/v1/pods"]);
            drop(first);
        });
        assert_eq!(inflight.dump_requests(false).lines().count(), 1, "nobody waits any more");
        assert!(second.is_ok());
        assert_eq!(counters.inflight.with(["readOnly"]).get(), 1);
        drop(second);
        assert_eq!(counters.inflight.with(["readOnly"]).get(), 0);
    }

    #[tokio::test]
    async fn not_everybody_may_wait() {
        let counters = ApiServerMetrics::register(&Registry::new());
        let inflight = Arc::new(Inflight::new(1, 0, Duration::from_secs(15), &counters));
        let _first = inflight.enter(&User::default(), &of("get"), false).await.unwrap();
        let n_waiting = usize::try_from(N_WAITING_PER_TURN).unwrap();
        for _ in 0..n_waiting {
            let inflight = Arc::clone(&inflight);
            tokio::spawn(async move { inflight.enter(&User::default(), &of("get"), false).await.map(drop) });
        }
        while counters.inqueue.with(["readOnly"]).get() < N_WAITING_PER_TURN {
            tokio::task::yield_now().await;
        }
        assert_eq!(inflight.enter(&User::default(), &of("get"), false).await.unwrap_err(), TooMany);
    }
}
