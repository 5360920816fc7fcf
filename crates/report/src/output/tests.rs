//! What is on the disk after success, failure, cancellation.

use super::*;
use std::cell::Cell;

const NEVER: &dyn Fn() -> bool = &|| false;

/// A folder with the results of an earlier run.
fn earlier_run(parent: &Path) -> PathBuf {
    let dir = parent.join("results");
    let mut output = OutputDir::create(&dir, NEVER).unwrap();
    output
        .write("events.csv", |w| w.write_all(b"old events"))
        .unwrap();
    output
        .write_unhashed(REPORT_FILE, |w| w.write_all(b"old report"))
        .unwrap();
    output.commit().unwrap();
    dir
}

fn listing(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let contents = if path.is_dir() {
                b"(folder)".to_vec()
            } else {
                fs::read(&path).unwrap()
            };
            (name, contents)
        })
        .collect();
    files.sort();
    files
}

/// The two files of the earlier run and nothing else, in the folder and beside it.
fn assert_untouched(parent: &Path) {
    assert_eq!(
        listing(parent),
        [("results".to_owned(), b"(folder)".to_vec())]
    );
    let expected = [
        ("events.csv".to_owned(), b"old events".to_vec()),
        (REPORT_FILE.to_owned(), b"old report".to_vec()),
    ];
    assert_eq!(listing(&parent.join("results")), expected);
}

#[test]
fn a_new_folder_appears_complete_with_hashes() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("a/b");
    let mut output = OutputDir::create(&dir, NEVER).unwrap();
    output.write("abc.txt", |w| w.write_all(b"abc")).unwrap();
    // The vector of FIPS 180-2, appendix B.1.
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(output.hashes()["abc.txt"], abc);
    output
        .write_unhashed("timing.json", |w| w.write_all(b"{}"))
        .unwrap();
    assert!(!output.hashes().contains_key("timing.json"));
    assert!(!dir.exists(), "nothing is visible before the end");
    output.commit().unwrap();
    assert_eq!(listing(&dir).len(), 2);
    assert_eq!(
        listing(parent.path().join("a").as_path()).len(),
        1,
        "no staging folder is left"
    );
}

#[test]
fn an_earlier_run_is_replaced_and_other_files_stay() {
    let parent = tempfile::tempdir().unwrap();
    let dir = earlier_run(parent.path());
    fs::write(dir.join("notes.md"), "mine").unwrap();
    let mut output = OutputDir::create(&dir, NEVER).unwrap();
    output
        .write_unhashed(REPORT_FILE, |w| w.write_all(b"new report"))
        .unwrap();
    output
        .write("events.csv", |w| w.write_all(b"new events"))
        .unwrap();
    output.commit().unwrap();
    let expected = [
        ("events.csv", "new events"),
        ("notes.md", "mine"),
        (REPORT_FILE, "new report"),
    ]
    .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()));
    assert_eq!(listing(&dir), expected);
    assert_eq!(listing(parent.path()).len(), 1);
}

#[test]
fn a_write_that_fails_in_the_middle_leaves_the_old_files() {
    let parent = tempfile::tempdir().unwrap();
    let dir = earlier_run(parent.path());
    let mut output = OutputDir::create(&dir, NEVER).unwrap();
    output
        .write("events.csv", |w| w.write_all(b"new events"))
        .unwrap();
    let error = output
        .write("timeseries.csv", |w| {
            w.write_all(&vec![b'x'; 100_000])?;
            Err(io::ErrorKind::StorageFull.into())
        })
        .unwrap_err();
    drop(output);
    let text = error.to_string();
    assert!(
        text.starts_with(
            "timeseries.csv could not be written (100,000 bytes got through): the disk is full"
        ),
        "{text}"
    );
    assert!(error.help().starts_with("free some space"));
    assert_untouched(parent.path());
}

/// `/dev/full` answers every write with ENOSPC, as a full disk does.
#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_leaves_the_old_files() {
    let parent = tempfile::tempdir().unwrap();
    let dir = earlier_run(parent.path());
    let mut output = OutputDir::create(&dir, NEVER).unwrap();
    std::os::unix::fs::symlink("/dev/full", output.staging.join("timeseries.csv")).unwrap();
    let error = output
        .write("timeseries.csv", |w| w.write_all(b"a few bytes"))
        .unwrap_err();
    drop(output);
    assert!(
        error
            .to_string()
            .contains("(0 bytes got through): the disk is full"),
        "{error}"
    );
    assert_untouched(parent.path());
}

#[test]
fn cancelling_while_writing_leaves_the_old_files() {
    let parent = tempfile::tempdir().unwrap();
    let dir = earlier_run(parent.path());
    let pressed = Cell::new(false);
    let cancelled = || pressed.get();
    let mut output = OutputDir::create(&dir, &cancelled).unwrap();
    let error = output
        .write("timeseries.csv", |w| {
            w.write_all(&vec![b'x'; 70_000])?;
            pressed.set(true);
            w.write_all(&vec![b'x'; 70_000])
        })
        .unwrap_err();
    drop(output);
    assert!(
        matches!(error, OutputError::Cancelled { bytes: 70_000, .. }),
        "{error}"
    );
    assert_untouched(parent.path());
}

#[test]
fn cancelling_before_the_renames_leaves_the_old_files() {
    let parent = tempfile::tempdir().unwrap();
    let dir = earlier_run(parent.path());
    let pressed = Cell::new(false);
    let cancelled = || pressed.get();
    let mut output = OutputDir::create(&dir, &cancelled).unwrap();
    output
        .write("events.csv", |w| w.write_all(b"new events"))
        .unwrap();
    pressed.set(true);
    assert!(matches!(
        output.commit().unwrap_err(),
        OutputError::Cancelled { .. }
    ));
    assert_untouched(parent.path());
}

#[test]
fn a_rename_that_fails_keeps_the_old_report() {
    let parent = tempfile::tempdir().unwrap();
    let dir = earlier_run(parent.path());
    // A file cannot take the place of a folder.
    fs::create_dir(dir.join("timeseries.csv")).unwrap();
    let mut output = OutputDir::create(&dir, NEVER).unwrap();
    for name in [REPORT_FILE, "events.csv", "timeseries.csv"] {
        output.write(name, |w| w.write_all(b"new")).unwrap();
    }
    let error = output.commit().unwrap_err();
    assert!(
        error.to_string().contains("already replaced: events.csv"),
        "{error}"
    );
    assert_eq!(fs::read(dir.join(REPORT_FILE)).unwrap(), b"old report");
    assert_eq!(listing(parent.path()).len(), 1);
}

#[test]
fn what_is_not_a_result_folder_is_refused() {
    let parent = tempfile::tempdir().unwrap();
    let file = parent.path().join("file");
    fs::write(&file, "mine").unwrap();
    assert!(matches!(
        OutputDir::check(&file),
        Err(OutputError::NotAFolder(_))
    ));
    assert!(matches!(
        OutputDir::check(parent.path()),
        Err(OutputError::ForeignFolder(_))
    ));
    assert!(matches!(
        OutputDir::check(Path::new("/")),
        Err(OutputError::Unusable(_) | OutputError::ForeignFolder(_))
    ));
    let empty = parent.path().join("empty");
    fs::create_dir(&empty).unwrap();
    assert!(OutputDir::check(&empty).is_ok());
    assert!(OutputDir::check(&parent.path().join("new/deep")).is_ok());
    assert!(
        !parent.path().join("new").exists(),
        "checking touches nothing"
    );
    assert_eq!(listing(parent.path()).len(), 2);
}

#[test]
#[cfg(unix)]
fn a_link_to_a_folder_is_followed() {
    let parent = tempfile::tempdir().unwrap();
    let real = parent.path().join("real");
    fs::create_dir(&real).unwrap();
    let link = parent.path().join("link");
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let mut output = OutputDir::create(&link, NEVER).unwrap();
    output
        .write_unhashed(REPORT_FILE, |w| w.write_all(b"{}"))
        .unwrap();
    output.commit().unwrap();
    assert_eq!(fs::read(real.join(REPORT_FILE)).unwrap(), b"{}");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
}
