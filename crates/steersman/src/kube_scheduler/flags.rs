//! The flags of kube-scheduler 1.36.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Args, Command, FromArgMatches};

/// A switch as Go has it: `--flag`, `--flag=true`, `--flag=false`.
macro_rules! switch {
    () => {
        BoolishValueParser::new()
    };
}

/// Flags, under kube-scheduler's names and with its defaults.
#[derive(Args, Clone, Debug)]
pub(crate) struct Flags {
    /// The path to the configuration file
    #[arg(long, value_name = "FILE", default_value = "")]
    pub(super) config: String,
    /// Write the effective configuration to this file (`-` is standard output) and exit
    #[arg(long, value_name = "FILE", default_value = "")]
    pub(super) write_config_to: String,
    /// The address of the API server, instead of the one in the kubeconfig
    #[arg(long, value_name = "URL", default_value = "")]
    pub(super) master: String,

    /// The address to serve on
    #[arg(long, value_name = "IP", default_value = "0.0.0.0", help_heading = "Secure serving")]
    pub(super) bind_address: IpAddr,
    /// The port to serve HTTPS on; 0 serves nothing
    #[arg(long, value_name = "PORT", default_value = "10259", allow_negative_numbers = true)]
    pub(super) secure_port: i64,
    /// Whether HTTP/2 is not offered
    #[arg(long, value_name = "BOOL", default_value = "false", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = switch!())]
    pub(super) disable_http2_serving: bool,
    /// Folder for a generated certificate; without it, it is kept nowhere
    #[arg(long, value_name = "DIR", default_value = "")]
    pub(super) cert_dir: String,
    /// Serving certificate, with its intermediates
    #[arg(long, value_name = "FILE", default_value = "")]
    pub(super) tls_cert_file: String,
    /// Key of the serving certificate
    #[arg(long, value_name = "FILE", default_value = "")]
    pub(super) tls_private_key_file: String,
    /// Cipher suites of TLS 1.2, with commas
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(super) tls_cipher_suites: Vec<String>,
    /// Groups for the exchange of keys, with commas, in order of preference
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(super) tls_curve_preferences: Vec<String>,
    /// Oldest TLS version: VersionTLS12 or VersionTLS13
    #[arg(long, value_name = "VERSION", default_value = "")]
    pub(super) tls_min_version: String,
    /// Certificates for some names: CERT,KEY or CERT,KEY:NAME,NAME; may be given several times
    #[arg(long, value_name = "CERT,KEY[:NAME,…]")]
    pub(super) tls_sni_cert_key: Vec<String>,
    /// Requests of one HTTP/2 connection at a time; 0 is the server's own limit
    #[arg(long, value_name = "N", default_value = "0")]
    pub(super) http2_max_streams_per_connection: u32,
    /// Whether another process may listen on the same port
    #[arg(long, value_name = "BOOL", default_value = "false", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = switch!())]
    pub(super) permit_port_sharing: bool,
    /// Whether the address may be listened on although old connections are not forgotten
    #[arg(long, value_name = "BOOL", default_value = "false", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = switch!())]
    pub(super) permit_address_sharing: bool,

    /// Kubeconfig to review tokens with; without it, the service account of the pod
    #[arg(long, value_name = "FILE", default_value = "", help_heading = "Authentication")]
    pub(super) authentication_kubeconfig: String,
    /// How long what became of a token is remembered
    #[arg(long, value_name = "DURATION", default_value = "10s")]
    pub(super) authentication_token_webhook_cache_ttl: String,
    /// CA certificates whose client certificates are believed
    #[arg(long, value_name = "FILE", default_value = "")]
    pub(super) client_ca_file: String,
    /// CA certificates of proxies that may say who asks
    #[arg(long, value_name = "FILE", default_value = "")]
    pub(super) requestheader_client_ca_file: String,
    /// Headers in which proxies say who asks
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', default_value = "x-remote-user")]
    pub(super) requestheader_username_headers: Vec<String>,
    /// Headers in which proxies say the user's uid
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(super) requestheader_uid_headers: Vec<String>,
    /// Headers in which proxies say the user's groups
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', default_value = "x-remote-group")]
    pub(super) requestheader_group_headers: Vec<String>,
    /// Beginnings of headers in which proxies say more
    #[arg(long, value_name = "PREFIX,…", value_delimiter = ',', default_value = "x-remote-extra-")]
    pub(super) requestheader_extra_headers_prefix: Vec<String>,
    /// What proxies may be called; all of them without it
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(super) requestheader_allowed_names: Vec<String>,
    /// Whether the cluster is not asked whom it trusts
    #[arg(long, value_name = "BOOL", default_value = "false", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = switch!())]
    pub(super) authentication_skip_lookup: bool,
    /// Whether to start although the cluster does not say whom it trusts
    #[arg(long, value_name = "BOOL", default_value = "true", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = switch!())]
    pub(super) authentication_tolerate_lookup_failure: bool,

    /// Kubeconfig to review access with; without it, the service account of the pod
    #[arg(long, value_name = "FILE", default_value = "", help_heading = "Authorization")]
    pub(super) authorization_kubeconfig: String,
    /// How long it is remembered that somebody may do something
    #[arg(long, value_name = "DURATION", default_value = "10s")]
    pub(super) authorization_webhook_cache_authorized_ttl: String,
    /// How long it is remembered that somebody may not do something
    #[arg(long, value_name = "DURATION", default_value = "10s")]
    pub(super) authorization_webhook_cache_unauthorized_ttl: String,
    /// Paths that everybody may ask for
    #[arg(long, value_name = "PATH,…", value_delimiter = ',', default_value = "/healthz,/readyz,/livez")]
    pub(super) authorization_always_allow_paths: Vec<String>,

    /// Whether debugging is allowed (deprecated; ignored with --config)
    #[arg(long, value_name = "BOOL", default_value = "true", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = switch!(), help_heading = "Deprecated")]
    pub(super) profiling: bool,
    /// Has no meaning without Go (deprecated; ignored with --config)
    #[arg(long, value_name = "BOOL", default_value = "true", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = switch!())]
    pub(super) contention_profiling: bool,
    /// Kubeconfig for the API server (deprecated; ignored with --config)
    #[arg(long, value_name = "FILE", default_value = "")]
    pub(super) kubeconfig: String,
    /// Media type of requests (deprecated; ignored with --config)
    #[arg(long, value_name = "TYPE", default_value = "application/vnd.kubernetes.protobuf")]
    pub(super) kube_api_content_type: String,
    /// Requests per second to the API server (deprecated; ignored with --config)
    #[arg(long, value_name = "N", default_value = "50", allow_negative_numbers = true)]
    pub(super) kube_api_qps: f32,
    /// Requests at once to the API server (deprecated; ignored with --config)
    #[arg(long, value_name = "N", default_value = "100", allow_negative_numbers = true)]
    pub(super) kube_api_burst: i32,
    /// How long a pod waits for something to happen until it is tried anyway
    #[arg(long, value_name = "DURATION", default_value = "5m0s")]
    pub(super) pod_max_in_unschedulable_pods_duration: String,

    /// Whether to act only as the leader of all that run
    #[arg(long, value_name = "BOOL", default_value = "true", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = switch!(), help_heading = "Leader election")]
    pub(super) leader_elect: bool,
    /// How long others wait for a leader that they do not hear of
    #[arg(long, value_name = "DURATION", default_value = "15s")]
    pub(super) leader_elect_lease_duration: String,
    /// How long a leader tries to renew its lease
    #[arg(long, value_name = "DURATION", default_value = "10s")]
    pub(super) leader_elect_renew_deadline: String,
    /// How long everybody waits between two tries
    #[arg(long, value_name = "DURATION", default_value = "2s")]
    pub(super) leader_elect_retry_period: String,
    /// What kind of object the lock is: leases
    #[arg(long, value_name = "KIND", default_value = "leases")]
    pub(super) leader_elect_resource_lock: String,
    /// The name of the lock
    #[arg(long, value_name = "NAME", default_value = "kube-scheduler")]
    pub(super) leader_elect_resource_name: String,
    /// The namespace of the lock
    #[arg(long, value_name = "NAME", default_value = "kube-system")]
    pub(super) leader_elect_resource_namespace: String,

    /// Feature gates, as in NodeDeclaredFeatures=false,GangScheduling=true
    #[arg(long, value_name = "Name=bool,…", help_heading = "Features")]
    pub(super) feature_gates: Vec<String>,
    /// The version whose behaviour is wanted: only 1.36
    #[arg(long, value_name = "VERSION")]
    pub(super) emulated_version: Vec<String>,
    /// The oldest version to get along with
    #[arg(long, value_name = "VERSION")]
    pub(super) min_compatibility_version: Vec<String>,

    /// Show metrics that were hidden in this version: only the previous one; there are none
    #[arg(long, value_name = "VERSION", default_value = "", help_heading = "Metrics")]
    pub(super) show_hidden_metrics_for_version: String,
    /// Metrics to leave out
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(super) disabled_metrics: Vec<String>,
    /// Values of labels to tell apart, as in METRIC,LABEL=VALUE|VALUE; may be given several times
    #[arg(long, value_name = "METRIC,LABEL=VALUE|…")]
    pub(super) allow_metric_labels: Vec<String>,
    /// A file with such values
    #[arg(long, value_name = "FILE", default_value = "")]
    pub(super) allow_metric_labels_manifest: String,

    /// The form of the log: text or json
    #[arg(long, value_name = "FORM", default_value = "text", help_heading = "Logs")]
    pub(super) logging_format: String,
    /// Has no effect: nothing is held back
    #[arg(long, value_name = "DURATION", default_value = "5s")]
    pub(super) log_flush_frequency: String,
    /// How much is logged: 0 what matters, 4 more, 6 everything
    #[arg(short = 'v', long = "v", value_name = "N", default_value = "0")]
    pub(super) v: u32,
    /// How much single modules log, as in driver=6,client=4
    #[arg(long, value_name = "MODULE=N,…", value_delimiter = ',')]
    pub(super) vmodule: Vec<String>,
    /// Needs the gate LoggingAlphaOptions, which is not here
    #[arg(long, value_name = "BOOL", default_value = "false", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = switch!())]
    pub(super) log_text_split_stream: bool,
    /// Needs the gate LoggingAlphaOptions, which is not here
    #[arg(long, value_name = "BYTES", default_value = "0")]
    pub(super) log_text_info_buffer_size: String,
    /// Needs the gate LoggingAlphaOptions, which is not here
    #[arg(long, value_name = "BOOL", default_value = "false", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = switch!())]
    pub(super) log_json_split_stream: bool,
    /// Needs the gate LoggingAlphaOptions, which is not here
    #[arg(long, value_name = "BYTES", default_value = "0")]
    pub(super) log_json_info_buffer_size: String,

    /// Decide for every pod of this scheduler without acting, and compare with what it does
    #[arg(long, value_name = "SCHEDULER", help_heading = "Steersman")]
    pub(super) shadow: Option<String>,
    /// Where a shadow writes a line of JSON per comparison; `-` is standard output
    #[arg(long, value_name = "FILE", requires = "shadow")]
    pub(super) shadow_report: Option<PathBuf>,
    /// Folder in which everything is written down that goes into decisions, for steersman replay
    #[arg(long, value_name = "DIR")]
    pub(super) record: Option<PathBuf>,

    /// Print the version and exit; `raw` prints more, vX.Y.Z runs as that version
    #[arg(long, value_name = "VERSION", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false")]
    pub(super) version: String,
    /// There are none
    #[arg(hide = true)]
    pub(super) arguments: Vec<String>,
}

/// The flags, and how they were given.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(super) flags: Flags,
    /// All flags in order of their names.
    pub(super) all: Vec<Flag>,
}

/// One flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flag {
    pub(super) name: String,
    pub(super) value: String,
    /// Whether it stands on the command line, be it with its default.
    pub(super) is_explicit: bool,
}

impl Options {
    /// Whether a flag stands on the command line.
    pub(super) fn is_explicit(&self, name: &str) -> bool {
        self.all.iter().any(|flag| flag.name == name && flag.is_explicit)
    }
}

impl FromArgMatches for Options {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Options, clap::Error> {
        let flags = Flags::from_arg_matches(matches)?;
        let command = Flags::augment_args(Command::new("kube-scheduler"));
        let mut all: Vec<Flag> = command
            .get_arguments()
            .filter_map(|argument| {
                let id = argument.get_id().as_str();
                let values = matches.try_get_raw(id).ok().flatten();
                let values: Vec<_> =
                    values.into_iter().flatten().map(|value| value.to_string_lossy()).collect();
                Some(Flag {
                    name: argument.get_long()?.to_owned(),
                    value: values.join(","),
                    is_explicit: matches.value_source(id) == Some(ValueSource::CommandLine),
                })
            })
            .collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Options { flags, all })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Options::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Options {
    /// Of flags that are given several times the last one counts, as in Go, unless they are lists.
    fn augment_args(command: Command) -> Command {
        Flags::augment_args(command).mut_args(|flag| match flag.get_action() {
            ArgAction::Set if flag.get_long().is_some() => {
                let id = flag.get_id().clone();
                flag.overrides_with(id)
            }
            _ => flag,
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Flags::augment_args_for_update(command)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Whole {
        #[command(flatten)]
        options: Options,
    }

    /// The options that these flags give.
    pub(in super::super) fn options(flags: &[&str]) -> Result<Options, clap::Error> {
        Whole::try_parse_from([&["kube-scheduler"], flags].concat()).map(|whole| whole.options)
    }

    #[test]
    fn switches_are_gos() {
        for (flags, expected) in [
            (&[][..], true),
            (&["--leader-elect"], true),
            (&["--leader-elect=false"], false),
            (&["--leader-elect=0"], false),
            (&["--leader-elect=True"], true),
        ] {
            assert_eq!(options(flags).unwrap().flags.leader_elect, expected, "{flags:?}");
        }
        assert!(options(&["--leader-elect=maybe"]).is_err());
        assert!(options(&["--no-such-flag"]).is_err());
    }

    #[test]
    fn every_flag_of_kube_scheduler_is_known() {
        let known: Vec<String> = options(&[]).unwrap().all.into_iter().map(|flag| flag.name).collect();
        for name in "config write-config-to master bind-address secure-port disable-http2-serving cert-dir tls-cert-file \
             tls-private-key-file tls-cipher-suites tls-curve-preferences tls-min-version tls-sni-cert-key \
             http2-max-streams-per-connection permit-port-sharing permit-address-sharing authentication-kubeconfig \
             authentication-token-webhook-cache-ttl client-ca-file requestheader-client-ca-file \
             requestheader-username-headers requestheader-uid-headers requestheader-group-headers \
             requestheader-extra-headers-prefix requestheader-allowed-names authentication-skip-lookup \
             authentication-tolerate-lookup-failure authorization-kubeconfig \
             authorization-webhook-cache-authorized-ttl authorization-webhook-cache-unauthorized-ttl \
             authorization-always-allow-paths profiling contention-profiling kubeconfig kube-api-content-type \
             kube-api-qps kube-api-burst pod-max-in-unschedulable-pods-duration leader-elect \
             leader-elect-lease-duration leader-elect-renew-deadline leader-elect-retry-period \
             leader-elect-resource-lock leader-elect-resource-name leader-elect-resource-namespace feature-gates \
             emulated-version min-compatibility-version show-hidden-metrics-for-version disabled-metrics \
             allow-metric-labels allow-metric-labels-manifest logging-format log-flush-frequency v vmodule \
             log-text-split-stream log-text-info-buffer-size log-json-split-stream log-json-info-buffer-size version"
            .split_whitespace()
        {
            assert!(known.iter().any(|known| known == name), "--{name}");
        }
    }

    #[test]
    fn it_is_known_what_was_said() {
        let options = options(&[
            "--v=4",
            "--leader-elect=true",
            "--feature-gates=A=true",
            "--feature-gates",
            "B=false",
        ]);
        let options = options.unwrap();
        assert!(options.is_explicit("leader-elect") && options.is_explicit("v"));
        assert!(!options.is_explicit("leader-elect-lease-duration"));
        let twice = self::options(&["--secure-port=0", "--secure-port=7"]).unwrap();
        assert_eq!(twice.flags.secure_port, 7, "the last one counts");
        let flag = |name: &str| options.all.iter().find(|flag| flag.name == name).unwrap().value.clone();
        assert_eq!(flag("feature-gates"), "A=true,B=false");
        assert_eq!(flag("authorization-always-allow-paths"), "/healthz,/readyz,/livez");
    }
}
