//! `/healthz`, `/livez` and `/readyz`.
//!
//! Checks answer at once from what is known; whoever has to ask somebody does so in a loop of its own and leaves the answer
//! where the check sees it. What is wrong is told only to those who ask for one check, because everybody may ask for all of
//! them.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::{HeaderValue, StatusCode, header};

use crate::body::Body;
use crate::serving::Response;

/// The endpoints that a check is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoints {
    /// All three.
    All,
    /// `/livez` and `/healthz`.
    Live,
    /// `/readyz` only.
    Ready,
}

type Run = dyn Fn() -> Result<(), String> + Send + Sync;

/// Is told of an endpoint, a check, and whether it passed.
type Told = dyn Fn(&str, &str, bool) + Send + Sync;

struct Check {
    name: String,
    endpoints: Endpoints,
    run: Box<Run>,
}

/// The checks of a process, in the order in which they are shown.
#[derive(Default)]
pub struct Health {
    checks: Vec<Check>,
    told: Option<Box<Told>>,
}

/// Something that has to be done once before a process is ready. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Hook(Arc<AtomicBool>);

impl Hook {
    /// It is done.
    pub fn done(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it is done.
    pub fn is_done(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Health {
    /// No checks but `ping` and `log`, which cannot fail: who answers lives, and logs are not buffered.
    pub fn new() -> Health {
        let mut health = Health::default();
        health.add("ping", Endpoints::All, || Ok(()));
        health.add("log", Endpoints::All, || Ok(()));
        health
    }

    /// Adds a check. It says what is wrong; it must not wait.
    pub fn add(
        &mut self,
        name: impl Into<String>,
        endpoints: Endpoints,
        run: impl Fn() -> Result<(), String> + Send + Sync + 'static,
    ) {
        self.checks.push(Check { name: name.into(), endpoints, run: Box::new(run) });
    }

    /// Adds a check `poststarthook/NAME` that fails until the hook is done.
    pub fn add_hook(&mut self, name: &str) -> Hook {
        let hook = Hook::default();
        let seen = hook.clone();
        let run = move || if seen.is_done() { Ok(()) } else { Err("not finished".to_owned()) };
        self.add(format!("poststarthook/{name}"), Endpoints::All, run);
        hook
    }

    /// Has something told of every check that is run because somebody asked: endpoint, name, whether it passed.
    pub fn tell(&mut self, told: impl Fn(&str, &str, bool) + Send + Sync + 'static) {
        self.told = Some(Box::new(told));
    }

    fn run(&self, endpoint: &str, check: &Check) -> Result<(), String> {
        let result = (check.run)();
        if let Some(told) = &self.told {
            told(endpoint, &check.name, result.is_ok());
        }
        result
    }

    /// What is wrong at an endpoint (`readyz`), by check. For logs, and for who waits for a start.
    pub fn failures(&self, endpoint: &str) -> Vec<(&str, String)> {
        let failed = |check: &Check| (check.run)().err();
        self.of(endpoint).filter_map(|check| Some((check.name.as_str(), failed(check)?))).collect()
    }

    /// The answer to a path; `None` if the path is none of ours. Of `query` matter `verbose` and `exclude`.
    pub fn answer(&self, path: &str, query: &[(String, String)]) -> Option<Response> {
        let path = path.strip_prefix('/')?;
        let (endpoint, one) =
            path.split_once('/').map_or((path, None), |(endpoint, one)| (endpoint, Some(one)));
        if !matches!(endpoint, "healthz" | "livez" | "readyz") {
            return None;
        }
        Some(match one {
            None => self.answer_all(endpoint, query),
            Some(name) => match self.of(endpoint).find(|check| check.name == name) {
                None => text(StatusCode::NOT_FOUND, "404 page not found\n".to_owned()),
                Some(check) => match self.run(endpoint, check) {
                    Ok(()) => text(StatusCode::OK, "ok".to_owned()),
                    Err(error) => failure(format!("internal server error: {error}")),
                },
            },
        })
    }

    fn answer_all(&self, endpoint: &str, query: &[(String, String)]) -> Response {
        let mut excluded: Vec<&str> = Vec::new();
        for (key, value) in query {
            if key == "exclude" && !excluded.contains(&value.as_str()) {
                excluded.push(value);
            }
        }
        let mut lines = String::new();
        let mut is_failed = false;
        for check in self.of(endpoint) {
            let name = &check.name;
            // Writing to a string cannot fail.
            let _ = if excluded.contains(&name.as_str()) {
                excluded.retain(|excluded| excluded != name);
                writeln!(lines, "[+]{name} excluded: ok")
            } else if self.run(endpoint, check).is_ok() {
                writeln!(lines, "[+]{name} ok")
            } else {
                is_failed = true;
                writeln!(lines, "[-]{name} failed: reason withheld")
            };
        }
        if !excluded.is_empty() {
            let names: Vec<String> = excluded.iter().map(|name| format!("{name:?}")).collect();
            let _ = writeln!(
                lines,
                "warn: some health checks cannot be excluded: no matches for {}",
                names.join(",")
            );
        }
        if is_failed {
            failure(format!("{lines}{endpoint} check failed"))
        } else if query.iter().any(|(key, _)| key == "verbose") {
            text(StatusCode::OK, format!("{lines}{endpoint} check passed\n"))
        } else {
            text(StatusCode::OK, "ok".to_owned())
        }
    }

    fn of(&self, endpoint: &str) -> impl Iterator<Item = &Check> {
        let is_ready = endpoint == "readyz";
        self.checks.iter().filter(move |check| match check.endpoints {
            Endpoints::All => true,
            Endpoints::Live => !is_ready,
            Endpoints::Ready => is_ready,
        })
    }
}

fn failure(body: String) -> Response {
    text(StatusCode::INTERNAL_SERVER_ERROR, format!("{body}\n"))
}

fn text(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(Body::full(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(health: &Health, path: &str, query: &[(&str, &str)]) -> (u16, String) {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let query: Vec<_> = query.iter().map(owned).collect();
        let response = health.answer(path, &query).expect("a path of ours");
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn answers_in_upstreams_words() {
        let mut health = Health::new();
        health.add("etcd", Endpoints::All, || Ok(()));
        health.add("informer-sync", Endpoints::Ready, || Ok(()));
        let hook = health.add_hook("rbac/bootstrap-roles");
        let not_done = "[+]ping ok\n[+]log ok\n[+]etcd ok\n\
                        [-]poststarthook/rbac/bootstrap-roles failed: reason withheld\nlivez check failed\n";
        assert_eq!(ask(&health, "/livez", &[]).await, (500, not_done.to_owned()));
        let one = "/livez/poststarthook/rbac/bootstrap-roles";
        assert_eq!(ask(&health, one, &[]).await, (500, "internal server error: not finished\n".to_owned()));
        let failed = vec![("poststarthook/rbac/bootstrap-roles", "not finished".to_owned())];
        assert_eq!(health.failures("readyz"), failed);
        hook.done();
        let verbose = "[+]ping ok\n[+]log ok\n[+]etcd excluded: ok\n[+]informer-sync ok\n\
                       [+]poststarthook/rbac/bootstrap-roles ok\n\
                       warn: some health checks cannot be excluded: no matches for \"a\",\"b\"\n\
                       readyz check passed\n";
        let query = [("verbose", ""), ("exclude", "etcd"), ("exclude", "a"), ("exclude", "b")];
        for (path, query, expected) in [
            ("/healthz", &[][..], (200, "ok")),
            ("/readyz", &query, (200, verbose)),
            ("/readyz", &query[1..], (200, "ok")),
            (one, &[], (200, "ok")),
            ("/readyz/informer-sync", &[], (200, "ok")),
            ("/livez/informer-sync", &[], (404, "404 page not found\n")),
            ("/healthz/", &[], (404, "404 page not found\n")),
        ] {
            let (status, body) = ask(&health, path, query).await;
            assert_eq!((status, body.as_str()), expected, "{path}");
        }
        assert!(health.answer("/healthy", &[]).is_none());
    }
}
