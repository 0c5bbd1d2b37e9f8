//! Putting pieces in and taking them out. Nothing is found before a commit, and a commit carries
//! a note of how far it got.

use std::sync::Arc;

use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::{Index, IndexWriter, Term};

use super::{IndexError, Opened, Piece};

/// The least that tantivy takes. Held only while pieces wait for their commit.
const HEAP_BYTES: usize = 15_000_000;

/// While everything is put in anew: fewer and larger parts, so less to merge.
const HEAP_BYTES_AMPLE: usize = 64_000_000;

/// Parts smaller than this are merged as if they were of one size.
const SMALL_PART_PIECES: u32 = 2_000;

/// A part is written anew once so much of it was taken out: the words leave the disk then.
const GONE_MAX: f32 = 0.2;

/// How much memory a writer may take while pieces wait for their commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    Usual,
    /// While everything is put in anew.
    Ample,
}

pub struct Writer {
    opened: Arc<Opened>,
    index: Index,
    writer: IndexWriter,
}

impl Writer {
    pub(super) fn of(index: Index, opened: Arc<Opened>, room: Room) -> Result<Self, IndexError> {
        let heap = match room {
            Room::Usual => HEAP_BYTES,
            Room::Ample => HEAP_BYTES_AMPLE,
        };
        // One of each: a box has two cores, and people come first.
        let options = IndexWriterOptions::builder()
            .memory_budget_per_thread(heap)
            .num_worker_threads(1)
            .num_merge_threads(1)
            .build();
        let writer = index.writer_with_options(options)?;
        let mut policy = LogMergePolicy::default();
        policy.set_min_layer_size(SMALL_PART_PIECES);
        policy.set_del_docs_ratio_before_merge(GONE_MAX);
        writer.set_merge_policy(Box::new(policy));
        Ok(Self { opened, index, writer })
    }

    /// What the last commit noted; `None` in an index that never had one.
    pub fn note(&self) -> Result<Option<String>, IndexError> {
        Ok(self.index.load_metas()?.payload)
    }

    /// Puts in a piece that is not there yet.
    pub fn add(&self, piece: &Piece) -> Result<(), IndexError> {
        self.writer.add_document(self.opened.fields.document(piece))?;
        Ok(())
    }

    pub fn remove(&self, id: &[u8; 16]) {
        self.writer.delete_term(Term::from_field_bytes(self.opened.fields.id, id));
    }

    /// Makes everything durable and shows it to searches.
    pub fn commit(&mut self, note: &str) -> Result<(), IndexError> {
        let mut prepared = self.writer.prepare_commit()?;
        prepared.set_payload(note);
        prepared.commit()?;
        self.show()
    }

    /// Searches see what was committed and merged.
    pub fn show(&self) -> Result<(), IndexError> {
        self.opened.reader.reload()?;
        self.opened.columns.follow(&self.opened.reader.searcher())
    }

    /// Ends once parts that are being merged are done.
    pub fn end(self) -> Result<(), IndexError> {
        Ok(self.writer.wait_merging_threads()?)
    }
}
