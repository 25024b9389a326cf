//! Commands as a checksum and as sentences.
//!
//! Both name every field, so a field that is added to a command is added here or does not compile.

use base::Digest;
use scheduling::engine::{ClaimName, Command, Condition, EventKind};
use scheduling::model::PodKey;
use wire::Timestamp;

/// The digest of all commands of a step, in their order. `docs/recording.md` says what is taken in; a change here
/// is a change of the format.
pub(super) fn digest(commands: &[Command]) -> u64 {
    commands.iter().fold(Digest::default(), take_in).value()
}

fn take_in(digest: Digest, command: &Command) -> Digest {
    match command {
        Command::Bind { pod, uid, node } => digest.text("bind").text(&pod.to_string()).text(uid).text(node),
        Command::BindVolume { pod, uid, volume, resource_version, node, names_claim, claim } => {
            let digest = digest.text("bindVolume").text(&pod.to_string()).text(uid).text(volume);
            let digest = digest.text(resource_version).text(node).number(u64::from(*names_claim));
            take_in_claim(digest, claim)
        }
        Command::ProvisionClaim { pod, uid, claim, node } => {
            let digest = digest.text("provisionClaim").text(&pod.to_string()).text(uid);
            take_in_claim(digest, claim).text(node)
        }
        Command::PatchStatus { pod, uid, condition, nominated_node_name } => {
            let digest = digest.text("patchStatus").text(&pod.to_string()).text(uid);
            let digest = match condition {
                None => digest.number(0),
                Some(Condition { reason, message, observed_generation, is_transition }) => {
                    let generation = u64::from_le_bytes(observed_generation.to_le_bytes());
                    digest
                        .number(1)
                        .text(reason)
                        .text(message)
                        .number(generation)
                        .number(u64::from(*is_transition))
                }
            };
            match nominated_node_name {
                None => digest.number(0),
                Some(node) => digest.number(1).text(node),
            }
        }
        Command::Evict { pod, uid, preemptor, node, message, generation } => {
            let generation = u64::from_le_bytes(generation.to_le_bytes());
            let digest = digest.text("evict").text(&pod.to_string()).text(uid).text(preemptor);
            digest.text(node).text(message).number(generation)
        }
        Command::Event { pod, uid, related, reporter, kind, note } => {
            let digest = digest.text("event").text(&pod.to_string()).text(uid);
            let digest = match related {
                None => digest.number(0),
                Some((pod, uid)) => digest.number(1).text(&pod.to_string()).text(uid),
            };
            digest.text(reporter).text(event(*kind)).text(note)
        }
        Command::WakeAt(at) => digest.text("wakeAt").number(u64::from_le_bytes(at.as_nanos().to_le_bytes())),
    }
}

fn take_in_claim(digest: Digest, claim: &ClaimName) -> Digest {
    let ClaimName { namespace, name, uid, resource_version } = claim;
    digest.text(namespace).text(name).text(uid).text(resource_version)
}

fn event(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Scheduled => "Scheduled",
        EventKind::FailedScheduling => "FailedScheduling",
        EventKind::Preempted => "Preempted",
    }
}

/// A pod's name with its UID. Objects without one are known by their name, which says nothing twice.
pub(super) fn pod_and_uid(pod: &str, uid: &str) -> String {
    if pod == uid { pod.to_owned() } else { format!("{pod} (uid {uid})") }
}

/// A command in words, with all that the digest takes in.
pub(crate) fn sentence(command: &Command) -> String {
    let named = |pod: &PodKey, uid: &str| pod_and_uid(&pod.to_string(), uid);
    match command {
        Command::Bind { pod, uid, node } => format!("bind {} to {node}", named(pod, uid)),
        Command::BindVolume { pod, uid, volume, resource_version, node, names_claim, claim } => {
            let how = if *names_claim { "keep" } else { "reserve" };
            format!(
                "{how} volume {volume} (version {resource_version}) for {}, for {} on {node}",
                claim_sentence(claim),
                named(pod, uid)
            )
        }
        Command::ProvisionClaim { pod, uid, claim, node } => {
            format!("have a volume made on {node} for {}, for {}", claim_sentence(claim), named(pod, uid))
        }
        Command::PatchStatus { pod, uid, condition, nominated_node_name } => {
            let mut sentence = format!("patch the status of {}", named(pod, uid));
            match nominated_node_name.as_deref() {
                None => {}
                Some("") => sentence.push_str(", nominated to no node"),
                Some(node) => sentence.push_str(&format!(", nominated to {node}")),
            }
            if let Some(Condition { reason, message, observed_generation, is_transition }) = condition {
                let again = if *is_transition { "" } else { " still" };
                sentence
                    .push_str(&format!(":{again} {reason} (generation {observed_generation}): {message}"));
            }
            sentence
        }
        Command::Evict { pod, uid, preemptor, node, message, generation } => {
            let victim = named(pod, uid);
            format!(
                "evict {victim} (generation {generation}) from {node} for the pod with uid {preemptor}: {message}"
            )
        }
        Command::Event { pod, uid, related, reporter, kind, note } => {
            let mut sentence = format!("{reporter} says about {}", named(pod, uid));
            if let Some((pod, uid)) = related {
                sentence.push_str(&format!(" and {}", named(pod, uid)));
            }
            format!("{sentence}: {}: {note}", event(*kind))
        }
        Command::WakeAt(at) => format!("wake at {}", Timestamp::from_nanos(at.as_nanos())),
    }
}

fn claim_sentence(claim: &ClaimName) -> String {
    format!("claim {claim} (uid {}, version {})", claim.uid, claim.resource_version)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use base::Now;

    use super::*;

    fn key(name: &str) -> PodKey {
        PodKey { namespace: "shop".into(), name: name.into() }
    }

    fn bind(name: &str, uid: &str, node: &str) -> Command {
        Command::Bind { pod: key(name), uid: uid.into(), node: node.into() }
    }

    fn patch(nominated: Option<&str>, message: Option<&str>, observed_generation: i64) -> Command {
        let condition = message.map(|message| Condition {
            reason: "Unschedulable",
            message: message.to_owned(),
            observed_generation,
            is_transition: true,
        });
        let nominated_node_name = nominated.map(Arc::from);
        Command::PatchStatus { pod: key("web"), uid: "u".into(), condition, nominated_node_name }
    }

    #[test]
    fn commands_that_differ_in_anything_have_another_digest_and_another_sentence() {
        let event = |kind, note: &str| Command::Event {
            pod: key("web"),
            uid: "u".into(),
            related: None,
            reporter: "s".into(),
            kind,
            note: note.to_owned(),
        };
        let evict = |preemptor: &str, node: &str, message: &str| Command::Evict {
            pod: key("web"),
            uid: "u".into(),
            preemptor: preemptor.into(),
            node: node.into(),
            message: message.to_owned(),
            generation: 1,
        };
        let claim = |name: &str| ClaimName {
            namespace: "shop".into(),
            name: name.into(),
            uid: "cu".into(),
            resource_version: "7".into(),
        };
        let reserve = |volume: &str, node: &str, names_claim, name: &str| Command::BindVolume {
            pod: key("web"),
            uid: "u".into(),
            volume: volume.into(),
            resource_version: "3".into(),
            node: node.into(),
            names_claim,
            claim: claim(name),
        };
        let provision = |name: &str, node: &str| Command::ProvisionClaim {
            pod: key("web"),
            uid: "u".into(),
            claim: claim(name),
            node: node.into(),
        };
        let commands = [
            bind("web", "u", "a"),
            bind("web", "u", "b"),
            bind("web", "v", "a"),
            bind("api", "u", "a"),
            patch(None, None, 0),
            patch(Some(""), None, 0),
            patch(Some("a"), None, 0),
            patch(None, Some("full"), 0),
            patch(None, Some("full"), 1),
            patch(None, Some("empty"), 0),
            evict("p", "a", "x"),
            evict("p", "a", "y"),
            evict("p", "b", "x"),
            evict("q", "a", "x"),
            reserve("v", "a", false, "c"),
            reserve("w", "a", false, "c"),
            reserve("v", "b", false, "c"),
            reserve("v", "a", true, "c"),
            reserve("v", "a", false, "d"),
            provision("c", "a"),
            provision("d", "a"),
            provision("c", "b"),
            event(EventKind::Scheduled, "x"),
            event(EventKind::Preempted, "x"),
            event(EventKind::Scheduled, "y"),
            Command::WakeAt(Now::from_nanos(1)),
            Command::WakeAt(Now::from_nanos(2)),
        ];
        for (i, a) in commands.iter().enumerate() {
            for b in &commands[i + 1..] {
                assert_ne!(digest(std::slice::from_ref(a)), digest(std::slice::from_ref(b)), "{a:?} {b:?}");
                assert_ne!(sentence(a), sentence(b));
            }
        }
        let reversed: Vec<Command> = commands.iter().rev().cloned().collect();
        assert_ne!(digest(&commands), digest(&reversed));
    }

    #[test]
    fn digests_of_recordings_that_exist_stay_valid() {
        assert_eq!(digest(&[]), 0xcbf2_9ce4_8422_2325);
        assert_eq!(digest(&[bind("web", "u", "a")]), BIND_DIGEST);
        assert_eq!(
            digest(&[patch(Some("a"), Some("full"), 3), Command::WakeAt(Now::from_nanos(-1))]),
            PATCH_DIGEST
        );
    }

    // Calculated by another program from the description of the format; a change of these is a change of it.
    const BIND_DIGEST: u64 = 0x77f3_4d5d_1656_fc17;
    const PATCH_DIGEST: u64 = 0xc42f_a56e_fc83_6005;
}
