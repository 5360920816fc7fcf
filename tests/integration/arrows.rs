//! Who knows whom: the crates' dependencies, held to the picture in CONTRIBUTING.md.

use crate::program::root;
use cargo_metadata::{Metadata, MetadataCommand};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Each package, and the packages of ours that it may know.
const PICTURE: [(&str, &[&str]); 12] = [
    ("flashcrowd-units", &[]),
    ("flashcrowd-manifests", &["units"]),
    ("flashcrowd-engine", &["units"]),
    ("flashcrowd-workload", &["units"]),
    ("flashcrowd-telemetry", &["units"]),
    ("flashcrowd-autoscalers", &["units", "manifests"]),
    (
        "flashcrowd-core",
        &[
            "units",
            "manifests",
            "engine",
            "workload",
            "telemetry",
            "autoscalers",
        ],
    ),
    (
        "flashcrowd-scenario",
        &[
            "units",
            "manifests",
            "workload",
            "telemetry",
            "autoscalers",
            "core",
        ],
    ),
    (
        "flashcrowd-report",
        &["units", "telemetry", "autoscalers", "core"],
    ),
    (
        "flashcrowd-experiment",
        &[
            "units",
            "manifests",
            "autoscalers",
            "core",
            "scenario",
            "report",
        ],
    ),
    (
        "flashcrowd-verify",
        &["units", "manifests", "workload", "autoscalers", "core"],
    ),
    (
        "flashcrowd",
        &[
            "units",
            "manifests",
            "engine",
            "workload",
            "telemetry",
            "autoscalers",
            "core",
            "scenario",
            "report",
            "experiment",
            "verify",
        ],
    ),
];

/// What only the command line needs.
const COMMAND_LINE_ONLY: [&str; 4] = ["clap", "ctrlc", "indicatif", "flashcrowd-verify"];

/// The crates in which the same seed must give the same bytes.
const DETERMINISTIC: [&str; 6] = [
    "units",
    "engine",
    "autoscalers",
    "workload",
    "telemetry",
    "core",
];

fn metadata() -> Metadata {
    let mut command = MetadataCommand::new();
    command.manifest_path(root().join("Cargo.toml")).no_deps();
    command.other_options(["--offline".to_owned()]);
    command.exec().unwrap()
}

fn source_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(source_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

#[test]
fn crates_know_whom_the_picture_says() {
    let metadata = metadata();
    let known: BTreeMap<_, BTreeSet<_>> = metadata
        .workspace_packages()
        .iter()
        .map(|package| {
            let names = package.dependencies.iter().map(|it| it.name.clone());
            let ours = names.filter(|name| name.starts_with("flashcrowd"));
            (package.name.to_string(), ours.collect())
        })
        .collect();
    let picture: BTreeMap<_, BTreeSet<_>> = PICTURE
        .iter()
        .map(|(name, knows)| {
            let knows = knows.iter().map(|it| format!("flashcrowd-{it}"));
            ((*name).to_owned(), knows.collect())
        })
        .collect();
    assert_eq!(known, picture);
}

#[test]
fn every_crate_is_built_and_tested_by_default() {
    let metadata = metadata();
    let members: BTreeSet<_> = metadata.workspace_members.iter().collect();
    let default: BTreeSet<_> = metadata.workspace_default_members.iter().collect();
    assert_eq!(members, default);
    let packages = metadata.workspace_packages();
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let manifest = entry.unwrap().path().join("Cargo.toml");
        let listed = || packages.iter().any(|it| it.manifest_path == manifest);
        assert!(!manifest.exists() || listed(), "{}", manifest.display());
    }
}

#[test]
fn libraries_do_without_what_the_command_line_needs() {
    let tree = |features: &[&str]| {
        let mut command = Command::new(env!("CARGO"));
        command
            .current_dir(root())
            .args(["tree", "-p", "flashcrowd", "-e", "normal"]);
        command
            .args(["--prefix", "none", "--format", "{p}", "--offline"])
            .args(features);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let names = text.lines().filter_map(|line| line.split(' ').next());
        names.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let (with, without) = (tree(&[]), tree(&["--no-default-features"]));
    for package in COMMAND_LINE_ONLY {
        assert!(with.contains(package), "{package} is not needed at all");
        assert!(!without.contains(package), "{package}");
    }
}

/// The control plane is shared with planes that have no single requests.
#[test]
fn the_control_plane_never_touches_a_request() {
    // The type parameter's default, and the phase of a pod's quota, which is part of its life.
    let allowed = [
        "use crate::exact::ExactPlane;",
        "use crate::exact::CfsPhase;",
    ];
    for file in source_files(&root().join("crates/core/src/control")) {
        for line in fs::read_to_string(&file).unwrap().lines() {
            let line = line.trim();
            assert!(
                !line.contains("exact::") || allowed.contains(&line),
                "{}: {line}",
                file.display()
            );
        }
    }
}

/// Clippy forbids clocks, unordered maps and the platform's mathematics (`clippy.toml`); here is
/// held that nobody allows them again.
#[test]
fn what_breaks_determinism_is_forbidden() {
    let lints = fs::read_to_string(root().join("clippy.toml")).unwrap();
    for forbidden in [
        "f64::ln",
        "f64::exp",
        "f64::powf",
        "f64::sin",
        "HashMap",
        "HashSet",
        "Instant::now",
        "SystemTime::now",
    ] {
        assert!(lints.contains(&format!("{forbidden}\"")), "{forbidden}");
    }
    for name in DETERMINISTIC {
        for file in source_files(&root().join("crates").join(name).join("src")) {
            let text = fs::read_to_string(&file).unwrap();
            for lifted in [
                "disallowed_methods",
                "disallowed_types",
                "SmallRng",
                "StdRng",
                "rand::rng()",
            ] {
                assert!(!text.contains(lifted), "{}: {lifted}", file.display());
            }
        }
        let own = root().join("crates").join(name).join("clippy.toml");
        assert!(
            !own.exists(),
            "{} would replace the common one",
            own.display()
        );
    }
}
