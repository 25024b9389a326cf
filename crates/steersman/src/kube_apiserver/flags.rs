//! Flags, under kube-apiserver's names where it has them.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{ArgAction, Args};

/// Flags, under kube-apiserver's names where it has them.
#[derive(Args, Clone)]
pub(crate) struct Options {
    /// Folder for everything that lasts: the store, certificates, the administrator's kubeconfig
    #[arg(long, value_name = "DIR", default_value = "steersman-data")]
    pub(crate) data_dir: PathBuf,
    /// Where the administrator's kubeconfig is written; by default admin.kubeconfig in the data folder
    #[arg(long, value_name = "FILE")]
    pub(crate) admin_kubeconfig: Option<PathBuf>,

    /// Endpoints of etcd, with commas; without any, the embedded store in the data folder is used
    #[arg(long, value_name = "URL,…", value_delimiter = ',')]
    pub(crate) etcd_servers: Vec<String>,
    /// CA certificates that etcd's certificate is checked with
    #[arg(long, value_name = "FILE")]
    pub(crate) etcd_cafile: Option<PathBuf>,
    /// Client certificate for etcd
    #[arg(long, value_name = "FILE", requires = "etcd_keyfile")]
    pub(crate) etcd_certfile: Option<PathBuf>,
    /// Key of the client certificate for etcd
    #[arg(long, value_name = "FILE", requires = "etcd_certfile")]
    pub(crate) etcd_keyfile: Option<PathBuf>,

    /// The address to serve on
    #[arg(long, value_name = "IP", default_value = "0.0.0.0")]
    pub(crate) bind_address: IpAddr,
    /// The port to serve HTTPS on
    #[arg(long, value_name = "PORT", default_value_t = 6443)]
    pub(crate) secure_port: u16,
    /// The address under which others reach this server; by default the bound one, or the loopback address
    #[arg(long, value_name = "IP")]
    pub(crate) advertise_address: Option<IpAddr>,
    /// Folder for generated certificates; by default pki in the data folder
    #[arg(long, value_name = "DIR")]
    pub(crate) cert_dir: Option<PathBuf>,
    /// Serving certificate, with its intermediates
    #[arg(long, value_name = "FILE", requires = "tls_private_key_file")]
    pub(crate) tls_cert_file: Option<PathBuf>,
    /// Key of the serving certificate
    #[arg(long, value_name = "FILE", requires = "tls_cert_file")]
    pub(crate) tls_private_key_file: Option<PathBuf>,
    /// Oldest TLS version: VersionTLS12 or VersionTLS13
    #[arg(long, value_name = "VERSION", default_value = "")]
    pub(crate) tls_min_version: String,
    /// Cipher suites of TLS 1.2, with commas
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(crate) tls_cipher_suites: Vec<String>,

    /// CA certificates whose client certificates are believed, besides the server's own
    #[arg(long, value_name = "FILE")]
    pub(crate) client_ca_file: Option<PathBuf>,
    /// Static tokens: lines of token,user,uid,"group,group"
    #[arg(long, value_name = "FILE")]
    pub(crate) token_auth_file: Option<PathBuf>,
    /// Whether requests without credentials are let in as system:anonymous
    #[arg(long, value_name = "BOOL", default_value_t = true, action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) anonymous_auth: bool,
    /// Who decides who may do what, with commas: AlwaysAllow, AlwaysDeny, Node, RBAC
    #[arg(long, value_name = "MODE,…", default_value = "Node,RBAC")]
    pub(crate) authorization_mode: String,
    /// Who issues tokens of service accounts; the first of several is put into new ones, all are believed
    #[arg(long, value_name = "URL", default_value = "https://kubernetes.default.svc.cluster.local")]
    pub(crate) service_account_issuer: Vec<String>,
    /// RSA key that signs tokens of service accounts; by default sa.key in the folder for generated certificates
    #[arg(long, value_name = "FILE")]
    pub(crate) service_account_signing_key_file: Option<PathBuf>,
    /// RSA keys, public or private, whose tokens of service accounts are believed besides the signing one's
    #[arg(long, value_name = "FILE")]
    pub(crate) service_account_key_file: Vec<PathBuf>,
    /// Whether tokens that kubelets ask for live for a year
    #[arg(long, value_name = "BOOL", default_value_t = true, action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) service_account_extend_token_expiration: bool,
    /// The longest life of a token of a service account; 0 is no limit
    #[arg(long, value_name = "DURATION", default_value = "0s")]
    pub(crate) service_account_max_token_expiration: String,
    /// For whom tokens are good; by default for the issuer of those of service accounts
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(crate) api_audiences: Vec<String>,

    /// Admission plugins that run besides the default ones
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(crate) enable_admission_plugins: Vec<String>,
    /// Default admission plugins that do not run
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(crate) disable_admission_plugins: Vec<String>,
    /// Seconds that pods stay on nodes that are not ready
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(crate) default_not_ready_toleration_seconds: i64,
    /// Seconds that pods stay on nodes that cannot be reached
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(crate) default_unreachable_toleration_seconds: i64,

    /// The range of addresses of services, or one of each family
    #[arg(long, value_name = "CIDR,…", default_value = "10.0.0.0/24")]
    pub(crate) service_cluster_ip_range: String,
    /// The range of ports on nodes
    #[arg(long, value_name = "FIRST-LAST", default_value = "30000-32767")]
    pub(crate) service_node_port_range: String,

    /// How long events live
    #[arg(long, value_name = "DURATION", default_value = "1h0m0s")]
    pub(crate) event_ttl: String,
    /// How long a request may take, watches aside
    #[arg(long, value_name = "DURATION", default_value = "1m0s")]
    pub(crate) request_timeout: String,
    /// How long watches last at least if the client does not say, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 1800)]
    pub(crate) min_request_timeout: u32,
    /// How many reading requests at once; 0 is no limit
    #[arg(long, value_name = "N", default_value_t = 400)]
    pub(crate) max_requests_inflight: usize,
    /// How many writing requests at once; 0 is no limit
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub(crate) max_mutating_requests_inflight: usize,
    /// How long the server goes on serving after it was told to end
    #[arg(long, value_name = "DURATION", default_value = "0s")]
    pub(crate) shutdown_delay_duration: String,
    /// Feature gates, as in Name=true
    #[arg(long, value_name = "Name=bool,…")]
    pub(crate) feature_gates: Vec<String>,
}

impl Options {
    /// The same without an admission plugin that runs by default, unless it is asked for.
    pub(crate) fn without_plugin(mut self, name: &str) -> Options {
        if !self.enable_admission_plugins.iter().any(|enabled| enabled == name) {
            self.disable_admission_plugins.push(name.to_owned());
        }
        self
    }
}
