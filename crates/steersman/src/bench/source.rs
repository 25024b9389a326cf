//! Where workloads come from: a folder on disk, or the set that is part of the program.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::own_set;

/// What scheduler_perf calls its configuration files.
const CONFIG_NAME: &str = "performance-config.yaml";
/// Folders nested deeper than this are taken for a link that leads back.
const FOLDER_DEPTH_MAX: usize = 32;

/// Where files are read from.
pub(super) enum Source {
    /// Files on disk.
    Disk,
    /// The set that the program brings along.
    Own,
}

impl Source {
    /// The configuration files: all in a folder and the folders in it, sorted; or the file that is named.
    pub(super) fn configs(&self, path: &Path) -> Result<Vec<PathBuf>> {
        if let Source::Own = self {
            return Ok(own_set::configs().map(PathBuf::from).collect());
        }
        let metadata = std::fs::metadata(path).with_context(|| format!("reading {}", path.display()))?;
        if !metadata.is_dir() {
            return Ok(vec![path.to_path_buf()]);
        }
        let mut found = Vec::new();
        find(path, 1, &mut found)?;
        found.sort();
        if found.is_empty() {
            bail!("{}: there is no {CONFIG_NAME} in it or in the folders in it", path.display());
        }
        Ok(found)
    }

    /// Reads a file.
    pub(super) fn read(&self, path: &Path) -> Result<String> {
        match self {
            Source::Disk => {
                std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
            }
            Source::Own => match own_set::text(&path.to_string_lossy()) {
                Some(text) => Ok(text.to_owned()),
                None => bail!("{}: the program's own set has no such file", path.display()),
            },
        }
    }
}

fn find(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<()> {
    if depth > FOLDER_DEPTH_MAX {
        bail!(
            "{}: more than {FOLDER_DEPTH_MAX} folders deep, probably a link that leads back",
            folder.display()
        );
    }
    let entries = std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    for entry in entries {
        let path = entry.with_context(|| format!("reading {}", folder.display()))?.path();
        if path.is_dir() {
            find(&path, depth + 1, found)?;
        } else if path.file_name().is_some_and(|name| name == CONFIG_NAME) {
            found.push(path);
        }
    }
    Ok(())
}

/// The file that a configuration in `folder` means by `relative`, without `..` where that is possible.
pub(super) fn resolve(folder: &Path, relative: &str) -> PathBuf {
    let mut path = folder.to_path_buf();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." if path.file_name().is_some() => {
                path.pop();
            }
            part => path.push(part),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_found_from_the_folder_of_their_configuration() {
        let check = |folder: &str, relative: &str, path: &str| {
            assert_eq!(resolve(Path::new(folder), relative), Path::new(path));
        };
        check("perf/misc", "../templates/pod.yaml", "perf/templates/pod.yaml");
        check("perf", "./templates/pod.yaml", "perf/templates/pod.yaml");
        check("..", "../templates/pod.yaml", "../../templates/pod.yaml");
        check("", "templates/pod.yaml", "templates/pod.yaml");
    }
}
