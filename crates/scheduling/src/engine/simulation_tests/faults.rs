//! How bad the world is.

use std::time::Duration;

use base::Now;

use crate::testing::dice::Dice;

/// What goes wrong, in percent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Faults {
    /// How long things are under way at most.
    pub(super) delay_ms_max: usize,
    /// How often a request never arrives. Its sender is told that it timed out.
    pub(super) lost: usize,
    /// How often a request is refused for no reason.
    pub(super) refused: usize,
    /// How often something arrives twice.
    pub(super) doubled: usize,
    /// How often an answer never arrives. Of a binding that was done, the object tells.
    pub(super) unanswered: usize,
    /// How often something that was done is reported as failed.
    pub(super) lies: usize,
    /// Whether there are, or were, false reports of failure. A scheduler that believes them may give the same room
    /// away twice, whatever it does.
    pub(super) are_dishonest: bool,
    /// How often the scheduler starts anew, per step.
    pub(super) restarts: usize,
    /// How often the watches break and objects are listed anew, per step.
    pub(super) relists: usize,
}

impl Faults {
    /// Everything may go wrong, but who is told that something failed can rely on that.
    pub(super) fn honest(dice: &mut Dice) -> Faults {
        Faults {
            delay_ms_max: dice.pick(&[1, 100, 3_000, 20_000]),
            lost: dice.pick(&[0, 5, 25]),
            refused: dice.pick(&[0, 5, 25]),
            doubled: dice.pick(&[0, 10, 40]),
            unanswered: dice.pick(&[0, 10, 40]),
            lies: 0,
            are_dishonest: false,
            restarts: dice.pick(&[0, 0, 1, 3]),
            relists: dice.pick(&[0, 2, 5]),
        }
    }

    /// Everything may go wrong, and reports of failure may be false or come from an earlier try.
    pub(super) fn dishonest(dice: &mut Dice) -> Faults {
        Faults { lies: dice.pick(&[10, 40]), are_dishonest: true, ..Faults::honest(dice) }
    }

    /// When something sent now arrives.
    pub(super) fn due(&self, now: Now, dice: &mut Dice) -> Now {
        now.after(Duration::from_millis(dice.below(self.delay_ms_max + 1) as u64))
    }
}
