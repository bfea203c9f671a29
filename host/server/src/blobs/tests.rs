use std::path::Path;
use std::sync::Arc;

use optimus_core::job::Policy;
use optimus_core::{JobRequest, Report};
use optimus_queue::{Backend, EmbeddedConfig, EmbeddedQueue, PushOptions, Rules as QueueRules, unjudged};
use serde_json::json;

use super::*;
use optimus_core::{Fault, Job, Verdict};

const DAY: u64 = 24 * 60 * 60 * 1_000;

fn blobs(dir: &Path, rules: Rules) -> Arc<Blobs> {
    Arc::new(Blobs::new(BlobStore::files(dir.join("blobs")), rules))
}

fn queue(dir: &Path) -> EmbeddedQueue {
    let rules = QueueRules { max_attempts: 1, ..QueueRules::default() };
    EmbeddedQueue::open(dir.join("queue"), EmbeddedConfig { rules, ..EmbeddedConfig::default() }).unwrap()
}

fn name(bytes: &[u8]) -> Digest {
    Digest::Sha256(Sha256::digest(bytes).into())
}

async fn put(blobs: &Arc<Blobs>, tenant: Option<&str>, bytes: &[u8]) -> Result<(Blob, bool), UploadError> {
    let mut upload = Upload::begin(blobs, tenant).await?;
    // Pieces of the network are not those of the store.
    for chunk in bytes.chunks(300_007) {
        if let Err(error) = upload.write(chunk).await {
            upload.give_up().await;
            return Err(error);
        }
    }
    upload.end(None).await
}

/// Everything that lies in the store's directory.
fn files(dir: &Path) -> Vec<String> {
    let below = |dir: &Path| std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let dirs = below(&dir.join("blobs")).collect::<Vec<_>>();
    let mut files: Vec<String> =
        dirs.iter().flat_map(|dir| below(dir)).map(|path| path.display().to_string()).collect();
    files.sort();
    files
}

fn later(by: u64) -> Timestamp {
    Timestamp(Timestamp::now().0 + by)
}

/// A job that reads a blob.
fn job(tenant: &str, sha256: Digest) -> Job {
    let request = json!({"language": "toy", "source": "x", "tests": [{"stdin": {"sha256": sha256.hex()}}]});
    let request: JobRequest = serde_json::from_value(request).unwrap();
    Job { tenant: Some(tenant.to_owned()), ..request.into_job("toy", "toy", &Policy::default()).unwrap() }
}

#[tokio::test]
async fn what_was_stored_is_read_whatever_its_size() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = blobs(dir.path(), Rules::default());
    for size in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 7] {
        let bytes: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
        let (blob, is_new) = put(&blobs, Some("a"), &bytes).await.unwrap();
        assert_eq!((blob.sha256, blob.bytes, is_new), (name(&bytes), size as u64, true));
        assert_eq!(blobs.read(Some("a"), blob.sha256).await.unwrap().unwrap(), bytes);
        let (found, mut pieces) = blobs.pieces(Some("a"), blob.sha256).await.unwrap().unwrap();
        let mut streamed = Vec::new();
        while let Some(piece) = blobs.next(&mut pieces).await.unwrap() {
            assert!(piece.len() <= PIECE);
            streamed.extend_from_slice(&piece);
        }
        assert!(streamed == bytes && found.bytes == size as u64);
        let before = files(dir.path());
        assert!(!put(&blobs, Some("a"), &bytes).await.unwrap().1, "the same bytes are the same blob");
        assert_eq!(files(dir.path()), before, "of the second upload nothing stays");
    }
}

#[tokio::test]
async fn a_blob_belongs_to_its_tenant() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = blobs(dir.path(), Rules::default());
    let (blob, _) = put(&blobs, Some("a"), b"secret").await.unwrap();
    for other in [Some("b"), None, Some(""), Some("A")] {
        assert_eq!(blobs.find(other, blob.sha256).await.unwrap(), None);
        assert_eq!(blobs.read(other, blob.sha256).await.unwrap(), None);
        let error = blobs.check(other, &[("x".to_owned(), blob.sha256)]).await.unwrap_err();
        assert!(matches!(error, Unfit::Unknown { .. }));
    }
    // Another's upload of the same bytes takes the same way as that of any bytes.
    assert!(put(&blobs, Some("b"), b"secret").await.unwrap().1);
}

#[tokio::test]
async fn caps_hold_and_what_is_refused_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let rules = Rules {
        blob_bytes: 2 * PIECE as u64,
        tenant_bytes: 3 * PIECE as u64,
        job_bytes: PIECE as u64 + 1,
        ..Rules::default()
    };
    let blobs = blobs(dir.path(), rules);
    let bytes = vec![7; 2 * PIECE + 1];
    assert!(matches!(put(&blobs, Some("a"), &bytes).await, Err(UploadError::TooLarge(_))));
    assert_eq!(files(dir.path()), Vec::<String>::new());
    let one = put(&blobs, Some("a"), &bytes[1..]).await.unwrap().0.sha256;
    assert!(matches!(put(&blobs, Some("a"), &bytes[..2 * PIECE - 1]).await, Err(UploadError::Quota { .. })));
    assert!(put(&blobs, Some("b"), &bytes[1..]).await.is_ok(), "another tenant has a quota of its own");
    // Small ones count as more than they are, so that there are not too many.
    let mut stored = 0;
    while let Ok((_, true)) = put(&blobs, Some("a"), format!("{stored}").as_bytes()).await {
        stored += 1;
    }
    assert_eq!(stored, PIECE as u64 / LEAST);
    let small = name(b"0");
    let at = |name: &Digest| (format!("at {}", name.hex()), *name);
    let named = |names: &[Digest]| names.iter().map(at).collect::<Vec<_>>();
    assert!(blobs.check(Some("a"), &named(&[small; 1_000])).await.is_ok(), "each counts once");
    let error = blobs.check(Some("a"), &named(&[small, one])).await.unwrap_err();
    assert!(matches!(&error, Unfit::TooMuch { place, .. } if place.ends_with(&one.hex())), "{error}");
}

#[tokio::test]
async fn two_uploads_at_once_share_the_quota() {
    let dir = tempfile::tempdir().unwrap();
    let rules = Rules { tenant_bytes: 100_000, ..Rules::default() };
    let blobs = blobs(dir.path(), rules);
    let mut first = Upload::begin(&blobs, Some("a")).await.unwrap();
    let mut second = Upload::begin(&blobs, Some("a")).await.unwrap();
    first.write(&[1; 60_000]).await.unwrap();
    assert!(matches!(second.write(&[2; 60_000]).await, Err(UploadError::Quota { .. })));
    second.give_up().await;
    first.end(None).await.unwrap();
    assert!(blobs.arriving.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_blob_that_nobody_uses_goes_and_its_files_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let (queue, blobs) = (queue(dir.path()), blobs(dir.path(), Rules::default()));
    let (blob, _) = put(&blobs, Some("a"), &vec![1; PIECE + 1]).await.unwrap();
    blobs.once(&queue, later(7 * DAY)).await.unwrap();
    assert!(blobs.read(Some("a"), blob.sha256).await.unwrap().is_some(), "within the grace it is there");
    blobs.once(&queue, later(8 * DAY)).await.unwrap();
    assert_eq!(blobs.find(Some("a"), blob.sha256).await.unwrap(), None);
    assert_eq!(files(dir.path()), Vec::<String>::new());
}

#[tokio::test]
async fn a_use_begins_its_time_anew() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = blobs(dir.path(), Rules::default());
    let (blob, _) = put(&blobs, Some("a"), b"x").await.unwrap();
    let week_ago = |record: Record| Record { used: later(0).before(7 * DAY - 60_000), ..record };
    let record = blobs.store.record(Some("a"), blob.sha256).await.unwrap().unwrap();
    blobs.store.put_record(Some("a"), blob.sha256, &week_ago(record.clone())).await.unwrap();
    blobs.known.invalidate_all();
    blobs.check(Some("a"), &[("x".to_owned(), blob.sha256)]).await.unwrap();
    let renewed = blobs.store.record(Some("a"), blob.sha256).await.unwrap().unwrap();
    assert!(renewed.used >= record.used);
    // Once it is over, it is unknown, though its bytes are still there for the jobs that were accepted.
    blobs.store.put_record(Some("a"), blob.sha256, &Record { used: later(0).before(8 * DAY), ..record }).await.unwrap();
    blobs.known.invalidate_all();
    assert_eq!(blobs.find(Some("a"), blob.sha256).await.unwrap(), None);
    assert!(blobs.read(Some("a"), blob.sha256).await.unwrap().is_some());
    assert!(put(&blobs, Some("a"), b"x").await.unwrap().1, "it can be stored anew");
    assert!(blobs.find(Some("a"), blob.sha256).await.unwrap().is_some());
}

#[tokio::test]
async fn what_an_accepted_job_names_is_there_until_it_is_judged() {
    let dir = tempfile::tempdir().unwrap();
    let (queue, blobs) = (queue(dir.path()), blobs(dir.path(), Rules::default()));
    let (blob, _) = put(&blobs, Some("a"), b"input").await.unwrap();
    let job = job("a", blob.sha256);
    let queue: &dyn Backend = &queue;
    let id = queue.push(job.clone(), PushOptions::default()).await.unwrap().id;
    let is_there = async |at: u64| {
        blobs.once(queue, later(at)).await.unwrap();
        blobs.kept.invalidate_all();
        let complete = blobs.complete(&job).await;
        complete.map(|job| job.unwrap().tests[0].stdin.as_bytes().to_vec()).ok()
    };
    assert_eq!(is_there(30 * DAY).await.unwrap(), b"input", "while it waits");
    let delivery = queue.take(&["toy".to_owned()].into()).await.unwrap();
    assert_eq!(is_there(30 * DAY).await.unwrap(), b"input", "while it runs");
    queue.release(&delivery.lease, Fault::new("broken", "the machine"), true).await.unwrap();
    assert_eq!(queue.dead(&Default::default(), None, 1).await.unwrap().len(), 1);
    assert_eq!(is_there(30 * DAY).await.unwrap(), b"input", "while it may be brought back from the dead");
    assert!(queue.requeue(id).await.unwrap());
    let delivery = queue.take(&["toy".to_owned()].into()).await.unwrap();
    let report: Report = unjudged(&delivery.job, Verdict::Accepted, None);
    queue.finish(&delivery.lease, report).await.unwrap();
    assert_eq!(is_there(30 * DAY).await, None, "once it is over, the blob may go");
    assert_eq!(blobs.complete(&job).await.unwrap_err().code, "blob_gone");
}

#[tokio::test]
async fn jobs_of_later_and_of_others_keep_no_blob() {
    let dir = tempfile::tempdir().unwrap();
    let (queue, blobs) = (queue(dir.path()), blobs(dir.path(), Rules::default()));
    let (blob, _) = put(&blobs, Some("a"), b"x").await.unwrap();
    let record = blobs.store.record(Some("a"), blob.sha256).await.unwrap().unwrap();
    let day_ago = Record { used: record.used.before(DAY), ..record };
    blobs.store.put_record(Some("a"), blob.sha256, &day_ago).await.unwrap();
    let queue: &dyn Backend = &queue;
    // Both were accepted after the blob was last named.
    for tenant in ["a", "b"] {
        queue.push(job(tenant, name(b"another")), PushOptions::default()).await.unwrap();
    }
    blobs.once(queue, later(30 * DAY)).await.unwrap();
    assert_eq!(files(dir.path()), Vec::<String>::new());
}

#[tokio::test]
async fn uploads_that_were_cut_off_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let (queue, blobs) = (queue(dir.path()), blobs(dir.path(), Rules::default()));
    let mut upload = Upload::begin(&blobs, None).await.unwrap();
    upload.write(&vec![1; 2 * PIECE]).await.unwrap();
    // As a process that is killed.
    drop(upload);
    assert_eq!(files(dir.path()).len(), 3, "two pieces, and what is known of them");
    blobs.once(&queue, later(60_000)).await.unwrap();
    assert_eq!(files(dir.path()).len(), 3, "it may still be arriving");
    blobs.once(&queue, later(DAY)).await.unwrap();
    assert_eq!(files(dir.path()), Vec::<String>::new());
}

#[tokio::test]
async fn damage_is_said_and_not_judged() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = blobs(dir.path(), Rules::default());
    let (blob, _) = put(&blobs, Some("a"), b"right").await.unwrap();
    let record = blobs.store.record(Some("a"), blob.sha256).await.unwrap().unwrap();
    blobs.store.put_piece(&record.upload, 0, b"wrong".to_vec()).await.unwrap();
    let fault = blobs.complete(&job("a", blob.sha256)).await.unwrap_err();
    assert!(fault.code == "blobs_unreadable" && fault.message.contains("damaged"), "{}", fault.message);
}
