//! The store of several machines: etcd, version 3.4 or newer, over gRPC.
//!
//! Keys and values are stored as they are, so a store that kube-apiserver wrote is read as it is. A commit is one
//! transaction; revisions are etcd's. Reads are linearisable. Times to live are leases, shared by keys that expire
//! within a minute of each other.
//!
//! When an endpoint does not answer, the next one is asked. What reads is asked again; a commit only if it cannot have
//! arrived. Watches take themselves up again after the last revision that they delivered.
//!
//! Certificates are read once, when the client is made. The client code in `rpc.rs` is generated from
//! `proto/etcd.proto`; how is said there.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tonic::Code;

use crate::contract::{
    Committed, Expect, Found, Listing, Range, Revision, Store, StoreFuture, Write, check_size,
};
use crate::error::{Error, OpenError};
use crate::watch::Watch;

mod connection;
mod convert;
mod following;
mod leases;
mod options;
#[allow(missing_docs, unreachable_pub, unused_qualifications, dead_code, clippy::all, reason = "generated")]
mod rpc;

pub use options::{Options, Tls};

use connection::{Connection, Failure, Repeat};
use convert::{entry, range_request, revision, revision_of};
use leases::Leases;
use rpc::compare::{CompareResult, CompareTarget, TargetUnion};
use rpc::kv_client::KvClient;
use rpc::request_op::Request;
use rpc::response_op::Response;
use rpc::{
    CompactionRequest, Compare, DeleteRangeRequest, PutRequest, RangeRequest, RangeResponse, RequestOp,
    StatusRequest, TxnRequest, TxnResponse,
};

/// How many entries are asked for at once; more are asked for in pages. 500 entries of 1.5 MiB would be 750 MiB, but
/// those of a real cluster are a megabyte or two.
const PAGE_ENTRIES: usize = 500;

/// The largest answer that is accepted, in bytes: what a page can hold.
const ANSWER_BYTES_MAX: usize = 1 << 30;

/// A store in etcd. Cheap to make: it connects when it is first used.
pub struct Etcd {
    connection: Arc<Connection>,
    leases: Leases,
    closed: watch::Sender<bool>,
}

impl fmt::Debug for Etcd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Etcd").field("connection", &self.connection).finish_non_exhaustive()
    }
}

impl Etcd {
    /// A client with these options. To be called in a tokio runtime, and used in that one.
    ///
    /// # Errors
    /// [`OpenError::Configuration`] if an endpoint or a certificate makes no sense, [`OpenError::Io`] if a certificate
    /// cannot be read. Whether etcd answers is told by [`Store::health`].
    pub fn new(options: &Options) -> Result<Etcd, OpenError> {
        let connection = Arc::new(Connection::new(options)?);
        let (closed, _) = watch::channel(false);
        Ok(Etcd { connection, leases: Leases::default(), closed })
    }

    fn check_open(&self) -> Result<(), Error> {
        if *self.closed.borrow() { Err(Error::Closed) } else { Ok(()) }
    }

    async fn range(&self, request: RangeRequest) -> Result<RangeResponse, Failure> {
        let ask = |channel| {
            let request = request.clone();
            async move {
                let mut client = KvClient::new(channel).max_decoding_message_size(ANSWER_BYTES_MAX);
                client.range(request).await.map(tonic::Response::into_inner)
            }
        };
        self.connection.call(Repeat::Always, ask).await
    }

    async fn txn(&self, request: TxnRequest) -> Result<TxnResponse, Failure> {
        let ask = |channel| {
            let request = request.clone();
            async move {
                let mut client = KvClient::new(channel).max_decoding_message_size(ANSWER_BYTES_MAX);
                client.txn(request).await.map(tonic::Response::into_inner)
            }
        };
        self.connection.call(Repeat::UnlessItMayHaveArrived, ask).await
    }

    /// Why a past or future revision was refused. The code is the same for both.
    async fn out_of_range(&self, asked: Revision) -> Error {
        match current_revision(&self.connection).await {
            Ok(current) if asked > current => Error::FutureRevision { asked, current },
            Ok(_) => match following::oldest(&self.connection).await {
                Ok(oldest) => Error::Compacted { oldest },
                Err(error) => error,
            },
            Err(error) => error,
        }
    }

    async fn list_pages(&self, range: Range, at: Option<Revision>) -> Result<Listing, Error> {
        let mut at = at;
        let mut entries = Vec::new();
        let mut range = range;
        loop {
            let n_wanted = range.limit.map_or(PAGE_ENTRIES, |limit| limit.min(PAGE_ENTRIES));
            let page = match self.range(range_request(&range, n_wanted, at)).await {
                Ok(page) => page,
                Err(Failure::Refused(status)) if status.code() == Code::OutOfRange => {
                    return Err(self.out_of_range(at.unwrap_or_default()).await);
                }
                Err(failure) => return Err(failure.of_a_read()),
            };
            let revision = at.unwrap_or(revision_of(page.header.as_ref()));
            // All pages are of the revision of the first.
            at = Some(revision);
            let n_found = page.kvs.len();
            let n_remaining = u64::try_from(page.count).unwrap_or(0).saturating_sub(n_found as u64);
            entries.extend(page.kvs.iter().map(entry));
            let limit = range.limit.map(|limit| limit.saturating_sub(n_found));
            match entries.last() {
                Some(last) if n_found > 0 && n_remaining > 0 && limit != Some(0) => {
                    range = Range { limit, ..range.starting_after(&last.key) };
                }
                _ => return Ok(Listing { entries, revision, n_remaining }),
            }
        }
    }

    async fn commit_now(&self, key: Bytes, expect: Expect, write: Write) -> Result<Committed, Error> {
        check_size(&key, &write)?;
        let is_delete = matches!(write, Write::Delete);
        if is_delete && expect == Expect::Absent {
            let current = self.get_now(&key).await?.entry;
            return Err(Error::Conflict { current });
        }
        let ttl = if let Write::Put { ttl, .. } = &write { *ttl } else { None };
        let mut is_second = false;
        loop {
            let lease = match ttl {
                Some(ttl) => self.leases.lease(&self.connection, ttl).await?,
                None => 0,
            };
            let request = transaction(&key, expect, &write, lease);
            match self.txn(request).await {
                Ok(response) => return answer(key, write, response),
                // A lease that was shared has expired just now: once more, with a new one.
                Err(Failure::Refused(status))
                    if status.code() == Code::NotFound && lease != 0 && !is_second =>
                {
                    self.leases.forget(lease).await;
                    is_second = true;
                }
                Err(failure) => return Err(self.commit_error(failure, &key, &write).await),
            }
        }
    }

    async fn commit_error(&self, failure: Failure, key: &Bytes, write: &Write) -> Error {
        let Failure::Refused(status) = &failure else { return failure.of_a_write() };
        match status.code() {
            Code::InvalidArgument => {
                let n_value_bytes = if let Write::Put { value, .. } = write { value.len() } else { 0 };
                let n_bytes = key.len() + n_value_bytes;
                Error::TooLarge { n_bytes, n_bytes_max: crate::contract::ENTRY_BYTES_MAX }
            }
            // No space, or too busy. Only the first raises an alarm.
            Code::ResourceExhausted => match self.check_alarms().await {
                Err(error) => error,
                Ok(()) => Error::Unavailable { reason: status.message().into() },
            },
            _ => failure.of_a_write(),
        }
    }

    async fn get_now(&self, key: &[u8]) -> Result<Found, Error> {
        let request = RangeRequest { key: Bytes::copy_from_slice(key), ..RangeRequest::default() };
        let response = self.range(request).await.map_err(Failure::of_a_read)?;
        let revision = revision_of(response.header.as_ref());
        Ok(Found { entry: response.kvs.first().map(entry), revision })
    }

    async fn compact_now(&self, to: Revision) -> Result<(), Error> {
        let ask = |channel| async move {
            let request = CompactionRequest { revision: convert::number(to) };
            KvClient::new(channel).compact(request).await.map(tonic::Response::into_inner)
        };
        match self.connection.call(Repeat::Always, ask).await {
            Ok(_) => Ok(()),
            Err(Failure::Refused(status)) if status.code() == Code::OutOfRange => {
                let current = current_revision(&self.connection).await?;
                // What is compacted already needs no compaction.
                if to > current { Err(Error::FutureRevision { asked: to, current }) } else { Ok(()) }
            }
            Err(failure) => Err(failure.of_a_read()),
        }
    }

    /// # Errors
    /// [`Error::ReadOnly`] if etcd has raised an alarm: it is full or damaged.
    async fn check_alarms(&self) -> Result<(), Error> {
        let ask = |channel| async move {
            let mut client = rpc::maintenance_client::MaintenanceClient::new(channel);
            client.status(StatusRequest {}).await.map(tonic::Response::into_inner)
        };
        let status = self.connection.call(Repeat::Always, ask).await.map_err(Failure::of_a_read)?;
        if status.errors.is_empty() {
            Ok(())
        } else {
            Err(Error::ReadOnly { reason: format!("etcd: {}", status.errors.join(", ")).into() })
        }
    }
}

/// The revision that etcd has reached, linearisably.
async fn current_revision(connection: &Connection) -> Result<Revision, Error> {
    let ask = |channel| async move {
        // One key that can hardly be there; only the header matters.
        let request =
            RangeRequest { key: Bytes::from_static(b"\0"), count_only: true, ..RangeRequest::default() };
        KvClient::new(channel).range(request).await.map(tonic::Response::into_inner)
    };
    let response = connection.call(Repeat::Always, ask).await.map_err(Failure::of_a_read)?;
    Ok(revision_of(response.header.as_ref()))
}

fn transaction(key: &Bytes, expect: Expect, write: &Write, lease: i64) -> TxnRequest {
    let compare = |target, result, union| Compare {
        target: i32::from(target),
        result: i32::from(result),
        key: key.clone(),
        target_union: Some(union),
    };
    let compare = match (expect, write) {
        (Expect::Absent, _) => {
            Some(compare(CompareTarget::Create, CompareResult::Equal, TargetUnion::CreateRevision(0)))
        }
        (Expect::Modified(modified), _) => {
            let modified = TargetUnion::ModRevision(convert::number(modified));
            Some(compare(CompareTarget::Mod, CompareResult::Equal, modified))
        }
        (Expect::Anything, Write::Delete) => {
            Some(compare(CompareTarget::Create, CompareResult::Greater, TargetUnion::CreateRevision(0)))
        }
        (Expect::Anything, Write::Put { .. }) => None,
    };
    let operation = |request| RequestOp { request: Some(request) };
    let get = |keys_only| {
        operation(Request::RequestRange(RangeRequest { key: key.clone(), keys_only, ..Default::default() }))
    };
    let success = match write {
        Write::Put { value, .. } => {
            let put = PutRequest { key: key.clone(), value: value.clone(), lease };
            // The second tells when the key came into being.
            vec![operation(Request::RequestPut(put)), get(true)]
        }
        Write::Delete => {
            let delete = DeleteRangeRequest { key: key.clone(), prev_kv: true, ..Default::default() };
            vec![operation(Request::RequestDeleteRange(delete))]
        }
    };
    TxnRequest { compare: compare.into_iter().collect(), success, failure: vec![get(false)] }
}

fn answer(key: Bytes, write: Write, response: TxnResponse) -> Result<Committed, Error> {
    let header_revision = revision_of(response.header.as_ref());
    let mut found = None;
    for operation in &response.responses {
        match &operation.response {
            Some(Response::ResponseRange(range)) => found = range.kvs.first(),
            Some(Response::ResponseDeleteRange(deleted)) => found = deleted.prev_kvs.first(),
            Some(Response::ResponsePut(_)) | None => {}
        }
    }
    match (response.succeeded, write, found) {
        (false, _, found) => Err(Error::Conflict { current: found.map(entry) }),
        (true, Write::Put { value, .. }, Some(found)) => {
            let (created, modified) = (revision(found.create_revision), header_revision);
            let entry = crate::contract::Entry { key, value, created, modified };
            Ok(Committed { revision: modified, entry })
        }
        (true, Write::Delete, Some(found)) => {
            Ok(Committed { revision: header_revision, entry: entry(found) })
        }
        (true, _, None) => {
            let reason = "etcd's answer to a transaction does not say what it did".into();
            Err(Error::Uncertain { reason })
        }
    }
}

impl Store for Etcd {
    fn get<'a>(&'a self, key: &'a [u8]) -> StoreFuture<'a, Found> {
        Box::pin(async move {
            self.check_open()?;
            self.get_now(key).await
        })
    }

    fn list(&self, range: Range, at: Option<Revision>) -> StoreFuture<'_, Listing> {
        Box::pin(async move {
            self.check_open()?;
            // To etcd zero means now; nothing was there before the first revision, and nothing at it.
            self.list_pages(range, at.map(|at| at.max(Revision::FIRST))).await
        })
    }

    fn commit(&self, key: Bytes, expect: Expect, write: Write) -> StoreFuture<'_, Committed> {
        Box::pin(async move {
            self.check_open()?;
            self.commit_now(key, expect, write).await
        })
    }

    fn watch(&self, prefix: Bytes, after: Revision) -> StoreFuture<'_, Watch> {
        Box::pin(async move {
            self.check_open()?;
            let connection = Arc::clone(&self.connection);
            Ok(following::start(connection, prefix, after, self.closed.subscribe()))
        })
    }

    fn revision(&self) -> StoreFuture<'_, Revision> {
        Box::pin(async move {
            self.check_open()?;
            current_revision(&self.connection).await
        })
    }

    fn compact(&self, to: Revision) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            self.check_open()?;
            self.compact_now(to).await
        })
    }

    fn health(&self) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            self.check_open()?;
            current_revision(&self.connection).await?;
            self.check_alarms().await
        })
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn close(&self) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            self.closed.send_replace(true);
            Ok(())
        })
    }
}

/// How long a single question may take; etcd itself gives up on one after seven seconds.
const CALL_WAIT: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
