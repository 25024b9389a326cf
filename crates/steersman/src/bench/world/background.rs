//! What happens beside the sequence of op-codes, at some rate.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use base::Now;
use wire::Object;

use super::World;
use super::objects::Handle;

/// Something that happens again and again.
pub(in crate::bench) struct Background {
    next: Now,
    every: Duration,
    work: Work,
}

enum Work {
    /// Objects of these templates come, so many more times.
    Create { templates: Vec<Object>, n_left: u64 },
    /// Objects of these templates come and go. `slots[n]` is what is there of the n-th round.
    Recreate { templates: Vec<Object>, slots: Vec<Vec<Handle>>, round: usize },
    /// These pods go, one after the other.
    Delete { pods: VecDeque<Arc<str>> },
}

impl Background {
    /// One object of each template comes every interval, `n_times` times.
    pub(in crate::bench) fn create(templates: Vec<Object>, n_times: u64, every: Duration, now: Now) -> Self {
        Background { next: now.after(every), every, work: Work::Create { templates, n_left: n_times } }
    }

    /// One object of each template comes every interval, `n_slots` times; then they go; and so on.
    pub(in crate::bench) fn recreate(
        templates: Vec<Object>,
        n_slots: usize,
        every: Duration,
        now: Now,
    ) -> Self {
        let slots = vec![Vec::new(); n_slots.max(1)];
        Background { next: now.after(every), every, work: Work::Recreate { templates, slots, round: 0 } }
    }

    /// One of the pods goes every interval.
    pub(in crate::bench) fn delete(pods: Vec<Arc<str>>, every: Duration, now: Now) -> Self {
        Background { next: now.after(every), every, work: Work::Delete { pods: pods.into() } }
    }

    /// When it happens next.
    pub(super) fn next(&self) -> Now {
        self.next
    }

    fn is_over(&self) -> bool {
        match &self.work {
            Work::Create { n_left, .. } => *n_left == 0,
            Work::Recreate { .. } => false,
            Work::Delete { pods } => pods.is_empty(),
        }
    }

    fn act(&mut self, world: &mut World) {
        self.next = self.next.after(self.every);
        match &mut self.work {
            Work::Create { templates, n_left } => {
                *n_left -= 1;
                create_all(templates, world);
            }
            Work::Recreate { templates, slots, round } => {
                let i = *round % slots.len();
                *round += 1;
                if slots[i].is_empty() {
                    slots[i] = create_all(templates, world);
                } else {
                    std::mem::take(&mut slots[i]).iter().for_each(|handle| world.delete(handle));
                }
            }
            Work::Delete { pods } => {
                if let Some(uid) = pods.pop_front() {
                    world.delete(&Handle::Pod(uid));
                }
            }
        }
    }
}

/// As upstream: what cannot be created, because its name is taken, is not.
fn create_all(templates: &[Object], world: &mut World) -> Vec<Handle> {
    templates.iter().filter_map(|object| world.create(object.clone()).ok()).collect()
}

impl World {
    /// Lets everything happen whose time has come, in the order of time.
    pub(super) fn fire_due(&mut self) {
        loop {
            self.background.retain(|background| !background.is_over());
            let due =
                self.background.iter().enumerate().filter(|(_, background)| background.next <= self.now);
            let Some((i, _)) = due.min_by_key(|(_, background)| background.next) else { return };
            let mut first = self.background.remove(i);
            first.act(self);
            self.background.insert(i, first);
        }
    }
}
