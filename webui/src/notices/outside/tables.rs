//! Ways, what waits, and how sending goes, as rows.

use jiff::Timestamp;
use store::{Id, Index, Indexer, Newest, Order, Plain, Read, Record, StoreError, Write};

use super::model::{Dead, Due, Health, Holder, OutsidePolicy, Proof, To, Waiting, Way, WayKind};

/// Some tablets and an address; more is a mistake.
pub const WAYS_MAX: usize = 16;

/// What is told at one time; the rest follows with the next telling.
pub const WAITING_MAX: usize = 500;

impl Record for Way {
    type Key = Id<Self>;
    const TABLE: &'static str = "notice_ways";
    const VERSION: u8 = 1;
    const INDEXES: &'static [&'static str] = &[WayByHolder::TABLE, WayByEndpoint::TABLE];

    fn key(&self) -> Self::Key {
        self.id
    }

    fn index(&self, indexer: &mut Indexer<'_>) {
        indexer.add::<WayByHolder>(&self.holder.bytes());
        if let To::Push(subscription) = &self.to {
            let blind = indexer.blind(subscription.endpoint.as_bytes());
            indexer.add::<WayByEndpoint>(&blind);
        }
    }
}

impl Plain for Way {}

pub struct WayByHolder;

impl Index for WayByHolder {
    type Record = Way;
    type Key = [u8; 16];
    const TABLE: &'static str = "notice_ways_by_holder";
}

pub struct WayByEndpoint;

impl Index for WayByEndpoint {
    type Record = Way;
    type Key = [u8; 16];
    const TABLE: &'static str = "notice_ways_by_endpoint";
}

impl Record for Waiting {
    type Key = (Id<Way>, [u8; 16]);
    const TABLE: &'static str = "notice_waiting";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        (self.way, self.about)
    }
}

impl Plain for Waiting {}

impl Record for Due {
    type Key = (Timestamp, Id<Way>);
    const TABLE: &'static str = "notice_due";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        (self.at, self.way)
    }
}

impl Plain for Due {}

impl Record for Dead {
    type Key = Id<Self>;
    const TABLE: &'static str = "notice_dead";
    const VERSION: u8 = 1;
    const INDEXES: &'static [&'static str] = &[DeadByAge::TABLE];

    fn key(&self) -> Self::Key {
        self.id
    }

    fn index(&self, indexer: &mut Indexer<'_>) {
        indexer.add::<DeadByAge>(&Newest(self.at));
    }
}

impl Plain for Dead {}

pub struct DeadByAge;

impl Index for DeadByAge {
    type Record = Dead;
    type Key = Newest;
    const TABLE: &'static str = "notice_dead_by_age";
}

impl Record for Health {
    type Key = u8;
    const TABLE: &'static str = "notice_health";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        u8::from(self.mail)
    }
}

impl Plain for Health {}

impl Record for OutsidePolicy {
    type Key = ();
    const TABLE: &'static str = "notice_policy";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {}
}

impl Plain for OutsidePolicy {}

impl Record for Proof {
    type Key = [u8; 16];
    const TABLE: &'static str = "notice_proofs";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        self.holder.bytes()
    }
}

impl Plain for Proof {}

/// Within an act.
pub fn ways_of(write: &Write<'_>, holder: Holder) -> Result<Vec<Way>, StoreError> {
    let order = Order::Ascending;
    Ok(write.page_by::<WayByHolder>(&holder.bytes(), order, None, WAYS_MAX)?.rows)
}

/// To show them.
pub fn ways_within(read: &Read<'_>, holder: Holder) -> Result<Vec<Way>, StoreError> {
    let order = Order::Ascending;
    Ok(read.page_by::<WayByHolder>(&holder.bytes(), order, None, WAYS_MAX)?.rows)
}

/// The ways of a kind that should be looked at by now, and when the next of any kind should.
pub fn due(
    read: &Read<'_>,
    kind: WayKind,
    now: Timestamp,
    rows_max: usize,
) -> Result<(Vec<Id<Way>>, Option<Timestamp>), StoreError> {
    let (mut ways, mut after) = (Vec::new(), None);
    loop {
        let page = read.page::<Due>(&(), Order::Ascending, after.as_ref(), rows_max)?;
        for row in page.rows {
            if row.at > now {
                return Ok((ways, Some(row.at)));
            }
            let way: Option<Way> = read.get(&row.way)?;
            if way.is_some_and(|way| way.to.kind() == kind) {
                ways.push(row.way);
            }
            if ways.len() == rows_max {
                return Ok((ways, Some(now)));
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok((ways, None));
        }
    }
}

/// Moves the moment at which a way is looked at; the row beside it follows.
pub fn schedule(
    write: &mut Write<'_>,
    way: &mut Way,
    due: Option<Timestamp>,
) -> Result<(), StoreError> {
    if let Some(at) = way.due {
        write.delete::<Due>(&(at, way.id))?;
    }
    way.due = due;
    if let Some(at) = due {
        write.put(&Due { at, way: way.id })?;
    }
    Ok(())
}

pub fn waiting_of(write: &Write<'_>, way: Id<Way>) -> Result<Vec<Waiting>, StoreError> {
    // The newest: what is urgent must be among them.
    Ok(write.page(&way, Order::Descending, None, WAITING_MAX)?.rows)
}

pub fn policy(read: &Read<'_>) -> Result<OutsidePolicy, StoreError> {
    Ok(read.get::<OutsidePolicy>(&())?.unwrap_or_default())
}

pub fn health(read: &Read<'_>, kind: WayKind) -> Result<Option<Health>, StoreError> {
    read.get(&u8::from(kind == WayKind::Mail))
}

pub fn note_health(
    write: &mut Write<'_>,
    kind: WayKind,
    change: impl FnOnce(&mut Health),
) -> Result<(), StoreError> {
    let mail = kind == WayKind::Mail;
    let found: Option<Health> = write.get(&u8::from(mail))?;
    let mut health = found.unwrap_or(Health { mail, ..Health::default() });
    change(&mut health);
    write.put(&health)
}

/// What was given up, newest first.
pub fn dead_rows(read: &Read<'_>, rows_max: usize) -> Result<Vec<Dead>, StoreError> {
    Ok(read.page_by::<DeadByAge>(&(), Order::Ascending, None, rows_max)?.rows)
}

/// How many ways wait, up to `rows_max`, and the first moment among them.
pub fn queue(read: &Read<'_>, rows_max: usize) -> Result<(usize, Option<Timestamp>), StoreError> {
    let rows = read.page::<Due>(&(), Order::Ascending, None, rows_max)?.rows;
    Ok((rows.len(), rows.first().map(|row| row.at)))
}
