//! Webhooks that take part in scheduling decisions.

use super::Duration;

/// How long an extender may take if the configuration does not say.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

/// One webhook. An empty verb means that the extender has no part in that step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extender {
    /// The URL to which verbs are appended; also the extender's name in messages.
    pub url_prefix: String,
    /// The verb that rejects nodes.
    pub filter_verb: String,
    /// The verb that has a say in preemption.
    pub preempt_verb: String,
    /// The verb that scores nodes.
    pub prioritize_verb: String,
    /// The weight of those scores.
    pub weight: i64,
    /// The verb that binds.
    pub bind_verb: String,
    /// Whether TLS settings apply; the scheme itself is part of the URL.
    pub enable_https: bool,
    /// How TLS connections are made.
    pub tls_config: Option<ExtenderTlsConfig>,
    /// The limit per request as written; see [`Extender::timeout`].
    pub http_timeout: Duration,
    /// Whether the extender knows the nodes, so that names are enough.
    pub node_cache_capable: bool,
    /// The resources that make a pod interesting to the extender; none means every pod.
    pub managed_resources: Vec<ExtenderManagedResource>,
    /// Whether scheduling goes on when the extender fails.
    pub ignorable: bool,
}

impl Extender {
    /// The limit per request: what is written, or five seconds.
    pub fn timeout(&self) -> Duration {
        if self.http_timeout == Duration::ZERO { DEFAULT_TIMEOUT } else { self.http_timeout }
    }

    /// The verbs by which the extender takes part in choosing a node.
    pub fn deciding_verbs(&self) -> impl Iterator<Item = &'static str> {
        let verbs = [
            ("filterVerb", &self.filter_verb),
            ("prioritizeVerb", &self.prioritize_verb),
            ("preemptVerb", &self.preempt_verb),
        ];
        verbs.into_iter().filter(|(_, verb)| !verb.is_empty()).map(|(field, _)| field)
    }

    /// Whether the extender binds pods.
    pub fn is_binder(&self) -> bool {
        !self.bind_verb.is_empty()
    }
}

/// How TLS connections to an extender are made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExtenderTlsConfig {
    /// Whether the server's certificate is not verified.
    pub insecure: bool,
    /// The server name to verify, if not the host of the URL.
    pub server_name: String,
    /// A file with the client certificate.
    pub cert_file: String,
    /// A file with the client key.
    pub key_file: String,
    /// A file with the authorities to trust.
    pub ca_file: String,
    /// The client certificate itself; beats the file.
    pub cert_data: Vec<u8>,
    /// The client key itself; beats the file.
    pub key_data: Vec<u8>,
    /// The authorities themselves; beat the file.
    pub ca_data: Vec<u8>,
}

/// A resource that an extender takes care of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExtenderManagedResource {
    /// The name of an extended resource.
    pub name: String,
    /// Whether NodeResourcesFit leaves this resource alone.
    pub ignored_by_scheduler: bool,
}
