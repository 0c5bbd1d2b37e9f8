//! What the index keeps of a piece: its words as grams, who reads it, and the way back to it.

use jiff::Timestamp;
use tantivy::schema::{
    BytesOptions, FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::{TantivyDocument, TantivyError};

use super::grams::{BOTH, PAIRS, SIGNS, fold};

/// What is to be found. An index holds one piece of an id.
#[derive(Clone, Debug)]
pub struct Piece {
    pub id: [u8; 16],
    pub at: Timestamp,
    /// Nobody else finds it.
    pub readers: Vec<[u8; 16]>,
    pub authors: Vec<[u8; 16]>,
    /// All that it says; a word never spans two of them.
    pub texts: Vec<String>,
    pub senders: Vec<String>,
    pub places: Vec<String>,
    pub has_files: bool,
}

pub(super) struct Fields {
    pub id: Field,
    pub at: Field,
    pub reader: Field,
    pub author: Field,
    pub pairs: Field,
    pub signs: Field,
    pub sender: Field,
    pub place: Field,
    pub files: Field,
}

/// The name of the column that hits are put in order by.
pub(super) const AT: &str = "at";

impl Fields {
    pub fn schema() -> Schema {
        let text = |tokenizer: &str, option| {
            let indexing = TextFieldIndexing::default();
            // Hits come newest first: nothing asks how long a text is.
            let indexing = indexing.set_tokenizer(tokenizer).set_fieldnorms(false);
            TextOptions::default().set_indexing_options(indexing.set_index_option(option))
        };
        let positions = IndexRecordOption::WithFreqsAndPositions;
        let mut schema = Schema::builder();
        schema.add_bytes_field("id", BytesOptions::default().set_indexed().set_stored());
        schema.add_i64_field(AT, FAST);
        schema.add_bytes_field("reader", BytesOptions::default().set_indexed());
        schema.add_bytes_field("author", BytesOptions::default().set_indexed());
        schema.add_text_field("pairs", text(PAIRS, positions));
        schema.add_text_field("signs", text(SIGNS, IndexRecordOption::Basic));
        schema.add_text_field("sender", text(BOTH, positions));
        schema.add_text_field("place", text(BOTH, positions));
        schema.add_bool_field("files", INDEXED);
        schema.build()
    }

    pub fn of(schema: &Schema) -> Result<Self, TantivyError> {
        Ok(Self {
            id: schema.get_field("id")?,
            at: schema.get_field(AT)?,
            reader: schema.get_field("reader")?,
            author: schema.get_field("author")?,
            pairs: schema.get_field("pairs")?,
            signs: schema.get_field("signs")?,
            sender: schema.get_field("sender")?,
            place: schema.get_field("place")?,
            files: schema.get_field("files")?,
        })
    }

    pub fn document(&self, piece: &Piece) -> TantivyDocument {
        let mut document = TantivyDocument::new();
        document.add_bytes(self.id, &piece.id);
        document.add_i64(self.at, piece.at.as_microsecond());
        for reader in &piece.readers {
            document.add_bytes(self.reader, reader);
        }
        for author in &piece.authors {
            document.add_bytes(self.author, author);
        }
        let mut signs = Vec::new();
        for text in &piece.texts {
            let folded = fold(text);
            signs.extend(folded.chars());
            document.add_text(self.pairs, folded);
        }
        signs.sort_unstable();
        signs.dedup();
        document.add_text(self.signs, String::from_iter(signs));
        for sender in &piece.senders {
            document.add_text(self.sender, fold(sender));
        }
        for place in &piece.places {
            document.add_text(self.place, fold(place));
        }
        document.add_bool(self.files, piece.has_files);
        document
    }
}
