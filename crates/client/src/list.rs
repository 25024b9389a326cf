//! Reading a collection whole.

use http::Method;
use serde::Deserialize;
use serde_json::value::RawValue;
use wire::Object;

use crate::{Connection, Error, Resource};

/// How many objects are asked for at once, as client-go does.
const PAGE: usize = 500;

/// All objects of a collection.
#[derive(Debug, Default)]
pub struct List {
    /// The objects.
    pub objects: Vec<Object>,
    /// The state of the collection that this is: what follows it can be watched from here.
    pub resource_version: String,
}

#[derive(Deserialize)]
struct Page<'p> {
    #[serde(default)]
    metadata: Metadata,
    #[serde(borrow, default)]
    items: Option<Vec<&'p RawValue>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(default)]
    resource_version: String,
    #[serde(default, rename = "continue")]
    token: String,
}

/// Lists a collection, page by page, in all namespaces. `selection` is what the query says besides, such as
/// `fieldSelector=…`, already encoded; empty for everything.
///
/// # Errors
/// Those of a request; an expired continuation begins anew once, without pages.
pub async fn list(connection: &Connection, resource: Resource, selection: &str) -> Result<List, Error> {
    list_and_show(connection, resource, selection, &mut |_, _| {}).await
}

/// The same, and shows every object together with its text.
pub(crate) async fn list_and_show(
    connection: &Connection,
    resource: Resource,
    selection: &str,
    show: &mut (dyn FnMut(&Object, &str) + Send),
) -> Result<List, Error> {
    let what = format!("listing {}", resource.plural);
    let mut listed = List::default();
    let mut token = String::new();
    let mut limit = format!("&limit={PAGE}");
    loop {
        let path = format!("{}?{selection}{limit}{token}", resource.path());
        let page = match connection.send(Method::GET, &path, None, &what).await {
            Err(error) if error.is_expired() && !limit.is_empty() => {
                listed.objects.clear();
                token.clear();
                limit.clear();
                continue;
            }
            page => page?,
        };
        let misunderstood = |error: serde_json::Error| Error::Misunderstood {
            what: what.clone(),
            problem: error.to_string(),
        };
        let page: Page<'_> = serde_json::from_slice(&page).map_err(misunderstood)?;
        for item in page.items.unwrap_or_default() {
            let object = wire::decode::json_object(resource.kind, item.get()).map_err(misunderstood)?;
            show(&object, item.get());
            listed.objects.push(object);
        }
        listed.resource_version = page.metadata.resource_version;
        if page.metadata.token.is_empty() {
            return Ok(listed);
        }
        token = format!("&continue={}", encoded(&page.metadata.token));
    }
}

/// A text as a value of a query.
pub(crate) fn encoded(text: &str) -> String {
    use std::fmt::Write;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
