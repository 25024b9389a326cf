//! How a client finds and trusts a server, as the file that kubectl reads.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::certificates::{CertificateError, ClientIdentity, write_private};

/// One cluster, one user, one context.
#[derive(Clone, Debug)]
pub struct Kubeconfig<'k> {
    /// The cluster's name; also the context's.
    pub cluster: &'k str,
    /// `https://127.0.0.1:6443`
    pub server: &'k str,
    /// Who vouches for the server, as PEM.
    pub authority_pem: &'k str,
    /// The user's name in the file.
    pub user: &'k str,
    /// The user's certificate and key.
    pub client: &'k ClientIdentity,
}

impl Kubeconfig<'_> {
    /// The file's text: JSON values in YAML, so that any text is safe in it.
    pub fn to_yaml(&self) -> String {
        let quoted = |text: &str| {
            let escaped: String = text.chars().flat_map(escape).collect();
            format!("\"{escaped}\"")
        };
        let (cluster, user) = (quoted(self.cluster), quoted(self.user));
        format!(
            "apiVersion: v1\n\
             kind: Config\n\
             clusters:\n\
             - name: {cluster}\n  cluster:\n    server: {}\n    certificate-authority-data: {}\n\
             contexts:\n\
             - name: {cluster}\n  context:\n    cluster: {cluster}\n    user: {user}\n\
             current-context: {cluster}\n\
             users:\n\
             - name: {user}\n  user:\n    client-certificate-data: {}\n    client-key-data: {}\n",
            quoted(self.server),
            STANDARD.encode(self.authority_pem),
            STANDARD.encode(&self.client.certificate_pem),
            STANDARD.encode(&self.client.key_pem),
        )
    }

    /// Writes the file, readable by its owner only.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), CertificateError> {
        write_private(path, &self.to_yaml())
    }
}

fn escape(c: char) -> impl Iterator<Item = char> {
    let text = match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    };
    text.chars().collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_what_kubectl_reads() {
        let client = ClientIdentity { certificate_pem: "cert".into(), key_pem: "key".into() };
        let config = Kubeconfig {
            cluster: "steersman",
            server: "https://[::1]:6443",
            authority_pem: "ca",
            user: "say \"hi\"\n",
            client: &client,
        };
        let expected = r#"apiVersion: v1
kind: Config
clusters:
- name: "steersman"
  cluster:
    server: "https://[::1]:6443"
    certificate-authority-data: Y2E=
contexts:
- name: "steersman"
  context:
    cluster: "steersman"
    user: "say \"hi\"\u000a"
current-context: "steersman"
users:
- name: "say \"hi\"\u000a"
  user:
    client-certificate-data: Y2VydA==
    client-key-data: a2V5
"#;
        assert_eq!(config.to_yaml(), expected);
    }
}
