//! Leader election: of all processes that want to do the same, one at a time does.
//!
//! As client-go's: a Lease names the leader, which renews it. Others take it over when it has not changed for as long as
//! it says that it counts, *measured from when they saw it change*: no two clocks are compared. A leader that cannot
//! renew its lease gives up before others may take it.
//!
//! What client-go leaves open is closed here: [`Standing::Leader`] says until when it holds, so that a process which was
//! stopped and goes on later does not act on what was true before; and a lease is only given back by the one that has it.

mod lease;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base::Stream;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::{Connection, Error};
use lease::{Lock, Record, micro_time};

/// How much longer than the period the wait between two attempts to become leader can be, as a factor.
const JITTER_FACTOR: f64 = 1.2;

/// How often it is tried to give a lease back that somebody else writes to meanwhile.
const RELEASES_MAX: u32 = 3;

/// Which lease, and how patient everybody is. All who want the same lease should say the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The namespace of the lease.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// How long others wait after they have last seen the leader.
    pub lease_duration: Duration,
    /// How long a leader tries to renew its lease before it gives up.
    pub renew_deadline: Duration,
    /// How long everybody waits between two tries.
    pub retry_period: Duration,
}

/// Why settings cannot work; client-go's sentences.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Others would not wait for a leader that still tries.
    #[error("leaseDuration must be greater than renewDeadline")]
    LeaseDuration,
    /// A leader would give up after a single try.
    #[error("renewDeadline must be greater than retryPeriod*JitterFactor")]
    RenewDeadline,
    /// A time is zero.
    #[error("{0} must be greater than zero")]
    Zero(&'static str),
    /// Nobody could be told from anybody else.
    #[error("Lock identity is empty")]
    Identity,
}

/// Whether this process leads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// Another one does, or nobody.
    #[default]
    Follower,
    /// It does, until this time at least: renewed leases move it on.
    Leader {
        /// When it has to stop unless it hears otherwise; before that nobody else can lead.
        until: Instant,
    },
}

/// How taking part in an election ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was asked to stop. If it led, it has given the lease back, or tried to.
    Stopped,
    /// It led, and could not renew its lease in time.
    Lost,
}

/// Tells the time of day, for what is written into the lease. Nothing is decided by it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// One process in an election.
pub struct Elector {
    settings: Settings,
    identity: String,
    lock: Lock,
    component: String,
    clock: Clock,
    random: Stream,
    /// What the lease was last seen to say, or written to say.
    observed: Record,
    /// What it was last *read* to say.
    read: Option<Record>,
    /// When it was last seen to change.
    observed_at: Instant,
    /// Whether a write is under way of which it is not known whether it makes this process leader.
    is_open: bool,
    standing: watch::Sender<Standing>,
    n_slow_paths: Arc<AtomicU64>,
}

/// What this process is called in an election: the computer and a random UUID (version 4), so that a process which is
/// started again is another one.
pub fn identity(host_name: &str, mut random: [u8; 16]) -> String {
    random[6] = random[6] & 0x0f | 0x40;
    random[8] = random[8] & 0x3f | 0x80;
    let mut identity = format!("{host_name}_");
    for (place, byte) in random.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            identity.push('-');
        }
        identity.push_str(&format!("{byte:02x}"));
    }
    identity
}

impl Settings {
    /// Checks what client-go checks.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self) -> Result<(), SettingsError> {
        if self.lease_duration <= self.renew_deadline {
            return Err(SettingsError::LeaseDuration);
        }
        if self.renew_deadline <= self.retry_period.mul_f64(JITTER_FACTOR) {
            return Err(SettingsError::RenewDeadline);
        }
        for (name, time) in [
            ("leaseDuration", self.lease_duration),
            ("renewDeadline", self.renew_deadline),
            ("retryPeriod", self.retry_period),
        ] {
            if time.is_zero() {
                return Err(SettingsError::Zero(name));
            }
        }
        Ok(())
    }

    /// How long one request may take.
    fn request_wait(&self) -> Duration {
        (self.renew_deadline / 2).max(Duration::from_secs(1))
    }

    /// How long a leader may act after it began to renew: client-go's leader has given up by then. What is left of the
    /// lease is for requests that are under way.
    fn leads_for(&self) -> Duration {
        self.lease_duration.min(self.renew_deadline.saturating_add(self.retry_period))
    }
}

impl Elector {
    /// Takes part in an election under `identity`, which nobody else may have. Events about the lease are reported by
    /// `component`. `seed` spreads waits.
    ///
    /// # Errors
    /// If the settings cannot work.
    pub fn new(
        connection: Connection,
        settings: Settings,
        identity: &str,
        component: &str,
        clock: Clock,
        seed: u64,
    ) -> Result<Elector, SettingsError> {
        settings.check()?;
        if identity.is_empty() {
            return Err(SettingsError::Identity);
        }
        Ok(Elector {
            lock: Lock::new(connection, &settings.namespace, &settings.name),
            settings,
            identity: identity.to_owned(),
            component: component.to_owned(),
            clock,
            random: Stream::new(seed, "leader election"),
            observed: Record::default(),
            read: None,
            observed_at: Instant::now(),
            is_open: false,
            standing: watch::Sender::default(),
            n_slow_paths: Arc::default(),
        })
    }

    /// Tells whether this process leads, from now on.
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// How often the lease could not be renewed without looking at it first (`leader_election_slowpath_total`).
    pub fn n_slow_paths(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.n_slow_paths)
    }

    /// Takes part until `stop`, or until the lease is lost. Whoever acts as leader has to have stopped when `stop` is
    /// ready, since the lease is given back at once.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> End {
        tokio::pin!(stop);
        tracing::info!(lock = self.lock.key(), "Attempting to acquire leader lease...");
        tokio::select! {
            biased;
            () = &mut stop => {
                // A write may have made this process leader although nobody has heard the answer.
                if self.is_open {
                    self.release().await;
                }
                return End::Stopped;
            }
            () = self.acquire() => {}
        }
        tracing::info!(lock = self.lock.key(), "Successfully acquired lease");
        self.report("became leader");
        let end = tokio::select! {
            biased;
            () = &mut stop => End::Stopped,
            () = self.renew() => End::Lost,
        };
        self.standing.send_replace(Standing::Follower);
        if end == End::Lost {
            tracing::error!(lock = self.lock.key(), "Failed to renew lease in time");
        }
        self.release().await;
        self.report("stopped leading");
        end
    }

    fn report(&self, what: &str) {
        self.lock.report(&self.component, format!("{} {what}", self.identity), (self.clock)());
    }

    /// Tries until this process leads.
    async fn acquire(&mut self) {
        while !self.attempt().await {
            tracing::trace!(lock = self.lock.key(), "Failed to acquire lease");
            let jitter = self.random.below(1_000_000) as f64 / 1e6 * JITTER_FACTOR;
            sleep(self.settings.retry_period.mul_f64(1.0 + jitter)).await;
        }
    }

    /// Renews the lease until that does not succeed in time.
    async fn renew(&mut self) {
        let (deadline, period) = (self.settings.renew_deadline, self.settings.retry_period);
        loop {
            let renewed = async {
                while !self.attempt().await {
                    sleep(period).await;
                }
            };
            if timeout(deadline, renewed).await.is_err() {
                return;
            }
            sleep(period).await;
        }
    }

    /// Takes the lease or renews it, if it can be had. Returns whether this process leads.
    async fn attempt(&mut self) -> bool {
        let begun = Instant::now();
        let leads = match self.take_or_renew(begun).await {
            Ok(leads) => leads,
            Err(error) => {
                tracing::error!(lock = self.lock.key(), %error, "Failed to acquire or renew the lease");
                false
            }
        };
        if leads {
            self.standing.send_replace(Standing::Leader { until: begun + self.settings.leads_for() });
        }
        leads
    }

    async fn take_or_renew(&mut self, now: Instant) -> Result<bool, Error> {
        let time = micro_time((self.clock)());
        let mut record = Record {
            holder_identity: Some(self.identity.clone()),
            lease_duration_seconds: Some(self.settings.lease_duration.as_secs()),
            acquire_time: Some(time.clone()),
            renew_time: Some(time),
            lease_transitions: Some(0),
        };
        let wait = self.settings.request_wait();
        if self.is_leader() && self.is_valid(now) {
            record.acquire_time.clone_from(&self.observed.acquire_time);
            record.lease_transitions = self.observed.lease_transitions;
            match within(wait, &self.lock.key(), self.lock.update(&record)).await {
                Ok(()) => {
                    self.observe(record);
                    return Ok(true);
                }
                Err(error) => {
                    tracing::error!(lock = self.lock.key(), %error, "Failed to update lease optimistically, falling back to slow path");
                }
            }
        }
        let key = self.lock.key();
        let Some(found) = within(wait, &key, self.lock.get()).await? else {
            self.is_open = true;
            let created = within(wait, &key, self.lock.create(&record)).await;
            self.is_open = is_open(&created);
            created?;
            self.observe(record);
            return Ok(true);
        };
        if self.read.as_ref() != Some(&found) {
            self.observe(found.clone());
            self.read = Some(found.clone());
        }
        if !found.holder().is_empty() && self.is_valid(now) && !self.is_leader() {
            tracing::trace!(
                lock = key,
                holder = found.holder(),
                "Lease is held by another and has not yet expired"
            );
            return Ok(false);
        }
        if self.is_leader() {
            record.acquire_time.clone_from(&found.acquire_time);
            record.lease_transitions = found.lease_transitions;
            self.n_slow_paths.fetch_add(1, Ordering::Relaxed);
        } else {
            record.lease_transitions = Some(found.lease_transitions.unwrap_or(0) + 1);
        }
        self.is_open = true;
        let updated = within(wait, &key, self.lock.update(&record)).await;
        self.is_open = is_open(&updated);
        updated?;
        self.observe(record);
        Ok(true)
    }

    /// Gives the lease back, so that another one can have it at once. If somebody else has it, it is theirs.
    async fn release(&mut self) {
        let key = self.lock.key();
        let release = async {
            for _ in 0..RELEASES_MAX {
                let Some(found) = self.lock.get().await? else { return Ok(()) };
                if found.holder() != self.identity {
                    return Ok(());
                }
                let time = micro_time((self.clock)());
                let record = Record {
                    holder_identity: None,
                    lease_duration_seconds: Some(1),
                    acquire_time: Some(time.clone()),
                    renew_time: Some(time),
                    lease_transitions: found.lease_transitions,
                };
                match self.lock.update(&record).await {
                    Err(error) if is_conflict(&error) => {}
                    updated => {
                        updated?;
                        self.observed = record;
                        return Ok(());
                    }
                }
            }
            Ok(())
        };
        if let Err(error) = within(self.settings.renew_deadline, &key, release).await {
            tracing::error!(lock = key, %error, "Failed to release lease");
        }
    }

    fn is_leader(&self) -> bool {
        self.observed.holder() == self.identity
    }

    /// Whether the lease still counts.
    fn is_valid(&self, now: Instant) -> bool {
        let duration = Duration::from_secs(self.observed.lease_duration_seconds.unwrap_or(0));
        // A lease that counts for longer than time can be told counts for ever.
        self.observed_at.checked_add(duration).is_none_or(|end| end > now)
    }

    fn observe(&mut self, record: Record) {
        self.observed = record;
        self.observed_at = Instant::now();
    }
}

/// Whether it is not known what has become of a write.
fn is_open(answer: &Result<(), Error>) -> bool {
    answer.as_ref().is_err_and(|error| error.refusal().is_none())
}

fn is_conflict(error: &Error) -> bool {
    error.refusal().is_some_and(|refusal| refusal.code == http::StatusCode::CONFLICT)
}

/// A request that has to be answered in time.
async fn within<T>(
    wait: Duration,
    key: &str,
    request: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    timeout(wait, request).await.unwrap_or_else(|_| {
        Err(Error::Unreachable {
            server: format!("the lease {key}"),
            problem: format!("no answer within {wait:?}"),
        })
    })
}
