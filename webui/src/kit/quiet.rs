//! When a member is left in peace: hours of the week in which nothing sounds or goes outside.
//!
//! The pages themselves count on; what is urgent breaks through.

use jiff::civil::{DateTime, Weekday};
use jiff::{Timestamp, ToSpan as _};
use provisioning::facilities::Facility;
use provisioning::members::Member;
use serde::{Deserialize, Serialize};
use store::{Id, Plain, Read, Record, StoreError, Write};

use super::japanese;

/// Nights, and whole days off.
pub const RULES_MAX: usize = 2;

pub const MINUTES_A_DAY: u16 = 24 * 60;

/// Hours that come back every week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietRule {
    /// Bit 0 is Monday: the days on which it begins.
    pub days: u8,
    /// Minutes of the day. It ends on the next day where it ends before it begins.
    pub from: u16,
    pub until: u16,
}

/// What a member has chosen; without a row it is the facility's hours, and no sound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeChoices {
    pub member: Id<Member>,
    pub quiet: QuietChoice,
    /// An open page may sound gently.
    pub sound: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum QuietChoice {
    #[default]
    Facility,
    Never,
    Own(Vec<QuietRule>),
}

/// The usual hours of a facility.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FacilityQuiet {
    pub facility: Id<Facility>,
    pub rules: Vec<QuietRule>,
}

impl Record for NoticeChoices {
    type Key = Id<Member>;
    const TABLE: &'static str = "notice_choices";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        self.member
    }
}

impl Plain for NoticeChoices {}

impl Record for FacilityQuiet {
    type Key = Id<Facility>;
    const TABLE: &'static str = "notice_facility_quiet";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        self.facility
    }
}

impl Plain for FacilityQuiet {}

impl QuietRule {
    pub const fn is_sound(self) -> bool {
        let days = self.days != 0 && self.days < 128;
        days && self.from != self.until && self.from < MINUTES_A_DAY && self.until <= MINUTES_A_DAY
    }

    pub const fn has_day(self, day: u8) -> bool {
        self.days & (1 << day) != 0
    }

    /// When the hours end that this moment lies in.
    fn end_at(self, at: DateTime) -> Option<DateTime> {
        let midnight = at.date().to_datetime(jiff::civil::Time::midnight());
        [0_i64, -1].into_iter().find_map(|back| {
            let day = midnight.checked_add(back.days()).ok()?;
            let begins = day.checked_add(i64::from(self.from).minutes()).ok()?;
            let over = if self.until <= self.from { i64::from(MINUTES_A_DAY) } else { 0 };
            let ends = day.checked_add((i64::from(self.until) + over).minutes()).ok()?;
            let on = self.has_day(number(day.weekday()));
            (on && begins <= at && at < ends).then_some(ends)
        })
    }
}

const fn number(day: Weekday) -> u8 {
    match day {
        Weekday::Monday => 0,
        Weekday::Tuesday => 1,
        Weekday::Wednesday => 2,
        Weekday::Thursday => 3,
        Weekday::Friday => 4,
        Weekday::Saturday => 5,
        Weekday::Sunday => 6,
    }
}

/// When peace ends, if there is any at this moment: hours that touch each other are one.
pub fn ends_at(rules: &[QuietRule], now: Timestamp) -> Option<Timestamp> {
    // Rules that cover a whole week have no end; a week is long enough to have been left alone.
    const TOUCHING_MAX: usize = 3 * 8;
    let mut at = japanese::local(now).datetime();
    let mut moved = false;
    for _ in 0..TOUCHING_MAX {
        let Some(ends) = rules.iter().filter_map(|rule| rule.end_at(at)).max() else { break };
        (at, moved) = (ends, true);
    }
    if moved { japanese::moment(at.date(), at.time()) } else { None }
}

/// The rules that hold for a member.
fn rules_of(choices: Option<NoticeChoices>, facility: Option<FacilityQuiet>) -> Vec<QuietRule> {
    match choices.map(|choices| choices.quiet).unwrap_or_default() {
        QuietChoice::Facility => facility.map(|facility| facility.rules).unwrap_or_default(),
        QuietChoice::Never => Vec::new(),
        QuietChoice::Own(rules) => rules,
    }
}

/// When the peace of this member ends, within an act.
pub fn member_quiet_until(
    write: &Write<'_>,
    member: &Member,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let rules = rules_of(write.get(&member.id)?, write.get(&member.facility)?);
    Ok(ends_at(&rules, now))
}

/// The same for a facility's own address.
pub fn facility_quiet_until(
    write: &Write<'_>,
    facility: Id<Facility>,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let rules = rules_of(None, write.get(&facility)?);
    Ok(ends_at(&rules, now))
}

/// Whether an open page of this member may sound.
pub fn may_sound(
    read: &Read<'_>,
    member: &Member,
    urgent: bool,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let choices: Option<NoticeChoices> = read.get(&member.id)?;
    if !choices.as_ref().is_some_and(|choices| choices.sound) {
        return Ok(false);
    }
    let rules = rules_of(choices, read.get(&member.facility)?);
    Ok(urgent || ends_at(&rules, now).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEEKDAYS: u8 = 0b001_1111;
    const NIGHT: QuietRule = QuietRule { days: WEEKDAYS, from: 18 * 60, until: 8 * 60 + 30 };
    const WEEKEND: QuietRule = QuietRule { days: 0b110_0000, from: 0, until: MINUTES_A_DAY };

    fn check(rules: &[QuietRule], now: &str, expected: Option<&str>) {
        let expected = expected.map(|at| at.parse().unwrap());
        assert_eq!(ends_at(rules, now.parse().unwrap()), expected, "{now}");
    }

    #[test]
    fn a_night_goes_on_over_midnight_and_ends_in_the_morning() {
        // The first of April 2026 is a Wednesday.
        check(&[NIGHT], "2026-04-01T17:59:59+09:00", None);
        check(&[NIGHT], "2026-04-01T18:00:00+09:00", Some("2026-04-02T08:30:00+09:00"));
        check(&[NIGHT], "2026-04-02T08:29:59+09:00", Some("2026-04-02T08:30:00+09:00"));
        check(&[NIGHT], "2026-04-02T08:30:00+09:00", None);
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_begins() {
        check(&[NIGHT], "2026-04-04T07:00:00+09:00", Some("2026-04-04T08:30:00+09:00"));
        check(&[NIGHT], "2026-04-06T07:00:00+09:00", None);
    }

    #[test]
    fn hours_that_touch_are_one() {
        let rules = [NIGHT, WEEKEND];
        check(&rules, "2026-04-03T20:00:00+09:00", Some("2026-04-06T00:00:00+09:00"));
    }

    #[test]
    fn a_week_without_a_break_still_ends() {
        let always = QuietRule { days: 127, from: 0, until: MINUTES_A_DAY };
        let now = "2026-04-01T12:00:00+09:00".parse().unwrap();
        assert!(ends_at(&[always], now).is_some());
    }

    #[test]
    fn what_makes_no_sense_is_no_rule() {
        assert!(NIGHT.is_sound() && WEEKEND.is_sound());
        assert!(!QuietRule { days: 0, ..NIGHT }.is_sound());
        assert!(!QuietRule { until: NIGHT.from, ..NIGHT }.is_sound());
        assert!(!QuietRule { until: MINUTES_A_DAY + 1, ..NIGHT }.is_sound());
    }
}
