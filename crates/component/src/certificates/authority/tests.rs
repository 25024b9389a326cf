//! What is made, used again and made anew.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn now() -> Timestamp {
    "2026-11-29T12:00:00Z".parse().unwrap()
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn admin() -> Subject {
    Subject::new("kubernetes-admin", &["system:masters"])
}

#[test]
fn files_are_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let hosts = names(&["localhost", "127.0.0.1", "::1"]);
    let first = Authority::open(folder.path(), now()).unwrap();
    let serving = first.serving("apiserver", &hosts, now()).unwrap();
    let client = first.client("admin", &admin(), now()).unwrap();
    for name in ["ca.key", "apiserver.key", "admin.key"] {
        let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let again = Authority::open(folder.path(), now()).unwrap();
    assert_eq!(again.certificate_pem(), first.certificate_pem());
    assert_eq!(again.serving("apiserver", &hosts, now()).unwrap().chain, serving.chain);
    assert_eq!(again.client("admin", &admin(), now()).unwrap(), client);
    let fewer = again.serving("apiserver", &hosts[..1], now()).unwrap();
    assert_eq!(fewer.chain, serving.chain, "a name more does no harm");
}

#[test]
fn what_is_no_longer_good_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let hosts = names(&["localhost"]);
    let authority = Authority::open(folder.path(), now()).unwrap();
    let serving = authority.serving("apiserver", &hosts, now()).unwrap();
    let client = authority.client("admin", &admin(), now()).unwrap();

    let more = authority.serving("apiserver", &names(&["localhost", "192.0.2.10"]), now()).unwrap();
    assert_ne!(more.chain, serving.chain, "another address");
    let other = authority.client("admin", &Subject::new("somebody", &["system:masters"]), now()).unwrap();
    assert_ne!(other, client, "another user");

    let later = now() + DAY * 340;
    assert_ne!(authority.serving("apiserver", &hosts, later).unwrap().chain, more.chain, "it ends soon");
    assert_ne!(authority.client("admin", &admin(), later).unwrap(), client, "it ends soon");

    let much_later = now() + DAY * 3640;
    let next = Authority::open(folder.path(), much_later).unwrap();
    assert_ne!(next.certificate_pem(), authority.certificate_pem(), "the authority ends soon");
    let signed_by_the_old = files::load_certificates(&folder.path().join("apiserver.crt")).unwrap();
    assert_ne!(next.serving("apiserver", &hosts, much_later).unwrap().chain, signed_by_the_old);
}

#[test]
fn a_key_of_another_certificate_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let hosts = names(&["localhost"]);
    let authority = Authority::open(folder.path(), now()).unwrap();
    let serving = authority.serving("apiserver", &hosts, now()).unwrap();
    files::write_private(&folder.path().join("apiserver.key"), &KeyPair::generate().unwrap().serialize_pem())
        .unwrap();
    assert_ne!(authority.serving("apiserver", &hosts, now()).unwrap().chain, serving.chain);
}

#[test]
fn half_an_authority_is_not_replaced() {
    for missing in ["ca.crt", "ca.key"] {
        let folder = tempfile::tempdir().unwrap();
        Authority::open(folder.path(), now()).unwrap();
        fs::remove_file(folder.path().join(missing)).unwrap();
        let Err(error) = Authority::open(folder.path(), now()) else { panic!("{missing}") };
        assert!(error.to_string().contains("restore it, or remove both"), "{error}");
    }
}
