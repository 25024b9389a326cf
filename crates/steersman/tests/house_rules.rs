//! The rules of the house, as far as a program can check them.

#![allow(missing_docs, reason = "tests have no interface")]
#![allow(clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().expect("the workspace")
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo prints JSON")
}

/// The crates of the workspace with their layers; `None` is a development crate.
fn layers(metadata: &Value) -> BTreeMap<String, Option<u64>> {
    let members: BTreeSet<&str> =
        metadata["workspace_members"].as_array().expect("members").iter().filter_map(Value::as_str).collect();
    let packages = metadata["packages"].as_array().expect("packages").iter();
    let own = packages.filter(|package| members.contains(package["id"].as_str().unwrap_or("")));
    own.map(|package| {
        let name = package["name"].as_str().expect("a name").to_owned();
        let layer = &package["metadata"]["layer"];
        assert!(layer.is_u64() || layer == "dev", "{name} declares no [package.metadata] layer");
        (name, layer.as_u64())
    })
    .collect()
}

fn dependencies<'m>(metadata: &'m Value, name: &str) -> impl Iterator<Item = (&'m str, bool)> {
    let packages = metadata["packages"].as_array().expect("packages").iter();
    let mut found = packages.filter(|package| package["name"] == name && package["source"].is_null());
    let package = found.next().unwrap_or_else(|| panic!("crate {name}"));
    let dependencies = package["dependencies"].as_array().expect("dependencies").iter();
    dependencies
        .map(|dependency| (dependency["name"].as_str().expect("a name"), dependency["kind"] == Value::Null))
}

#[test]
fn crates_depend_on_lower_layers_only() {
    let metadata = metadata();
    let layers = layers(&metadata);
    for (name, layer) in &layers {
        let Some(layer) = layer else { continue };
        for (dependency, is_normal) in dependencies(&metadata, name) {
            match layers.get(dependency) {
                None => {}
                Some(Some(lower)) => {
                    assert!(lower < layer, "{name} (layer {layer}) depends on {dependency} (layer {lower})");
                }
                Some(None) => assert!(!is_normal, "{name} depends on the development crate {dependency}"),
            }
        }
    }
}

/// The crates without a runtime, a socket or a client: they build and test in seconds.
const PURE: [&str; 5] = ["base", "wire", "scheduling", "apimachinery", "resources"];

#[test]
fn the_pure_crates_stay_pure_and_only_the_binary_talks_to_people() {
    let metadata = metadata();
    let banned = ["tokio", "kube", "k8s-openapi", "hyper", "reqwest"];
    for (name, layer) in layers(&metadata) {
        let Some(layer) = layer else { continue };
        for (dependency, is_normal) in dependencies(&metadata, &name).filter(|(_, is_normal)| *is_normal) {
            assert!(is_normal);
            if PURE.contains(&name.as_str()) {
                assert!(!banned.contains(&dependency), "{name} depends on {dependency}");
            }
            if layer < 6 {
                assert!(!["clap", "anyhow"].contains(&dependency), "{name} depends on {dependency}");
            }
        }
    }
}

fn rust_files(folder: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.insert(path);
        }
    }
}

/// The files that `file` reaches through `mod` declarations, itself included.
fn reach(file: &Path, is_root: bool, reached: &mut BTreeSet<PathBuf>) {
    reached.insert(file.to_path_buf());
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let folder =
        if is_root { file.parent().expect("a folder").to_path_buf() } else { file.with_extension("") };
    for line in text.lines() {
        let line = line.trim();
        let declaration = line.strip_suffix(';').and_then(|line| {
            let line = line.strip_prefix("pub(crate) ").or(line.strip_prefix("pub(super) ")).unwrap_or(line);
            line.strip_prefix("pub ").unwrap_or(line).strip_prefix("mod ")
        });
        if let Some(name) = declaration {
            let child = folder.join(format!("{name}.rs"));
            assert!(child.is_file(), "{}: mod {name} is not at {}", file.display(), child.display());
            reach(&child, false, reached);
        }
    }
}

#[test]
fn every_source_file_belongs_to_a_crate_and_has_one_subject() {
    for entry in std::fs::read_dir(root().join("crates")).expect("crates").flatten() {
        let source = entry.path().join("src");
        let (mut there, mut reached) = (BTreeSet::new(), BTreeSet::new());
        rust_files(&source, &mut there);
        for name in ["lib.rs", "main.rs"] {
            let start = source.join(name);
            if start.is_file() {
                reach(&start, true, &mut reached);
            }
        }
        let dead: Vec<_> = there.difference(&reached).collect();
        assert!(dead.is_empty(), "no mod declaration leads to {dead:?}");
        for file in there {
            assert!(file.file_name().is_some_and(|name| name != "mod.rs"), "{}: use name.rs", file.display());
            let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let vague = ["common", "utils", "util", "helpers", "misc"];
            assert!(!vague.contains(&name.as_str()), "{}: name the subject", file.display());
            let n_lines = std::fs::read_to_string(&file).unwrap_or_default().lines().count();
            assert!(n_lines <= 800, "{} has {n_lines} lines: more than one subject", file.display());
        }
    }
}

#[test]
fn the_architecture_names_every_crate() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    assert!(text.lines().count() < 400, "ARCHITECTURE.md is to be read in one sitting");
    for name in layers(&metadata()).keys() {
        assert!(text.contains(&format!("`crates/{name}`")), "ARCHITECTURE.md does not mention crates/{name}");
    }
}

#[test]
fn every_library_has_its_reason() {
    let decisions = std::fs::read_to_string(root().join("docs/decisions.md")).expect("docs/decisions.md");
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml");
    let section = manifest.split("[workspace.dependencies]").nth(1).expect("dependencies");
    let section = section.split("\n[").next().expect("a section");
    for line in section.lines().filter(|line| !line.contains("path =") && !line.starts_with('#')) {
        let Some((name, _)) = line.split_once(" = ") else { continue };
        assert!(decisions.contains(&format!("`{name}`")), "docs/decisions.md gives no reason for {name}");
    }
}
