//! The API server's double: answers as the test says, and remembers what it was asked.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use client::{Answering, BoxError, Connection, Transport};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};

/// What was asked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: Value,
}

/// What is answered.
pub(crate) enum Reply {
    /// 200 with this body.
    Ok(Value),
    /// A Status with this code and reason.
    Refused(u16, &'static str),
    /// The connection breaks.
    Broken,
    /// Nothing, ever.
    Silence,
}

type Answer = dyn FnMut(&Asked) -> Reply + Send;

#[derive(Clone)]
pub(crate) struct Double {
    answer: Arc<Mutex<Box<Answer>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Double {
    /// A server that answers so.
    pub(crate) fn new(answer: impl FnMut(&Asked) -> Reply + Send + 'static) -> Double {
        Double { answer: Arc::new(Mutex::new(Box::new(answer))), asked: Arc::default() }
    }

    pub(crate) fn connection(&self) -> Connection {
        Connection::over(self.clone(), "the double", "test")
    }

    /// Everything that it was asked.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Methods and last parts of paths, in order.
    pub(crate) fn words(&self) -> Vec<String> {
        let word = |asked: &Asked| {
            let end: Vec<&str> = asked.path.rsplit('/').take(2).collect();
            format!("{} {}/{}", asked.method, end[1], end[0])
        };
        self.asked().iter().map(word).collect()
    }
}

impl Transport for Double {
    fn send(&self, request: Request<Bytes>) -> Answering<'_> {
        let body = serde_json::from_slice(request.body()).unwrap_or(Value::Null);
        let (method, path) = (request.method().to_string(), request.uri().to_string());
        let asked = Asked { method, path, body };
        self.asked.lock().unwrap().push(asked.clone());
        let reply = (self.answer.lock().unwrap())(&asked);
        let full = |code: StatusCode, body: Value| {
            let body = Full::new(Bytes::from(body.to_string())).map_err(BoxError::from).boxed_unsync();
            let mut response = Response::new(body);
            *response.status_mut() = code;
            Ok(response)
        };
        Box::pin(async move {
            match reply {
                Reply::Ok(body) => full(StatusCode::OK, body),
                Reply::Refused(code, reason) => {
                    let message = format!("{reason}, says the double");
                    let status = json!({
                        "kind": "Status", "code": code, "reason": reason, "message": message,
                    });
                    full(StatusCode::from_u16(code).unwrap(), status)
                }
                Reply::Broken => Err("the connection broke".into()),
                Reply::Silence => std::future::pending().await,
            }
        })
    }
}
