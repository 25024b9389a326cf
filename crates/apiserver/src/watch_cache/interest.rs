//! Who is woken by which change.
//!
//! Most watchers of a large cluster want few changes: a kubelet those of the pods of its node, a client those of one
//! namespace or one object. Waking all of them for every change would cost more than everything else about it. So
//! watchers that name such a thing are woken only for that; all others are woken always.
//!
//! A watcher is a position in the ring of changes. One that is rarely woken falls behind without having missed
//! anything, so each bucket remembers the last changes that concerned it: from there on its watchers read the ring.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base::Map;
use resources::kind::Kind;
use tokio::sync::watch;

use super::Selection;
use super::cached::Cached;
use super::change::Change;

/// How many changes a bucket remembers. Its watchers read the ring from their own position if they are further behind.
const N_REMEMBERED_MAX: usize = 64;

/// Which changes a watcher has to be woken for; it may be woken for others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Interest {
    /// All.
    Everything,
    /// Those of a namespace.
    Namespace(String),
    /// Those of one object, by the part of its key that follows the kind's prefix.
    Object(String),
    /// Those of objects that have or had this value in the kind's selectable field at this place.
    Field(usize, String),
}

impl Interest {
    /// What suffices for a selection.
    pub fn of(selection: &Selection, kind: &Kind) -> Interest {
        let namespace = if kind.is_namespaced { selection.namespace.as_str() } else { "" };
        if let Some(name) = selection.fields.exact_value("metadata.name")
            && kind.is_namespaced != namespace.is_empty()
        {
            let path = if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") };
            return Interest::Object(path);
        }
        for (at, field) in kind.selectable_fields.iter().enumerate() {
            match selection.fields.exact_value(field.label) {
                // Objects without a value are many.
                None | Some("") => {}
                Some(_) if field.label.starts_with("metadata.") => {}
                Some(value) => return Interest::Field(at, value.to_owned()),
            }
        }
        if namespace.is_empty() { Interest::Everything } else { Interest::Namespace(namespace.to_owned()) }
    }
}

/// The buckets of a kind.
#[derive(Debug, Default)]
pub(super) struct Interests {
    buckets: Mutex<Map<Interest, Slot>>,
    /// How many of them are by a field: only then fields have to be read out of objects.
    n_by_field: AtomicUsize,
}

#[derive(Debug)]
struct Slot {
    bucket: Arc<Bucket>,
    n_subscriptions: usize,
}

#[derive(Debug)]
struct Bucket {
    changed: watch::Sender<u64>,
    recent: Mutex<Recent>,
}

#[derive(Debug, Default)]
struct Recent {
    /// Every change after this that concerned the bucket is in `revisions`.
    known_after: u64,
    /// The last change that was in `revisions` and is no more.
    gone: u64,
    revisions: VecDeque<u64>,
}

/// A watcher's place at a bucket.
#[derive(Debug)]
pub struct Subscription {
    interests: Arc<Interests>,
    interest: Interest,
    bucket: Arc<Bucket>,
    changed: watch::Receiver<u64>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Interests {
    /// A place at a bucket. `revision` tells up to where changes are in the ring; it is asked when the bucket is there,
    /// so that whatever comes later is put into it.
    pub(super) fn subscribe(
        self: &Arc<Self>,
        interest: Interest,
        revision: impl FnOnce() -> u64,
    ) -> Subscription {
        let (bucket, is_new) = {
            let mut buckets = lock(&self.buckets);
            let is_new = !buckets.contains_key(&interest);
            let slot = buckets.entry(interest.clone()).or_insert_with(|| {
                // Until it is known from where on it knows everything, it knows nothing.
                let recent = Recent { known_after: u64::MAX, ..Recent::default() };
                let bucket = Bucket { changed: watch::Sender::new(0), recent: Mutex::new(recent) };
                Slot { bucket: Arc::new(bucket), n_subscriptions: 0 }
            });
            slot.n_subscriptions += 1;
            if is_new && matches!(interest, Interest::Field(..)) {
                self.n_by_field.fetch_add(1, Ordering::SeqCst);
            }
            (Arc::clone(&slot.bucket), is_new)
        };
        if is_new {
            let revision = revision();
            let mut recent = lock(&bucket.recent);
            // Many changes may have come since the revision was asked for.
            recent.known_after = recent.known_after.min(revision).max(recent.gone);
        }
        let changed = bucket.changed.subscribe();
        Subscription { interests: Arc::clone(self), interest, bucket, changed }
    }

    /// Wakes whom changes concern; they are in the ring already.
    pub(super) fn tell(&self, kind: &Kind, prefix_len: usize, changes: &[Arc<Change>]) {
        let buckets = lock(&self.buckets);
        if buckets.is_empty() {
            return;
        }
        let has_fields = self.n_by_field.load(Ordering::SeqCst) > 0;
        let mut told: Vec<Arc<Bucket>> = Vec::new();
        for change in changes {
            let mut tell = |interest: &Interest| {
                let Some(slot) = buckets.get(interest) else { return };
                if slot.bucket.remember(change.revision)
                    && !told.iter().any(|it| Arc::ptr_eq(it, &slot.bucket))
                {
                    told.push(Arc::clone(&slot.bucket));
                }
            };
            tell(&Interest::Everything);
            let objects = [&change.object, &change.previous].into_iter().flatten();
            if let Some(object) = objects.clone().next() {
                let (namespace, name) = object.namespace_and_name(prefix_len);
                if namespace.is_empty() {
                    tell(&Interest::Object(name.to_owned()));
                } else {
                    tell(&Interest::Namespace(namespace.to_owned()));
                    tell(&Interest::Object(format!("{namespace}/{name}")));
                }
            }
            for object in objects.filter(|_| has_fields) {
                let object: &Cached = object;
                for (at, value) in
                    object.fields(kind).iter().enumerate().filter(|(_, value)| !value.is_empty())
                {
                    tell(&Interest::Field(at, value.to_string()));
                }
            }
        }
        drop(buckets);
        let last = changes.last().map_or(0, |change| change.revision);
        for bucket in told {
            bucket.changed.send_replace(last);
        }
    }

    /// Wakes everybody, after the ring began anew.
    pub(super) fn reset(&self, revision: u64) {
        for slot in lock(&self.buckets).values() {
            *lock(&slot.bucket.recent) = Recent { known_after: revision, ..Recent::default() };
            slot.bucket.changed.send_replace(revision);
        }
    }
}

impl Bucket {
    /// Remembers a change; false if it was the last one already.
    fn remember(&self, revision: u64) -> bool {
        let mut recent = lock(&self.recent);
        if recent.revisions.back() == Some(&revision) {
            return false;
        }
        if recent.revisions.len() == N_REMEMBERED_MAX {
            recent.gone = recent.revisions.pop_front().unwrap_or_default();
            recent.known_after = recent.known_after.max(recent.gone);
        }
        recent.revisions.push_back(revision);
        true
    }
}

impl Subscription {
    /// Waits for a change that came after the last [`Subscription::mark_seen`].
    pub async fn changed(&mut self) {
        // The bucket lives as long as this value, so there is always somebody who could send.
        let _ = self.changed.changed().await;
    }

    /// From here on, changes are new.
    pub fn mark_seen(&mut self) {
        self.changed.mark_unchanged();
    }

    /// From where on a watcher at `position` has to read the ring; `None` if there is nothing for it.
    pub fn begin(&self, position: u64) -> Option<u64> {
        let recent = lock(&self.bucket.recent);
        if position < recent.known_after {
            return Some(position);
        }
        let next = recent.revisions.iter().find(|revision| **revision > position)?;
        Some(next - 1)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut buckets = lock(&self.interests.buckets);
        let Some(slot) = buckets.get_mut(&self.interest) else { return };
        slot.n_subscriptions -= 1;
        if slot.n_subscriptions == 0 {
            buckets.remove(&self.interest);
            if matches!(self.interest, Interest::Field(..)) {
                self.interests.n_by_field.fetch_sub(1, Ordering::SeqCst);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use apimachinery::selectors::fields;
    use bytes::Bytes;
    use store::{Entry, Revision};

    use super::*;

    const PREFIX: &str = "/registry/pods/";

    fn pod_kind() -> &'static Kind {
        let mut kinds = resources::kinds::all().iter();
        kinds.find(|kind| kind.kind == "Pod" && kind.group.is_empty()).expect("pods")
    }

    fn interest(namespace: &str, fields: &str) -> Interest {
        let fields = fields::parse(fields).expect(fields);
        Interest::of(&Selection { namespace: namespace.into(), fields, ..Selection::default() }, pod_kind())
    }

    fn pod(path: &str, node: &str, revision: u64) -> Arc<Cached> {
        let value =
            format!(r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{}},"spec":{{"nodeName":"{node}"}}}}"#);
        let (created, modified) = (Revision(revision), Revision(revision));
        let key = Bytes::from(format!("{PREFIX}{path}"));
        Arc::new(Cached::new(&Entry { key, value: value.into(), created, modified }))
    }

    fn tell(interests: &Interests, revision: u64, now: Option<(&str, &str)>, before: Option<(&str, &str)>) {
        let object = |it: Option<(&str, &str)>| it.map(|(path, node)| pod(path, node, revision));
        let change = Arc::new(Change::new(revision, object(now), object(before)));
        interests.tell(pod_kind(), PREFIX.len(), &[change]);
    }

    #[test]
    fn selections_are_for_a_node_an_object_a_namespace_or_everything() {
        assert_eq!(interest("", ""), Interest::Everything);
        assert_eq!(interest("a", ""), Interest::Namespace("a".into()));
        assert_eq!(interest("a", "metadata.name=x"), Interest::Object("a/x".into()));
        assert_eq!(interest("", "metadata.name=x"), Interest::Everything);
        assert_eq!(interest("a", "metadata.name!=x"), Interest::Namespace("a".into()));
        assert!(matches!(interest("a", "spec.nodeName=n"), Interest::Field(_, node) if node == "n"));
        assert_eq!(interest("", "spec.nodeName="), Interest::Everything);
    }

    #[test]
    fn only_those_concerned_are_woken() {
        let interests = Arc::new(Interests::default());
        let mut all: Vec<(&str, Subscription)> = [
            ("everything", interest("", "")),
            ("namespace", interest("a", "")),
            ("object", interest("a", "metadata.name=x")),
            ("node", interest("", "spec.nodeName=n")),
        ]
        .map(|(name, interest)| (name, interests.subscribe(interest, || 5)))
        .into();
        let mut woken = |revision, now, before| -> Vec<&str> {
            all.iter_mut().for_each(|(_, it)| it.mark_seen());
            tell(&interests, revision, now, before);
            let is_woken = |it: &Subscription| it.changed.has_changed().expect("the bucket is there");
            all.iter().filter(|(_, it)| is_woken(it)).map(|(name, _)| *name).collect()
        };
        assert_eq!(woken(6, Some(("b/x", "")), None), ["everything"]);
        assert_eq!(woken(7, Some(("a/y", "")), None), ["everything", "namespace"]);
        assert_eq!(woken(8, Some(("a/x", "")), None), ["everything", "namespace", "object"]);
        assert_eq!(woken(9, Some(("b/x", "n")), Some(("b/x", ""))), ["everything", "node"]);
        assert_eq!(woken(10, None, Some(("b/x", "n"))), ["everything", "node"]);
        drop(all);
        assert!(lock(&interests.buckets).is_empty());
        assert_eq!(interests.n_by_field.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn a_watcher_that_slept_long_begins_where_something_concerned_it() {
        let interests = Arc::new(Interests::default());
        let subscription = interests.subscribe(interest("a", ""), || 5);
        assert_eq!(subscription.begin(3), Some(3), "what was before the bucket is in the ring only");
        assert_eq!(subscription.begin(5), None);
        tell(&interests, 100, Some(("b/x", "")), None);
        assert_eq!(subscription.begin(5), None);
        tell(&interests, 200, Some(("a/x", "")), None);
        assert_eq!(subscription.begin(5), Some(199));
        assert_eq!(subscription.begin(200), None);
        for revision in 201..=200 + N_REMEMBERED_MAX as u64 {
            tell(&interests, revision, Some(("a/x", "")), None);
        }
        assert_eq!(subscription.begin(150), Some(150), "too far behind for the bucket");
        assert_eq!(subscription.begin(200), Some(200));
        interests.reset(1_000);
        assert_eq!(subscription.begin(264), Some(264));
        assert_eq!(subscription.begin(1_000), None);
    }

    #[test]
    fn changes_that_come_while_a_bucket_is_made_are_not_lost() {
        let interests = Arc::new(Interests::default());
        let last = 5 + N_REMEMBERED_MAX as u64 + 3;
        let subscription = interests.subscribe(interest("a", ""), || {
            (6..=last).for_each(|revision| tell(&interests, revision, Some(("a/x", "")), None));
            5
        });
        assert_eq!(subscription.begin(5), Some(5), "6 is in the ring only");
        assert_eq!(subscription.begin(last - 1), Some(last - 1));
        assert_eq!(subscription.begin(last), None);
    }
}
