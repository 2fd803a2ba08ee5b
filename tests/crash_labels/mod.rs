//! The labels of the points at which the crash test and the fault suite kill processes, read from the sources.

use std::fs;
use std::path::Path;

/// Every label in the sources. Each is there once, so that a report of a crash names one place.
pub(crate) fn crash_labels() -> Vec<String> {
    let mut labels = Vec::new();
    for room in fs::read_dir(env!("CARGO_MANIFEST_DIR")).unwrap() {
        let room = room.unwrap().path();
        let sources = if room.ends_with("cli") { room } else { room.join("src") };
        if sources.is_dir() {
            collect(&sources, &mut labels);
        }
    }
    labels.sort();
    let count = labels.len();
    labels.dedup();
    assert_eq!(labels.len(), count, "a label is there twice: {labels:?}");
    labels
}

fn collect(folder: &Path, labels: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, labels);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(path).unwrap();
            let found = text.split("crash_point!(\"").skip(1).filter_map(|rest| rest.split('"').next());
            labels.extend(found.map(str::to_owned));
        }
    }
}
