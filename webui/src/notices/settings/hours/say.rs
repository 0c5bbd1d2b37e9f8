//! Quiet hours in words.

use super::clock;
use crate::kit::quiet::{MINUTES_A_DAY, QuietRule};

pub const WRONG: &str =
    "曜日を選び、時刻を入力してください（例 18:00 から 8:30 まで。終日は 0:00 から 24:00 まで）";

/// How some write the end of a day.
pub const WHOLE_DAY_ENDS: &str = "24時";

const DAYS: [&str; 7] = ["月", "火", "水", "木", "金", "土", "日"];

/// 「月・火・水・木・金 18:00〜翌8:30」, one after another.
pub fn hours(rules: &[QuietRule]) -> String {
    let one = |rule: &QuietRule| {
        let days: Vec<_> = (0..7).zip(DAYS).filter(|(n, _)| rule.has_day(*n)).collect();
        let days: Vec<_> = days.into_iter().map(|(_, day)| day).collect();
        let days = match days.len() {
            7 => "毎日".to_owned(),
            _ => days.join("・"),
        };
        if rule.from == 0 && rule.until == MINUTES_A_DAY {
            return format!("{days} 終日");
        }
        let next = if rule.until < rule.from { "翌" } else { "" };
        format!("{days} {}〜{next}{}", clock(rule.from), clock(rule.until))
    };
    rules.iter().map(one).collect::<Vec<_>>().join("、")
}
