//! Event, of both groups that serve it.

use jiff::Timestamp;
use serde_json::Value;

use super::cell::{at, name, number, since, text, text_or};
use super::{NAME, string, wide};
use crate::kind::{Column, Columns};

/// Event.
pub const EVENT: Columns = Columns {
    columns: &[
        string("Last Seen", "D:Event.lastTimestamp"),
        string("Type", "D:Event.type"),
        string("Reason", "D:Event.reason"),
        string("Object", "D:Event.involvedObject"),
        wide("Subobject", "D:ObjectReference.fieldPath"),
        wide("Source", "D:Event.source"),
        string("Message", "D:Event.message"),
        wide("First Seen", "D:Event.firstTimestamp"),
        wide("Count", "D:Event.count"),
        Column { priority: 1, ..NAME },
    ],
    cells: |object, now| {
        vec![
            last_seen(object, now).into(),
            text(object, "/type").into(),
            text(object, "/reason").into(),
            involved_object(object).into(),
            text(object, "/involvedObject/fieldPath").into(),
            source(object).into(),
            text(object, "/message").trim().into(),
            first_seen(object, now).into(),
            n_seen(object).into(),
            name(object),
        ]
    },
};

fn first_seen(event: &Value, now: Timestamp) -> String {
    let pointer = if text(event, "/firstTimestamp").is_empty() { "/eventTime" } else { "/firstTimestamp" };
    since(event, pointer, now)
}

fn last_seen(event: &Value, now: Timestamp) -> String {
    if at(event, "/series").is_some() {
        return since(event, "/series/lastObservedTime", now);
    }
    if text(event, "/lastTimestamp").is_empty() {
        return first_seen(event, now);
    }
    since(event, "/lastTimestamp", now)
}

fn n_seen(event: &Value) -> i64 {
    match (at(event, "/series"), number(event, "/count")) {
        (Some(series), _) => number(series, "/count"),
        (None, 0) => 1,
        (None, count) => count,
    }
}

fn involved_object(event: &Value) -> String {
    let kind = text(event, "/involvedObject/kind").to_lowercase();
    match text(event, "/involvedObject/name") {
        "" => kind,
        name => format!("{kind}/{name}"),
    }
}

fn source(event: &Value) -> String {
    let component = text_or(event, "/source/component", text(event, "/reportingComponent"));
    match text_or(event, "/source/host", text(event, "/reportingInstance")) {
        "" => component.to_owned(),
        host => format!("{component}, {host}"),
    }
}
