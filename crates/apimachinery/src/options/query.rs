//! Query parameters.

use super::bad_request;
use crate::go;
use crate::status::Status;

/// The parameters of a query, unescaped, in their order. Of a parameter that has one value, the first counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Query<'q>(pub &'q [(String, String)]);

impl<'q> Query<'q> {
    /// The first value of a parameter.
    pub fn get(self, name: &str) -> Option<&'q str> {
        self.all(name).next()
    }

    /// All values of a parameter.
    pub fn all(self, name: &str) -> impl Iterator<Item = &'q str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A text; empty where it is not given.
    pub fn text(self, name: &str) -> String {
        self.get(name).unwrap_or_default().to_owned()
    }

    /// A boolean: `false` and `0` are false, whatever else is given is true, the empty text too.
    pub fn boolean(self, name: &str) -> Option<bool> {
        self.get(name).map(go::parse_bool)
    }

    /// An integer. Fails with a bad request where it is none.
    pub fn integer(self, name: &str) -> Result<Option<i64>, Box<Status>> {
        self.get(name).map(go::parse_i64).transpose().map_err(bad_request)
    }
}
