//! A mail as its page and its paper want it.

use provisioning::directory::Directory;
use serde::Serialize;
use store::Id;

use crate::kit::japanese;
use crate::kit::member::SignedIn;
use crate::mail::boxes::Boxes;
use crate::mail::model::{Entry, EntryState, Folder, Mail, Owner, Receipt};
use crate::mail::moment::Typed;
use crate::mail::views::{FileView, PersonView, ReceiptView, file_view, receipt_view};

#[derive(Serialize)]
pub struct MailView {
    pub id: Id<Mail>,
    /// The mailbox it lies in; `None` in one's own box.
    pub shared: Option<Id<Owner>>,
    pub subject: String,
    importance: &'static str,
    answer: &'static str,
    from: PersonView,
    via: Option<PersonView>,
    to: Vec<PersonView>,
    when: String,
    iso: String,
    body: String,
    files: Vec<FileView>,
    receipts: Option<Vec<ReceiptView>>,
    receipts_done: usize,
    withdrawn: bool,
    starred: bool,
    /// When it comes back to the inbox.
    later: Option<String>,
    done: bool,
    reminded: bool,
    charge: Option<ChargeView>,
    pub parts: Vec<PartView>,
    can: Can,
    pub back: String,
    /// Beside the sender; not beside oneself.
    pub star: Option<StarView>,
    /// What was typed for a day to come back, and what is wrong with it.
    pub put_off: Option<Typed>,
}

#[derive(Serialize)]
pub struct StarView {
    pub owner: Id<Owner>,
    pub on: bool,
}

#[derive(Serialize)]
struct Can {
    reply: bool,
    reply_all: bool,
    forward: bool,
    bin: bool,
    restore: bool,
    put_off: bool,
    finish: bool,
    charge: bool,
    /// Somebody has not opened it.
    chase: bool,
}

#[derive(Serialize)]
struct ChargeView {
    name: String,
    mine: bool,
}

/// Another mail of the conversation.
#[derive(Serialize)]
pub struct PartView {
    href: String,
    from: PersonView,
    when: String,
    iso: String,
    /// `None` where it is still to be opened: its sender must hear of that.
    body: Option<String>,
    files: usize,
    shown: bool,
    pub sent: bool,
}

/// What a view is made of.
pub struct Seen<'a> {
    pub asked: &'a SignedIn,
    pub boxes: &'a Boxes,
    pub directory: &'a Directory,
}

impl Seen<'_> {
    pub fn mail(&self, mail: &Mail, entry: &Entry, receipts: &[Option<Receipt>]) -> MailView {
        let base = format!("/mail/{}", mail.id);
        let sent = matches!(entry.state, EntryState::Sent { .. });
        let withdrawn = entry.state == EntryState::Withdrawn;
        let now = self.asked.now();
        let rows: Option<Vec<ReceiptView>> = sent.then(|| {
            let rows = mail.recipients.iter().zip(receipts);
            rows.map(|(one, receipt)| receipt_view(one, receipt.as_ref(), self.directory, now))
                .collect()
        });
        let is_open = |row: &&ReceiptView| row.state != "unopened" && row.state != "withdrawn";
        let done = rows.iter().flatten().filter(is_open).count();
        let chase = rows.iter().flatten().any(|row| row.state == "unopened");
        let shared = (entry.owner != self.boxes.own).then_some(entry.owner);
        let charge = entry.marks.charge.as_ref().map(|charge| ChargeView {
            name: charge.name.clone(),
            mine: charge.member == self.asked.id(),
        });
        MailView {
            id: mail.id,
            shared,
            subject: mail.subject.clone(),
            importance: mail.importance.key(),
            answer: mail.answer.key(),
            from: PersonView::of(&mail.sender),
            via: mail.via.as_ref().map(PersonView::of),
            to: mail.recipients.iter().map(|one| PersonView::of(&one.person)).collect(),
            when: japanese::long(mail.sent_at),
            iso: japanese::iso(mail.sent_at),
            body: mail.body.clone(),
            files: mail.files.iter().map(|file| file_view(file, &base)).collect(),
            receipts: rows,
            receipts_done: done,
            withdrawn,
            starred: entry.marks.starred,
            later: entry.marks.wakes_at.map(|at| japanese::short(at, now)),
            done: entry.folder == Folder::Done,
            reminded: entry.marks.reminded && !sent,
            charge,
            parts: Vec::new(),
            can: can(mail, entry, sent, withdrawn, shared.is_some(), chase),
            back: String::new(),
            star: None,
            put_off: None,
        }
    }

    pub fn part(&self, mail: &Mail, entry: &Entry, shown: Id<Mail>) -> PartView {
        let readable = matches!(entry.state, EntryState::Opened | EntryState::Sent { .. });
        let named = if entry.owner == self.boxes.own {
            String::new()
        } else {
            format!("?box={}", entry.owner)
        };
        PartView {
            href: format!("/mail/{}{named}", mail.id),
            from: PersonView::of(&mail.sender),
            when: japanese::short(mail.sent_at, self.asked.now()),
            iso: japanese::iso(mail.sent_at),
            body: readable.then(|| mail.body.clone()),
            files: mail.files.len(),
            shown: mail.id == shown,
            sent: matches!(entry.state, EntryState::Sent { .. }),
        }
    }
}

fn can(mail: &Mail, entry: &Entry, sent: bool, withdrawn: bool, shared: bool, chase: bool) -> Can {
    let binned = entry.folder == Folder::Bin;
    let readable = !binned && !withdrawn;
    let received = readable && !sent;
    Can {
        reply: received,
        reply_all: mail.recipients.len() > 1 && readable,
        forward: readable,
        bin: !binned,
        restore: matches!(entry.folder, Folder::Bin | Folder::Later | Folder::Done),
        put_off: received,
        finish: received && entry.folder != Folder::Done,
        charge: received && shared,
        chase: sent && !binned && chase,
    }
}
