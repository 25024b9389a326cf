//! A source against a server that says what the test says.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt as _;

use super::*;
use crate::transport::{Answering, Transport};

/// What the server does about one request.
enum Answer {
    /// These lines, and then the end.
    Lines(Vec<String>),
    /// These lines, and then nothing more.
    OpenLines(Vec<String>),
    /// A Status.
    Refuse(u16, &'static str),
    /// A document.
    Document(String),
}

#[derive(Clone, Default)]
struct Server {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn answering(answers: impl IntoIterator<Item = Answer>) -> Server {
        Server { answers: Arc::new(Mutex::new(answers.into_iter().collect())), ..Server::default() }
    }

    fn connection(&self) -> Connection {
        Connection::over(self.clone(), "test", "test")
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("not poisoned").clone()
    }

    /// What a source tells of pods, as short words, until `n` have been told.
    async fn told(&self, n: usize) -> Vec<String> {
        let source = Source::new(self.connection(), Resource::of(Kind::Pod), "", Settings::default(), 7);
        let (sender, mut receiver) = mpsc::channel(64);
        let running = tokio::spawn(source.run(sender));
        let mut told = Vec::new();
        while told.len() < n {
            told.push(match receiver.recv().await.expect("a source runs for ever").1 {
                Told::Upsert(object) => format!("+{} {}", object.meta().name, object.meta().uid),
                Told::Delete(object) => format!("-{} {}", object.meta().name, object.meta().uid),
                Told::Synced => "synced".to_owned(),
                Told::Trouble(error) => format!("trouble: {error}"),
            });
        }
        drop(receiver);
        running.await.expect("it ends when nobody listens");
        told
    }
}

impl Transport for Server {
    fn send(&self, request: Request<Bytes>) -> Answering<'_> {
        self.asked.lock().expect("not poisoned").push(request.uri().to_string());
        let answer = self.answers.lock().expect("not poisoned").pop_front();
        // With nothing more to say, the watch stays open.
        let answer = answer.unwrap_or_else(|| Answer::OpenLines(Vec::new()));
        Box::pin(async move { Ok(answer.response().map(|body| body.map_err(Into::into).boxed_unsync())) })
    }
}

impl Answer {
    fn response(self) -> Response<Said> {
        let (code, text, stays_open) = match self {
            Answer::Lines(lines) => (200, lines.concat(), false),
            Answer::OpenLines(lines) => (200, lines.concat(), true),
            Answer::Refuse(code, reason) => {
                let status =
                    format!(r#"{{"kind":"Status","code":{code},"reason":"{reason}","message":"{reason}!"}}"#);
                (code, status, false)
            }
            Answer::Document(text) => (200, text, false),
        };
        Response::builder().status(code).body(Said { text: Some(text), stays_open }).expect("a response")
    }
}

/// A body that says something, and then ends or does not.
struct Said {
    text: Option<String>,
    stays_open: bool,
}

impl http_body::Body for Said {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        match self.text.take() {
            Some(text) => Poll::Ready(Some(Ok(http_body::Frame::data(text.into())))),
            None if self.stays_open => Poll::Pending,
            None => Poll::Ready(None),
        }
    }
}

fn pod(name: &str, uid: &str, revision: u64) -> String {
    format!(
        r#"{{"kind":"Pod","apiVersion":"v1","metadata":{{"name":"{name}","namespace":"default","uid":"{uid}","resourceVersion":"{revision}"}}}}"#
    )
}

fn event(kind: &str, object: &str) -> String {
    format!("{{\"type\":\"{kind}\",\"object\":{object}}}\n")
}

fn bookmark(revision: u64, ends: bool) -> String {
    let annotations = if ends { r#","annotations":{"k8s.io/initial-events-end":"true"}"# } else { "" };
    event(
        "BOOKMARK",
        &format!(
            r#"{{"kind":"Pod","apiVersion":"v1","metadata":{{"resourceVersion":"{revision}"{annotations}}}}}"#
        ),
    )
}

fn expired() -> String {
    event("ERROR", r#"{"kind":"Status","code":410,"reason":"Expired","message":"too old"}"#)
}

#[tokio::test(start_paused = true)]
async fn goes_on_where_the_stream_ended() {
    let server = Server::answering([
        Answer::Lines(vec![
            event("ADDED", &pod("a", "1", 3)),
            event("ADDED", &pod("b", "2", 4)),
            bookmark(9, true),
            event("MODIFIED", &pod("a", "1", 10)),
            event("DELETED", &pod("b", "2", 11)),
            bookmark(15, false),
        ]),
        Answer::Lines(vec![event("ADDED", &pod("c", "3", 16))]),
    ]);
    assert_eq!(server.told(6).await, ["+a 1", "+b 2", "synced", "+a 1", "-b 2", "+c 3"]);
    let asked = server.asked();
    assert!(asked[0].contains("sendInitialEvents=true&resourceVersionMatch=NotOlderThan"), "{asked:?}");
    assert!(asked[1].contains("&resourceVersion=15") && !asked[1].contains("sendInitialEvents"), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn lists_where_the_server_cannot_stream() {
    let list = |items: &str, token: &str| {
        Answer::Document(format!(
            r#"{{"kind":"PodList","metadata":{{"resourceVersion":"20","continue":"{token}"}},"items":[{items}]}}"#
        ))
    };
    let server = Server::answering([
        Answer::Refuse(422, "Invalid"),
        list(&pod("a", "1", 3), "a/b="),
        list(&pod("b", "2", 4), ""),
        Answer::Lines(vec![event("MODIFIED", &pod("b", "2", 21))]),
    ]);
    assert_eq!(server.told(4).await, ["+a 1", "+b 2", "synced", "+b 2"]);
    let asked = server.asked();
    assert!(asked[1].ends_with("/pods?&limit=500"), "{asked:?}");
    assert!(asked[2].ends_with("&continue=a%2Fb%3D"), "{asked:?}");
    assert!(asked[3].contains("&resourceVersion=20"), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn tells_what_has_gone_while_the_server_forgot() {
    let server = Server::answering([
        Answer::Lines(vec![
            event("ADDED", &pod("a", "1", 1)),
            event("ADDED", &pod("b", "2", 2)),
            event("ADDED", &pod("c", "3", 3)),
            bookmark(3, true),
            expired(),
        ]),
        // a is another one now, b is as it was, c is gone.
        Answer::OpenLines(vec![
            event("ADDED", &pod("a", "4", 50)),
            event("ADDED", &pod("b", "2", 2)),
            bookmark(60, true),
        ]),
    ]);
    let told = server.told(8).await;
    assert_eq!(told, ["+a 1", "+b 2", "+c 3", "synced", "-a 1", "+a 4", "+b 2", "-c 3"]);
}

#[tokio::test(start_paused = true)]
async fn a_beginning_that_was_cut_off_begins_anew() {
    let server = Server::answering([
        Answer::Lines(vec![event("ADDED", &pod("a", "1", 1)), event("ADDED", &pod("b", "2", 2))]),
        Answer::OpenLines(vec![event("ADDED", &pod("b", "2", 2)), bookmark(3, true)]),
    ]);
    assert_eq!(server.told(5).await, ["+a 1", "+b 2", "+b 2", "-a 1", "synced"]);
}

#[tokio::test(start_paused = true)]
async fn waits_longer_after_each_failure() {
    let refusals = (0..4).map(|_| Answer::Refuse(500, "InternalError"));
    let server = Server::answering(refusals.chain([Answer::OpenLines(vec![bookmark(1, true)])]));
    let begin = tokio::time::Instant::now();
    let told = server.told(5).await;
    assert_eq!(told[0], "trouble: InternalError!");
    assert_eq!(told[4], "synced");
    // 0.8 + 1.6 + 3.2 + 6.4 seconds, and at most twice that.
    let waited = begin.elapsed().as_secs_f64();
    assert!((12.0..24.0).contains(&waited), "{waited}");
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_is_given_up() {
    let server = Server::answering([
        Answer::OpenLines(vec![event("ADDED", &pod("a", "1", 1)), bookmark(5, true)]),
        Answer::OpenLines(vec![event("DELETED", &pod("a", "1", 6))]),
    ]);
    assert_eq!(server.told(3).await, ["+a 1", "synced", "-a 1"]);
    assert!(server.asked()[1].contains("&resourceVersion=5"));
}

#[tokio::test(start_paused = true)]
async fn nonsense_is_trouble_and_not_the_end() {
    let server = Server::answering([
        Answer::Lines(vec!["{\"type\":\"ADDED\"\n".to_owned()]),
        Answer::Lines(vec![event("RENAMED", &pod("a", "1", 1))]),
        Answer::OpenLines(vec![bookmark(1, true)]),
    ]);
    let told = server.told(3).await;
    assert!(
        told[0].starts_with("trouble: watching pods: the answer of the API server is not understood"),
        "{told:?}"
    );
    assert!(told[1].contains("no event of type \"RENAMED\""), "{told:?}");
    assert_eq!(told[2], "synced");
}
