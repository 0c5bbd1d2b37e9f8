//! What stands above every page until somebody has dealt with it.

use provisioning::devices::{AlarmKind, Device, DeviceNews, NewsKind, news_of, open_alarms_of};
use provisioning::enrolment::{SetupWindow, open_windows};
use provisioning::facilities::Facility;
use serde::Serialize;
use store::{Read, StoreError};

use super::japanese;
use super::member::SignedIn;

#[derive(Clone, Serialize)]
pub struct Banner {
    text: String,
    href: Option<&'static str>,
    link: &'static str,
}

pub fn banners(read: &Read<'_>, asked: &SignedIn) -> Result<Vec<Banner>, StoreError> {
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
    for one in news_of(read, asked.id(), asked.device().id, asked.now())? {
        shown.extend(news(read, &one)?);
    }
    if asked.at_the_desk() || asked.manages() {
        for window in open_windows(read, asked.now())? {
            shown.extend(set_up(read, asked, &window)?);
        }
    }
    Ok(shown)
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
