//! The informers' double: tells the scheduler what exists, late, but for each object in order.

use std::collections::BTreeMap;

use base::Now;
use wire::Object;

use super::api_server::Notice;
use super::delays::Delayed;
use crate::testing::truth::{Key, Truth, key_of};

/// Notices that are under way, and what has been told.
#[derive(Default)]
pub(super) struct Informer {
    under_way: Delayed<Notice>,
    last_due: BTreeMap<Key, Now>,
    /// What the scheduler has been told.
    pub(super) told: BTreeMap<Key, Object>,
}

impl Informer {
    /// Sends a notice that arrives at `due`, or when earlier ones about its object have arrived.
    pub(super) fn send(&mut self, due: Now, notice: Notice) {
        let last = self.last_due.entry(key_of(notice.object())).or_insert(due);
        *last = due.max(*last);
        self.under_way.send(*last, notice);
    }

    /// When the next notice arrives.
    pub(super) fn next_due(&self) -> Option<Now> {
        self.under_way.next_due()
    }

    /// Takes the notice that arrives next.
    pub(super) fn receive(&mut self) -> Option<Notice> {
        let notice = self.under_way.receive()?;
        self.remember(&notice);
        Some(notice)
    }

    /// The watches broke: what was under way is lost, and what is different now is told at once.
    pub(super) fn relist(&mut self, truth: &Truth) -> Vec<Notice> {
        self.under_way = Delayed::default();
        self.last_due.clear();
        let is_same = |a: &Object, b: &Object| a.meta().uid == b.meta().uid;
        let gone = self.told.iter().filter(|(key, old)| !truth.get(key).is_some_and(|new| is_same(old, new)));
        let mut notices: Vec<Notice> = gone.map(|(_, object)| Notice::Gone(object.clone())).collect();
        let changed = truth.objects().filter(|object| {
            let known = self.told.get(&key_of(object));
            known.is_none_or(|known| known.meta().resource_version != object.meta().resource_version)
        });
        notices.extend(changed.cloned().map(Notice::Put));
        for notice in &notices {
            self.remember(notice);
        }
        notices
    }

    /// Another scheduler is to be told, which knows nothing.
    pub(super) fn forget(&mut self) {
        self.told.clear();
    }

    fn remember(&mut self, notice: &Notice) {
        let key = key_of(notice.object());
        match notice {
            Notice::Put(object) => self.told.insert(key, object.clone()),
            Notice::Gone(_) => self.told.remove(&key),
        };
    }
}

#[test]
fn notices_of_one_object_arrive_in_order_and_a_list_tells_what_was_missed() {
    let pod = |name: &str, uid: &str, version: &str| {
        let mut pod = crate::testing::pod(name, &serde_json::json!({}), &serde_json::json!({}));
        pod.meta_mut().uid = uid.into();
        pod.meta_mut().resource_version = version.into();
        pod
    };
    let at = Now::from_nanos;
    let mut informer = Informer::default();
    informer.send(at(9), Notice::Put(pod("a", "a", "1")));
    informer.send(at(2), Notice::Put(pod("a", "a", "2")));
    informer.send(at(5), Notice::Put(pod("b", "b", "3")));
    let mut names = std::iter::from_fn(|| {
        let due = informer.next_due()?;
        informer.receive().map(|notice| (due.as_nanos(), notice.object().meta().resource_version.clone()))
    });
    assert_eq!(names.by_ref().collect::<Vec<_>>(), [(5, "3".into()), (9, "1".into()), (9, "2".into())]);
    let mut truth = Truth::default();
    truth.put(pod("b", "another b", ""));
    informer.send(at(10), Notice::Put(pod("never arrives", "n", "4")));
    let told: Vec<(bool, String)> = informer
        .relist(&truth)
        .iter()
        .map(|notice| (matches!(notice, Notice::Gone(_)), notice.object().meta().uid.clone()))
        .collect();
    assert_eq!(told, [(true, "a".into()), (true, "b".into()), (false, "another b".into())]);
    assert!(informer.next_due().is_none());
}
