//! What the server does by itself, besides answering: conditions of objects that it keeps true.
//!
//! Each loop looks at what is in the caches, writes what differs from what should be there, and sleeps until something
//! changes that it depends on, or for a while. It hardly remembers anything, so that it does not matter what it missed, or
//! whether another server does the same.

mod allocations;
mod available;
mod dangling;
mod kubernetes_service;

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use apimachinery::{GroupResource, Status};
use component::shutdown::{Shutdown, Stage};
use serde_json::{Value, json};

use crate::attributes::Attributes;
use crate::authorization::Authorized;
use crate::bootstrap;
use crate::registry::{Registry, Target, Update};
use crate::served::Served;
use crate::server::Server;
use crate::watch_cache::{Interest, Subscription};

/// How long to wait after a write failed before it is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// Starts all loops. They end with the server.
pub(crate) fn start(server: &Arc<Server>, shutdown: &Shutdown, settings: bootstrap::Settings) {
    let service = kubernetes_service::KubernetesService(settings);
    tokio::spawn(run(Arc::downgrade(server), shutdown.clone(), service));
    tokio::spawn(run(Arc::downgrade(server), shutdown.clone(), allocations::Allocations::default()));
    tokio::spawn(run(Arc::downgrade(server), shutdown.clone(), dangling::Dangling));
    tokio::spawn(run(Arc::downgrade(server), shutdown.clone(), available::Available));
}

/// A loop.
trait Loop: Send + Sync {
    /// The resources that it looks at now. If they are others after a look than before, it looks again.
    fn resources(&self, registry: &Registry) -> Vec<GroupResource>;

    /// Puts right what is wrong; whether all of it was.
    fn look(&self, registry: &Registry) -> impl Future<Output = bool> + Send;

    /// How long until it looks again though nothing has changed.
    fn period(&self) -> Option<Duration> {
        None
    }

    /// How long it waits at least before it looks again.
    fn rest(&self) -> Duration {
        Duration::ZERO
    }

    /// What is to be done when the server ends.
    fn end(&self, _: &Registry) -> impl Future<Output = ()> + Send {
        async {}
    }
}

async fn run(server: std::sync::Weak<Server>, shutdown: Shutdown, of: impl Loop) {
    let mut alarm = Alarm::default();
    loop {
        alarm.begin();
        let Some(server) = server.upgrade() else { return };
        if alarm.watch(&server.registry, of.resources(&server.registry)) {
            continue;
        }
        let is_right = of.look(&server.registry).await;
        let weak = Arc::downgrade(&server);
        drop(server);
        let waits = async {
            tokio::time::sleep(of.rest()).await;
            tokio::select! {
                () = alarm.rings() => {}
                () = tokio::time::sleep(PAUSE), if !is_right => {}
                () = tokio::time::sleep(of.period().unwrap_or_default()), if of.period().is_some() => {}
            }
        };
        tokio::select! {
            () = shutdown.reached(Stage::Draining) => {
                if let Some(server) = weak.upgrade() {
                    of.end(&server.registry).await;
                }
                return;
            }
            () = waits => {}
        }
    }
}

/// Tells when objects of some resources have changed.
#[derive(Default)]
struct Alarm {
    resources: Vec<GroupResource>,
    subscriptions: Vec<Subscription>,
}

impl Alarm {
    /// Watches these resources from now on; whether others were watched before.
    fn watch(&mut self, registry: &Registry, resources: Vec<GroupResource>) -> bool {
        if resources == self.resources {
            return false;
        }
        let stored = resources.iter().filter_map(|it| registry.kinds.stored(&it.group, &it.resource));
        self.subscriptions =
            stored.map(|served| registry.cache(served).subscribe(Interest::Everything)).collect();
        self.resources = resources;
        true
    }

    /// From here on, changes are new.
    fn begin(&mut self) {
        self.subscriptions.iter_mut().for_each(Subscription::mark_seen);
    }

    /// Waits for a change.
    async fn rings(&mut self) {
        let mut waits: Vec<_> = self.subscriptions.iter_mut().map(|it| Box::pin(it.changed())).collect();
        std::future::poll_fn(|context| {
            let has_changed = waits.iter_mut().any(|wait| pin!(wait).poll(context).is_ready());
            if has_changed { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// What a condition should say.
#[derive(Debug, PartialEq, Eq)]
struct Condition {
    condition_type: &'static str,
    is_true: bool,
    reason: &'static str,
    message: String,
}

impl Condition {
    fn status(&self) -> &'static str {
        if self.is_true { "True" } else { "False" }
    }

    fn in_object<'o>(&self, object: &'o Value) -> Option<&'o Value> {
        let all = object["status"]["conditions"].as_array()?;
        all.iter().find(|condition| condition["type"] == self.condition_type)
    }

    /// Whether an object says so.
    fn is_in(&self, object: &Value) -> bool {
        self.in_object(object).is_some_and(|condition| {
            condition["status"] == self.status()
                && condition["reason"] == self.reason
                && condition["message"] == self.message.as_str()
        })
    }

    /// The condition for an object, with the time since when it has this status.
    fn document(&self, object: &Value) -> Value {
        let since = self.in_object(object).filter(|old| old["status"] == self.status());
        let since = since.and_then(|old| old["lastTransitionTime"].as_str()).map(str::to_owned);
        json!({
            "type": self.condition_type,
            "status": self.status(),
            "lastTransitionTime": since.unwrap_or_else(|| crate::clock::print(crate::clock::now())),
            "reason": self.reason,
            "message": self.message,
        })
    }
}

/// Writes the status of an object without a namespace as the server itself; whether there is nothing left to do.
async fn write_status(
    registry: &Registry,
    served: Served,
    name: &str,
    mut change: impl FnMut(&Value) -> Result<Value, Box<Status>> + Send,
) -> bool {
    let target =
        Target { served, namespace: String::new(), name: name.to_owned(), subresource: "status".to_owned() };
    let request = Authorized::for_server(Attributes {
        verb: "update".to_owned(),
        is_resource: true,
        group: served.group.to_owned(),
        version: served.version.to_owned(),
        resource: served.kind.plural.to_owned(),
        subresource: target.subresource.clone(),
        name: target.name.clone(),
        ..Attributes::default()
    });
    let mut change = |old: Option<&Value>| match old {
        Some(old) => change(old),
        None => Err(target.not_found()),
    };
    let update = Update {
        change: &mut change,
        uid: String::new(),
        may_create: false,
        is_dry_run: false,
        is_internal: false,
    };
    match registry.update(&request, &target, update, &mut Vec::new()).await {
        Ok(_) => true,
        Err(status) => status.is_not_found(),
    }
}
