//! Names of managers.

use crate::go;

/// The longest name, in bytes.
const NAME_LEN_MAX: usize = 128;

/// The name of a manager: the one that the client says, else what its User-Agent begins with.
pub fn manager_name(said: &str, user_agent: &str) -> String {
    if !said.is_empty() {
        return said.to_owned();
    }
    let agent = user_agent.split('/').next().unwrap_or_default();
    let mut name = String::new();
    for c in agent.chars().filter(|c| go::is_print(*c)) {
        if name.len() + c.len_utf8() > NAME_LEN_MAX {
            break;
        }
        name.push(c);
    }
    if name.is_empty() { "unknown".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_does_not_say_who_it_is_is_called_by_its_user_agent() {
        assert_eq!(manager_name("me", "kubectl/v1.36.2 (linux/amd64)"), "me");
        assert_eq!(manager_name("", "kubectl/v1.36.2 (linux/amd64)"), "kubectl");
        assert_eq!(manager_name("", ""), "unknown");
        assert_eq!(manager_name("", "\u{7}/x"), "unknown");
        assert_eq!(manager_name("", &"ä".repeat(100)), "ä".repeat(64));
    }
}
