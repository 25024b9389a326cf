//! What others need for checking tokens (OpenID Connect Discovery 1.0).

use serde_json::json;

use super::ServiceAccounts;
use crate::reply::{JSON, Reply};

/// The answer to a request for a document about the issuer, if it is one. `address` is where others reach this server.
pub async fn documents(accounts: &ServiceAccounts, path: &str, address: &str) -> Option<Reply> {
    let (media_type, document) = match path {
        "/.well-known/openid-configuration" => {
            let document = json!({
                "issuer": accounts.settings.issuers.first()?,
                "jwks_uri": format!("https://{address}/openid/v1/jwks"),
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
            });
            (JSON, document)
        }
        "/openid/v1/jwks" => ("application/jwk-set+json", accounts.settings.keys.wait().await?.to_json()),
        _ => return None,
    };
    let reply = Reply::new(200, media_type, document.to_string());
    Some(reply.with("Cache-Control", "public, max-age=3600"))
}
