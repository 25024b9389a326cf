//! A way to the API server on which things go wrong.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use base::Stream;
use bytes::Bytes;
use client::{Answer, Answering, BoxError, Connection, Transport};
use http::{Method, Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt as _, Full};
use serde_json::json;

use crate::Site;

/// How often things go wrong, in parts of a hundred.
#[derive(Clone, Copy, Default)]
pub struct Faults {
    /// A request does not arrive.
    pub lost: usize,
    /// A request is carried out, and the answer does not arrive.
    pub unanswered: usize,
    /// The server says that it cannot just now, or that somebody else was faster.
    pub refused: usize,
    /// A request takes a while.
    pub late: usize,
    /// A watch ends after a few words.
    pub broken_watch: usize,
    /// A watch is told that it is too far in the past.
    pub expired_watch: usize,
}

/// What all ways of one world share.
#[derive(Clone)]
pub struct Weather {
    faults: Arc<Mutex<Faults>>,
    dice: Arc<Mutex<Stream>>,
    n_faults: Arc<Mutex<usize>>,
}

impl Weather {
    /// Weather without faults, until [`Weather::set`]. What strikes when is decided by the seed.
    pub fn new(seed: u64) -> Weather {
        let dice = Arc::new(Mutex::new(Stream::new(seed, "weather")));
        Weather { faults: Arc::default(), dice, n_faults: Arc::default() }
    }

    /// Changes how often things go wrong.
    pub fn set(&self, faults: Faults) {
        *self.faults.lock().unwrap() = faults;
    }

    /// How many things have gone wrong.
    pub fn n_faults(&self) -> usize {
        *self.n_faults.lock().unwrap()
    }

    fn below(&self, n: usize) -> usize {
        self.dice.lock().unwrap().below(n)
    }

    fn strikes(&self, part: impl Fn(&Faults) -> usize) -> bool {
        let part = part(&self.faults.lock().unwrap());
        let strikes = self.below(100) < part;
        *self.n_faults.lock().unwrap() += usize::from(strikes);
        strikes
    }
}

/// A client's way to the server: through the weather, or on a clear day.
pub struct Way {
    /// Where the server is.
    pub site: Site,
    /// Who asks.
    pub user: &'static str,
    /// What may happen on the way; without it, nothing does.
    pub weather: Option<Weather>,
    /// How long its requests are worth something.
    pub life: Life,
}

/// The life of a process. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Life(Arc<AtomicBool>);

impl Life {
    /// The process is killed: its connections end, and what has not arrived does not arrive any more.
    pub fn end(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Way {
    /// A client on this way.
    pub fn connection(self) -> Connection {
        let user = self.user;
        Connection::over(self, "the server", user)
    }
}

impl Transport for Way {
    fn send(&self, request: Request<Bytes>) -> Answering<'_> {
        Box::pin(async move {
            let Some(weather) = &self.weather else { return self.site.ask(self.user, request).await };
            let is_watch = request.uri().query().is_some_and(|query| query.contains("watch=true"));
            let is_read = request.method() == Method::GET;
            if weather.strikes(|faults| faults.late) {
                let millis = weather.below(3000) as u64;
                tokio::time::sleep(Duration::from_millis(millis)).await;
            }
            if self.life.is_over() {
                return std::future::pending().await;
            }
            if weather.strikes(|faults| faults.lost) {
                return Err("the request was lost".into());
            }
            if weather.strikes(|faults| faults.refused) {
                let codes = if is_read { &[429, 500, 503][..] } else { &[429, 500, 503, 504, 409] };
                return Ok(refusal(codes[weather.below(codes.len())]));
            }
            let answer = self.site.ask(self.user, request).await?;
            if weather.strikes(|faults| faults.unanswered) {
                return Err("the answer was lost".into());
            }
            if !is_watch {
                return Ok(answer);
            }
            let mut n_left = usize::MAX;
            if weather.strikes(|faults| faults.broken_watch) {
                n_left = weather.below(20);
            }
            let mut last_word = None;
            if weather.strikes(|faults| faults.expired_watch) {
                n_left = weather.below(20);
                let status =
                    json!({"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"});
                last_word = Some(Bytes::from(format!("{}\n", json!({"type": "ERROR", "object": status}))));
            }
            Ok(answer.map(|body| Broken { body, n_left, last_word }.boxed_unsync()))
        })
    }
}

fn refusal(code: u16) -> Response<Answer> {
    let status = json!({
        "kind": "Status", "code": code, "message": "bad weather", "details": {"retryAfterSeconds": 1},
    });
    let body = Full::new(Bytes::from(status.to_string())).map_err(BoxError::from).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(code).unwrap();
    response
}

/// A body that ends early.
struct Broken {
    body: Answer,
    n_left: usize,
    last_word: Option<Bytes>,
}

impl Body for Broken {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.n_left == 0 {
            return Poll::Ready(match self.last_word.take() {
                Some(word) => Some(Ok(Frame::data(word))),
                None => Some(Err("the connection broke".into())),
            });
        }
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if frame.is_ready() {
            self.n_left -= 1;
        }
        frame
    }
}
