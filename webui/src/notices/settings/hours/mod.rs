//! Quiet hours as a form.

pub mod say;

use serde::Serialize;

use crate::kit::form::Fields;
use crate::kit::japanese;
use crate::kit::quiet::{MINUTES_A_DAY, QuietRule, RULES_MAX};

/// One rule as it stands in the form: what was typed stays.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RuleForm {
    pub days: Vec<u8>,
    pub from: String,
    pub until: String,
}

/// The hours of a form, or the form again.
pub fn read(fields: &Fields) -> Result<Vec<QuietRule>, Vec<RuleForm>> {
    let typed: Vec<_> = (0..RULES_MAX).map(|n| typed(fields, n)).collect();
    let filled = typed.iter().filter(|rule| !rule.is_empty());
    let rules: Option<Vec<_>> = filled.map(RuleForm::rule).collect();
    rules.ok_or(typed)
}

fn typed(fields: &Fields, n: usize) -> RuleForm {
    let name = |part: &str| format!("{part}-{n}");
    let days = name("day");
    RuleForm {
        days: fields.all(&days).filter_map(|day| day.parse().ok()).filter(|day| *day < 7).collect(),
        from: fields.text(&name("from")).to_owned(),
        until: fields.text(&name("until")).to_owned(),
    }
}

/// As many forms as there may be rules.
pub fn forms(rules: &[QuietRule]) -> Vec<RuleForm> {
    let form = |n: usize| rules.get(n).map(|rule| RuleForm::of(*rule)).unwrap_or_default();
    (0..RULES_MAX).map(form).collect()
}

impl RuleForm {
    fn of(rule: QuietRule) -> Self {
        Self {
            days: (0..7).filter(|day| rule.has_day(*day)).collect(),
            from: clock(rule.from),
            until: clock(rule.until),
        }
    }

    fn is_empty(&self) -> bool {
        self.days.is_empty() && self.from.is_empty() && self.until.is_empty()
    }

    fn rule(&self) -> Option<QuietRule> {
        let days = self.days.iter().fold(0, |days, day| days | (1 << day));
        let rule = QuietRule { days, from: minutes(&self.from)?, until: minutes(&self.until)? };
        rule.is_sound().then_some(rule)
    }
}

/// "18:00"; the end of a day is "24:00".
pub fn clock(minutes: u16) -> String {
    format!("{}:{:02}", minutes / 60, minutes % 60)
}

fn minutes(text: &str) -> Option<u16> {
    use unicode_normalization::UnicodeNormalization as _;
    let plain: String = text.nfkc().filter(|letter| !letter.is_whitespace()).collect();
    if plain == say::WHOLE_DAY_ENDS || matches!(plain.as_str(), "24" | "2400" | "24:00") {
        return Some(MINUTES_A_DAY);
    }
    let time = japanese::read_time(text)?;
    u16::try_from(i32::from(time.hour()) * 60 + i32::from(time.minute())).ok()
}
