//! The table against what a real server says of it.

mod created;
mod discovery;
mod random;

use std::env;
use std::path::{Path, PathBuf};

/// The folder of recordings, or nothing and a word about it.
fn recordings() -> Option<PathBuf> {
    let folder = env::var_os("STEERSMAN_GOLDEN_APISERVER").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/golden/apiserver"),
        PathBuf::from,
    );
    if folder.is_dir() {
        return Some(folder);
    }
    println!(
        "SKIPPED: there are no recordings in {} (STEERSMAN_GOLDEN_APISERVER names the folder)",
        folder.display()
    );
    None
}
