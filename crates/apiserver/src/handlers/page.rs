//! Which state a list shows, and how much of it.

use std::sync::Arc;

use apimachinery::Status;
use apimachinery::continue_token::{ContinueToken, MOST_RECENT, expired};
use apimachinery::options::{ListOptions, ResourceVersionMatch, resource_version_for_list};
use store::{Error, Range, Revision};

use crate::registry::{Target, store_error};
use crate::server::Server;
use crate::watch_cache::{Cached, Selection};

/// How many entries are read from the store at once where a selector leaves out some: upstream's largest page.
const STORE_PAGE_MAX: usize = 10_000;

/// A list, or a part of one.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// The objects, in the order of their keys.
    pub(crate) objects: Vec<Arc<Cached>>,
    /// The state that they are of.
    pub(crate) revision: u64,
    /// Where the list goes on.
    pub(crate) rest: Option<ContinueToken>,
    /// How many objects are still to come, if that is known.
    pub(crate) n_remaining: Option<u64>,
}

/// Where a list is read.
enum From {
    /// In the cache, once it is as new as this.
    Cache { is_limited: bool },
    /// In the store, as it was then, from a key on.
    Store { at: Option<u64>, start: Option<String>, is_continued: bool },
}

impl Page {
    /// Reads what a list asks for.
    ///
    /// # Errors
    /// The state that it asks for is gone or has not come; what it asks for makes no sense.
    pub(crate) async fn read(
        server: &Server,
        target: &Target,
        selection: &Selection,
        options: &ListOptions,
    ) -> Result<Page, Box<Status>> {
        let limit = usize::try_from(options.limit).ok().filter(|limit| *limit > 0);
        match from(server, options).await? {
            From::Cache { is_limited } => {
                let cache = server.registry.cache(target.served);
                let progress = server.registry.caches.progress();
                let snapshot = cache.select(selection, progress);
                let labels = [cache.kind().group, cache.kind().plural];
                let counters = &server.counters;
                counters.cache_lists.with([labels[0], "", labels[1]]).inc();
                counters.cache_listed.with([labels[0], "", labels[1]]).add(snapshot.n_looked_at);
                let n_returned =
                    limit.filter(|_| is_limited).unwrap_or(usize::MAX).min(snapshot.objects.len());
                counters.cache_returned.with(labels).add(n_returned as u64);
                let page = Page { objects: snapshot.objects, revision: snapshot.revision, ..Page::default() };
                let prefix_len = cache.namespace_prefix(&selection.namespace).len();
                Ok(match limit.filter(|_| is_limited) {
                    Some(limit) => page.cut(limit, prefix_len, selection),
                    None => page,
                })
            }
            From::Store { at, start, is_continued } => {
                let read = StoreRead { server, target, selection, at, start, limit, is_continued };
                let page = read.page().await?;
                let labels = [target.kind().group, target.kind().plural];
                server.counters.storage_lists.with(labels).inc();
                server.counters.storage_returned.with(labels).add(page.objects.len() as u64);
                Ok(page)
            }
        }
    }

    /// The first objects, with a token for the rest.
    fn cut(mut self, limit: usize, prefix_len: usize, selection: &Selection) -> Page {
        if self.objects.len() <= limit {
            return self;
        }
        let n_remaining = (self.objects.len() - limit) as u64;
        self.objects.truncate(limit);
        self.rest = self.objects.last().map(|last| token_after(self.revision, last, prefix_len));
        self.n_remaining = selection.is_everything().then_some(n_remaining);
        self
    }
}

fn token_after(revision: u64, last: &Cached, prefix_len: usize) -> ContinueToken {
    let key = String::from_utf8_lossy(last.key.get(prefix_len..).unwrap_or_default());
    ContinueToken::after(i64::try_from(revision).unwrap_or(i64::MAX), &key)
}

async fn from(server: &Server, options: &ListOptions) -> Result<From, Box<Status>> {
    let registry = &server.registry;
    let wanted = resource_version_for_list(&options.resource_version)?;
    if !options.continue_token.is_empty() {
        let token = ContinueToken::decode(&options.continue_token).map_err(Status::from)?;
        if wanted > 0 {
            let message = "specifying resource version is not allowed when using continue";
            return Err(Box::new(Status::bad_request(message)));
        }
        let at = match token.resource_version {
            MOST_RECENT => None,
            version => Some(u64::try_from(version).unwrap_or_default()),
        };
        return Ok(From::Store { at, start: Some(token.start_key), is_continued: true });
    }
    let version_match = options.version_match();
    let is_exact = version_match == Some(ResourceVersionMatch::Exact)
        || version_match.is_none() && wanted > 0 && options.limit > 0;
    if is_exact {
        registry.wait_for_version(wanted).await?;
        return Ok(From::Store { at: Some(wanted), start: None, is_continued: false });
    }
    match options.resource_version.as_str() {
        "" => {
            registry.wait_for_now().await?;
            Ok(From::Cache { is_limited: true })
        }
        "0" => Ok(From::Cache { is_limited: false }),
        _ => {
            registry.wait_for_version(wanted).await?;
            Ok(From::Cache { is_limited: true })
        }
    }
}

struct StoreRead<'r> {
    server: &'r Server,
    target: &'r Target,
    selection: &'r Selection,
    at: Option<u64>,
    start: Option<String>,
    limit: Option<usize>,
    is_continued: bool,
}

impl StoreRead<'_> {
    async fn page(&self) -> Result<Page, Box<Status>> {
        let cache = self.server.registry.cache(self.target.served);
        let prefix = cache.namespace_prefix(&self.selection.namespace);
        let mut range = Range::prefix(prefix.clone());
        if let Some(start) = &self.start {
            range = range.starting_at(format!("{prefix}{start}"));
        }
        let selects = !self.selection.is_everything();
        let mut page = Page::default();
        let mut at = self.at.map(Revision);
        loop {
            let n_wanted = self.limit.map(|limit| limit - page.objects.len());
            range.limit = if selects { Some(STORE_PAGE_MAX) } else { n_wanted };
            let listing = self
                .server
                .registry
                .store
                .list(range.clone(), at)
                .await
                .map_err(|error| self.error(&error))?;
            let labels = [self.target.kind().group, self.target.kind().plural];
            self.server.counters.storage_listed.with(labels).add(listing.entries.len() as u64);
            page.revision = listing.revision.0;
            at = Some(listing.revision);
            let last_key = listing.entries.last().map(|entry| entry.key.clone());
            let more = listing.more();
            let n_remaining = listing.n_remaining;
            let mut n_left_over = 0;
            for entry in listing.entries {
                if n_wanted.is_some() && self.limit == Some(page.objects.len()) {
                    // Whether what is left is selected is found out with the next page, as upstream does.
                    n_left_over += 1;
                    break;
                }
                let cached = Arc::new(Cached::new(&entry));
                if selects && !self.selection.matches(self.target.kind(), cache.prefix().len(), &cached) {
                    continue;
                }
                page.objects.push(cached);
            }
            let is_full = self.limit == Some(page.objects.len());
            if is_full && (more || n_left_over > 0) {
                page.rest = page.objects.last().map(|last| token_after(page.revision, last, prefix.len()));
                page.n_remaining = (!selects).then_some(n_remaining);
                return Ok(page);
            }
            match last_key {
                Some(last) if more => range = range.starting_after(&last),
                _ => return Ok(page),
            }
        }
    }

    fn error(&self, error: &Error) -> Box<Status> {
        match (error, &self.start) {
            (Error::Compacted { .. }, Some(start)) if self.is_continued => {
                let rest = ContinueToken { resource_version: MOST_RECENT, start_key: start.clone() };
                Box::new(expired(&rest))
            }
            _ => store_error(&self.target.group_resource(), "", error),
        }
    }
}
