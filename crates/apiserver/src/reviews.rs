//! Resources that are questions: they are answered, not stored.

use apimachinery::Status;
use serde_json::Value;

use crate::authorization::Authorized;
use crate::registry::Target;
use crate::server::Server;

/// Answers questions.
#[derive(Debug, Default)]
pub struct Reviews;

impl Reviews {
    /// The question with its answer.
    ///
    /// # Errors
    /// What is wrong with the question.
    pub fn answer(
        &self,
        _: &Server,
        _: &Authorized,
        target: &Target,
        _: Value,
    ) -> Result<Value, Box<Status>> {
        let kind = target.kind().kind;
        Err(Box::new(Status::service_unavailable(format!("{kind} is not answered by this server yet"))))
    }
}
