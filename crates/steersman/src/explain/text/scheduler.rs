//! What the running scheduler says.

use std::io::{self, Write};

use kube_scheduler::why::{For, Waiting, Words};

/// `message` is what is said of the pod anyway.
pub(super) fn write(words: &Words, message: Option<&str>, out: &mut dyn Write) -> io::Result<()> {
    if let Some(decided) = &words.last_decision {
        if message == Some(decided.message.as_str()) {
            writeln!(out, "The running scheduler decided the same at {}.", decided.at)?;
        } else {
            writeln!(out, "The running scheduler decided at {}: {}", decided.at, decided.message)?;
        }
        if let Some(node) = &decided.nominated_node_name {
            match decided.victims.as_slice() {
                [] => writeln!(out, "It is nominated to {node}.")?,
                victims => {
                    writeln!(out, "Room is made for it on {node} by preempting {}.", victims.join(", "))?
                }
            }
        }
    }
    if let Some(waiting) = &words.waiting {
        writeln!(out, "{}", sentence(waiting))?;
    }
    Ok(())
}

fn sentence(waiting: &Waiting) -> String {
    let attempts = match waiting.attempts {
        0 => "not tried yet".to_owned(),
        1 => "tried once".to_owned(),
        n => format!("tried {n} times"),
    };
    let plugins = waiting.refused_by.join(", ");
    match (waiting.r#for, &waiting.until) {
        (For::Turn, _) => format!("It is to be tried next ({attempts})."),
        (For::Backoff, Some(until)) => format!("It is tried again at {until} ({attempts})."),
        (For::Backoff, None) => format!("It is tried again when its backoff is over ({attempts})."),
        (For::Gates, _) => format!("It is kept back by {plugins} ({attempts})."),
        (For::Change, _) if plugins.is_empty() => format!("It waits for something to change ({attempts})."),
        (For::Change, _) => format!("It waits for a change that matters to {plugins} ({attempts})."),
        (For::Binding, _) => "It has been given a node, and is being bound.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(r#for: For, attempts: u32, refused_by: &[&str]) -> Waiting {
        let refused_by = refused_by.iter().map(|plugin| (*plugin).to_owned()).collect();
        Waiting { r#for, since: None, until: None, attempts, refused_by }
    }

    #[test]
    fn every_way_to_wait_has_a_sentence() {
        for (given, expected) in [
            (waiting(For::Turn, 0, &[]), "It is to be tried next (not tried yet)."),
            (
                waiting(For::Gates, 0, &["SchedulingGates"]),
                "It is kept back by SchedulingGates (not tried yet).",
            ),
            (
                waiting(For::Change, 2, &["A", "B"]),
                "It waits for a change that matters to A, B (tried 2 times).",
            ),
            (waiting(For::Change, 1, &[]), "It waits for something to change (tried once)."),
            (waiting(For::Binding, 1, &[]), "It has been given a node, and is being bound."),
        ] {
            assert_eq!(sentence(&given), expected);
        }
    }
}
