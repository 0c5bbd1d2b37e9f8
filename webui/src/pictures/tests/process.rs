//! The whole way through a real child process.
//!
//! The child is `examples/picture_worker.rs`: cargo builds examples for `cargo test` and
//! `cargo nextest run`, puts them beside the tests, and ships them to nobody.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use tokio::io::AsyncReadExt;

use super::{PLACE, contains, photo_with_place, pixels, scene};
use crate::pictures::{Cleaner, PHOTO_BYTES_MAX, PhotoFault, PictureProblem};

fn cleaner() -> Cleaner {
    let test = std::env::current_exe().unwrap();
    let program = test.ancestors().nth(2).unwrap().join("examples/picture_worker");
    assert!(program.exists(), "build it: cargo build --release -p webui --examples");
    Cleaner::new(program)
}

/// A worker that runs `script`.
fn false_worker(script: &str) -> (tempfile::TempDir, Cleaner) {
    let folder = tempfile::tempdir().unwrap();
    let program: PathBuf = folder.path().join("worker");
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    (folder, Cleaner::new(program))
}

async fn fault(photo: &[u8]) -> PhotoFault {
    match cleaner().clean(photo).await {
        Err(PictureProblem::Photo(fault)) => fault,
        Err(problem) => panic!("{problem:?}"),
        Ok(_) => panic!("cleaned"),
    }
}

#[tokio::test]
async fn a_photo_comes_back_without_its_place() {
    let photo = photo_with_place(&scene(2000, 1500), 8);
    let mut cleaned = cleaner().clean(photo.as_slice()).await.unwrap();
    assert_eq!((cleaned.width, cleaned.height), (1500, 2000));
    assert!(cleaned.thumbnail.starts_with(&[0xFF, 0xD8]));
    let promised = cleaned.photo.left();
    let mut stripped = Vec::new();
    cleaned.photo.read_to_end(&mut stripped).await.unwrap();
    assert_eq!(u64::try_from(stripped.len()).unwrap(), promised);
    assert_eq!(pixels(&stripped), pixels(&photo));
    assert!(!contains(&stripped, PLACE));
}

#[tokio::test]
async fn many_photos_at_once_wait_for_their_turn() {
    let photo = photo_with_place(&scene(400, 300), 1);
    let cleaner = cleaner();
    let all = (0..9).map(|_| async {
        let mut cleaned = cleaner.clean(photo.as_slice()).await.unwrap();
        let mut stripped = Vec::new();
        cleaned.photo.read_to_end(&mut stripped).await.unwrap();
        stripped.len()
    });
    let lengths = futures_util::future::join_all(all).await;
    assert!(lengths.iter().all(|length| *length == lengths[0]));
}

#[tokio::test]
async fn bad_photos_come_back_with_their_fault() {
    let photo = photo_with_place(&scene(400, 300), 1);
    assert_eq!(fault(&photo[..3000]).await, PhotoFault::Damaged);
    assert_eq!(fault(b"MZ\x90\0").await, PhotoFault::NotAPhoto);
    let endless = vec![0; usize::try_from(PHOTO_BYTES_MAX).unwrap() + 200_000];
    assert_eq!(fault(&endless).await, PhotoFault::TooLarge);
}

#[tokio::test]
async fn a_silent_worker_is_killed() {
    let (_folder, mut cleaner) = false_worker("exec sleep 600");
    cleaner.time_max = Duration::from_millis(80);
    let problem = cleaner.clean(b"photo".as_slice()).await.map(|_| ()).unwrap_err();
    assert!(matches!(problem, PictureProblem::TookTooLong), "{problem:?}");
}

#[tokio::test]
async fn a_worker_that_dies_or_lies_is_found_out() {
    let (_folder, cleaner) = false_worker("kill -9 $$");
    let problem = cleaner.clean(b"photo".as_slice()).await.map(|_| ()).unwrap_err();
    assert!(matches!(problem, PictureProblem::Died(_)), "{problem:?}");

    let (_folder, cleaner) = false_worker(r"printf 'F\0\0\0\010--------T\377\377\377\377'");
    let problem = cleaner.clean(b"photo".as_slice()).await.map(|_| ()).unwrap_err();
    assert!(matches!(problem, PictureProblem::Answer), "{problem:?}");

    let (_folder, cleaner) =
        false_worker(r"printf 'F\0\0\0\010--------T\0\0\0\001.P\0\0\0\011short'");
    let mut cleaned = cleaner.clean(b"photo".as_slice()).await.unwrap();
    let problem = cleaned.photo.read_to_end(&mut Vec::new()).await.unwrap_err();
    assert_eq!(problem.kind(), std::io::ErrorKind::UnexpectedEof);
}
