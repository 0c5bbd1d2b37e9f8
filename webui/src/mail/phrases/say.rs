//! Placeholders of a phrase, and what they become.

use jiff::civil::Date;

use crate::kit::japanese;
use crate::mail::views::PersonView;

/// What may stand in a phrase; whoever keeps one is shown the list.
pub const PLACEHOLDERS: [(&str, &str); 4] = [
    ("{宛先}", "宛先の名前（例 高橋 文彦 先生）"),
    ("{施設}", "自分の施設名"),
    ("{自分}", "自分の名前"),
    ("{日付}", "今日の日付（例 令和8年1月5日(月)）"),
];

/// More names than these read as a list, not as a greeting.
const NAMES_MAX: usize = 3;

pub struct Filling<'a> {
    pub to: &'a [PersonView],
    pub facility: &'a str,
    pub own_name: &'a str,
    pub today: Date,
}

/// Each placeholder becomes what it stands for; where nobody is chosen yet, it stays to be seen.
pub fn fill(text: &str, filling: &Filling<'_>) -> String {
    let mut filled = text.replace("{施設}", filling.facility);
    filled = filled.replace("{自分}", filling.own_name);
    filled = filled.replace("{日付}", &japanese::long_day(filling.today));
    match greeting(filling.to) {
        Some(to) => filled.replace("{宛先}", &to),
        None => filled,
    }
}

fn greeting(to: &[PersonView]) -> Option<String> {
    if to.is_empty() {
        return None;
    }
    if to.len() > NAMES_MAX {
        return Some("関係者の皆様".to_owned());
    }
    let names: Vec<_> = to.iter().map(addressed).collect();
    Some(names.join("、"))
}

/// 「高橋 文彦 先生」「あおば病院 地域連携室 御中」
fn addressed(person: &PersonView) -> String {
    let doctor = ["医師", "歯科医師"].contains(&person.job);
    match (person.shared, doctor) {
        (true, _) => format!("{} {} 御中", person.facility, person.name),
        (false, true) => format!("{} 先生", person.name),
        (false, false) => format!("{} 様", person.name),
    }
}

/// The placeholder that nobody filled, if one is left in a letter.
pub fn left_in(body: &str) -> Option<&'static str> {
    PLACEHOLDERS.iter().map(|(mark, _)| *mark).find(|mark| body.contains(mark))
}
