//! Finding: words as phrases of grams, readers as a filter, the newest first.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::Column;
use tantivy::index::SegmentId;
use tantivy::query::{BooleanQuery, Occur, PhraseQuery, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, Value as _};
use tantivy::{
    DocAddress, DocId, Score, Searcher, SegmentOrdinal, SegmentReader, TantivyDocument,
    TantivyError, Term,
};

use super::fields::{AT, Fields};
use super::{IndexError, Opened};

/// What has to be true of a piece. Words are folded.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Any of them reads it; nobody finds nothing.
    pub readers: Vec<[u8; 16]>,
    /// Any of them wrote it, unless there are none.
    pub authors: Vec<[u8; 16]>,
    pub words: Vec<String>,
    pub senders: Vec<String>,
    pub places: Vec<String>,
    pub has_files: bool,
    /// From this moment on.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub before: Option<Timestamp>,
}

/// A piece that was found, and its place in the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    pub at: Timestamp,
    pub id: [u8; 16],
}

#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    #[error("the index is not open yet")]
    NotOpen,
    #[error("the index cannot be searched")]
    Tantivy(#[from] TantivyError),
    #[error("the search broke off")]
    Panicked,
}

pub(super) fn search(
    opened: &Opened,
    asked: &Asked,
    after: Option<Hit>,
    hits_max: usize,
) -> Result<Vec<Hit>, SearchError> {
    // A file that turns out to be damaged in the middle may end in a panic there.
    let run = AssertUnwindSafe(|| run(opened, asked, after, hits_max));
    catch_unwind(run).map_err(|_| SearchError::Panicked)?
}

fn run(
    opened: &Opened,
    asked: &Asked,
    after: Option<Hit>,
    hits_max: usize,
) -> Result<Vec<Hit>, SearchError> {
    let searcher = opened.reader.searcher();
    let low = asked.from.map_or(i64::MIN, Timestamp::as_microsecond);
    let before = asked.before.map_or(i64::MAX, |at| at.as_microsecond().saturating_sub(1));
    let high = after.map_or(before, |hit| hit.at.as_microsecond().min(before));
    let (wanted, columns) = (query(&opened.fields, asked), opened.columns.of_all(&searcher)?);
    // One more than asked, because the hit that it goes on after may be among them; more still,
    // where many stand before it at its own moment.
    let mut count = hits_max + 1;
    loop {
        let newest = Newest { columns: columns.clone(), low, high, count };
        let found = searcher.search(&wanted, &newest)?;
        let is_all = found.len() < count;
        let hits = in_order(&searcher, opened, found, after)?;
        if is_all || hits.len() >= hits_max {
            return Ok(hits.into_iter().take(hits_max).collect());
        }
        count = count.saturating_mul(2);
    }
}

fn in_order(
    searcher: &Searcher,
    opened: &Opened,
    found: Vec<(i64, DocAddress)>,
    after: Option<Hit>,
) -> Result<Vec<Hit>, SearchError> {
    let mut hits = Vec::with_capacity(found.len());
    for (at, address) in found {
        let document: TantivyDocument = searcher.doc(address)?;
        let id = document.get_first(opened.fields.id).and_then(|value| value.as_bytes());
        let Some(id) = id.and_then(|id| id.try_into().ok()) else { continue };
        let at = Timestamp::from_microsecond(at).unwrap_or(Timestamp::MIN);
        hits.push(Hit { at, id });
    }
    hits.sort_unstable_by_key(Hit::order);
    hits.dedup();
    hits.retain(|hit| after.is_none_or(|after| hit.order() > after.order()));
    Ok(hits)
}

impl Hit {
    fn order(&self) -> (std::cmp::Reverse<Timestamp>, [u8; 16]) {
        (std::cmp::Reverse(self.at), self.id)
    }
}

fn query(fields: &Fields, asked: &Asked) -> BooleanQuery {
    let mut all: Vec<(Occur, Box<dyn Query>)> = Vec::new();
    all.push((Occur::Must, any_of(fields.reader, &asked.readers)));
    if !asked.authors.is_empty() {
        all.push((Occur::Must, any_of(fields.author, &asked.authors)));
    }
    for word in &asked.words {
        all.push((Occur::Must, phrase(fields.pairs, fields.signs, word)));
    }
    for (field, words) in [(fields.sender, &asked.senders), (fields.place, &asked.places)] {
        all.extend(words.iter().map(|word| (Occur::Must, phrase(field, field, word))));
    }
    if asked.has_files {
        let term = Term::from_field_bool(fields.files, true);
        all.push((Occur::Must, Box::new(TermQuery::new(term, IndexRecordOption::Basic))));
    }
    BooleanQuery::new(all)
}

fn any_of(field: Field, ids: &[[u8; 16]]) -> Box<dyn Query> {
    let terms = ids.iter().map(|id| Term::from_field_bytes(field, id));
    Box::new(BooleanQuery::new_multiterms_query(terms.collect()))
}

fn phrase(pairs: Field, signs: Field, word: &str) -> Box<dyn Query> {
    let letters: Vec<char> = word.chars().collect();
    let mut terms: Vec<Term> = letters
        .windows(2)
        .map(|pair| Term::from_field_text(pairs, &pair.iter().collect::<String>()))
        .collect();
    match (terms.len(), terms.pop()) {
        (0, _) | (_, None) => {
            let term = Term::from_field_text(signs, word);
            Box::new(TermQuery::new(term, IndexRecordOption::Basic))
        }
        (1, Some(term)) => Box::new(TermQuery::new(term, IndexRecordOption::Basic)),
        (_, Some(last)) => {
            terms.push(last);
            Box::new(PhraseQuery::new(terms))
        }
    }
}

/// The column of times of each part of the index, kept as long as the part is searched.
#[derive(Default)]
pub(super) struct Columns(RwLock<BTreeMap<SegmentId, Arc<Column<i64>>>>);

impl Columns {
    pub fn of(searcher: &Searcher) -> Result<Self, IndexError> {
        let columns = Self::default();
        columns.follow(searcher)?;
        Ok(columns)
    }

    /// Reads the columns of new parts and lets go of those that are gone.
    pub fn follow(&self, searcher: &Searcher) -> Result<(), IndexError> {
        let columns = self.of_all(searcher)?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = columns;
        Ok(())
    }

    fn of_all(
        &self,
        searcher: &Searcher,
    ) -> Result<BTreeMap<SegmentId, Arc<Column<i64>>>, TantivyError> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut columns = BTreeMap::new();
        for part in searcher.segment_readers() {
            let id = part.segment_id();
            let column = match known.get(&id) {
                Some(column) => column.clone(),
                None => Arc::new(part.fast_fields().i64(AT)?),
            };
            columns.insert(id, column);
        }
        Ok(columns)
    }
}

/// Collects the newest `count` between two moments, and all of the same moment as the last.
struct Newest {
    columns: BTreeMap<SegmentId, Arc<Column<i64>>>,
    low: i64,
    high: i64,
    count: usize,
}

struct NewestOfPart {
    column: Option<Arc<Column<i64>>>,
    part: SegmentOrdinal,
    low: i64,
    high: i64,
    count: usize,
    /// How many are held before those too old are let go.
    room: usize,
    found: Vec<(i64, DocAddress)>,
}

/// Put in order seldom enough to cost little.
const ROOM: usize = 4;

impl Collector for Newest {
    type Fruit = Vec<(i64, DocAddress)>;
    type Child = NewestOfPart;

    fn for_segment(
        &self,
        part: SegmentOrdinal,
        reader: &SegmentReader,
    ) -> tantivy::Result<NewestOfPart> {
        let column = self.columns.get(&reader.segment_id()).cloned();
        let (low, high, count) = (self.low, self.high, self.count);
        let room = count * ROOM;
        Ok(NewestOfPart { column, part, low, high, count, room, found: Vec::new() })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, parts: Vec<Self::Fruit>) -> tantivy::Result<Self::Fruit> {
        let mut found = parts.concat();
        keep_newest(&mut found, self.count);
        Ok(found)
    }
}

impl SegmentCollector for NewestOfPart {
    type Fruit = Vec<(i64, DocAddress)>;

    fn collect(&mut self, doc: DocId, _: Score) {
        let at = self.column.as_ref().and_then(|column| column.first(doc));
        let Some(at) = at.filter(|at| (self.low..=self.high).contains(at)) else { return };
        self.found.push((at, DocAddress::new(self.part, doc)));
        if self.found.len() >= self.room {
            keep_newest(&mut self.found, self.count);
            // Older ones need not be looked at any more. Many of one moment stay together.
            self.low = self.found.iter().map(|(at, _)| *at).min().unwrap_or(self.low);
            self.room = self.found.len() + self.count * ROOM;
        }
    }

    fn harvest(mut self) -> Self::Fruit {
        keep_newest(&mut self.found, self.count);
        self.found
    }
}

fn keep_newest(found: &mut Vec<(i64, DocAddress)>, count: usize) {
    if found.len() <= count || count == 0 {
        return;
    }
    let (_, last, _) = found.select_nth_unstable_by(count - 1, |one, other| other.0.cmp(&one.0));
    let last = last.0;
    found.retain(|(at, _)| *at >= last);
}
