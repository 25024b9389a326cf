//! Files, folders and streams.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{DecodeError, Decoded, json, yaml};

/// Folders nested deeper than this are taken for a link that leads back.
const FOLDER_DEPTH_MAX: usize = 32;

const EXTENSIONS: [&str; 5] = ["yaml", "yml", "json", "jsonl", "ndjson"];

/// Reads a file, or the YAML and JSON files of a folder and the folders in it, sorted by name.
///
/// What begins with a dot is skipped in folders, as are other extensions and what is no regular file; a file
/// that is named is read whatever it is called and whatever it is.
pub fn read_path(path: &Path) -> Result<Decoded, DecodeError> {
    let mut decoded = Decoded::default();
    if !metadata(path)?.is_dir() {
        read_file(path, &mut decoded)?;
        return Ok(decoded);
    }
    let mut files = Vec::new();
    find_files(path, 1, &mut files)?;
    if files.is_empty() {
        return Err(DecodeError::NoFiles { path: shown(path) });
    }
    for file in files {
        read_file(&file, &mut decoded)?;
    }
    Ok(decoded)
}

/// Reads a stream to its end; `name` is what it is called in errors.
pub fn read_reader(name: &str, mut reader: impl Read) -> Result<Decoded, DecodeError> {
    let mut bytes = Vec::new();
    match reader.read_to_end(&mut bytes) {
        Ok(_) => read_bytes(name, &bytes),
        Err(source) => Err(DecodeError::Read { path: name.to_owned(), source }),
    }
}

/// Reads a text; `name` is what it is called in errors.
pub fn read_bytes(name: &str, bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let mut decoded = Decoded::default();
    decode(name, bytes, &mut decoded)?;
    Ok(decoded)
}

fn read_file(path: &Path, decoded: &mut Decoded) -> Result<(), DecodeError> {
    let bytes = fs::read(path).map_err(|source| DecodeError::Read { path: shown(path), source })?;
    decode(&shown(path), &bytes, decoded)
}

fn decode(name: &str, bytes: &[u8], decoded: &mut Decoded) -> Result<(), DecodeError> {
    let file: Arc<str> = Arc::from(name);
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let is_json_name = matches!(extension(Path::new(name)), Some("json" | "jsonl" | "ndjson"));
    let looks_like_json = matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'['));
    if !is_json_name && !looks_like_json {
        return yaml::read(&file, bytes, decoded);
    }
    let (n_before, skipped_before) = (decoded.objects.len(), decoded.skipped.clone());
    match json::read(&file, bytes, decoded) {
        // YAML in flow style begins like JSON. Whether it is that, only trying tells.
        Err(error @ DecodeError::Syntax { .. }) if !is_json_name => {
            decoded.objects.truncate(n_before);
            decoded.skipped = skipped_before;
            let is_yaml_name = matches!(extension(Path::new(name)), Some("yaml" | "yml"));
            match yaml::read(&file, bytes, decoded) {
                Err(DecodeError::Syntax { .. }) if !is_yaml_name => Err(error),
                result => result,
            }
        }
        result => result,
    }
}

fn find_files(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), DecodeError> {
    if depth > FOLDER_DEPTH_MAX {
        return Err(DecodeError::TooDeep { path: shown(folder), limit: FOLDER_DEPTH_MAX });
    }
    let failed = |source: io::Error| DecodeError::Read { path: shown(folder), source };
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        entries.push(entry.map_err(failed)?.path());
    }
    entries.sort();
    for path in entries {
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
            continue;
        }
        let metadata = metadata(&path)?;
        if metadata.is_dir() {
            find_files(&path, depth + 1, files)?;
            continue;
        }
        // Reading a pipe or a device that nobody named may wait forever.
        if metadata.is_file() && extension(&path).is_some_and(|extension| EXTENSIONS.contains(&extension)) {
            files.push(path);
        }
    }
    Ok(())
}

fn metadata(path: &Path) -> Result<fs::Metadata, DecodeError> {
    fs::metadata(path).map_err(|source| DecodeError::Read { path: shown(path), source })
}

fn extension(path: &Path) -> Option<&str> {
    path.extension()?.to_str()
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
