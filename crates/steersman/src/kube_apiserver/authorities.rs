//! Tells other components whom this server trusts, so that they trust the same (`extension-apiserver-authentication`).

use std::sync::Arc;

use anyhow::{Context, Result};
use apiserver::server::Server;
use apiserver::user::User;
use http::Method;
use serde_json::json;

use crate::up;

const PATH: &str = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";

/// Writes down the authorities of client certificates, as PEM. Nothing is written if it is there already.
pub(super) async fn publish(server: &Arc<Server>, authorities_pem: &str) -> Result<()> {
    let map = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": { "name": "extension-apiserver-authentication", "namespace": "kube-system" },
        "data": { "client-ca-file": authorities_pem },
    });
    let connection = up::connection(server, "system:apiserver", User::MASTERS);
    let uri = format!("{PATH}?fieldManager=kube-apiserver&force=true");
    let content = Some(("application/apply-patch+yaml", map.to_string().into_bytes()));
    let what = "writing down whom this server trusts";
    connection.send(Method::PATCH, &uri, content, what).await.map(drop).context(what)
}
