//! What stands above every page until somebody has dealt with it.

use jiff::Timestamp;
use provisioning::devices::{
    AlarmKind, Device, DeviceNews, NewsKind, Reminder, news_of, open_alarms_of, reminders_of,
    waiting_successor,
};
use provisioning::enrolment::{SetupWindow, open_windows, replace_news};
use provisioning::facilities::Facility;
use provisioning::passkeys::{NoticeKind, Owed, PasskeyNotice, notices_of, owed};
use provisioning::public::{Alarm, Standing};
use provisioning::renewal::{days_left, is_due};
use provisioning::stock;
use serde::Serialize;
use store::{Read, StoreError};

use super::app::App;
use super::japanese;
use super::member::SignedIn;
use crate::acme::standings;

#[derive(Clone, Serialize)]
pub struct Banner {
    text: String,
    href: Option<&'static str>,
    link: &'static str,
}

pub fn banners(app: &App, read: &Read<'_>, asked: &SignedIn) -> Result<Vec<Banner>, StoreError> {
    let mut shown = Vec::new();
    for alarm in open_alarms_of(read, asked.device().id)? {
        match alarm.kind {
            AlarmKind::TwoPlaces { .. } => shown.push(Banner {
                text: "この端末と同じ証明書が、同時に別の場所で使われています。\
                       心当たりがないときは、すぐに事務室へお電話ください。"
                    .to_owned(),
                href: None,
                link: "",
            }),
            AlarmKind::ForeignCertificate { .. } => shown.push(Banner {
                text: "この端末のVPNで、ほかの端末の証明書が使われました。事務室へお電話ください。"
                    .to_owned(),
                href: None,
                link: "",
            }),
            AlarmKind::Denied { .. } | AlarmKind::Lost { .. } => {}
        }
    }
    if let Some(until) = asked.guest_until() {
        let until = japanese::short(until, asked.now());
        shown.push(Banner {
            text: format!("ほかの施設の端末を、代わりに使っています（{until} まで）。"),
            href: None,
            link: "",
        });
    }
    shown.extend(term(read, asked)?);
    shown.extend(others(read, asked)?);
    for one in news_of(read, asked.id(), asked.device().id, asked.now())? {
        shown.extend(news(read, &one)?);
    }
    if asked.manages()
        && let Some(take) = stock::current(read)?
    {
        let left = stock::left_of(read, &take, asked.facility().id)?;
        shown.extend(stock_take(left));
    }
    if asked.manages()
        && let Some(one) = replace_news(read, asked.facility().id)?.first()
        && let Some(device) = read.get::<Device>(&one.device)?
    {
        let text = format!("端末「{}」の入れ替えが始まりました。", device.name);
        shown.push(Banner { text, href: Some("/facility"), link: "確かめる" });
    }
    for one in notices_of(read, asked.id())? {
        shown.push(passkey(&one, asked));
    }
    if let Owed::From(from) = owed(read, asked.member(), asked.now())? {
        let day = japanese::week_day(japanese::local(from).date());
        shown.push(Banner {
            text: format!("事務室の決まりで、{day}からはパスキーがないと続けられません。"),
            href: Some("/me/passkeys"),
            link: "登録する",
        });
    }
    if asked.at_the_desk() || asked.manages() {
        for window in open_windows(read, asked.now())? {
            shown.extend(set_up(read, asked, &window)?);
        }
    }
    if asked.at_the_desk() {
        shown.extend(certificates(app, read, asked.now())?);
    }
    Ok(shown)
}

/// The certificate of the device in hand, from sixty days before its end.
fn term(read: &Read<'_>, asked: &SignedIn) -> Result<Option<Banner>, StoreError> {
    let now = asked.now();
    let Some(ends_at) = asked.admitted().not_after() else { return Ok(None) };
    if !is_due(ends_at, now) || asked.guest_until().is_some() {
        return Ok(None);
    }
    let (text, link) = match waiting_successor(read, asked.device().id, now)? {
        Some(_) => (
            "新しい証明書は受け取り済みです。ブラウザーをすべて閉じて、開き直してください。"
                .to_owned(),
            "手順を見る",
        ),
        None => (say_days("この端末の証明書", days_left(ends_at, now)), "更新する"),
    };
    Ok(Some(Banner { text, href: Some("/me/devices/renew"), link }))
}

fn say_days(what: &str, days: i64) -> String {
    match days {
        0 => format!("{what}は、今日で期限が切れます。"),
        days => format!("{what}は残り {days} 日です。"),
    }
}

/// Devices that the member uses or manages beside the one in hand.
fn others(read: &Read<'_>, asked: &SignedIn) -> Result<Option<Banner>, StoreError> {
    let mut open = reminders_of(read, asked.id(), asked.now())?;
    open.retain(|one| one.device != asked.device().id);
    let text = match open.as_slice() {
        [] => return Ok(None),
        [one] => match one_of(read, asked, one)? {
            Some(text) => text,
            None => return Ok(None),
        },
        many => format!("証明書の期限が近い端末が {} 台あります。", many.len()),
    };
    Ok(Some(Banner { text, href: Some("/me/devices"), link: "確かめる" }))
}

fn one_of(read: &Read<'_>, asked: &SignedIn, one: &Reminder) -> Result<Option<String>, StoreError> {
    let Some(device) = read.get::<Device>(&one.device)? else { return Ok(None) };
    let what = format!("端末「{}」の証明書", device.name);
    Ok(Some(say_days(&what, days_left(one.ends_at, asked.now()))))
}

/// Until the facility's manager has answered for all of its devices.
fn stock_take(left: usize) -> Option<Banner> {
    let text = format!("年に一度の端末の棚卸しです。{left}台の回答をお願いします。");
    (left > 0).then_some(Banner { text, href: Some("/facility/stock"), link: "回答する" })
}

/// The worst of what there is to say about the server's certificates.
fn certificates(app: &App, read: &Read<'_>, now: Timestamp) -> Result<Option<Banner>, StoreError> {
    let all = standings(app, read)?;
    let worst =
        all.iter().filter_map(|one| Some((one.alarm?, one))).max_by_key(|(alarm, _)| *alarm);
    Ok(worst.map(|(alarm, one)| Banner {
        text: alarm_words(one, alarm, now),
        href: Some("/office/server"),
        link: "確かめる",
    }))
}

fn alarm_words(standing: &Standing, alarm: Alarm, now: Timestamp) -> String {
    let name = &standing.name;
    let ends = standing.certificate.as_ref().map(|one| one.not_after);
    let days = ends.map_or(0, |ends| ends.duration_since(now).as_hours() / 24);
    match alarm {
        Alarm::Late => {
            format!("サーバー証明書（{name}）が更新できていません。あと{days}日で切れます。")
        }
        Alarm::Soon => format!(
            "サーバー証明書（{name}）が、あと{days}日で切れます。急いで原因を確かめてください。"
        ),
        Alarm::Fallback => format!(
            "公開のサーバー証明書（{name}）がなく、自前の証明書で動いています。\
             ブラウザーに警告が出る端末があります。"
        ),
    }
}

fn news(read: &Read<'_>, one: &DeviceNews) -> Result<Option<Banner>, StoreError> {
    let Some(device) = read.get::<Device>(&one.device)? else { return Ok(None) };
    let text = match one.kind {
        NewsKind::Enrolled => format!("端末「{}」が、あなたの名前で登録されました。", device.name),
        NewsKind::Replaced(_) => {
            format!("端末「{}」に入れ替わり、古い端末は使えなくなりました。", device.name)
        }
    };
    Ok(Some(Banner { text, href: Some("/me/devices"), link: "確かめる" }))
}

fn passkey(one: &PasskeyNotice, asked: &SignedIn) -> Banner {
    let text = passkey_words(one, asked.now());
    Banner { text, href: Some("/me/passkeys"), link: "確かめる" }
}

/// What happened, to the person whom it happened to; the page of passkeys says it itself.
pub fn passkey_words(one: &PasskeyNotice, now: Timestamp) -> String {
    let at = japanese::short(one.at, now);
    match one.kind {
        NoticeKind::Reset { .. } => {
            format!("{at}、あなたのパスキーと回復コードが事務室で取り消されました。")
        }
        NoticeKind::CounterBack => format!(
            "{at}、あなたのパスキーの写しが使われたおそれがあります。事務室へお電話ください。"
        ),
        NoticeKind::CodeUsed => format!("{at}、あなたの回復コードでログインがありました。"),
    }
}

/// Told to the desk, and to the managers of the facilities that it opens.
fn set_up(
    read: &Read<'_>,
    asked: &SignedIn,
    window: &SetupWindow,
) -> Result<Option<Banner>, StoreError> {
    let own = window.facility.is_none_or(|facility| facility == asked.facility().id);
    let href = match (asked.at_the_desk(), asked.manages() && own) {
        (true, _) => "/office/setup",
        (false, true) => "/facility",
        (false, false) => return Ok(None),
    };
    let place = match window.facility {
        None => "すべての施設".to_owned(),
        Some(facility) => read
            .get::<Facility>(&facility)?
            .map_or_else(String::new, |facility| facility.details.name),
    };
    let text = format!(
        "開設日：{place}の端末は、{} まで承認なしで登録できます。",
        japanese::short(window.until, asked.now())
    );
    Ok(Some(Banner { text, href: Some(href), link: "開く" }))
}
