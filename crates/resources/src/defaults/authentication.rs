//! Tokens of service accounts.

use serde_json::Value;

use crate::document::{Members as _, members_of};

const TOKEN_SECONDS: i32 = 3600;

/// A TokenRequest.
pub(crate) fn token_request(body: &mut Value) {
    members_of(body).members_made("spec").fill_absent("expirationSeconds", TOKEN_SECONDS);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::token_request;

    #[test]
    fn tokens_live_for_an_hour() {
        let mut body = json!({});
        token_request(&mut body);
        assert_eq!(body["spec"]["expirationSeconds"], 3600);
        body["spec"]["expirationSeconds"] = 600.into();
        token_request(&mut body);
        assert_eq!(body["spec"]["expirationSeconds"], 600);
    }
}
