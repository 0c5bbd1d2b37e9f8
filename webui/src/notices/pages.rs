//! The page behind the bell.

use axum::extract::State;
use axum::response::Response;
use provisioning::credentials::Credential;
use provisioning::devices::{Device, NewsKind, news_of, reminders_of};
use provisioning::directory::Directory;
use provisioning::renewal::days_left;
use serde::Serialize;
use store::{Id, Read, StoreError};

use super::acts;
use super::lists::{Line, lines};
use crate::kit::app::App;
use crate::kit::bell::{BellRow, COUNTED_MAX, What, rows_of};
use crate::kit::failure::Failure;
use crate::kit::form::Fields;
use crate::kit::frame::{Frame, Nav, days_to_tell, redirect_saying};
use crate::kit::japanese;
use crate::kit::live::Notice;
use crate::kit::member::SignedIn;
use crate::kit::page::Page;

/// Days before its end on which a certificate is spoken of here.
const DEVICE_WARNED_DAYS: i64 = 60;

#[derive(Serialize)]
struct NoticesPage {
    rows: Vec<RowView>,
    /// There are more than are shown.
    more: bool,
    lines: Vec<Line>,
}

impl Page for NoticesPage {
    const TEMPLATE: &'static str = "notices/notices.html";
}

#[derive(Serialize)]
struct RowView {
    about: Id<Notice>,
    href: String,
    mark: &'static str,
    text: &'static str,
    urgent: bool,
    from: String,
    job: &'static str,
    facility: String,
    when: String,
    iso: String,
}

pub async fn show_notices(
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let directory = app.directory()?;
    let (mut rows, lines) = app.store.read(|read| {
        Ok::<_, StoreError>((rows_of(read, asked.id())?, lines(&app, read, &asked)?))
    })?;
    // A reminder is newer than the mail that it is about.
    rows.sort_by_key(|row| std::cmp::Reverse((row.urgent, row.at)));
    let page = NoticesPage {
        more: rows.len() >= COUNTED_MAX,
        rows: rows.iter().map(|row| row_view(row, &directory, asked.now())).collect(),
        lines,
    };
    frame.show(Nav::Notices, "着信通知", &page)
}

fn row_view(row: &BellRow, directory: &Directory, now: jiff::Timestamp) -> RowView {
    let about = Id::<Notice>::from_bytes(row.about);
    let (mark, text) = match row.what {
        What::Mail => ("mail", "新着メール"),
        What::Reply => ("reply", "返信が届きました"),
        What::Reminder => ("bell", "まだ開いていないメールがあります"),
        What::Woken => ("clock", "「あとで」のメールの時間です"),
        What::Escalation => ("urgent", "緊急のメールが開かれていません"),
        What::Stopped => ("warn", "送信できなかったメールがあります"),
        What::Withdrawn => ("restore", "送信者がメールを取り消しました"),
    };
    let href = match row.what {
        What::Escalation => format!("/mail/{about}/urgent"),
        What::Stopped => format!("/mail/drafts/{about}"),
        What::Mail | What::Reply | What::Reminder | What::Woken | What::Withdrawn => {
            format!("/mail/{about}")
        }
    };
    let from = row.from.and_then(|from| directory.member(from));
    RowView {
        about,
        href,
        mark,
        text,
        urgent: row.urgent,
        from: from.map_or_else(String::new, |from| from.member.details.name.full()),
        job: from.map_or("", |from| japanese::job(from.member.details.job)),
        facility: from.map_or_else(String::new, |from| from.facility.details.name.clone()),
        when: japanese::short(row.at, now),
        iso: japanese::iso(row.at),
    }
}

/// One, or all of them; the mails themselves stay unopened.
pub async fn post_read(
    asked: SignedIn,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let member = asked.id();
    let about: Option<Id<Notice>> = fields.id("about");
    if let Some(about) = about {
        let act = asked.act("notice.read").on("notice", about);
        app.store.write(act, move |write| acts::end(write, member, about.bytes())).await?;
        return Ok(redirect_saying("/notices", "既読にしました"));
    }
    app.store.write(asked.act("notice.read"), move |write| acts::end_all(write, member)).await?;
    Ok(redirect_saying("/notices", "すべて既読にしました。未開封のメールは、受信箱に残っています"))
}

/// Devices in the own name that nobody has answered for yet.
pub fn device_news(_: &App, read: &Read<'_>, asked: &SignedIn) -> Result<Vec<Line>, StoreError> {
    let mut all = Vec::new();
    for news in news_of(read, asked.id(), asked.device().id, asked.now())? {
        let Some(device) = read.get::<Device>(&news.device)? else { continue };
        let text = match news.kind {
            NewsKind::Enrolled => {
                format!("端末「{}」が、あなたの名前で登録されました", device.name)
            }
            NewsKind::Replaced(_) => {
                format!("端末「{}」に入れ替わり、古い端末は使えなくなりました", device.name)
            }
        };
        all.push(Line {
            mark: "tablet",
            text,
            note: japanese::short(news.at, asked.now()),
            href: "/me/devices".to_owned(),
            link: "確かめる",
        });
    }
    Ok(all)
}

/// Other devices of one's own or of one's facility whose certificates end; the one in hand stands
/// among the terms.
pub fn reminders(_: &App, read: &Read<'_>, asked: &SignedIn) -> Result<Vec<Line>, StoreError> {
    let (mut all, now) = (Vec::new(), asked.now());
    for one in reminders_of(read, asked.id(), now)? {
        if one.device == asked.device().id {
            continue;
        }
        let Some(device) = read.get::<Device>(&one.device)? else { continue };
        let day = japanese::era_date(japanese::local(one.ends_at).date());
        let text = match days_left(one.ends_at, now) {
            0 => format!("端末「{}」の証明書は 今日で切れます", device.name),
            days => format!("端末「{}」の証明書は あと{days}日で切れます", device.name),
        };
        all.push(Line {
            mark: "shield",
            text,
            note: format!("{day}まで"),
            href: "/me/devices".to_owned(),
            link: "確かめる",
        });
    }
    Ok(all)
}

/// What comes to its end: the certificate of this device, and the password.
pub fn terms(app: &App, read: &Read<'_>, asked: &SignedIn) -> Result<Vec<Line>, StoreError> {
    let mut all = Vec::new();
    let days = |end: jiff::Timestamp| end.duration_since(asked.now()).as_hours() / 24;
    let soon = |end: &jiff::Timestamp| days(*end) <= DEVICE_WARNED_DAYS;
    if let Some(not_after) = asked.admitted().not_after().filter(soon) {
        let days = days(not_after);
        let day = japanese::era_date(japanese::local(not_after).date());
        all.push(Line {
            mark: "shield",
            text: format!("この端末の証明書は あと{days}日で切れます"),
            note: format!("{}　{day}まで", asked.device().name),
            href: "/me/devices".to_owned(),
            link: "端末を見る",
        });
    }
    let credential: Option<Credential> = read.get(&asked.id())?;
    if let Some(days) = days_to_tell(app, credential) {
        all.push(Line {
            mark: "key",
            text: format!("パスワードの有効期限まで あと{days}日です"),
            note: String::new(),
            href: "/me/password".to_owned(),
            link: "変更する",
        });
    }
    Ok(all)
}
