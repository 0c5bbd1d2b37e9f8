//! The lists.

use axum::extract::{Query, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use store::{Cursor, Id, StoreError};

use super::{Bar, BoxView, Shelf, ShelfView};
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::frame::{Frame, Nav};
use crate::kit::member::SignedIn;
use crate::kit::page::Page;
use crate::mail::boxes::Boxes;
use crate::mail::drafts;
use crate::mail::model::{Entry, Folder, Mail, Owner};
use crate::mail::reading::MailView;
use crate::mail::tables;
use crate::mail::views::{EntryView, entry_view};

/// As many as two screens hold.
pub const ROWS_A_PAGE: usize = 50;

/// What the address asks for.
#[derive(Default, Deserialize)]
pub struct Place {
    #[serde(default)]
    pub after: String,
    /// A shared mailbox; the own box where it is empty.
    #[serde(default, rename = "box")]
    pub named: String,
}

#[derive(Serialize)]
pub struct ListPage {
    pub folder: ShelfView,
    pub folders: Vec<ShelfView>,
    pub boxes: Vec<BoxView>,
    /// The mailbox that forms name; empty in one's own box.
    pub shared: Option<Id<Owner>>,
    pub rows: Vec<EntryView>,
    pub newer: Option<String>,
    pub older: Option<String>,
    pub range: Option<String>,
    pub mail: Option<MailView>,
    /// Whether rows can be chosen and dealt with together.
    pub many: bool,
    /// Where a draft that was just thrown away is taken back.
    pub undo: Option<String>,
}

impl Page for ListPage {
    const TEMPLATE: &'static str = "mail/lists/list.html";
}

impl ListPage {
    /// A list without pages and without an open mail.
    pub fn of_rows(bar: Bar, rows: Vec<EntryView>) -> Self {
        Self {
            folder: bar.current,
            folders: bar.shelves,
            boxes: bar.boxes,
            shared: bar.shared,
            rows,
            newer: None,
            older: None,
            range: None,
            mail: None,
            many: false,
            undo: None,
        }
    }
}

pub const fn name(shelf: Shelf) -> &'static str {
    match shelf {
        Shelf::Inbox => "受信箱",
        Shelf::Starred => "星付き",
        Shelf::Later => "あとで",
        Shelf::Done => "対応済",
        Shelf::Sent => "送信済",
        Shelf::Outbox => "送信待ち",
        Shelf::Drafts => "下書き",
        Shelf::Bin => "ごみ箱",
    }
}

pub fn box_name(boxes: &Boxes, owner: Id<Owner>) -> String {
    boxes.mailbox(owner).map_or_else(|| "自分".to_owned(), |found| found.mailbox.name.clone())
}

pub async fn show_inbox(
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
    Query(place): Query<Place>,
) -> Result<Response, Failure> {
    show_shelf(&app, &asked, frame, Shelf::Inbox, &place)
}

pub async fn show_starred(
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
    Query(place): Query<Place>,
) -> Result<Response, Failure> {
    show_shelf(&app, &asked, frame, Shelf::Starred, &place)
}

pub async fn show_later(
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
    Query(place): Query<Place>,
) -> Result<Response, Failure> {
    show_shelf(&app, &asked, frame, Shelf::Later, &place)
}

pub async fn show_done(
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
    Query(place): Query<Place>,
) -> Result<Response, Failure> {
    show_shelf(&app, &asked, frame, Shelf::Done, &place)
}

pub async fn show_sent(
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
    Query(place): Query<Place>,
) -> Result<Response, Failure> {
    show_shelf(&app, &asked, frame, Shelf::Sent, &place)
}

pub async fn show_bin(
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
    Query(place): Query<Place>,
) -> Result<Response, Failure> {
    show_shelf(&app, &asked, frame, Shelf::Bin, &place)
}

fn show_shelf(
    app: &App,
    asked: &SignedIn,
    frame: Frame,
    shelf: Shelf,
    place: &Place,
) -> Result<Response, Failure> {
    let boxes = Boxes::of(app, asked)?;
    let owner = boxes.one(&place.named).ok_or(Failure::NotFound)?;
    let mut page = shelf_page(app, asked, &boxes, owner, shelf, &place.after, None)?;
    if shelf == Shelf::Bin && page.shared.is_none() && place.after.is_empty() {
        let discarded = drafts::discarded_rows(app, asked)?;
        page.rows.splice(0..0, discarded);
    }
    let title = page.folder.name;
    frame.show(Nav::Mail, title, &page)
}

/// One shelf of a box, from a cursor on; `shown` is the mail that is open beside it.
pub fn shelf_page(
    app: &App,
    asked: &SignedIn,
    boxes: &Boxes,
    owner: Id<Owner>,
    shelf: Shelf,
    after: &str,
    shown: Option<Id<Mail>>,
) -> Result<ListPage, StoreError> {
    let cursor: Option<Cursor> = after.parse().ok();
    let (rows, next, bar) = app.store.glance(asked.act("mail.list"), |view| {
        let (rows, next) = rows(view, owner, shelf, cursor.as_ref())?;
        Ok::<_, StoreError>((rows, next, Bar::of(view, asked, boxes, owner, shelf)?))
    })?;
    let href = bar.current.href.clone();
    let shared = bar.shared;
    let joint = if shared.is_some() { '&' } else { '?' };
    let mut views: Vec<_> =
        rows.iter().map(|entry| entry_view(entry, asked.now(), shown)).collect();
    if let Some(shared) = shared {
        views.iter_mut().for_each(|row| row.href.push_str(&format!("?box={shared}")));
    }
    let mut page = ListPage::of_rows(bar, views);
    page.newer = (!after.is_empty()).then(|| href.clone());
    page.older = next.map(|next| format!("{href}{joint}after={next}"));
    page.many = true;
    Ok(page)
}

fn rows(
    view: &store::View<'_>,
    owner: Id<Owner>,
    shelf: Shelf,
    after: Option<&Cursor>,
) -> Result<(Vec<Entry>, Option<Cursor>), StoreError> {
    let folder = match shelf {
        Shelf::Starred => return tables::starred(view, owner, after, ROWS_A_PAGE),
        Shelf::Outbox | Shelf::Drafts => return Ok((Vec::new(), None)),
        Shelf::Inbox => Folder::Inbox,
        Shelf::Later => Folder::Later,
        Shelf::Done => Folder::Done,
        Shelf::Sent => Folder::Sent,
        Shelf::Bin => Folder::Bin,
    };
    let page = tables::entries(view, owner, folder, after, ROWS_A_PAGE)?;
    Ok((page.rows, page.next))
}

/// The bar alone, for lists that are not of mails.
pub fn bar(app: &App, asked: &SignedIn, shelf: Shelf) -> Result<Bar, StoreError> {
    let boxes = Boxes::of(app, asked)?;
    let act = asked.act("mail.list");
    app.store.glance(act, |view| Bar::of(view, asked, &boxes, boxes.own, shelf))
}
