//! Following a resource for ever.
//!
//! The server is asked for everything there is and for every change after that, in one stream if it can
//! (`sendInitialEvents`, KEP-3157), or else with a list and a watch. When the stream ends it goes on where it ended; when that
//! is too long ago for the server, everything is asked for again and compared with what is known, so that what has
//! gone meanwhile is told as deleted. After failures it waits, longer each time.

mod known;
mod lines;
mod words;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use base::Stream;
use http::{Method, StatusCode};
use tokio::sync::mpsc;
use wire::{Kind, Object};

use crate::list::{encoded, list_and_show};
use crate::{Connection, Error, Resource};
use known::Known;
use lines::Lines;
use words::Word;

/// What a source tells.
#[derive(Debug)]
pub enum Told {
    /// An object is there, or has changed.
    Upsert(Object),
    /// An object is gone. If that was not seen happen, only its name, namespace and UID are given.
    Delete(Object),
    /// Everything that was there at the beginning has been told. Told once.
    Synced,
    /// The connection failed, or the server refused. The source goes on by itself.
    Trouble(Error),
}

/// How patient a source is.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How long the server is asked to keep a watch open, at least; up to twice as long.
    pub watch: Duration,
    /// After how long without a word the connection counts as lost.
    pub silence: Duration,
    /// How long to wait after a first failure; doubled after each further one, and up to twice as long by chance.
    pub first_wait: Duration,
    /// How long to wait at most.
    pub longest_wait: Duration,
}

impl Default for Settings {
    /// As client-go's reflectors.
    fn default() -> Settings {
        Settings {
            watch: Duration::from_secs(300),
            silence: Duration::from_secs(150),
            first_wait: Duration::from_millis(800),
            longest_wait: Duration::from_secs(30),
        }
    }
}

/// Sees objects with everything in them, where what is told is not enough. It sees them before they are told.
pub trait Onlooker: Send + Sync {
    /// An object is there, or has changed. `text` is its JSON.
    fn upsert(&self, object: &Object, text: &str);

    /// An object is gone.
    fn delete(&self, object: &Object);
}

/// One resource that is followed.
pub struct Source {
    connection: Connection,
    resource: Resource,
    selection: String,
    settings: Settings,
    random: Stream,
    onlooker: Option<Arc<dyn Onlooker>>,
    known: Known,
    /// From where to go on; `None` if everything has to be asked for.
    revision: Option<String>,
    /// Whether the server can send what is there as events.
    streams: bool,
    is_synced: bool,
    n_failures: u32,
}

/// How a stream ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// The server ended it, after it had said something.
    Well,
    /// The server ended it without a word.
    Silently,
    /// Nobody listens any more.
    Unheard,
}

impl Source {
    /// Follows `resource` in all namespaces. `field_selector` says which of its objects; empty is all. `seed` spreads waits.
    pub fn new(
        connection: Connection,
        resource: Resource,
        field_selector: &str,
        settings: Settings,
        seed: u64,
    ) -> Source {
        let selection = match field_selector {
            "" => String::new(),
            selector => format!("&fieldSelector={}", encoded(selector)),
        };
        Source {
            connection,
            resource,
            selection,
            settings,
            random: Stream::new(seed, resource.plural),
            onlooker: None,
            known: Known::default(),
            revision: None,
            streams: true,
            is_synced: false,
            n_failures: 0,
        }
    }

    /// Has somebody see the objects with everything in them.
    #[must_use]
    pub fn seen_by(self, onlooker: Arc<dyn Onlooker>) -> Source {
        Source { onlooker: Some(onlooker), ..self }
    }

    /// Follows the resource until nobody listens any more.
    pub async fn run(mut self, told: mpsc::Sender<(Kind, Told)>) {
        loop {
            let wait = match self.follow(&told).await {
                Ok(Ended::Unheard) => return,
                Ok(Ended::Well) => {
                    self.n_failures = 0;
                    continue;
                }
                Ok(Ended::Silently) => self.wait(None),
                Err(error) => {
                    let wait = self.wait(error.refusal().and_then(|refusal| refusal.retry_after_seconds));
                    if self.gives_way(&error) {
                        continue;
                    }
                    if told.send((self.resource.kind, Told::Trouble(error))).await.is_err() {
                        return;
                    }
                    wait
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = told.closed() => return,
            }
        }
    }

    /// Whether another request may be answered at once where this one failed.
    fn gives_way(&mut self, error: &Error) -> bool {
        if self.revision.is_some() && error.is_expired() {
            self.revision = None;
            return true;
        }
        let is_refused = error.refusal().is_some_and(|refusal| {
            matches!(refusal.code, StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY)
        });
        if self.revision.is_none() && self.streams && is_refused {
            self.streams = false;
            return true;
        }
        false
    }

    fn wait(&mut self, told_seconds: Option<u64>) -> Duration {
        let doubled = self.settings.first_wait.saturating_mul(1 << self.n_failures.min(16));
        self.n_failures = self.n_failures.saturating_add(1);
        let wait = doubled.min(self.settings.longest_wait);
        self.spread(wait).max(Duration::from_secs(told_seconds.unwrap_or(0)))
    }

    /// Up to twice as long.
    fn spread(&mut self, wait: Duration) -> Duration {
        wait + wait.mul_f64(self.random.below(1000) as f64 / 1000.0)
    }

    /// One request, to its end.
    async fn follow(&mut self, told: &mpsc::Sender<(Kind, Told)>) -> Result<Ended, Error> {
        if self.revision.is_none() && !self.streams {
            let onlooker = self.onlooker.clone();
            let mut show = move |object: &Object, text: &str| {
                if let Some(onlooker) = &onlooker {
                    onlooker.upsert(object, text);
                }
            };
            let listed = list_and_show(&self.connection, self.resource, &self.selection, &mut show).await?;
            self.known.begin();
            for object in listed.objects {
                if !self.tell_upsert(object, told).await {
                    return Ok(Ended::Unheard);
                }
            }
            if !self.end_of_beginning(listed.resource_version, told).await {
                return Ok(Ended::Unheard);
            }
        }
        let seconds = self.spread(self.settings.watch).as_secs();
        let from = match &self.revision {
            Some(revision) => Cow::Owned(format!("resourceVersion={}", encoded(revision))),
            None => {
                Cow::Borrowed("sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=")
            }
        };
        let path = format!(
            "{}?watch=true&allowWatchBookmarks=true&timeoutSeconds={seconds}&{from}{}",
            self.resource.path(),
            self.selection
        );
        if self.revision.is_none() {
            self.known.begin();
        }
        let what = format!("watching {}", self.resource.plural);
        let answer = self.connection.begin(Method::GET, &path, None, &what).await?;
        let mut lines = Lines::new(answer.into_body());
        let mut ended = Ended::Silently;
        loop {
            let line = tokio::select! {
                line = tokio::time::timeout(self.settings.silence, lines.next()) => line,
                () = told.closed() => return Ok(Ended::Unheard),
            };
            let line = match line {
                Err(_) => return Ok(ended),
                Ok(Err(problem)) => {
                    return Err(Error::Unreachable { server: self.connection.server().to_owned(), problem });
                }
                Ok(Ok(None)) => return Ok(ended),
                Ok(Ok(Some(line))) => line,
            };
            let word = words::read(self.resource.kind, &line, &what)?;
            if let (Some(onlooker), Word::Upsert(object)) = (&self.onlooker, &word)
                && let Some(text) = words::object_text(&line)
            {
                onlooker.upsert(object, text);
            }
            if !self.hear(word, told).await? {
                return Ok(Ended::Unheard);
            }
            ended = Ended::Well;
        }
    }

    /// Passes on what the server says. Returns whether somebody listens.
    async fn hear(&mut self, word: Word, told: &mpsc::Sender<(Kind, Told)>) -> Result<bool, Error> {
        match word {
            Word::Upsert(object) => {
                self.advance(&object);
                Ok(self.tell_upsert(object, told).await)
            }
            Word::Delete(object) => {
                self.advance(&object);
                self.known.remove(&object);
                Ok(self.tell_delete(object, told).await)
            }
            Word::Bookmark { resource_version, ends_beginning: true } if self.known.is_beginning() => {
                Ok(self.end_of_beginning(resource_version, told).await)
            }
            Word::Bookmark { resource_version, .. } => {
                // In the beginning there is nothing yet to go on from.
                if !self.known.is_beginning() {
                    self.revision = Some(resource_version);
                }
                Ok(true)
            }
            Word::Error(refusal) => Err(Error::Refused(refusal)),
        }
    }

    fn advance(&mut self, object: &Object) {
        if !self.known.is_beginning() {
            self.revision = Some(object.meta().resource_version.clone());
        }
    }

    async fn tell_upsert(&mut self, object: Object, told: &mpsc::Sender<(Kind, Told)>) -> bool {
        if let Some(other) = self.known.insert(&object)
            && !self.tell_delete(other, told).await
        {
            return false;
        }
        told.send((self.resource.kind, Told::Upsert(object))).await.is_ok()
    }

    async fn tell_delete(&self, object: Object, told: &mpsc::Sender<(Kind, Told)>) -> bool {
        if let Some(onlooker) = &self.onlooker {
            onlooker.delete(&object);
        }
        told.send((self.resource.kind, Told::Delete(object))).await.is_ok()
    }

    /// Everything there is has been told: what was known and is not among it is gone.
    async fn end_of_beginning(
        &mut self,
        resource_version: String,
        told: &mpsc::Sender<(Kind, Told)>,
    ) -> bool {
        for gone in self.known.end(self.resource.kind) {
            if !self.tell_delete(gone, told).await {
                return false;
            }
        }
        self.revision = Some(resource_version);
        if !std::mem::replace(&mut self.is_synced, true) {
            return told.send((self.resource.kind, Told::Synced)).await.is_ok();
        }
        true
    }
}

#[cfg(test)]
mod tests;
