//! Asking the API server about somebody.

use std::time::Duration;

use client::{Connection, Error};
use http::{Method, StatusCode};
use serde_json::Value;

/// How long the API server has for its answer, retries included.
const WAIT: Duration = Duration::from_secs(10);

/// How long to wait before the second try, and by how much longer before each further one.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const FACTOR: f64 = 1.5;
const TRIES_MAX: u32 = 5;

/// Posts a review and returns its status.
pub(crate) async fn review(
    connection: &Connection,
    path: &str,
    review: &Value,
    what: &str,
) -> Result<Value, Error> {
    let tries = async {
        let mut wait = FIRST_WAIT;
        for n in 1.. {
            let content = Some(("application/json", review.to_string().into_bytes()));
            match connection.send(Method::POST, path, content, what).await {
                Err(error) if n < TRIES_MAX && may_pass(&error) => tokio::time::sleep(wait).await,
                answer => return answer,
            }
            wait = wait.mul_f64(FACTOR);
        }
        Err(timed_out(connection))
    };
    let answer = tokio::time::timeout(WAIT, tries).await.unwrap_or_else(|_| Err(timed_out(connection)))?;
    let mut object: Value = serde_json::from_slice(&answer)
        .map_err(|error| Error::Misunderstood { what: what.to_owned(), problem: error.to_string() })?;
    Ok(object["status"].take())
}

fn timed_out(connection: &Connection) -> Error {
    Error::Unreachable {
        server: connection.server().to_owned(),
        problem: format!("no answer within {WAIT:?}"),
    }
}

/// Whether another try may have another answer.
fn may_pass(error: &Error) -> bool {
    match error {
        Error::Unreachable { .. } => true,
        Error::Refused(refusal) => {
            refusal.code == StatusCode::TOO_MANY_REQUESTS || refusal.code == StatusCode::INTERNAL_SERVER_ERROR
        }
        Error::Access(_) | Error::Misunderstood { .. } => false,
    }
}
