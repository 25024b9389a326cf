//! Errors of the API, and the `Status` body they are sent as.
//!
//! One constructor per reason says the message, the code and the details that upstream's constructor of that
//! name says. A component that gets a `Status` back looks at [`Status::reason`] and [`Status::code`], never at
//! the message.

mod body;
mod causes;
mod constructors;
mod reason;
#[cfg(test)]
mod tests;

pub use body::success;
pub use causes::Cause;
pub use constructors::OPTIMISTIC_LOCK;
pub use reason::Reason;

/// What a failed request answers. Also an error in the usual sense: it displays as its message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Status {
    /// Why, in one word.
    pub reason: Reason,
    /// The HTTP status code.
    pub code: u16,
    /// Why, for people.
    pub message: String,
    /// What it is about. Some errors have details without any member.
    pub details: Option<Details>,
    /// Continue token of an expired list, with which the rest can still be had.
    pub continue_token: String,
}

/// What an error is about. Empty members are not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// Name of the object.
    pub name: String,
    /// Group of the resource.
    pub group: String,
    /// The resource by its plural, for some reasons the kind.
    pub kind: String,
    /// Uid of the object.
    pub uid: String,
    /// The single mistakes.
    pub causes: Vec<Cause>,
    /// After how many seconds the request may be repeated; 0 where nothing is said.
    pub retry_after_seconds: u32,
}

impl Status {
    /// Value of the `Retry-After` header, in seconds; 0 where there is none.
    pub fn retry_after_seconds(&self) -> u32 {
        self.details.as_ref().map_or(0, |details| details.retry_after_seconds)
    }

    /// The same error with another message.
    #[must_use]
    pub fn with_message(self, message: impl Into<String>) -> Self {
        Self { message: message.into(), ..self }
    }

    /// The same error with a text before its message, as upstream puts where an error came from.
    #[must_use]
    pub fn with_prefix(self, prefix: &str) -> Self {
        Self { message: format!("{prefix}{}", self.message), ..self }
    }

    /// Whether the object is not there.
    pub fn is_not_found(&self) -> bool {
        self.reason == Reason::NotFound
    }

    /// Whether an object of that name is there already.
    pub fn is_already_exists(&self) -> bool {
        self.reason == Reason::AlreadyExists
    }

    /// Whether the object has changed meanwhile.
    pub fn is_conflict(&self) -> bool {
        self.reason == Reason::Conflict
    }
}
