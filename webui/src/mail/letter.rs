//! A mail as viewing and exporting need it: the one place where both read the record.

use jiff::Timestamp;
use store::{BlobName, Id};

use super::boxes::Boxes;
use super::model::{EntryState, File, Mail, Person};
use super::tables;
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::japanese;
use crate::kit::member::SignedIn;

pub struct Letter {
    pub id: Id<Mail>,
    pub from: Party,
    pub to: Vec<Party>,
    pub subject: String,
    pub body: String,
    pub importance: &'static str,
    pub sent_at: Timestamp,
    pub answers: Option<Id<Mail>>,
    pub files: Vec<Enclosure>,
}

pub struct Party {
    /// Name, job title and facility.
    pub words: String,
    /// What tells namesakes apart: no address that mail could be sent to.
    pub mailbox: String,
}

pub struct Enclosure {
    pub n: u16,
    pub name: String,
    pub media_type: String,
    pub bytes: u64,
    pub blob: BlobName,
    pub thumbnail: Option<BlobName>,
}

impl Letter {
    /// The mail, if it lies in one of the asker's folders, once the row of the trail is durable.
    pub async fn read(
        app: &App,
        asked: &SignedIn,
        action: &'static str,
        id: Id<Mail>,
    ) -> Result<Self, Failure> {
        let act = asked.act(action).on("mail", id);
        let owners = Boxes::of(app, asked)?.owners();
        let found = app.store.view(act, move |view| tables::mail_of(view, &owners, id)).await?;
        let (mail, entry) = found.ok_or(Failure::NotFound)?;
        if entry.state == EntryState::Withdrawn {
            return Err(Failure::NotFound);
        }
        Ok(Self::of(mail))
    }

    fn of(mail: Mail) -> Self {
        Self {
            id: mail.id,
            from: Party::of(&mail.sender),
            to: mail.recipients.iter().map(|one| Party::of(&one.person)).collect(),
            subject: mail.subject,
            body: mail.body,
            importance: mail.importance.key(),
            sent_at: mail.sent_at,
            answers: mail.answers,
            files: mail.files.into_iter().map(Enclosure::of).collect(),
        }
    }
}

impl Party {
    fn of(person: &Person) -> Self {
        let job = person.job.map_or("", japanese::job);
        let words = [person.name.as_str(), job, &person.facility_name];
        let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
        Self { words: words.join("\u{3000}"), mailbox: person.owner.to_string() }
    }
}

impl Enclosure {
    fn of(file: File) -> Self {
        let File { n, name, media_type, bytes, blob, thumbnail } = file;
        Self { n, name, media_type, bytes, blob, thumbnail }
    }
}
