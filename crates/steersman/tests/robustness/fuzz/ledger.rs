//! Writers that remember what was acknowledged.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base::Stream;
use serde_json::{Value, json};

use crate::client::{Client, Connection};

const NAMESPACE: &str = "/api/v1/namespaces/ledger";
const SHARED: &str = "/api/v1/namespaces/ledger/configmaps/shared";

/// What is known of one object of a writer's own.
#[derive(Clone, Debug, PartialEq)]
enum Known {
    /// It is there with this value, or with one of the later ones, whose writes were not answered.
    There(Vec<String>),
    /// It is gone.
    Gone,
    /// It is gone or there with one of these: a write of unknown fate.
    Either(Vec<String>),
}

/// A writer and what was acknowledged to it.
pub(crate) struct Ledger {
    random: Stream,
    writer: usize,
    n_writes: usize,
    n_acknowledged: usize,
    own: BTreeMap<String, Known>,
    /// Keys that were added to the object that all share.
    added: Vec<String>,
    /// Additions of unknown fate.
    perhaps_added: Vec<String>,
    /// How often this writer has counted up the shared counter, and how often perhaps.
    n_counted: u64,
    n_perhaps_counted: u64,
}

impl Ledger {
    pub(crate) async fn new(client: &Client, writer: usize, seed: u64) -> Ledger {
        client.ask("POST", "/api/v1/namespaces", r#"{"metadata":{"name":"ledger"}}"#).await;
        let shared = r#"{"metadata":{"name":"shared"},"data":{"n":"0"}}"#;
        client.ask("POST", &format!("{NAMESPACE}/configmaps"), shared).await;
        Ledger {
            random: Stream::new(seed * 100 + writer as u64, "ledger"),
            writer,
            n_writes: 0,
            n_acknowledged: 0,
            own: BTreeMap::new(),
            added: Vec::new(),
            perhaps_added: Vec::new(),
            n_counted: 0,
            n_perhaps_counted: 0,
        }
    }

    pub(crate) fn n_acknowledged(&self) -> usize {
        self.n_acknowledged
    }

    pub(crate) fn n_counted(&self) -> (u64, u64) {
        (self.n_counted, self.n_counted + self.n_perhaps_counted)
    }

    /// Writes until it is told to end.
    pub(crate) async fn write_until(mut self, client: Client, is_over: Arc<AtomicBool>) -> Ledger {
        let mut connection: Option<Connection> = None;
        while !is_over.load(Ordering::Relaxed) {
            let Some(open) = connection.as_mut().filter(|open| open.is_open()) else {
                connection = client.connect().await.ok();
                if connection.is_none() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                continue;
            };
            self.n_writes += 1;
            match self.random.below(4) {
                0 => self.add(open).await,
                1 => self.count(open).await,
                _ => self.write_own(open).await,
            }
        }
        self
    }

    async fn add(&mut self, connection: &mut Connection) {
        // One object must not grow for ever.
        if self.added.len() > 3_000 {
            return;
        }
        let key = format!("w{}-{}", self.writer, self.n_writes);
        let patch = json!({"data": {&key: "x"}}).to_string();
        match connection.ask("PATCH", SHARED, &patch).await {
            Ok(answer) if answer.status == 200 => {
                self.n_acknowledged += 1;
                self.added.push(key);
            }
            Ok(answer) => panic!("{}", answer.text()),
            Err(_) => self.perhaps_added.push(key),
        }
    }

    async fn count(&mut self, connection: &mut Connection) {
        let Ok(found) = connection.ask("GET", SHARED, "").await else { return };
        let mut object = found.json();
        let n: u64 = object["data"]["n"].as_str().unwrap().parse().unwrap();
        object["data"]["n"] = (n + 1).to_string().into();
        match connection.ask("PUT", SHARED, &object.to_string()).await {
            Ok(answer) if answer.status == 200 => {
                self.n_acknowledged += 1;
                self.n_counted += 1;
            }
            Ok(answer) => assert_eq!(answer.status, 409, "{}", answer.text()),
            Err(_) => self.n_perhaps_counted += 1,
        }
    }

    async fn write_own(&mut self, connection: &mut Connection) {
        let name = format!("own-{}-{}", self.writer, self.random.below(20));
        let value = self.n_writes.to_string();
        let path = format!("{NAMESPACE}/configmaps/{name}");
        let known = self.own.get(&name).cloned().unwrap_or(Known::Gone);
        let object = json!({"metadata": {"name": name}, "data": {"v": value}}).to_string();
        let is_delete = self.random.below(3) == 0;
        let answer = match &known {
            Known::Gone => connection.ask("POST", &format!("{NAMESPACE}/configmaps"), &object).await,
            _ if is_delete => connection.ask("DELETE", &path, "").await,
            _ => connection.ask("PUT", &path, &object).await,
        };
        let is_create = known == Known::Gone;
        let values = match known {
            Known::Gone => Vec::new(),
            Known::There(values) | Known::Either(values) => values,
        };
        let next = match answer {
            Ok(answer) => {
                let is_unsure = matches!(self.own.get(&name), Some(Known::Either(_)));
                match answer.status {
                    200 | 201 if is_delete && !is_create => Known::Gone,
                    200 | 201 => Known::There(vec![value]),
                    404 if is_unsure => Known::Gone,
                    status => panic!(
                        "{status} for {name}, of which {:?} is known: {}",
                        self.own.get(&name),
                        answer.text()
                    ),
                }
            }
            Err(_) if is_create => Known::Either(vec![value]),
            Err(_) if is_delete => Known::Either(values),
            Err(_) => match self.own.get(&name) {
                Some(Known::There(_)) => Known::There(values.into_iter().chain([value]).collect()),
                _ => Known::Either(values.into_iter().chain([value]).collect()),
            },
        };
        if matches!(next, Known::Gone) || matches!(&next, Known::There(values) if values.len() == 1) {
            self.n_acknowledged += 1;
        }
        self.own.insert(name, next);
    }

    /// Compares what is there with what was acknowledged.
    pub(crate) async fn check(&self, client: &Client) {
        let list = client.get(&format!("{NAMESPACE}/configmaps")).await.json();
        let values: BTreeMap<&str, &str> = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|item| Some((item["metadata"]["name"].as_str()?, item["data"]["v"].as_str()?)))
            .collect();
        for (name, known) in &self.own {
            let found = values.get(name.as_str()).map(|value| (*value).to_owned());
            let is_right = match (known, &found) {
                (Known::Gone | Known::Either(_), None) => true,
                (Known::There(values) | Known::Either(values), Some(found)) => values.contains(found),
                _ => false,
            };
            assert!(is_right, "{name}: {known:?} was acknowledged, {found:?} is there");
        }
        let prefix = format!("own-{}-", self.writer);
        let invented = values.keys().find(|name| name.starts_with(&prefix) && !self.own.contains_key(**name));
        assert_eq!(invented, None, "nobody wrote that");
        let shared = client.get(SHARED).await.json();
        for key in &self.added {
            assert_eq!(shared["data"][key], Value::from("x"), "{key} was acknowledged");
        }
    }
}

/// The shared counter stands where the acknowledged writes have brought it.
pub(crate) async fn check_shared(client: &Client, ledgers: &[Ledger]) {
    let (least, most) = ledgers.iter().map(Ledger::n_counted).fold((0, 0), |(a, b), (c, d)| (a + c, b + d));
    let shared = client.get(SHARED).await.json();
    let n: u64 = shared["data"]["n"].as_str().unwrap().parse().unwrap();
    assert!((least..=most).contains(&n), "{n} is not between {least} and {most}");
    let n_added: usize = ledgers.iter().map(|ledger| ledger.added.len()).sum();
    let n_perhaps: usize = ledgers.iter().map(|ledger| ledger.perhaps_added.len()).sum();
    let n_there = shared["data"].as_object().unwrap().len() - 1;
    assert!((n_added..=n_added + n_perhaps).contains(&n_there), "{n_there} keys, {n_added} acknowledged");
}
