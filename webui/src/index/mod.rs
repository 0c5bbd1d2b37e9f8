//! The full text index of a box: what to find, who may find it, newest first.
//!
//! It knows pieces of text with readers and nothing of mail. `grams.rs` is how text is cut,
//! `fields.rs` what is kept of a piece, `search.rs` how it is found, `writer.rs` how it gets in,
//! `directory.rs` how its files are sealed. It can always be thrown away and made again.

mod directory;
mod fields;
mod gauge;
mod grams;
mod search;
mod writer;

#[cfg(test)]
mod tests;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use store::{Durable, SealedFolder};
use tantivy::schema::Schema;
use tantivy::store::Compressor;
use tantivy::{IndexReader, IndexSettings, ReloadPolicy};

pub use fields::Piece;
pub use gauge::{Gauge, Reach};
pub use grams::{Folded, fold};
pub use search::{Asked, Hit, SearchError};
pub use writer::{Room, Writer};

use directory::SealedDirectory;
use fields::Fields;
use search::Columns;

/// Rises with every change of fields or folding: an index of another format is made anew.
const FORMAT: &str = "1";
const FORMAT_FILE: &str = "format";

/// Blocks of stored ids that a search keeps; each is sixteen kibibytes.
const STORE_BLOCKS_KEPT: usize = 8;

#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    #[error("the index cannot be used")]
    Tantivy(#[from] tantivy::TantivyError),
    #[error("a file of the index cannot be used")]
    File(#[from] io::Error),
    #[error("the index is of another format")]
    Foreign,
}

/// The index of this box, once it is open.
pub struct Index {
    folder: SealedFolder,
    opened: Mutex<Option<Arc<Opened>>>,
}

struct Opened {
    fields: Fields,
    reader: IndexReader,
    columns: Columns,
    directory: SealedDirectory,
}

impl Index {
    /// Opens nothing yet: that is the writer's work, and no start waits for it.
    pub fn new(folder: SealedFolder) -> Self {
        Self { folder, opened: Mutex::default() }
    }

    /// Opens what lies in the folder, or makes an empty index there.
    pub fn open(&self, room: Room) -> Result<Writer, IndexError> {
        let directory = SealedDirectory::new(self.folder.clone());
        let index = self.open_or_create(&directory)?;
        let fields = Fields::of(&index.schema())?;
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .doc_store_cache_num_blocks(STORE_BLOCKS_KEPT)
            .try_into()?;
        let columns = Columns::of(&reader.searcher())?;
        let opened = Arc::new(Opened { fields, reader, columns, directory });
        let writer = Writer::of(index, opened.clone(), room)?;
        *self.lock() = Some(opened);
        Ok(writer)
    }

    /// Throws away whatever lies in the folder. The writer must be gone.
    pub fn discard(&self) -> io::Result<()> {
        *self.lock() = None;
        self.folder.clear()
    }

    /// Pieces for which everything asked for is true, newest first, after a hit.
    pub fn search(
        &self,
        asked: &Asked,
        after: Option<Hit>,
        hits_max: usize,
    ) -> Result<Vec<Hit>, SearchError> {
        let opened = self.opened().ok_or(SearchError::NotOpen)?;
        search::search(&opened, asked, after, hits_max)
    }

    /// A file was changed, cut or lost: the index has to be made anew.
    pub fn is_damaged(&self) -> bool {
        self.opened().is_some_and(|opened| opened.directory.is_damaged())
    }

    pub fn pieces(&self) -> u64 {
        self.opened().map_or(0, |opened| opened.reader.searcher().num_docs())
    }

    pub fn bytes(&self) -> io::Result<u64> {
        self.folder.bytes()
    }

    /// Gives back memory that only makes the next search quicker.
    pub fn rest(&self) {
        self.folder.rest();
    }

    fn open_or_create(&self, directory: &SealedDirectory) -> Result<tantivy::Index, IndexError> {
        if self.folder.exists("meta.json")? {
            let format = self.folder.file(FORMAT_FILE)?;
            if format.read(0..format.bytes())? != FORMAT.as_bytes() {
                return Err(IndexError::Foreign);
            }
            let mut index = tantivy::Index::open(directory.clone())?;
            index.set_tokenizers(grams::tokenizers());
            return Ok(index);
        }
        // What a creation that was cut short left behind.
        self.folder.clear()?;
        self.folder.replace(FORMAT_FILE, FORMAT.as_bytes(), Durable::AtOnce)?;
        let schema: Schema = Fields::schema();
        let settings =
            IndexSettings { docstore_compression: Compressor::None, ..IndexSettings::default() };
        let mut index = tantivy::Index::create(directory.clone(), schema, settings)?;
        index.set_tokenizers(grams::tokenizers());
        Ok(index)
    }

    fn opened(&self) -> Option<Arc<Opened>> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<Opened>>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
