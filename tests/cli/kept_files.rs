//! Uploads and reports in an object store, as commands and whoever has a link get at them.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;

use crate::installation::Installation;
use crate::object_store::ObjectStore;

const ROWS: usize = 3;

/// What a client without credentials gets: the status and the body.
fn download(link: &str) -> (u16, String) {
    let (host, path) = link.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

fn with_objects(objects: &ObjectStore) -> Installation {
    let mut installation = Installation::new();
    for (name, value) in objects.environment() {
        installation.set(name, &value);
    }
    installation
}

#[test]
fn whoever_has_a_link_downloads_the_report_and_an_altered_link_is_refused() {
    let objects = ObjectStore::start();
    let mut installation = with_objects(&objects);
    installation.home.write_organization("Test", ROWS, "kind = \"null\"\naddress = \"null\"");
    let folder = installation.home.path("organization");
    installation.line(&format!("organization import {}", folder.display())).done();
    installation.start("worker");
    let answer = installation.line(&format!("run {} --json", installation.home.bulk(0..ROWS))).done().json();
    let run = answer["run"].as_str().unwrap();
    let link = installation.line(&format!("report {run} --link 1 --json")).done().json();
    let link = link["link"].as_str().unwrap();
    let report = installation.line(&format!("report {run}")).done().stdout;
    assert_eq!(download(link), (200, report));
    let longer = link.replacen("X-Amz-Expires=3600", "X-Amz-Expires=7200", 1);
    assert_ne!(longer, link);
    assert_eq!(download(&longer).0, 403);
}

#[test]
fn the_doctor_writes_and_reads_an_object_and_says_when_it_cannot() {
    let objects = ObjectStore::start();
    let mut installation = with_objects(&objects);
    let files = |installation: &Installation, code| {
        let checks = installation.line("doctor --no-devices --json").code(code).json_lines();
        let check: &Value = checks.iter().find(|check| check["check"] == "files").unwrap();
        format!("{}: {}", check["state"].as_str().unwrap(), check["detail"].as_str().unwrap())
    };
    assert_eq!(files(&installation, 0), "ok: written and read");
    assert_eq!(objects.objects("check"), 1);
    installation.set("AWS_SECRET_ACCESS_KEY", "another-secret");
    let said = files(&installation, 1);
    assert!(said.starts_with("failed: ") && !said.contains("another-secret"), "{said}");
    drop(objects);
    let said = files(&installation, 1);
    assert!(said.contains("doesn't answer"), "{said}");
}
