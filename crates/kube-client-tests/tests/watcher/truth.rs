//! What happened, what was seen, and whether that is the same.

use std::collections::{BTreeMap, BTreeSet};

use base::Stream;
use serde_json::{Value, json};

use crate::server::Server;

/// How many objects of a kind there are at most.
const N_NAMES: usize = 120;

/// A kind whose objects change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    ConfigMap,
    Pod,
}

impl Kind {
    pub(crate) const ALL: [Kind; 2] = [Kind::ConfigMap, Kind::Pod];

    pub(crate) fn kind(self) -> &'static str {
        match self {
            Kind::ConfigMap => "ConfigMap",
            Kind::Pod => "Pod",
        }
    }

    pub(crate) fn plural(self) -> &'static str {
        match self {
            Kind::ConfigMap => "configmaps",
            Kind::Pod => "pods",
        }
    }

    fn object(self, name: &str, value: &str) -> Value {
        match self {
            Kind::ConfigMap => json!({"metadata": {"name": name}, "data": {"v": value}}),
            Kind::Pod => json!({
                "metadata": {"name": name, "labels": {"v": value}},
                "spec": {"containers": [{"name": "c", "image": "i"}]},
            }),
        }
    }
}

/// Name, revision, value; no value if it was deleted.
type Change = (String, u64, Option<String>);

/// Everything that happened.
pub(crate) struct Truth {
    random: Stream,
    changes: BTreeMap<Kind, Vec<Change>>,
    now: BTreeMap<Kind, BTreeMap<String, (u64, String)>>,
    n: usize,
}

impl Truth {
    pub(crate) fn new(seed: u64) -> Truth {
        Truth { random: Stream::new(seed, "changes"), changes: BTreeMap::new(), now: BTreeMap::new(), n: 0 }
    }

    /// Creates, updates or deletes something.
    pub(crate) async fn change(&mut self, server: &Server, kind: Kind) {
        let name = format!("o{}", self.random.below(N_NAMES));
        let is_there = self.now.entry(kind).or_default().contains_key(&name);
        self.n += 1;
        let value = self.n.to_string();
        let collection = format!("/api/v1/namespaces/default/{}", kind.plural());
        let path = format!("{collection}/{name}");
        if is_there && self.random.below(4) == 0 {
            self.delete(server, kind, name, &path).await;
            return;
        }
        let (status, answer) = if is_there && kind == Kind::ConfigMap {
            server.ask("PUT", &path, &kind.object(&name, &value)).await
        } else if is_there {
            let (_, mut object) = server.ask("GET", &path, &Value::Null).await;
            object["metadata"]["labels"]["v"] = value.as_str().into();
            server.ask("PUT", &path, &object).await
        } else {
            server.ask("POST", &collection, &kind.object(&name, &value)).await
        };
        assert!(matches!(status, 200 | 201), "{answer}");
        let revision = answer["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap();
        self.record(kind, name, revision, Some(value));
    }

    /// Deletes something. Pods are marked first, also those that get no time to end; nobody else writes, so that the
    /// store's revision tells of it.
    async fn delete(&mut self, server: &Server, kind: Kind, name: String, path: &str) {
        let revision = async || store::Store::revision(server.store()).await.unwrap().0;
        let before = revision().await;
        let (status, answer) = server.ask("DELETE", path, &json!({"gracePeriodSeconds": 0})).await;
        assert_eq!(status, 200, "{answer}");
        let after = revision().await;
        if kind == Kind::Pod {
            assert_eq!(after, before + 2, "marked, and deleted");
            let value = self.now[&kind][&name].1.clone();
            self.record(kind, name.clone(), before + 1, Some(value));
        } else {
            assert_eq!(after, before + 1);
        }
        self.record(kind, name, after, None);
    }

    fn record(&mut self, kind: Kind, name: String, revision: u64, value: Option<String>) {
        let now = self.now.entry(kind).or_default();
        match &value {
            Some(value) => drop(now.insert(name.clone(), (revision, value.clone()))),
            None => drop(now.remove(&name)),
        }
        self.changes.entry(kind).or_default().push((name, revision, value));
    }

    /// Lets more happen than the server remembers, and makes the store forget.
    pub(crate) async fn forget(&mut self, server: &Server) {
        let padding = "x".repeat(900_000);
        for i in 0..80 {
            for kind in Kind::ALL {
                let name = format!("large{i}");
                self.n += 1;
                let value = self.n.to_string();
                let mut object = kind.object(&name, &value);
                if kind == Kind::ConfigMap {
                    object["data"]["padding"] = padding.as_str().into();
                } else {
                    object["spec"]["containers"][0]["args"] = json!([padding]);
                }
                let collection = format!("/api/v1/namespaces/default/{}", kind.plural());
                let (status, answer) = server.ask("POST", &collection, &object).await;
                assert_eq!(status, 201, "{answer}");
                let revision = answer["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap();
                self.record(kind, name.clone(), revision, Some(value));
                let path = format!("{collection}/{name}");
                self.delete(server, kind, name, &path).await;
            }
        }
        let revision = store::Store::revision(server.store()).await.unwrap();
        store::Store::compact(server.store(), revision).await.unwrap();
    }

    /// One last change of each kind; gives the least revision of those.
    pub(crate) async fn finish(&mut self, server: &Server) -> u64 {
        let mut least = u64::MAX;
        for kind in Kind::ALL {
            self.n += 1;
            let value = self.n.to_string();
            let collection = format!("/api/v1/namespaces/default/{}", kind.plural());
            let (status, answer) = server.ask("POST", &collection, &kind.object("last", &value)).await;
            assert_eq!(status, 201, "{answer}");
            let revision = answer["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap();
            self.record(kind, "last".to_owned(), revision, Some(value));
            least = least.min(revision);
        }
        least
    }

    /// The state after everything up to a revision.
    fn state_at(&self, kind: Kind, revision: u64) -> BTreeMap<String, (u64, String)> {
        let mut state = BTreeMap::new();
        for (name, at, value) in self.changes[&kind].iter().take_while(|(_, at, _)| *at <= revision) {
            match value {
                Some(value) => drop(state.insert(name.clone(), (*at, value.clone()))),
                None => drop(state.remove(name)),
            }
        }
        state
    }

    /// Whether what was seen is what happened.
    pub(crate) fn compare(&self, kind: Kind, seen: &Seen) {
        let changes = &self.changes[&kind];
        for epoch in &seen.epochs {
            let Some((first, rest)) = epoch.changes.split_first() else {
                let states: BTreeSet<u64> = changes.iter().map(|(_, at, _)| *at).chain([0]).collect();
                let is_a_state = states.iter().any(|at| self.state_at(kind, *at) == epoch.initial);
                assert!(is_a_state || !epoch.is_complete, "{kind:?}: a list that never was");
                continue;
            };
            let at = changes.iter().position(|change| change == first);
            let at = at.unwrap_or_else(|| panic!("{kind:?}: {first:?} never happened"));
            let before = at.checked_sub(1).map_or(0, |before| changes[before].1);
            assert_eq!(epoch.initial, self.state_at(kind, before), "{kind:?}: the list before {first:?}");
            // From there on everything, once, in its order.
            for (seen, happened) in rest.iter().zip(&changes[at + 1..]) {
                assert_eq!(seen, happened, "{kind:?}");
            }
            assert!(epoch.changes.len() <= changes.len() - at, "{kind:?}: more than happened");
        }
        assert_eq!(seen.state, self.now[&kind], "{kind:?}: the end");
    }
}

/// What was seen from one list to the next.
#[derive(Default)]
struct Epoch {
    initial: BTreeMap<String, (u64, String)>,
    is_complete: bool,
    changes: Vec<Change>,
}

/// What a watcher saw.
#[derive(Default)]
pub(crate) struct Seen {
    epochs: Vec<Epoch>,
    state: BTreeMap<String, (u64, String)>,
    failures: Vec<String>,
    last: u64,
}

type Object = (String, u64, String);

impl Seen {
    pub(crate) fn begin(&mut self) {
        self.epochs.push(Epoch::default());
    }

    fn epoch(&mut self) -> &mut Epoch {
        self.epochs.last_mut().expect("a list comes first")
    }

    pub(crate) fn initial(&mut self, (name, revision, value): Object) {
        self.epoch().initial.insert(name, (revision, value));
    }

    pub(crate) fn initial_done(&mut self) {
        self.epoch().is_complete = true;
        self.state = self.epoch().initial.clone();
        let newest = self.state.values().map(|(revision, _)| *revision).max().unwrap_or_default();
        self.last = self.last.max(newest);
    }

    pub(crate) fn applied(&mut self, (name, revision, value): Object) {
        self.last = self.last.max(revision);
        self.state.insert(name.clone(), (revision, value.clone()));
        self.epoch().changes.push((name, revision, Some(value)));
    }

    pub(crate) fn deleted(&mut self, (name, revision, _): Object) {
        self.last = self.last.max(revision);
        self.state.remove(&name);
        self.epoch().changes.push((name, revision, None));
    }

    pub(crate) fn failed(&mut self, error: &str) {
        self.failures.push(error.to_owned());
    }

    /// The newest revision that was seen.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// Whether the last list has been read.
    pub(crate) fn is_up_to_date(&self) -> bool {
        self.epochs.last().is_some_and(|epoch| epoch.is_complete)
    }

    pub(crate) fn n_failures(&self) -> usize {
        self.failures.len()
    }

    pub(crate) fn n_begins(&self) -> usize {
        self.epochs.len()
    }

    pub(crate) fn summary(&self) -> String {
        let n_changes: usize = self.epochs.iter().map(|epoch| epoch.changes.len()).sum();
        let kinds: BTreeSet<&str> = self.failures.iter().map(|text| text.get(..60).unwrap_or(text)).collect();
        format!(
            "{} lists, {n_changes} changes, {} failures: {kinds:?}",
            self.epochs.len(),
            self.failures.len()
        )
    }
}
