//! The page on which phrases are kept: the same for a member, a manager and the office.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use store::{Id, StoreError};

use super::tables::{self, PhraseProblem};
use super::{PLACEHOLDERS, Phrase, PhraseDetails};
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::{Fields, number};
use crate::kit::frame::{Frame, redirect_saying};
use crate::kit::member::{Manager, OfficeMember, SignedIn};
use crate::kit::page::Page;
use crate::mail::keepers::{
    Keeper, Meanwhile, Onlooker, Place, SeenBy, SightChoice, changed_meanwhile, sight_words,
};

#[derive(Serialize)]
struct PhrasesPage {
    base: &'static str,
    keeper: &'static str,
    /// The last is the new one.
    phrases: Vec<PhraseForm>,
    categories: Vec<String>,
    /// What others keep and one may use, on one's own page.
    shared: Vec<SharedView>,
    placeholders: Vec<(&'static str, &'static str)>,
    error: Option<&'static str>,
    meanwhile: Option<Meanwhile>,
}

impl Page for PhrasesPage {
    const TEMPLATE: &'static str = "mail/phrases/phrases.html";
}

#[derive(Serialize)]
struct PhraseForm {
    id: Option<Id<Phrase>>,
    version: u64,
    title: String,
    category: String,
    text: String,
    sights: Vec<SightChoice>,
    /// Shown unfolded, because something in it is wrong.
    wrong: bool,
}

#[derive(Serialize)]
struct SharedView {
    title: String,
    category: String,
    text: String,
    keeper: &'static str,
}

/// What was typed; `id` is `None` for a new one.
struct Typed {
    id: Option<Id<Phrase>>,
    version: u64,
    details: PhraseDetails,
}

impl Typed {
    fn read(fields: &Fields) -> Self {
        Self {
            id: fields.id("id"),
            version: number(fields.text("version")).unwrap_or_default(),
            details: PhraseDetails {
                title: fields.text("title").to_owned(),
                category: fields.text("category").to_owned(),
                text: fields.long("text"),
                seen_by: SeenBy::of_key(fields.text("seen_by")),
            },
        }
    }

    fn of(phrase: Phrase) -> Self {
        let Phrase { id, title, category, text, seen_by, version, .. } = phrase;
        Self { id: Some(id), version, details: PhraseDetails { title, category, text, seen_by } }
    }

    fn blank() -> Self {
        Self { id: None, version: 0, details: PhraseDetails::default() }
    }
}

pub async fn show_own(
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    show(&app, &asked, frame, &Place::own(&asked), None)
}

pub async fn post_own(
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    save(&app, &asked, frame, &Place::own(&asked), &fields).await
}

pub async fn show_facility(
    asked: Manager,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    show(&app, &asked, frame, &Place::facility(&asked), None)
}

pub async fn post_facility(
    asked: Manager,
    frame: Frame,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    save(&app, &asked, frame, &Place::facility(&asked), &fields).await
}

pub async fn show_network(
    asked: OfficeMember,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    show(&app, &asked, frame, &Place::network(&asked), None)
}

pub async fn post_network(
    asked: OfficeMember,
    frame: Frame,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    save(&app, &asked, frame, &Place::network(&asked), &fields).await
}

fn show(
    app: &App,
    asked: &SignedIn,
    frame: Frame,
    place: &Place,
    wrong: Option<(Typed, Wrong)>,
) -> Result<Response, Failure> {
    let onlooker = Onlooker::of(asked.member());
    let (own, seen) = app.store.glance(asked.act("phrase.list"), |view| {
        let own = tables::of_keeper(view, place.keeper())?;
        Ok::<_, StoreError>((own, tables::in_sight(view, &onlooker)?))
    })?;
    let mut categories: Vec<_> = own.iter().map(|phrase| phrase.category.clone()).collect();
    categories.retain(|category| !category.is_empty());
    categories.sort_unstable();
    categories.dedup();
    let others = seen.into_iter().filter(|one| one.keeper != place.keeper() && place.base == "/me");
    let mut forms: Vec<Typed> = own.into_iter().map(Typed::of).collect();
    forms.push(Typed::blank());
    let (mut wrong_id, mut said) = (None, Wrong::Said(""));
    if let Some((typed, why)) = wrong {
        (wrong_id, said) = (Some(typed.id), why);
        if let Some(form) = forms.iter_mut().find(|form| form.id == typed.id) {
            *form = typed;
        }
    }
    let (error, meanwhile) = match said {
        Wrong::Said("") => (None, None),
        Wrong::Said(why) => (Some(why), None),
        Wrong::Meanwhile(meanwhile) => (None, Some(meanwhile)),
    };
    let form = |form: Typed| phrase_form(form, place.keeper(), wrong_id);
    let page = PhrasesPage {
        base: place.base,
        keeper: place.keeper().key(),
        phrases: forms.into_iter().map(form).collect(),
        categories,
        shared: others.map(shared_view).collect(),
        placeholders: PLACEHOLDERS.to_vec(),
        error,
        meanwhile,
    };
    frame.show(place.nav, "定型文", &page)
}

enum Wrong {
    Said(&'static str),
    Meanwhile(Meanwhile),
}

fn phrase_form(form: Typed, keeper: Keeper, wrong: Option<Option<Id<Phrase>>>) -> PhraseForm {
    let mut sights = sight_words(keeper, form.details.seen_by);
    // A facility's words are for its own staff.
    sights.truncate(2);
    PhraseForm {
        wrong: wrong == Some(form.id),
        id: form.id,
        version: form.version,
        title: form.details.title,
        category: form.details.category,
        text: form.details.text,
        sights,
    }
}

fn shared_view(phrase: Phrase) -> SharedView {
    let Phrase { title, category, text, keeper, .. } = phrase;
    SharedView { title, category, text, keeper: keeper.key() }
}

async fn save(
    app: &App,
    asked: &SignedIn,
    frame: Frame,
    place: &Place,
    fields: &Fields,
) -> Result<Response, Failure> {
    let typed = Typed::read(fields);
    let (id, version, details) = (typed.id, typed.version, typed.details.clone());
    let (keeper, by, now) = (place.keeper(), asked.id(), asked.now());
    let clock = app.store.clock().clone();
    let (act, said) = match (id, fields.text("step")) {
        (Some(id), "delete") => {
            (asked.act("phrase.remove").on("phrase", id), "定型文を削除しました")
        }
        (Some(id), _) => (asked.act("phrase.change").on("phrase", id), "定型文を保存しました"),
        (None, _) => (asked.act("phrase.found"), "定型文を保存しました"),
    };
    let delete = fields.text("step") == "delete";
    let saved = app.store.write(act, move |write| match id {
        Some(id) if delete => tables::remove(write, keeper, id),
        Some(id) => tables::change(write, keeper, id, version, details, by, now).map(drop),
        None => tables::found(write, &clock, keeper, details, by).map(drop),
    });
    let (typed, wrong) = match saved.await {
        Ok(()) => return Ok(redirect_saying(&format!("{}/phrases", place.base), said)),
        Err(PhraseProblem::ChangedMeanwhile { by, at, version }) => {
            // Who saves again knows what is overwritten.
            let directory = app.directory()?;
            let meanwhile = changed_meanwhile(&directory, by, at, now);
            (Typed { version, ..typed }, Wrong::Meanwhile(meanwhile))
        }
        Err(problem) => (typed, Wrong::Said(say(problem)?)),
    };
    let page = show(app, asked, frame, place, Some((typed, wrong)))?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

fn say(problem: PhraseProblem) -> Result<&'static str, Failure> {
    match problem {
        PhraseProblem::Unknown | PhraseProblem::ChangedMeanwhile { .. } => Err(Failure::NotFound),
        PhraseProblem::Store(error) => Err(error.into()),
        PhraseProblem::Title => Ok("定型文の名前を40文字以内で入力してください"),
        PhraseProblem::TitleTaken => {
            Ok("同じ名前の定型文がすでにあります。ほかの名前にしてください")
        }
        PhraseProblem::Category => Ok("分類は20文字以内で入力してください"),
        PhraseProblem::Text => Ok("定型文を3,000文字以内で入力してください"),
        PhraseProblem::TooMany => {
            Ok("定型文は60個までです。使わなくなった定型文を削除してください")
        }
    }
}
