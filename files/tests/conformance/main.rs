//! Every backend of kept files does the same, and each says what is wrong in words that help.

#![expect(clippy::unwrap_used, reason = "a test that can't set its stage fails")]

mod bed;
mod bucket;

use std::fs::{self, File};

use dialtone_files::{FilesError, sha256};

use bed::{Bed, key};

#[tokio::test]
async fn bytes_come_back_and_a_second_put_replaces_them() {
    for bed in Bed::each().await {
        let key = key("reports/1.csv");
        bed.files.put(&key, b"old".to_vec()).await.unwrap();
        bed.files.put(&key, b"new and longer".to_vec()).await.unwrap();
        assert_eq!(bed.files.get(&key).await.unwrap(), b"new and longer", "{}", bed.name);
        assert_eq!(bed.left_in("reports"), [bed.stored(&key)], "{}", bed.name);
    }
}

#[tokio::test]
async fn empty_and_large_files_come_back() {
    for bed in Bed::each().await {
        for size in [0, 1, 5 * 1024 * 1024] {
            let (key, bytes) = (key("uploads/a"), vec![7; size]);
            bed.files.put(&key, bytes.clone()).await.unwrap();
            assert!(bed.files.get(&key).await.unwrap() == bytes, "{}, {size} bytes", bed.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_sees_the_old_bytes_or_the_new_ones_and_never_a_part() {
    const SIZE: usize = 300_000;
    for bed in Bed::each().await {
        let key = key("reports/1.csv");
        bed.files.put(&key, vec![0; SIZE]).await.unwrap();
        let writers = [1, 2].map(|writer| {
            let (files, key) = (bed.files.clone(), key.clone());
            tokio::spawn(async move {
                for _ in 0..20 {
                    files.put(&key, vec![writer; SIZE]).await.unwrap();
                }
            })
        });
        while !writers.iter().all(|writer| writer.is_finished()) {
            match bed.files.get(&key).await {
                Ok(bytes) => {
                    assert_eq!(bytes.len(), SIZE, "{}", bed.name);
                    assert!(bytes.iter().all(|byte| *byte == bytes[0]), "{}: a mixture", bed.name);
                }
                // The server of these tests replaces an object's bytes and its entries one after the other. A mixture is
                // refused there, which is what matters.
                Err(FilesError::Changed(_)) if bed.is_bucket => {}
                Err(error) => panic!("{}: {error}", bed.name),
            }
        }
        for writer in writers {
            writer.await.unwrap();
        }
        assert_eq!(bed.left_in("reports"), [bed.stored(&key)], "{}", bed.name);
    }
}

#[tokio::test]
async fn a_missing_file_is_named() {
    for bed in Bed::each().await {
        let key = key("uploads/a.csv");
        let error = bed.files.get(&key).await.unwrap_err();
        assert!(matches!(error, FilesError::Missing(_)), "{}: {error}", bed.name);
        assert!(error.to_string().contains(&bed.files.location(&key)), "{}: {error}", bed.name);
    }
}

#[tokio::test]
async fn bytes_that_were_altered_where_they_lie_are_refused() {
    for bed in Bed::each().await {
        let (key, recorded) = (key("uploads/a.csv"), sha256(b"as stored"));
        bed.files.put(&key, b"as stored".to_vec()).await.unwrap();
        assert_eq!(bed.files.get_exactly(&key, &recorded).await.unwrap(), b"as stored", "{}", bed.name);
        fs::write(bed.stored(&key), b"as forged").unwrap();
        let error = bed.files.get_exactly(&key, &recorded).await.unwrap_err();
        assert!(matches!(error, FilesError::Changed(_)), "{}: {error}", bed.name);
        assert!(error.to_string().contains(&bed.files.location(&key)), "{}: {error}", bed.name);
    }
}

#[tokio::test]
async fn a_file_that_is_too_large_is_refused_before_it_is_read() {
    const SIZE: u64 = 257 * 1024 * 1024;
    for bed in Bed::each().await {
        let key = key("uploads/huge");
        bed.files.put(&key, Vec::new()).await.unwrap();
        // It has no blocks on the disk, only a length.
        File::options().write(true).open(bed.stored(&key)).unwrap().set_len(SIZE).unwrap();
        let error = bed.files.get(&key).await.unwrap_err();
        assert!(matches!(error, FilesError::TooLarge { bytes: SIZE, .. }), "{}: {error}", bed.name);
    }
}

#[tokio::test]
async fn a_check_writes_and_reads_again_and_may_be_repeated() {
    for bed in Bed::each().await {
        for _ in 0..2 {
            bed.files.check().await.unwrap();
        }
        assert_eq!(bed.left_in("check").len(), 1, "{}", bed.name);
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let error = dialtone_files::Files::local(folder.path().join("file")).check().await.unwrap_err();
    assert!(error.to_string().contains("file/check can't be made"), "{error}");
}
