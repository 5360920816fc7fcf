//! Wrong files, and exactly what is said about each.
//!
//! `tests/bad/NAME.yaml` is a scenario, or with the line `# manifest` one that `check` is asked about;
//! `NAME.stderr` beside it is the page of diagnostics. The lines `# set: PATH=VALUE` and
//! `# assert: EXPRESSION` are arguments. `# accepted` marks files that are only warned about.
//! `UPDATE_SNAPSHOTS=1` writes the pages anew; read them.

use flashcrowd_scenario::{
    Diagnostics, Disk, FileError, Files, Options, Severity, Style, check, load_from,
};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// A folder as the working directory, so that messages have the same paths everywhere.
struct Folder(PathBuf);

impl Files for Folder {
    fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
        Disk.read(&self.0.join(path), limit)
    }

    fn siblings(&self, path: &Path) -> Vec<String> {
        Disk.siblings(&self.0.join(path))
    }
}

fn corpus() -> Folder {
    Folder(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/bad"))
}

/// The arguments that a file asks for.
fn arguments(text: &str) -> (Options, bool, bool) {
    let mut options = Options::default();
    let (mut manifest, mut accepted) = (false, false);
    for line in text.lines() {
        if let Some(set) = line.strip_prefix("# set: ") {
            let (path, value) = set.split_once('=').unwrap();
            options.overrides.push((path.to_owned(), value.to_owned()));
        } else if let Some(duration) = line.strip_prefix("# duration: ") {
            options.duration = Some(duration.to_owned());
        } else if let Some(assertion) = line.strip_prefix("# assert: ") {
            options.assertions.push(assertion.to_owned());
        }
        manifest |= line == "# manifest";
        accepted |= line == "# accepted";
    }
    (options, manifest, accepted)
}

fn diagnose(name: &str, files: &dyn Files, options: &Options, manifest: bool) -> Diagnostics {
    if manifest {
        return check(name, files);
    }
    match load_from(files, name, options) {
        Ok(loaded) => loaded.diagnostics,
        Err(diagnostics) => diagnostics,
    }
}

#[test]
fn every_bad_file_is_explained() {
    let folder = corpus();
    let update = std::env::var_os("UPDATE_SNAPSHOTS").is_some();
    let mut names: Vec<String> = Disk.siblings(&folder.0.join("x"));
    names.retain(|name| {
        Path::new(name)
            .extension()
            .is_some_and(|extension| extension == "yaml")
    });
    // Named by the command line, and not there.
    names.push("no-such-file.yaml".to_owned());
    assert!(names.len() >= 40, "{}", names.len());
    let mut differing = Vec::new();
    for name in names {
        let bytes = std::fs::read(folder.0.join(&name)).unwrap_or_default();
        let (options, manifest, accepted) = arguments(&String::from_utf8_lossy(&bytes));
        let diagnostics = diagnose(&name, &folder, &options, manifest);
        assert!(!diagnostics.is_empty(), "{name}: nothing is wrong with it");
        assert_eq!(
            diagnostics.has_errors(),
            !accepted,
            "{name}:\n{diagnostics}"
        );
        let snapshot = folder.0.join(Path::new(&name).with_extension("stderr"));
        let actual = diagnostics.to_string();
        if update {
            std::fs::write(&snapshot, &actual).unwrap();
        } else if std::fs::read_to_string(&snapshot).unwrap_or_default() != actual {
            differing.push(format!("{name} now gives\n{actual}"));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

/// What a reader sees last is what stops them.
#[test]
fn errors_come_last_and_notes_give_way() {
    let files = shop_with_manifest();
    let (good, bad) = (Options::default(), {
        let overrides = vec![("services.web.nope".to_owned(), "1".to_owned())];
        Options {
            overrides,
            ..Options::default()
        }
    });
    let fine = diagnose("shop.yaml", &files, &good, false);
    assert_eq!(
        fine.render_briefly(Style::Plain),
        "note[skipped-kind]: web.yaml: skipped Namespace, ConfigMap (lines 3, 7, 11): kinds that \
         flashcrowd does not simulate\n"
    );
    let refused = diagnose("shop.yaml", &files, &bad, false);
    let errors = refused.iter().filter(|d| d.severity == Severity::Error);
    assert_eq!((errors.count(), refused.count(Severity::Note)), (1, 3));
    let brief = refused.render_briefly(Style::Plain);
    assert!(brief.starts_with("error["), "{brief}");
    assert!(!brief.contains("note["), "{brief}");
    let whole = refused.to_string();
    assert_eq!(whole.matches("note[skipped-kind]").count(), 3, "{whole}");
    assert!(whole.rfind("note[") < whole.find("error["), "{whole}");
}

/// A scenario, and a manifest with three objects that play no part.
fn shop_with_manifest() -> BTreeMap<PathBuf, Vec<u8>> {
    let scenario = "
name: shop
duration: 1m
workload: { users: { open: { rate: 1/s }, endpoints: { home: 100% } } }
services: { web: { manifests: [web.yaml], endpoints: { home: [ cpu: 1ms ] } } }
";
    let object =
        |kind: &str| format!("---\napiVersion: v1\nkind: {kind}\nmetadata: {{ name: x }}\n");
    let manifest = format!(
        "{}{}{}---
apiVersion: apps/v1
kind: Deployment
metadata: {{ name: web }}
spec:
  replicas: 2
  selector: {{ matchLabels: {{ app: web }} }}
  template:
    metadata: {{ labels: {{ app: web }} }}
    spec:
      containers:
        - {{ name: web, image: web, readinessProbe: {{ httpGet: {{ path: /, port: 80 }} }} }}
",
        object("Namespace"),
        object("ConfigMap"),
        object("\"ConfigMap\""),
    );
    let mut files = BTreeMap::new();
    files.insert(PathBuf::from("shop.yaml"), scenario.as_bytes().to_vec());
    files.insert(PathBuf::from("web.yaml"), manifest.into_bytes());
    files
}

#[test]
fn a_file_of_a_hundred_megabytes_is_refused_unread() {
    let folder = std::env::temp_dir().join(format!("flashcrowd-bad-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = std::fs::File::create(folder.join("huge.yaml")).unwrap();
    file.set_len(100 << 20).unwrap();
    let diagnostics = diagnose(
        "huge.yaml",
        &Folder(folder.clone()),
        &Options::default(),
        false,
    );
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(
        diagnostics.to_string(),
        "error[too-large]: cannot read `huge.yaml`: it has 104857600 bytes; files of up to 8388608 bytes (8 MiB) are read\n--> huge.yaml\n\n"
    );
}

/// Files that are as large as is allowed, each with a different kind of mass.
#[test]
fn large_files_come_to_an_end() {
    let size = 8_000_000;
    let (mut keys, mut anchors) = (String::new(), String::new());
    for n in 0..size / 20 {
        writeln!(keys, "key-of-mass-{n:06}: 1").unwrap();
        writeln!(anchors, "k{n}: &a{n} [*a{}]", n.max(1) - 1).unwrap();
    }
    let masses = [
        ("one long line", format!("name: {}", "x".repeat(size))),
        (
            "a long list",
            format!("slos: [{}]", "1,".repeat(size / 2 - 10)),
        ),
        ("many keys", keys),
        (
            "many mistakes",
            format!("slos: [{}]", "{x: 1},".repeat(30_000)),
        ),
        ("open brackets", "[".repeat(size)),
        ("open blocks", "- ".repeat(size / 2)),
        ("anchors", anchors),
        ("quotes", format!("name: \"{}", "\\n".repeat(size / 2))),
    ];
    for (kind, text) in masses {
        let mut files = BTreeMap::new();
        files.insert(PathBuf::from("large.yaml"), text.into_bytes());
        let diagnostics = diagnose("large.yaml", &files, &Options::default(), false);
        assert!(diagnostics.has_errors(), "{kind}");
        assert!(diagnostics.to_string().len() < 1_000_000, "{kind}");
    }
}

#[test]
fn a_pipe_is_not_waited_for() {
    let diagnostics = diagnose("/dev/zero", &Disk, &Options::default(), false);
    assert!(diagnostics.has_errors());
}
