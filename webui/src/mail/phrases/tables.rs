//! Phrases as rows.

use jiff::Timestamp;
use provisioning::japanese::fold;
use provisioning::members::Member;
use store::{Clock, Id, Index, Indexer, Order, Record, Sensitive, StoreError, View, Write};

use super::model::{Phrase, PhraseDetails};
use crate::mail::keepers::{Keeper, Onlooker, SeenBy};

impl Record for Phrase {
    type Key = Id<Self>;
    const TABLE: &'static str = "phrases";
    const VERSION: u8 = 1;
    const INDEXES: &'static [&'static str] = &[PhraseByKeeper::TABLE];

    fn key(&self) -> Self::Key {
        self.id
    }

    fn index(&self, indexer: &mut Indexer<'_>) {
        indexer.add::<PhraseByKeeper>(&self.keeper.id());
    }
}

/// People keep half a letter about somebody as their own phrase.
impl Sensitive for Phrase {}

pub struct PhraseByKeeper;

impl Index for PhraseByKeeper {
    type Record = Phrase;
    type Key = Id<Keeper>;
    const TABLE: &'static str = "phrases_by_keeper";
}

#[derive(Debug, thiserror::Error)]
pub enum PhraseProblem {
    #[error("no such phrase of this keeper")]
    Unknown,
    #[error("the title is empty or too long")]
    Title,
    #[error("another phrase of the keeper has this title")]
    TitleTaken,
    #[error("the category is too long")]
    Category,
    #[error("the text is empty or too long")]
    Text,
    #[error("the keeper has as many phrases as one may")]
    TooMany,
    #[error("somebody changed it in between")]
    ChangedMeanwhile { by: Id<Member>, at: Timestamp, version: u64 },
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub fn of_keeper(view: &View<'_>, keeper: Keeper) -> Result<Vec<Phrase>, StoreError> {
    let (key, rows_max) = (keeper.id(), Phrase::OF_KEEPER_MAX);
    Ok(view.reveal_page_by::<PhraseByKeeper>(&key, Order::Ascending, None, rows_max)?.rows)
}

/// Every phrase that somebody may use: the own first, the network's last.
pub fn in_sight(view: &View<'_>, onlooker: &Onlooker) -> Result<Vec<Phrase>, StoreError> {
    let mut found = Vec::new();
    for keeper in onlooker.keepers() {
        found.extend(of_keeper(view, keeper)?);
    }
    found.retain(|phrase| onlooker.sees(phrase.keeper, phrase.seen_by));
    Ok(found)
}

/// One phrase, if this onlooker may use it.
pub fn seen(
    view: &View<'_>,
    onlooker: &Onlooker,
    id: Id<Phrase>,
) -> Result<Option<Phrase>, StoreError> {
    let phrase: Option<Phrase> = view.reveal(&id)?;
    Ok(phrase.filter(|phrase| onlooker.sees(phrase.keeper, phrase.seen_by)))
}

pub fn found(
    write: &mut Write<'_>,
    clock: &Clock,
    keeper: Keeper,
    details: PhraseDetails,
    by: Id<Member>,
) -> Result<Phrase, PhraseProblem> {
    let others = siblings(write, keeper)?;
    if others.len() >= Phrase::OF_KEEPER_MAX {
        return Err(PhraseProblem::TooMany);
    }
    check(&details, &others)?;
    let blank = Phrase {
        id: clock.id(),
        keeper,
        title: String::new(),
        category: String::new(),
        text: String::new(),
        seen_by: SeenBy::Circle,
        version: 0,
        changed_at: clock.now(),
        changed_by: by,
    };
    let phrase = filled(blank, details);
    write.put(&phrase)?;
    Ok(phrase)
}

/// Over the version that its keeper saw, and over no other.
pub fn change(
    write: &mut Write<'_>,
    keeper: Keeper,
    id: Id<Phrase>,
    version: u64,
    details: PhraseDetails,
    by: Id<Member>,
    now: Timestamp,
) -> Result<Phrase, PhraseProblem> {
    let phrase = own_for_change(write, keeper, id)?;
    if phrase.version != version {
        let (by, at, version) = (phrase.changed_by, phrase.changed_at, phrase.version);
        return Err(PhraseProblem::ChangedMeanwhile { by, at, version });
    }
    let mut others = siblings(write, keeper)?;
    others.retain(|other| other.id != id);
    check(&details, &others)?;
    let phrase = filled(Phrase { changed_at: now, changed_by: by, ..phrase }, details);
    write.put(&phrase)?;
    Ok(phrase)
}

pub fn remove(write: &mut Write<'_>, keeper: Keeper, id: Id<Phrase>) -> Result<(), PhraseProblem> {
    own_for_change(write, keeper, id)?;
    Ok(write.delete::<Phrase>(&id)?)
}

/// A choice that the keeper does not have becomes the usual one.
fn filled(phrase: Phrase, details: PhraseDetails) -> Phrase {
    let PhraseDetails { title, category, text, seen_by } = details;
    // A facility's words are for its own staff; nobody speaks in another's name.
    let may = seen_by != SeenBy::Everybody && phrase.keeper.sights().contains(&seen_by);
    Phrase {
        title: title.trim().to_owned(),
        category: category.trim().to_owned(),
        text: text.trim_end().to_owned(),
        seen_by: if may { seen_by } else { SeenBy::Circle },
        version: phrase.version + 1,
        ..phrase
    }
}

fn own_for_change(
    write: &Write<'_>,
    keeper: Keeper,
    id: Id<Phrase>,
) -> Result<Phrase, PhraseProblem> {
    let phrase: Option<Phrase> = write.get(&id)?;
    phrase.filter(|phrase| phrase.keeper == keeper).ok_or(PhraseProblem::Unknown)
}

fn siblings(write: &Write<'_>, keeper: Keeper) -> Result<Vec<Phrase>, StoreError> {
    let rows_max = Phrase::OF_KEEPER_MAX;
    Ok(write.page_by::<PhraseByKeeper>(&keeper.id(), Order::Ascending, None, rows_max)?.rows)
}

fn check(details: &PhraseDetails, others: &[Phrase]) -> Result<(), PhraseProblem> {
    let length = |text: &str| text.trim().chars().count();
    if !(1..=Phrase::TITLE_CHARS_MAX).contains(&length(&details.title)) {
        return Err(PhraseProblem::Title);
    }
    if length(&details.category) > Phrase::CATEGORY_CHARS_MAX {
        return Err(PhraseProblem::Category);
    }
    if !(1..=Phrase::TEXT_CHARS_MAX).contains(&length(&details.text)) {
        return Err(PhraseProblem::Text);
    }
    let title = fold(details.title.trim());
    if others.iter().any(|other| fold(&other.title) == title) {
        return Err(PhraseProblem::TitleTaken);
    }
    Ok(())
}
