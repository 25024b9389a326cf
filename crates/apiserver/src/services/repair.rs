//! What a crash between taking and writing has left.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde_json::Value;
use store::{Error, Expect, Range, Write};

use super::allocation::{ADDRESSES, PORTS};
use super::{Allocators, keys_of};
use crate::registry::Registry;
use crate::watch_cache::KEY_ROOT;

impl Allocators {
    /// Gives back what no service has. To be called before the first request.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn repair(&self, registry: &Registry) -> Result<(), Error> {
        let services = registry.store.list(Range::prefix(format!("{KEY_ROOT}services/specs/")), None).await?;
        let documents = services.entries.iter().filter_map(|entry| serde_json::from_slice(&entry.value).ok());
        let needed: BTreeSet<Bytes> = documents.flat_map(|service: Value| keys_of(&service)).collect();
        for prefix in [ADDRESSES, PORTS] {
            let taken = registry.store.list(Range::prefix(format!("{KEY_ROOT}{prefix}")), None).await?;
            for entry in taken.entries {
                // Addresses that users made themselves have another manager, or none.
                let is_ours = prefix == PORTS || contains(&entry.value, b"\"ipallocator.k8s.io\"");
                if is_ours && !needed.contains(&entry.key) {
                    let expected = Expect::Modified(entry.modified);
                    let _ = registry.store.commit(entry.key, expected, Write::Delete).await;
                }
            }
        }
        Ok(())
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
