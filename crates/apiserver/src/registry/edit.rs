//! Stored objects that are changed as they are stored, for what happens to every pod.

use apimachinery::Status;
use bytes::Bytes;
use store::{Entry, Error, Expect, Write};

use super::update::N_ATTEMPTS_MAX;
use super::{Registry, Target, store_error};
use crate::admission::Operation;
use crate::authorization::Authorized;

impl Registry {
    /// Changes the stored bytes of an object as the server's own deed, which strategies, validation and those parts of
    /// admission that look at objects have nothing to say about. `edit` gives the new bytes, or `None` if it is not so
    /// simple. Returns false if it was not, and nothing has been done.
    ///
    /// # Errors
    /// What admission has against it, or the store.
    pub(crate) async fn edit(
        &self,
        request: &Authorized,
        target: &Target,
        mut edit: impl FnMut(&Entry) -> Option<Bytes> + Send,
    ) -> Result<bool, Box<Status>> {
        let kind = target.kind();
        let key = self.key(target)?;
        for _ in 0..N_ATTEMPTS_MAX {
            let Some(entry) = self.stored(target, &key).await? else { return Ok(false) };
            let Some(value) = edit(&entry) else { return Ok(false) };
            let admitted = self.admission_request(request, target, Operation::Update, None, false);
            self.admit(&admitted, None)?;
            self.admission_validates(&admitted, None)?;
            let write = Write::Put { value, ttl: kind.expires.then_some(self.event_ttl) };
            match self.store.commit(entry.key.clone(), Expect::Modified(entry.modified), write).await {
                Ok(_) => return Ok(true),
                Err(Error::Conflict { .. }) => {}
                Err(error) => return Err(store_error(&target.group_resource(), &target.name, &error)),
            }
        }
        Ok(false)
    }
}
