//! What somebody may ask.

use std::time::Duration;

use client::{Connection, Error};
use serde_json::{Map, Value, json};

use crate::User;
use crate::cache::Cache;
use crate::review::review;

/// How often the API server is asked, and how often at once; as upstream.
const QPS: f64 = 200.0;
const BURST: u32 = 400;

/// Questions longer than this are not remembered.
const KEY_BYTES_MAX: usize = 10_000;

/// Members may do everything, also if nobody can be asked.
const MASTERS: &str = "system:masters";

/// How long answers are remembered, and what nobody is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `--authorization-always-allow-paths`
    pub always_allow_paths: Vec<String>,
    /// `--authorization-webhook-cache-authorized-ttl`
    pub authorized_ttl: Duration,
    /// `--authorization-webhook-cache-unauthorized-ttl`
    pub unauthorized_ttl: Duration,
}

/// A path that is always allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Path {
    Exact(String),
    Prefix(String),
}

impl Path {
    /// Reads `/healthz` or `/public/*`. The slash at the beginning does not matter.
    fn parse(text: &str) -> Result<Path, String> {
        let path = text.strip_prefix('/').unwrap_or(text);
        match path.strip_suffix('*') {
            Some(prefix) if !prefix.contains('*') => Ok(Path::Prefix(prefix.to_owned())),
            None if !path.contains('*') => Ok(Path::Exact(path.to_owned())),
            _ => Err(format!("only trailing * allowed in {text:?}")),
        }
    }

    fn allows(&self, path: &str) -> bool {
        let path = path.strip_prefix('/').unwrap_or(path);
        match self {
            Path::Exact(own) => own == path,
            Path::Prefix(own) => path.starts_with(own.as_str()),
        }
    }
}

/// Decides what users may ask.
pub struct Authorization {
    connection: Option<Connection>,
    paths: Vec<Path>,
    settings: Settings,
    answers: Cache<String, bool>,
}

impl Authorization {
    /// Asks over `connection`; without one, what is not always allowed is forbidden.
    ///
    /// # Errors
    /// What is wrong with a path.
    pub fn new(connection: Option<Connection>, settings: Settings) -> Result<Authorization, String> {
        let paths: Result<Vec<Path>, String> =
            settings.always_allow_paths.iter().map(|path| Path::parse(path)).collect();
        let connection = connection.map(|connection| connection.limited(QPS, BURST));
        Ok(Authorization { connection, paths: paths?, settings, answers: Cache::new() })
    }

    /// Whether a user may do this.
    ///
    /// # Errors
    /// Why nobody knows.
    pub async fn authorize(&self, user: &User, verb: &str, path: &str) -> Result<bool, Error> {
        if user.groups.iter().any(|group| group == MASTERS) {
            return Ok(true);
        }
        if self.paths.iter().any(|allowed| allowed.allows(path)) {
            return Ok(true);
        }
        let Some(connection) = &self.connection else { return Ok(false) };
        let spec = question(user, verb, path);
        let key = spec.to_string();
        if let Some(known) = self.answers.get(&key) {
            return Ok(known);
        }
        let body = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "metadata": {}, "spec": spec,
        });
        let reviews = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
        let status = review(connection, reviews, &body, "reviewing access").await?;
        let is_allowed = status["allowed"] == true && status["denied"] != true;
        if key.len() < KEY_BYTES_MAX {
            let ttl = if is_allowed { self.settings.authorized_ttl } else { self.settings.unauthorized_ttl };
            self.answers.put(key, is_allowed, ttl);
        }
        Ok(is_allowed)
    }
}

fn question(user: &User, verb: &str, path: &str) -> Value {
    let extra: Map<String, Value> =
        user.extra.iter().map(|(key, values)| (key.clone(), values.clone().into())).collect();
    json!({
        "user": user.name,
        "uid": user.uid,
        "groups": user.groups,
        "extra": extra,
        "nonResourceAttributes": { "path": path, "verb": verb },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_exact_or_end_in_a_star() {
        for (pattern, path, expected) in [
            ("/healthz", "/healthz", true),
            ("healthz", "/healthz", true),
            ("/healthz", "/healthz/ping", false),
            ("/healthz/*", "/healthz/ping", true),
            ("/healthz/*", "/healthz", false),
            ("*", "/anything", true),
        ] {
            assert_eq!(Path::parse(pattern).unwrap().allows(path), expected, "{pattern} {path}");
        }
        assert_eq!(Path::parse("/a*b").unwrap_err(), "only trailing * allowed in \"/a*b\"");
        assert!(Path::parse("/a**").is_err());
    }
}
