//! Options of reads.

use super::query::Query;
use super::{bad_request, invalid_unless_empty};
use crate::field::{ErrorList, FieldError, Path};
use crate::selectors::fields::{self, FieldSelector};
use crate::selectors::labels::{self, LabelSelector};
use crate::status::Status;

/// How the resource version of a list or watch is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceVersionMatch {
    /// This version or any newer one.
    NotOlderThan,
    /// Exactly this version.
    Exact,
}

/// Options of list, watch and deletecollection (`meta.k8s.io/v1` `ListOptions`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListOptions {
    /// Which objects, by their labels.
    pub label_selector: LabelSelector,
    /// Which objects, by their fields.
    pub field_selector: FieldSelector,
    /// Whether changes are wanted and not a list.
    pub watch: bool,
    /// Whether the client understands bookmarks.
    pub allow_watch_bookmarks: bool,
    /// From which version on, or which version; empty for the most recent one.
    pub resource_version: String,
    /// How that version is meant; empty where nothing is said.
    pub resource_version_match: String,
    /// After how many seconds a watch ends.
    pub timeout_seconds: Option<i64>,
    /// How many objects at most; 0 for all.
    pub limit: i64,
    /// Where a list goes on.
    pub continue_token: String,
    /// Whether a watch begins with what is there.
    pub send_initial_events: Option<bool>,
}

impl ListOptions {
    /// Reads the options. Fails with a bad request where a number or selector is none.
    pub fn decode(query: Query<'_>) -> Result<Self, Box<Status>> {
        // Numbers first: upstream converts the query as a whole before it looks at selectors.
        let timeout_seconds = query.integer("timeoutSeconds")?;
        let limit = query.integer("limit")?.unwrap_or_default();
        Ok(Self {
            label_selector: labels::parse(&query.text("labelSelector")).map_err(bad_request)?,
            field_selector: fields::parse(&query.text("fieldSelector")).map_err(bad_request)?,
            watch: query.boolean("watch").unwrap_or_default(),
            allow_watch_bookmarks: query.boolean("allowWatchBookmarks").unwrap_or_default(),
            resource_version: query.text("resourceVersion"),
            resource_version_match: query.text("resourceVersionMatch"),
            timeout_seconds,
            limit,
            continue_token: query.text("continue"),
            send_initial_events: query.boolean("sendInitialEvents"),
        })
    }

    /// Makes a watch that does not say from where begin with what is there.
    pub fn set_defaults(&mut self) {
        let says_how = self.send_initial_events.is_some() || !self.resource_version_match.is_empty();
        let has_no_start = matches!(self.resource_version.as_str(), "" | "0");
        if self.watch && has_no_start && !says_how {
            self.send_initial_events = Some(true);
            self.resource_version_match = "NotOlderThan".to_owned();
        }
    }

    /// How the resource version is meant; none where nothing is said.
    pub fn version_match(&self) -> Option<ResourceVersionMatch> {
        match self.resource_version_match.as_str() {
            "NotOlderThan" => Some(ResourceVersionMatch::NotOlderThan),
            "Exact" => Some(ResourceVersionMatch::Exact),
            _ => None,
        }
    }

    /// Whether the options fit together. Fails with an invalid `ListOptions`.
    pub fn validate(&self) -> Result<(), Box<Status>> {
        let mut errors = ErrorList::new();
        if self.watch {
            self.validate_watch(&mut errors);
        } else {
            self.validate_list(&mut errors);
        }
        invalid_unless_empty("ListOptions", &errors)
    }

    fn validate_list(&self, errors: &mut ErrorList) {
        let path = Path::new("resourceVersionMatch");
        let mut forbid = |message: &str| errors.push(FieldError::forbidden(&path, message));
        let version_match = self.resource_version_match.as_str();
        if !version_match.is_empty() {
            if self.resource_version.is_empty() {
                forbid("resourceVersionMatch is forbidden unless resourceVersion is provided");
            }
            if !self.continue_token.is_empty() {
                forbid("resourceVersionMatch is forbidden when continue is provided");
            }
            if self.version_match().is_none() {
                let supported = ["Exact", "NotOlderThan", ""];
                errors.push(FieldError::not_supported(&path, version_match, &supported));
            } else if version_match == "Exact" && self.resource_version == "0" {
                forbid("resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
            }
        }
        if self.send_initial_events.is_some() {
            let message = "sendInitialEvents is forbidden for list";
            errors.push(FieldError::forbidden(&Path::new("sendInitialEvents"), message));
        }
    }

    fn validate_watch(&self, errors: &mut ErrorList) {
        let path = Path::new("resourceVersionMatch");
        let is_not_older = self.version_match() == Some(ResourceVersionMatch::NotOlderThan);
        if self.send_initial_events.is_some() && !is_not_older {
            let message = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
            errors.push(FieldError::forbidden(&path, message));
        }
        if self.resource_version_match.is_empty() {
            return;
        }
        if self.send_initial_events.is_none() {
            let message = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
            errors.push(FieldError::forbidden(&path, message));
        }
        if !is_not_older {
            let found = self.resource_version_match.as_str();
            errors.push(FieldError::not_supported(&path, found, &["NotOlderThan"]));
        }
        if !self.continue_token.is_empty() {
            let message = "resourceVersionMatch is forbidden when continue is provided";
            errors.push(FieldError::forbidden(&path, message));
        }
    }
}

/// Options of get (`meta.k8s.io/v1` `GetOptions`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetOptions {
    /// At least which version; empty for the most recent one, `0` for any.
    pub resource_version: String,
}

impl GetOptions {
    /// Reads the options. Fails with a bad request where an export is asked for, which there was once.
    pub fn decode(query: Query<'_>) -> Result<Self, Box<Status>> {
        if query.boolean("export") == Some(true) {
            return Err(bad_request("the export parameter, deprecated since v1.14, is no longer supported"));
        }
        Ok(Self { resource_version: query.text("resourceVersion") })
    }
}
