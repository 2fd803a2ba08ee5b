//! What a collector of OpenTelemetry gets of a run. It needs a program that was built with the feature `otel`.

#![expect(clippy::unwrap_used, reason = "a test that can't set its stage fails")]

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread::JoinHandle;

use serde_json::Value;

/// Takes one export and answers it; gives what was in it.
fn collector() -> (String, JoinHandle<Vec<Value>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1/traces", listener.local_addr().unwrap());
    (url, std::thread::spawn(move || spans(listener.accept().unwrap().0)))
}

fn spans(stream: TcpStream) -> Vec<Value> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    reader.into_inner().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    let export: Value = serde_json::from_slice(&body).unwrap();
    let list = |value: &Value, name: &str| value[name].as_array().unwrap().clone();
    let of_processes = list(&export, "resourceSpans").into_iter().flat_map(|process| list(&process, "scopeSpans"));
    of_processes.flat_map(|scope| list(&scope, "spans")).collect()
}

#[test]
fn a_collector_gets_a_run_as_one_trace() {
    let folder = tempfile::tempdir().unwrap();
    let (url, collected) = collector();
    let mut command = Command::new(env!("CARGO_BIN_EXE_dialtone"));
    command.args(["run", "sample-data/bulk-assignment-by-name.csv", "--json"]);
    command.env("DIALTONE_DATA", folder.path()).env("DIALTONE_TRACES_URL", url);
    command.env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json");
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let spans = collected.join().unwrap();

    let (submissions, steps): (Vec<_>, Vec<_>) = spans.iter().partition(|span| span["name"] == "submit");
    let [submission] = submissions.as_slice() else { panic!("{submissions:?}") };
    assert_eq!(steps.len() as u64, answer["orders"]["completed"].as_u64().unwrap());
    let trace = answer["run"].as_str().unwrap().replace('-', "");
    assert!(spans.iter().all(|span| span["traceId"] == trace), "{spans:?}");
    assert_eq!(submission["parentSpanId"].as_str().unwrap_or_default(), "");
    assert!(steps.iter().all(|step| step["name"] == "step" && step["parentSpanId"] == submission["spanId"]));
    let ids: BTreeSet<&str> = spans.iter().map(|span| span["spanId"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), spans.len());
}
