//! The search page: what is looked for, and what was found.

use axum::extract::{Query, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use store::Id;

use super::model::{ASKED_CHARS_MAX, Search, SearchProblem, Typed, WORDS_MAX, place_text};
use super::snippet::{Part, Snippet, marked, snippet};
use super::tables::{FindProblem, Found, find};
use crate::index::Reach;
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::frame::{Frame, Nav};
use crate::kit::japanese;
use crate::kit::member::SignedIn;
use crate::kit::page::Page;
use crate::mail::boxes::Boxes;
use crate::mail::lists::Shelf;
use crate::mail::lists::pages::{box_name, name};
use crate::mail::model::{Entry, EntryState, Mail, Owner};
use crate::mail::views::{EntryView, entry_view};

/// The form's fields, all of them in the address: a search can be gone back to, also without
/// scripts. Nothing of it is logged, and no address of ours is told to others.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Form {
    q: String,
    /// A shared mailbox or one's own; all of them where it is empty.
    #[serde(rename = "box")]
    named: String,
    sender: String,
    place: String,
    folder: String,
    from: String,
    to: String,
    files: String,
    unread: String,
    bin: String,
    after: String,
}

#[derive(Serialize)]
struct SearchPage {
    form: Form,
    boxes: Vec<Choice>,
    folders: Vec<Choice>,
    /// More than words was chosen, so the filters are open.
    filtered: bool,
    problem: Option<String>,
    /// What the index cannot find yet.
    hint: Option<String>,
    /// Nothing was asked yet where there are none.
    results: Option<Results>,
}

impl Page for SearchPage {
    const TEMPLATE: &'static str = "mail/search/search.html";
}

#[derive(Serialize)]
struct Choice {
    key: String,
    name: String,
}

#[derive(Serialize)]
struct Results {
    rows: Vec<Row>,
    newer: Option<String>,
    older: Option<String>,
    /// The page has room left, and older mails were not looked at yet.
    broke_off: bool,
    /// Where to look as well, if nothing was found.
    with_bin: Option<String>,
    without_filters: Option<String>,
}

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    entry: EntryView,
    title: Vec<Part>,
    folder: &'static str,
    box_name: Option<String>,
    /// `None` where it is still to be opened: its sender must hear of that.
    snippet: Option<Snippet>,
}

pub async fn show_search(
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
    Query(form): Query<Form>,
) -> Result<Response, Failure> {
    let boxes = Boxes::of(&app, &asked)?;
    let owners = boxes.choose(&form.named).ok_or(Failure::NotFound)?;
    let (search, problem) = match Search::parse(&form.typed()) {
        Ok(search) => (search, None),
        Err(problem) => (None, Some(say(problem))),
    };
    let filtered = search.as_ref().is_some_and(Search::filters) || problem.is_some();
    let mut hint = waiting(&app, &asked);
    let results = match search {
        Some(search) => match look(&app, &asked, owners, search.clone()).await {
            Ok(found) => Some(results(&boxes, &asked, &form, &search, &found)),
            Err(FindProblem::Store(error)) => return Err(error.into()),
            Err(FindProblem::Index(error)) => {
                log::warn!(error:% = error; "a search came to nothing");
                hint.get_or_insert_with(|| say_waiting(Reach::Nothing, &asked));
                None
            }
        },
        None => None,
    };
    let page = SearchPage {
        boxes: choices(&boxes),
        folders: folders(),
        filtered,
        problem,
        hint,
        results,
        form,
    };
    frame.show(Nav::Mail, "メールの検索", &page)
}

/// Snippets are read from letters, so their row in the trail is durable first. It says that
/// somebody searched, not for what.
async fn look(
    app: &App,
    asked: &SignedIn,
    owners: Vec<Id<Owner>>,
    search: Search,
) -> Result<Found, FindProblem> {
    let (app, act) = (app.clone(), asked.act("mail.search"));
    let runtime = tokio::runtime::Handle::current();
    let looking = tokio::task::spawn_blocking(move || {
        runtime.block_on(app.store.view(act, |view| find(&app, view, &owners, &search)))
    });
    looking.await.unwrap_or(Err(FindProblem::Index(crate::index::SearchError::Panicked)))
}

fn results(
    boxes: &Boxes,
    asked: &SignedIn,
    form: &Form,
    search: &Search,
    found: &Found,
) -> Results {
    let rows = found.rows.iter().map(|(entry, mail)| row(boxes, asked, search, entry, mail));
    let rows: Vec<_> = rows.collect();
    let first = Form { after: String::new(), ..form.clone() };
    let nothing = rows.is_empty() && found.next.is_none();
    let with_bin = Form { bin: "1".to_owned(), ..first.clone() };
    let bare = Form { q: form.q.clone(), ..Form::default() };
    Results {
        rows,
        newer: (!form.after.is_empty()).then(|| first.href()),
        older: found.next.map(|next| Form { after: place_text(&next), ..form.clone() }.href()),
        broke_off: found.broke_off,
        with_bin: (nothing && !search.bin && search.folder.is_none()).then(|| with_bin.href()),
        without_filters: (nothing && search.filters() && !search.words.is_empty())
            .then(|| bare.href()),
    }
}

fn row(boxes: &Boxes, asked: &SignedIn, search: &Search, entry: &Entry, mail: &Mail) -> Row {
    let mut view = entry_view(entry, asked.now(), None);
    if entry.owner != boxes.own {
        view.href.push_str(&format!("?box={}", entry.owner));
    }
    let opened = entry.state != EntryState::Unopened;
    Row {
        title: marked(&entry.subject, &search.words),
        folder: name(Shelf::of_folder(entry.folder)),
        box_name: (!boxes.mailboxes.is_empty()).then(|| box_name(boxes, entry.owner)),
        snippet: opened.then(|| snippet(mail, &search.words)),
        entry: view,
    }
}

fn choices(boxes: &Boxes) -> Vec<Choice> {
    if boxes.mailboxes.is_empty() {
        return Vec::new();
    }
    let one = |owner| Choice { key: Id::to_string(&owner), name: box_name(boxes, owner) };
    boxes.owners().into_iter().map(one).collect()
}

fn folders() -> Vec<Choice> {
    let shelves = [Shelf::Inbox, Shelf::Sent, Shelf::Done, Shelf::Later, Shelf::Bin];
    shelves.map(|shelf| Choice { key: shelf.key().to_owned(), name: name(shelf).to_owned() }).into()
}

fn waiting(app: &App, asked: &SignedIn) -> Option<String> {
    match app.index_gauge.reach() {
        Reach::Everything => None,
        reach @ (Reach::Nothing | Reach::Since(_)) => Some(say_waiting(reach, asked)),
    }
}

fn say_waiting(reach: Reach, asked: &SignedIn) -> String {
    match reach {
        Reach::Since(at) => {
            let day = japanese::short_day(japanese::today(at), japanese::today(asked.now()));
            format!("検索の準備をしています。いまは{day}からあとのメールを探せます。")
        }
        Reach::Nothing | Reach::Everything => {
            "検索の準備をしています。少し待ってから、もう一度お試しください。".to_owned()
        }
    }
}

fn say(problem: SearchProblem) -> String {
    match problem {
        SearchProblem::TooLong => {
            format!("長すぎます。ひとつの欄は{ASKED_CHARS_MAX}文字までにしてください。")
        }
        SearchProblem::TooManyWords => {
            format!("ことばが多すぎます。合わせて{WORDS_MAX}個までにしてください。")
        }
        SearchProblem::NoWords => "記号だけでは探せません。文字を入れてください。".to_owned(),
        SearchProblem::NotADay => {
            "日付を読み取れません。2026-04-01 や 令和8年4月1日 のように入力してください。"
                .to_owned()
        }
        SearchProblem::NoDays => {
            "日付の「から」が「まで」よりあとになっています。入れ替えてください。".to_owned()
        }
    }
}

impl Form {
    fn typed(&self) -> Typed<'_> {
        Typed {
            words: &self.q,
            sender: &self.sender,
            place: &self.place,
            folder: &self.folder,
            from: &self.from,
            to: &self.to,
            files: !self.files.is_empty(),
            unread: !self.unread.is_empty(),
            bin: !self.bin.is_empty(),
            after: &self.after,
        }
    }

    fn href(&self) -> String {
        let fields = [
            ("q", &self.q),
            ("box", &self.named),
            ("sender", &self.sender),
            ("place", &self.place),
            ("folder", &self.folder),
            ("from", &self.from),
            ("to", &self.to),
            ("files", &self.files),
            ("unread", &self.unread),
            ("bin", &self.bin),
            ("after", &self.after),
        ];
        let mut query = form_urlencoded::Serializer::new(String::from("/mail/search?"));
        for (key, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(key, value);
        }
        query.finish()
    }
}
