//! Uploads as rows, and the chore that forgets the ones nobody went on with.

use std::time::Duration;

use provisioning::members::Member;
use store::{Act, Actor, Id, Index, Indexer, Order, Plain, Read, Record, StoreError, Write};

use super::model::{PROMISED_BYTES_MAX, UPLOADS_OF_MEMBER_MAX, Upload};
use crate::kit::app::App;
use crate::kit::jobs::Job;
use crate::mail::drafts::tables::{DraftProblem, own_for_change};
use crate::mail::model::FILES_MAX;

impl Record for Upload {
    type Key = (Id<Member>, Id<Self>);
    const TABLE: &'static str = "draft_uploads";
    const VERSION: u8 = 1;
    const INDEXES: &'static [&'static str] = &[UploadByTime::TABLE];

    fn key(&self) -> Self::Key {
        (self.member, self.id)
    }

    fn index(&self, indexer: &mut Indexer<'_>) {
        indexer.add::<UploadByTime>(&(self.at,));
    }
}

impl Plain for Upload {}

pub struct UploadByTime;

impl Index for UploadByTime {
    type Record = Upload;
    type Key = (jiff::Timestamp,);
    const TABLE: &'static str = "draft_uploads_by_time";
}

#[derive(Debug, thiserror::Error)]
pub enum UploadFault {
    #[error(transparent)]
    Draft(#[from] DraftProblem),
    #[error("the member has as many uploads as there may be")]
    TooMany,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Begins an upload, or answers the one of the same file that was begun before. A draft's
/// beginnings count as its files.
pub fn begin(write: &mut Write<'_>, asked: Upload) -> Result<Upload, UploadFault> {
    let draft = own_for_change(write, asked.member, asked.draft)?;
    let page =
        write.page::<Upload>(&(asked.member,), Order::Ascending, None, UPLOADS_OF_MEMBER_MAX)?;
    let begun: Vec<_> = page.rows.into_iter().filter(|one| !one.is_over(asked.at)).collect();
    if let Some(again) = begun.iter().find(|one| one.is_again(&asked)) {
        return Ok(again.clone());
    }
    let of_draft = begun.iter().filter(|one| one.draft == asked.draft).count();
    if draft.files.len() + of_draft >= FILES_MAX {
        return Err(DraftProblem::TooManyFiles.into());
    }
    let promised: u64 = begun.iter().map(|one| one.bytes).sum();
    let is_full = begun.len() >= UPLOADS_OF_MEMBER_MAX || page.next.is_some();
    if is_full || promised.saturating_add(asked.bytes) > PROMISED_BYTES_MAX {
        return Err(UploadFault::TooMany);
    }
    write.put(&asked)?;
    Ok(asked)
}

/// The caller's own upload for this draft, at the device where it was begun.
pub fn own(read: &Read<'_>, like: &Upload) -> Result<Option<Upload>, StoreError> {
    let found: Option<Upload> = read.get(&(like.member, like.id))?;
    Ok(found.filter(|found| found.device == like.device && found.draft == like.draft))
}

/// Looks for uploads that nobody went on with.
pub const JOB: Job =
    Job { name: "draft uploads", every: Duration::from_secs(60 * 60), run: forget_old };

/// As many as one act may take away; the next round takes the rest.
const FORGOTTEN_AT_ONCE_MAX: usize = 1_000;

fn forget_old(app: &App) -> Result<(), StoreError> {
    let now = app.now();
    let oldest = |read: &Read<'_>| {
        read.page_by::<UploadByTime>(&(), Order::Ascending, None, FORGOTTEN_AT_ONCE_MAX)
    };
    let mut old = app.store.read(oldest)?.rows;
    old.retain(|upload| upload.is_over(now));
    if old.is_empty() {
        return Ok(());
    }
    // A writer that is still at it loses its file's name, and so what it has written.
    old.iter().try_for_each(|upload| app.store.blobs().forget(&upload.kept))?;
    let act = Act::new(Actor::System, "draft.upload.forget", now);
    app.store.write_and_wait(act, move |write| {
        old.iter().try_for_each(|upload| write.delete::<Upload>(&upload.key()))
    })
}
