//! What only an object store can do: links, and being somewhere else.

use std::fs;
use std::time::Duration;

use dialtone_files::{Files, FilesError};
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout};

use crate::bed::{BUCKET, Bed, SECRET, altering_wire, answering, download, key, open, serve};

const HOUR: Duration = Duration::from_secs(3_600);
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_link_serves_the_bytes_to_whoever_has_it() {
    let bed = Bed::bucket().await;
    let key = key("reports/1.csv");
    bed.files.put(&key, b"Outcome\r\n".to_vec()).await.unwrap();
    let link = bed.files.presigned(&key, HOUR, "report.csv").await.unwrap().unwrap();
    assert_eq!(download(&link).await, (200, b"Outcome\r\n".to_vec()));
    assert!(link.contains("report.csv"), "{link}");
    assert!(!link.contains(SECRET), "{link}");
}

#[tokio::test]
async fn an_altered_link_is_refused() {
    let bed = Bed::bucket().await;
    for name in ["reports/1.csv", "reports/2.csv"] {
        bed.files.put(&key(name), b"Outcome\r\n".to_vec()).await.unwrap();
    }
    let link = bed.files.presigned(&key("reports/1.csv"), HOUR, "report.csv").await.unwrap().unwrap();
    let another = link.replace("reports/1.csv", "reports/2.csv");
    let longer = link.replace("X-Amz-Expires=3600", "X-Amz-Expires=7200");
    let unsigned = link.split_once('?').unwrap().0.to_owned();
    for altered in [another, longer, unsigned] {
        assert_ne!(altered, link);
        assert_eq!(download(&altered).await.0, 403, "{altered}");
    }
}

#[tokio::test]
async fn a_link_expires() {
    let bed = Bed::bucket().await;
    let key = key("reports/1.csv");
    bed.files.put(&key, b"Outcome\r\n".to_vec()).await.unwrap();
    let link = bed.files.presigned(&key, Duration::from_secs(1), "report.csv").await.unwrap().unwrap();
    let refused = async {
        while download(&link).await.0 != 403 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, refused).await.expect("the link still works");
}

#[tokio::test]
async fn a_folder_has_no_links_and_a_link_of_a_month_is_refused() {
    let month = Duration::from_secs(30 * 24 * 3_600);
    let bed = Bed::bucket().await;
    let error = bed.files.presigned(&key("a"), month, "a.csv").await.unwrap_err();
    assert!(error.to_string().contains("can't be made a link"), "{error}");
    let local = Files::local("never-made");
    assert_eq!(local.presigned(&key("a"), HOUR, "a.csv").await.unwrap(), None);
}

#[tokio::test]
async fn an_object_that_was_altered_is_refused_without_anybody_naming_its_digest() {
    let bed = Bed::bucket().await;
    let key = key("uploads/a.csv");
    bed.files.put(&key, b"as stored".to_vec()).await.unwrap();
    fs::write(bed.stored(&key), b"as forged").unwrap();
    let error = bed.files.get(&key).await.unwrap_err();
    assert!(matches!(error, FilesError::Changed(_)), "{error}");
}

#[tokio::test]
async fn bytes_that_are_altered_on_their_way_are_not_stored() {
    let (server, folder) = serve().await;
    let wire = altering_wire(server, b"as sent", b"as herd").await;
    let files = open(&format!("http://{wire}"), BUCKET, SECRET);
    files.put(&key("uploads/a.csv"), b"as sent".to_vec()).await.unwrap_err();
    assert!(!folder.path().join(BUCKET).join("prefix/uploads/a.csv").exists());
}

/// Answers that the test's own object store never gives, as Amazon's documentation words them.
#[tokio::test(start_paused = true)]
async fn every_answer_leads_to_words_that_help() {
    for (status, code, expected) in [
        (404, "NoSuchBucket", "there is no bucket \"kept\" at http://"),
        (403, "AccessDenied", "refuses access to the bucket \"kept\" (AccessDenied)"),
        (403, "RequestTimeTooSkewed", "finds this machine's clock wrong"),
        (400, "BadDigest", "other bytes arrived than were sent (BadDigest)"),
        (503, "SlowDown", "answers SlowDown: as scripted"),
        (507, "InsufficientStorage", "answers InsufficientStorage: as scripted"),
    ] {
        let server = answering(status, code).await;
        let error = open(&format!("http://{server}"), BUCKET, SECRET).check().await.unwrap_err().to_string();
        assert!(error.contains(expected), "{code}: {error}");
    }
}

#[tokio::test]
async fn refused_credentials_are_said_and_never_shown() {
    let (server, _folder) = serve().await;
    let files = open(&format!("http://{server}"), BUCKET, "another-secret");
    let error = files.check().await.unwrap_err();
    assert!(matches!(error, FilesError::Denied { .. }), "{error:?}");
    for said in [error.to_string(), format!("{error:?}"), format!("{files:?}")] {
        assert!(!said.contains("another-secret"), "{said}");
    }
}

#[tokio::test]
async fn a_server_that_is_down_is_named() {
    // A port that was free a moment ago, and to which nobody listens.
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = open(&format!("http://{free}"), BUCKET, SECRET).check().await.unwrap_err();
    let expected = format!("the object store http://{free} doesn't answer");
    assert!(error.to_string().contains(&expected), "{error}");
}

/// The clock stands still and jumps to the next timer when everybody waits.
#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let start = Instant::now();
    let error = open(&endpoint, BUCKET, SECRET).get(&key("uploads/a.csv")).await.unwrap_err();
    assert!(matches!(error, FilesError::Unreachable { .. }), "{error}");
    assert!(start.elapsed() <= Duration::from_secs(100), "{:?}", start.elapsed());
}

#[test]
fn a_bucket_needs_credentials() {
    let error = Files::open("s3://kept?region=eu-central-1", None).unwrap_err();
    assert!(error.to_string().contains("AWS_ACCESS_KEY_ID"), "{error}");
}
