//! What the page of a draft is made of: the draft, and what is at hand for it.

use serde::Serialize;
use store::{Id, StoreError};

use super::super::model::{Draft, DraftGroup, DraftKind};
use super::super::picks::{AtHand, SearchView, search};
use super::super::tables::groups_of;
use super::super::views::{
    DraftView, Errors, Limits, Quote, file_views, group_notes, recipients, senders,
};
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::japanese;
use crate::kit::member::SignedIn;
use crate::kit::page::Page;
use crate::mail::boxes::Boxes;
use crate::mail::groups;
use crate::mail::keepers::Onlooker;
use crate::mail::people;
use crate::mail::phrases::{self, Phrase};
use crate::mail::tables::mail_of;

#[derive(Serialize)]
pub struct ComposePage {
    draft: DraftView,
    search: SearchView,
    phrases: Vec<Category>,
    errors: Errors,
    limits: Limits,
}

impl Page for ComposePage {
    const TEMPLATE: &'static str = "mail/drafts/compose.html";
}

/// Phrases that stand together.
#[derive(Serialize)]
struct Category {
    name: String,
    phrases: Vec<PhraseView>,
}

#[derive(Serialize)]
struct PhraseView {
    id: Id<Phrase>,
    title: String,
    start: String,
}

/// Signs of a phrase that its button shows.
const START_CHARS: usize = 40;

impl ComposePage {
    pub fn of(
        app: &App,
        asked: &SignedIn,
        draft: &Draft,
        q: &str,
        errors: Errors,
    ) -> Result<Self, Failure> {
        let directory = app.directory()?;
        let around = Around::read(app, asked, draft)?;
        let view = DraftView {
            id: draft.id,
            version: draft.version,
            subject: draft.subject.clone(),
            importance: draft.importance.key(),
            answer: draft.answer.key(),
            body: draft.body.clone(),
            saved: (draft.version > 1).then(|| japanese::clock(&japanese::local(draft.saved_at))),
            recipients: recipients(app, &directory, draft),
            files: file_views(draft),
            kind: match draft.kind {
                DraftKind::New => "new",
                DraftKind::Reply(_) => "reply",
                DraftKind::Forward(_) => "forward",
            },
            quote: quote(app, asked, draft)?,
            groups: group_notes(around.chosen, &directory, draft),
            senders: senders(asked, &directory, draft),
        };
        Ok(Self {
            search: search(app, &directory, draft, around.at_hand, q),
            draft: view,
            phrases: categories(around.phrases),
            errors,
            limits: Limits { file: "2GB", total: "20" },
        })
    }
}

/// What is at hand for one draft, from one snapshot.
struct Around {
    at_hand: AtHand,
    chosen: Vec<DraftGroup>,
    phrases: Vec<Phrase>,
}

impl Around {
    fn read(app: &App, asked: &SignedIn, draft: &Draft) -> Result<Self, StoreError> {
        let directory = app.directory()?;
        let (onlooker, member) = (Onlooker::of(asked.member()), asked.id());
        app.store.glance(asked.act("draft.read").on("draft", draft.id), |view| {
            let groups = groups::in_sight(view, &onlooker)?;
            Ok(Self {
                at_hand: AtHand {
                    stars: people::favourites(view, member)?,
                    recent: people::recent(view, member)?,
                    groups: groups::picks(&groups, &directory, asked),
                },
                chosen: groups_of(view, draft.id)?,
                phrases: phrases::in_sight(view, &onlooker)?,
            })
        })
    }
}

/// What stands under the search field alone, for a script that asks while somebody types.
pub fn at_hand(
    app: &App,
    asked: &SignedIn,
    draft: &Draft,
    q: &str,
) -> Result<SearchView, StoreError> {
    let directory = app.directory()?;
    let around = Around::read(app, asked, draft)?;
    Ok(search(app, &directory, draft, around.at_hand, q))
}

fn quote(app: &App, asked: &SignedIn, draft: &Draft) -> Result<Option<Quote>, Failure> {
    let Some(id) = draft.kind.source() else { return Ok(None) };
    let owners = Boxes::of(app, asked)?.owners();
    let act = asked.act("mail.read").on("mail", id);
    let source = app.store.glance(act, |view| mail_of(view, &owners, id))?;
    Ok(source.map(|(mail, _)| Quote {
        who: format!("{} {}", mail.sender.name, mail.sender.job.map_or("", japanese::job)),
        when: japanese::long(mail.sent_at),
        body: mail.body,
    }))
}

fn categories(phrases: Vec<Phrase>) -> Vec<Category> {
    let mut found: Vec<Category> = Vec::new();
    for Phrase { id, title, category, text, .. } in phrases {
        let start: String = text.chars().take(START_CHARS).collect();
        let view = PhraseView { id, title, start: start.replace('\n', " ") };
        match found.iter_mut().find(|one| one.name == category) {
            Some(one) => one.phrases.push(view),
            None => found.push(Category { name: category, phrases: vec![view] }),
        }
    }
    found
}
