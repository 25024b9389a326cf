//! An executor against a server that says what the test says.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use base::Now;
use scheduling::engine::{Command, Condition};
use scheduling::model::PodKey;
use serde_json::json;
use tokio::sync::mpsc;

use super::{Completion, Executor};
use crate::double::{Double, Reply};
use crate::events::Recorder;
use crate::{Clock, Permission};

struct World {
    double: Double,
    executor: Executor,
    permission: Permission,
    completions: mpsc::UnboundedReceiver<Completion>,
}

impl World {
    /// A server that gives these answers and then says yes to everything.
    fn answering(replies: impl IntoIterator<Item = Reply>) -> World {
        let mut replies: VecDeque<Reply> = replies.into_iter().collect();
        World::around(Double::new(move |_| replies.pop_front().unwrap_or(Reply::Ok(json!({})))))
    }

    fn around(double: Double) -> World {
        let (completed, completions) = mpsc::unbounded_channel();
        let permission = Permission::given();
        let clock = Clock::starting_at(Now::default());
        let silent = Double::new(|_| Reply::Silence);
        let recorder = Recorder::start(silent.connection(), "host", clock);
        let executor =
            Executor::new(double.connection(), recorder, permission.clone(), clock, 8, None, completed);
        World { double, executor, permission, completions }
    }

    async fn completed(&mut self) -> String {
        match self.completions.recv().await.unwrap() {
            Completion::Bind { uid, result } => format!("bind {uid}: {result:?}"),
            Completion::Volume { uid, object, result } => format!("write {object} for {uid}: {result:?}"),
            Completion::Evict { preemptor, victim, result } => {
                format!("evict {victim} for {preemptor}: {result:?}")
            }
        }
    }
}

fn key(name: &str) -> PodKey {
    PodKey { namespace: "shop".into(), name: name.into() }
}

fn bind(name: &str, node: &str) -> Command {
    Command::Bind { pod: key(name), uid: name.into(), node: node.into() }
}

fn patch(name: &str, message: &str) -> Command {
    Command::PatchStatus {
        pod: key(name),
        uid: name.into(),
        condition: Some(Condition {
            reason: Condition::UNSCHEDULABLE,
            message: message.to_owned(),
            observed_generation: 1,
            is_transition: true,
        }),
        nominated_node_name: None,
    }
}

fn evict(name: &str) -> Command {
    Command::Evict {
        pod: key(name),
        uid: name.into(),
        preemptor: "big".into(),
        node: "n1".into(),
        message: "default-scheduler: preempting".to_owned(),
        generation: 2,
    }
}

#[tokio::test(start_paused = true)]
async fn a_pod_is_bound_by_its_uid() {
    let mut world = World::answering([]);
    world.executor.begin(bind("web", "n1"));
    assert_eq!(world.completed().await, "bind web: Ok(())");
    let asked = world.double.asked().remove(0);
    assert_eq!(asked.path, "/api/v1/namespaces/shop/pods/web/binding");
    assert_eq!(asked.body["metadata"], json!({"namespace": "shop", "name": "web", "uid": "web"}));
    assert_eq!(asked.body["target"], json!({"kind": "Node", "name": "n1"}));
}

#[tokio::test(start_paused = true)]
async fn a_binding_whose_answer_was_lost_counts_when_the_pod_is_seen_there() {
    let pod =
        |uid: &str, node: &str| Reply::Ok(json!({"metadata": {"uid": uid}, "spec": {"nodeName": node}}));
    for (found, expected) in [
        (pod("web", "n1"), "bind web: Ok(())"),
        (pod("web", "n2"), "bind web: Err(\"Conflict, says the double\")"),
        (pod("other", "n1"), "bind web: Err(\"Conflict, says the double\")"),
        (Reply::Refused(404, "NotFound"), "bind web: Err(\"Conflict, says the double\")"),
    ] {
        let mut world = World::answering([Reply::Broken, Reply::Refused(409, "Conflict"), found]);
        world.executor.begin(bind("web", "n1"));
        assert_eq!(world.completed().await, expected);
        assert_eq!(world.double.words(), ["POST web/binding", "POST web/binding", "GET pods/web"]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_open_is_tried_until_it_is_known() {
    let open = || [Reply::Broken, Reply::Refused(500, ""), Reply::Refused(503, ""), Reply::Refused(429, "")];
    let replies = open().into_iter().chain(open()).chain(open()).chain([Reply::Refused(404, "NotFound")]);
    let mut world = World::answering(replies);
    world.executor.begin(bind("web", "n1"));
    assert_eq!(world.completed().await, "bind web: Err(\"NotFound, says the double\")");
    assert_eq!(world.double.asked().len(), 13);
    assert_eq!(world.executor.n_busy(), 0);
}

#[tokio::test(start_paused = true)]
async fn newer_words_replace_unsent_ones_and_a_binding_all_of_them() {
    // The first patch is under way until the server has thought about it.
    let mut world = World::answering([Reply::Broken]);
    for message in ["first", "second", "third"] {
        world.executor.begin(patch("web", message));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    let said: Vec<_> = world
        .double
        .asked()
        .iter()
        .map(|asked| asked.body["status"]["conditions"][0]["message"].clone())
        .collect();
    assert_eq!(said, ["first", "first", "third"]);
    let mut world_of_binding = World::answering([Reply::Broken]);
    world_of_binding.executor.begin(patch("web", "first"));
    tokio::time::sleep(Duration::from_millis(1)).await;
    world_of_binding.executor.begin(patch("web", "never said"));
    world_of_binding.executor.begin(bind("web", "n1"));
    assert_eq!(world_of_binding.completed().await, "bind web: Ok(())");
    assert_eq!(world_of_binding.double.words(), ["PATCH web/status", "PATCH web/status", "POST web/binding"]);
    assert!(world.completions.try_recv().is_err(), "nobody waits for a status");
}

#[tokio::test(start_paused = true)]
async fn a_victim_hears_why_and_goes() {
    let mut world = World::answering([]);
    world.executor.begin(evict("small"));
    assert_eq!(world.completed().await, "evict small for big: Ok(())");
    let asked = world.double.asked();
    let condition = &asked[0].body["status"]["conditions"][0];
    assert_eq!(
        (&condition["type"], &condition["reason"]),
        (&json!("DisruptionTarget"), &json!("PreemptionByScheduler"))
    );
    assert_eq!(condition["observedGeneration"], 2);
    assert_eq!(asked[1].method, "DELETE");
    assert_eq!(asked[1].body["preconditions"]["uid"], "small");
}

#[tokio::test(start_paused = true)]
async fn a_victim_that_is_gone_has_left_and_one_that_may_not_be_deleted_has_not() {
    for (replies, expected, n_asked) in [
        (vec![Reply::Refused(404, "NotFound")], "evict small for big: Ok(())", 1),
        (
            vec![Reply::Refused(409, "Conflict"), Reply::Refused(409, "Conflict")],
            "evict small for big: Ok(())",
            2,
        ),
        (vec![Reply::Ok(json!({})), Reply::Refused(404, "NotFound")], "evict small for big: Ok(())", 2),
        (
            vec![Reply::Refused(403, "Forbidden")],
            "evict small for big: Err(\"Forbidden, says the double\")",
            1,
        ),
    ] {
        let mut world = World::answering(replies);
        world.executor.begin(evict("small"));
        assert_eq!(world.completed().await, expected);
        assert_eq!(world.double.asked().len(), n_asked);
    }
    let mut world = World::around(Double::new(|_| Reply::Broken));
    world.executor.begin(evict("small"));
    let completed = world.completed().await;
    assert!(completed.contains("Err(") && completed.contains("the connection broke"), "{completed}");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_without_permission() {
    let mut world = World::answering([]);
    world.permission.take();
    world.executor.begin(bind("web", "n1"));
    world.executor.begin(evict("small"));
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.double.asked(), []);
    world.permission.give();
    let mut completed = [world.completed().await, world.completed().await];
    completed.sort();
    assert_eq!(completed, ["bind web: Ok(())", "evict small for big: Ok(())"]);
}

#[tokio::test(start_paused = true)]
async fn only_so_many_requests_are_under_way() {
    let world = World::around(Double::new(|_| Reply::Silence));
    for n in 0..100 {
        world.executor.begin(bind(&format!("web-{n}"), "n1"));
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.double.asked().len(), 8);
    assert_eq!(world.executor.n_busy(), 100);
    let uid: Arc<str> = "web-0".into();
    world.executor.begin(Command::Bind { pod: key("web-0"), uid, node: "n2".into() });
    assert_eq!(world.executor.n_busy(), 100);
}
