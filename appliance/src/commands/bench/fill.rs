//! Mails for the measured town, through the product's own act.

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use store::{Store, Write};
use webui::mail::model::Mail;
use webui::mail::tables::MailProblem;
use webui::mail::{acts, delivery};

use super::town::{Resident, Town, act};

/// Many mails share an act and so a commit; more would make it one that the store calls slow.
const MAILS_AN_ACT: u64 = 500;

/// Every mail goes to one of these in turn, so that their lists are full from ten thousand mails
/// on, and to one of all.
pub const READERS: usize = 150;

const BETWEEN_MAILS: SignedDuration = SignedDuration::from_secs(10);

/// Evenly spread and the same on every machine.
pub struct Draw(u64);

impl Draw {
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// A place among `count`.
    pub fn below(&mut self, count: usize) -> usize {
        // Knuth's multiplier; the low bits of such a row are weak.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695);
        usize::try_from(self.0 >> 33).unwrap_or_default().checked_rem(count).unwrap_or_default()
    }
}

/// The mails that lie in the store, and those that will.
pub struct Mails {
    count: u64,
    newest: Timestamp,
    draw: Draw,
    next_reader: usize,
}

impl Mails {
    pub fn none(store: &Store) -> Self {
        Self { count: 0, newest: store.clock().now(), draw: Draw::of(1), next_reader: 0 }
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    /// Delivers until the store holds `count`, the newest just now.
    pub fn grow(&mut self, store: &Store, town: &Town, count: u64) -> anyhow::Result<()> {
        let missing = i32::try_from(count.saturating_sub(self.count)).context("too many mails")?;
        self.newest = store.clock().now() - BETWEEN_MAILS * missing;
        while self.count < count {
            let many = MAILS_AN_ACT.min(count - self.count);
            let mails: anyhow::Result<Vec<_>> = (0..many).map(|_| self.next(store, town)).collect();
            let mails = mails?;
            store.write_and_wait(act(store, "bench.fill"), move |write| {
                for mail in &mails {
                    delivery::deliver(write, mail)?;
                    open(write, mail)?;
                }
                Ok::<_, MailProblem>(())
            })?;
            self.count += many;
        }
        Ok(())
    }

    fn next(&mut self, store: &Store, town: &Town) -> anyhow::Result<Mail> {
        self.newest += BETWEEN_MAILS;
        let readers = town.people.get(..READERS).context("the town is too small")?;
        let sender = any(&mut self.draw, &town.people)?;
        let reader = readers.get(self.next_reader).context("the town is too small")?;
        self.next_reader = (self.next_reader + 1) % READERS;
        let recipients = [reader, any(&mut self.draw, &town.people)?];
        let place = self.draw.below(town.sample.len());
        let (subject, body) = town.sample.get(place).context("no sample mails")?;
        let recipients = recipients.map(|one| one.person.clone());
        let (id, sender) = (store.clock().id(), sender.person.clone());
        let body = format!("{body}\n{}", own_line(&mut self.draw));
        Ok(Mail::plain(id, sender, recipients, subject.clone(), body, self.newest))
    }
}

/// Signs that hardly another mail has in this order, as names and medicines are in real ones.
fn own_line(draw: &mut Draw) -> String {
    const SIGNS: usize = 16;
    const IDEOGRAPHS: usize = 2_000;
    const FIRST: u32 = 0x4e00;
    let sign = |_| char::from_u32(FIRST + u32::try_from(draw.below(IDEOGRAPHS)).unwrap_or(0));
    (0..SIGNS).filter_map(sign).collect()
}

/// Most mails have been read long ago, and what is read has no notice any more.
fn open(write: &mut Write<'_>, mail: &Mail) -> Result<(), MailProblem> {
    const UNREAD_IN: u8 = 16;
    let [.., last] = mail.id.bytes();
    if last % UNREAD_IN == 0 {
        return Ok(());
    }
    for recipient in &mail.recipients {
        let person = &recipient.person;
        if let Some(member) = person.member() {
            acts::open(write, person.owner, member, mail.id, mail.sent_at)?;
        }
    }
    Ok(())
}

pub fn any<'a>(draw: &mut Draw, people: &'a [Resident]) -> anyhow::Result<&'a Resident> {
    people.get(draw.below(people.len())).context("nobody lives here")
}
