//! Japanese words and dates: the only place that turns codes and times into what people read.

use std::sync::LazyLock;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use provisioning::facilities::{CodeProblem, FacilityKind};
use provisioning::members::{Job, LoginProblem, Role};

/// Bundled, because the image has no zone files; looked up once, because a list asks for it in
/// every row.
static JAPAN: LazyLock<TimeZone> = LazyLock::new(|| {
    TimeZone::get("Asia/Tokyo").unwrap_or_else(|_| TimeZone::fixed(jiff::tz::offset(9)))
});

/// The time in Japan.
pub fn local(at: Timestamp) -> Zoned {
    at.to_zoned(JAPAN.clone())
}

pub fn today(now: Timestamp) -> Date {
    local(now).date()
}

/// 「今日 14:05」「昨日 9:12」「1月5日(月) 14:05」, with the year where it is another.
pub fn short(at: Timestamp, now: Timestamp) -> String {
    let (at, now) = (local(at), local(now));
    let clock = clock(&at);
    let (day, today) = (at.date(), now.date());
    if day == today {
        return format!("今日 {clock}");
    }
    if today.yesterday().is_ok_and(|yesterday| day == yesterday) {
        return format!("昨日 {clock}");
    }
    let weekday = weekday(day);
    if day.year() == today.year() {
        return format!("{}月{}日({weekday}) {clock}", day.month(), day.day());
    }
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}

/// 「令和8年1月5日(月) 14:05」
pub fn long(at: Timestamp) -> String {
    let at = local(at);
    format!("{}({}) {}", era_date(at.date()), weekday(at.date()), clock(&at))
}

/// 「令和8年1月5日(月)」
pub fn long_day(date: Date) -> String {
    format!("{}({})", era_date(date), weekday(date))
}

/// 「1月5日」, with the year where it is another.
pub fn short_day(date: Date, today: Date) -> String {
    if date.year() == today.year() {
        return format!("{}月{}日", date.month(), date.day());
    }
    format!("{}年{}月{}日", date.year(), date.month(), date.day())
}

/// 「1月5日(月)」
pub fn week_day(date: Date) -> String {
    format!("{}月{}日({})", date.month(), date.day(), weekday(date))
}

/// 「1月5日(月) 14:05:12」, with the year where it is another: for records.
pub fn exact(at: Timestamp, now: Timestamp) -> String {
    let (at, today) = (local(at), today(now));
    let same_year = at.year() == today.year();
    let day = if same_year { week_day(at.date()) } else { long_day(at.date()) };
    format!("{day} {}:{:02}", clock(&at), at.second())
}

/// 「2分40秒」
pub fn duration(took: jiff::SignedDuration) -> String {
    let (minutes, seconds) = (took.as_mins(), took.as_secs() % 60);
    match minutes {
        60.. => format!("{}時間{}分", minutes / 60, minutes % 60),
        1.. => format!("{minutes}分{seconds}秒"),
        _ => format!("{seconds}秒"),
    }
}

/// 「14:05」
pub fn clock(at: &Zoned) -> String {
    format!("{}:{:02}", at.hour(), at.minute())
}

/// For `datetime` attributes.
pub fn iso(at: Timestamp) -> String {
    let at = local(at);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}+09:00",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

struct Era {
    name: &'static str,
    letter: char,
    number: char,
    starts: (i16, i8, i8),
}

/// Newest first.
const ERAS: [Era; 5] = [
    Era { name: "令和", letter: 'R', number: '5', starts: (2019, 5, 1) },
    Era { name: "平成", letter: 'H', number: '4', starts: (1989, 1, 8) },
    Era { name: "昭和", letter: 'S', number: '3', starts: (1926, 12, 25) },
    Era { name: "大正", letter: 'T', number: '2', starts: (1912, 7, 30) },
    Era { name: "明治", letter: 'M', number: '1', starts: (1868, 1, 25) },
];

/// 「令和8年1月5日」; the first year is 元年.
pub fn era_date(date: Date) -> String {
    let day = (date.year(), date.month(), date.day());
    let Some(era) = ERAS.iter().find(|era| day >= era.starts) else {
        return format!("{}年{}月{}日", date.year(), date.month(), date.day());
    };
    let year = date.year() - era.starts.0 + 1;
    let year = if year == 1 { "元".to_owned() } else { year.to_string() };
    format!("{}{year}年{}月{}日", era.name, date.month(), date.day())
}

/// Reads a day as people write it: 2026-01-05, 2026/1/5, R8.1.5, 令和8年1月5日, 5080105.
pub fn read_date(text: &str) -> Option<Date> {
    use unicode_normalization::UnicodeNormalization as _;
    let text: String = text.nfkc().filter(|c| !c.is_whitespace()).collect();
    let text = text.to_uppercase().replace("元年", "1年");
    let digits_only = text.chars().all(|c| c.is_ascii_digit());
    if digits_only && text.len() == 7 {
        let era = ERAS.iter().find(|era| text.starts_with(era.number))?;
        let number = |from: usize| text.get(from..from + 2)?.parse::<i16>().ok();
        return era_day(era, number(1)?, number(3)?, number(5)?);
    }
    let (era, rest) = match ERAS.iter().find(|era| text.starts_with(era.name)) {
        Some(era) => (Some(era), text.trim_start_matches(era.name)),
        None => match ERAS.iter().find(|era| text.starts_with(era.letter)) {
            Some(era) => (Some(era), text.trim_start_matches(era.letter)),
            None => (None, text.as_str()),
        },
    };
    let mut parts = rest
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .map(|part| part.parse::<i16>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() {
        return None;
    }
    match era {
        Some(era) => era_day(era, year, month, day),
        None => Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok(),
    }
}

/// The same, and a day without its year: 1/8 is the next eighth of January.
pub fn read_coming_date(text: &str, today: Date) -> Option<Date> {
    use unicode_normalization::UnicodeNormalization as _;
    if let Some(date) = read_date(text) {
        return Some(date);
    }
    let text: String = text.nfkc().filter(|c| !c.is_whitespace()).collect();
    let text = text.trim_end_matches('日');
    let (month, day) = text.split_once(['/', '.', '-', '月'])?;
    let (month, day) = (month.parse().ok()?, day.parse().ok()?);
    // A 29th of February is never further away than eight years.
    let mut years = (0..=8).filter_map(|ahead| Date::new(today.year() + ahead, month, day).ok());
    years.find(|date| *date >= today)
}

/// Reads a time of day as people write it: 14:05, 14時5分, 1405.
pub fn read_time(text: &str) -> Option<Time> {
    use unicode_normalization::UnicodeNormalization as _;
    let text: String = text.nfkc().filter(|c| !c.is_whitespace()).collect();
    let digits_only = text.chars().all(|c| c.is_ascii_digit());
    let (hour, minute) = if digits_only && (3..=4).contains(&text.len()) {
        let at = text.len() - 2;
        (text.get(..at)?.parse().ok()?, text.get(at..)?.parse().ok()?)
    } else {
        let parts = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
        let parts: Option<Vec<i8>> = parts.map(|part| part.parse().ok()).collect();
        match *parts?.as_slice() {
            [hour] => (hour, 0),
            [hour, minute, ..] => (hour, minute),
            [] => return None,
        }
    };
    Time::new(hour, minute, 0, 0).ok()
}

/// A day and a time of day in Japan.
pub fn moment(date: Date, time: Time) -> Option<Timestamp> {
    let zoned = date.to_datetime(time).to_zoned(local(Timestamp::UNIX_EPOCH).time_zone().clone());
    zoned.ok().map(|zoned| zoned.timestamp())
}

fn era_day(era: &Era, year: i16, month: i16, day: i16) -> Option<Date> {
    let year = era.starts.0.checked_add(year.checked_sub(1)?)?;
    let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    let found =
        ERAS.iter().find(|other| (date.year(), date.month(), date.day()) >= other.starts)?;
    (found.name == era.name).then_some(date)
}

fn weekday(date: Date) -> &'static str {
    match date.weekday() {
        Weekday::Monday => "月",
        Weekday::Tuesday => "火",
        Weekday::Wednesday => "水",
        Weekday::Thursday => "木",
        Weekday::Friday => "金",
        Weekday::Saturday => "土",
        Weekday::Sunday => "日",
    }
}

/// 「2.4 MB」
pub fn size(bytes: u64) -> String {
    const KIB: u64 = 1024;
    const MIB: u64 = 1024 * 1024;
    const GIB: u64 = 1024 * 1024 * 1024;
    let tenths = |unit: u64| {
        let tenths = bytes.saturating_mul(10) / unit;
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    match bytes {
        GIB.. => format!("{} GB", tenths(GIB)),
        MIB.. => format!("{} MB", tenths(MIB)),
        KIB.. => format!("{} KB", bytes / KIB),
        _ => format!("{bytes} バイト"),
    }
}

/// The class that colours a face by the words of a job title; repeats them, never replaces them.
pub fn face_tone(job: &str) -> &'static str {
    const TONES: [(&str, &[&str]); 4] = [
        ("is-doctor", &["医師"]),
        ("is-nurse", &["看護", "保健師", "助産"]),
        ("is-pharmacist", &["薬"]),
        ("is-care", &["介護", "支援", "福祉", "ソーシャル"]),
    ];
    let says = |words: &[&str]| words.iter().any(|word| job.contains(word));
    TONES.iter().find(|(_, words)| says(words)).map_or("is-other", |(tone, _)| tone)
}

pub fn job(job: Job) -> &'static str {
    match job {
        Job::Doctor => "医師",
        Job::Dentist => "歯科医師",
        Job::Pharmacist => "薬剤師",
        Job::PublicHealthNurse => "保健師",
        Job::Midwife => "助産師",
        Job::Nurse => "看護師",
        Job::AssistantNurse => "准看護師",
        Job::PhysicalTherapist => "理学療法士",
        Job::OccupationalTherapist => "作業療法士",
        Job::SpeechTherapist => "言語聴覚士",
        Job::DentalHygienist => "歯科衛生士",
        Job::DentalTechnician => "歯科技工士",
        Job::RegisteredDietitian => "管理栄養士",
        Job::Dietitian => "栄養士",
        Job::Radiographer => "診療放射線技師",
        Job::LaboratoryTechnician => "臨床検査技師",
        Job::ClinicalEngineer => "臨床工学技士",
        Job::Orthoptist => "視能訓練士",
        Job::Prosthetist => "義肢装具士",
        Job::Psychologist => "公認心理師",
        Job::MedicalSocialWorker => "医療ソーシャルワーカー",
        Job::SocialWorker => "社会福祉士",
        Job::PsychiatricSocialWorker => "精神保健福祉士",
        Job::CareManager => "介護支援専門員",
        Job::ChiefCareManager => "主任介護支援専門員",
        Job::CareWorker => "介護福祉士",
        Job::Helper => "介護職員",
        Job::ServiceManager => "サービス提供責任者",
        Job::LifeCounsellor => "生活相談員",
        Job::SupportCounsellor => "支援相談員",
        Job::ConsultationSpecialist => "相談支援専門員",
        Job::WelfareEquipmentAdviser => "福祉用具専門相談員",
        Job::DementiaSupporter => "認知症地域支援推進員",
        Job::WelfareVolunteer => "民生委員",
        Job::MedicalClerk => "医師事務作業補助者",
        Job::Clerk => "事務職",
        Job::Paramedic => "救急救命士",
        Job::Official => "行政職員",
        Job::SystemKeeper => "システム担当",
        Job::Unlisted => "その他",
    }
}

/// The job of a word as it stands in lists and files.
pub fn job_of(word: &str) -> Option<Job> {
    Job::ALL.iter().copied().find(|one| job(*one) == word)
}

pub fn facility_kind(kind: FacilityKind) -> &'static str {
    match kind {
        FacilityKind::Hospital => "病院",
        FacilityKind::ClinicWithBeds => "有床診療所",
        FacilityKind::Clinic => "診療所",
        FacilityKind::DentalClinic => "歯科診療所",
        FacilityKind::Pharmacy => "薬局",
        FacilityKind::HomeNursing => "訪問看護ステーション",
        FacilityKind::CareManagement => "居宅介護支援",
        FacilityKind::CommunitySupportCenter => "地域包括支援センター",
        FacilityKind::HomeCare => "訪問介護",
        FacilityKind::DayCare => "通所介護",
        FacilityKind::GroupHome => "認知症グループホーム",
        FacilityKind::SpecialNursingHome => "特別養護老人ホーム",
        FacilityKind::HealthFacility => "介護老人保健施設",
        FacilityKind::WelfareEquipment => "福祉用具",
        FacilityKind::Municipality => "市町村・保健所",
        FacilityKind::FireDepartment => "消防本部",
        FacilityKind::Association => "医師会・歯科医師会・薬剤師会",
        FacilityKind::Office => "事務室",
    }
}

pub fn role(role: Role) -> &'static str {
    match role {
        Role::Staff => "職員",
        Role::FacilityManager => "施設管理者",
        Role::Office => "事務室",
        Role::OfficeAdministrator => "事務室管理者",
        Role::Auditor => "監査",
        Role::EmergencyViewer => "救急閲覧",
    }
}

pub fn code_problem(problem: CodeProblem) -> &'static str {
    match problem {
        CodeProblem::Empty => "医療機関コードを入力してください",
        CodeProblem::WrongLength => "医療機関コードは10けたで入力してください",
        CodeProblem::NotDigits => "医療機関コードは数字で入力してください",
    }
}

pub fn login_problem(problem: LoginProblem) -> &'static str {
    match problem {
        LoginProblem::Empty => "利用者IDを入力してください",
        LoginProblem::TooLong => "利用者IDは20文字以内で入力してください",
        LoginProblem::NotPlain => "利用者IDは英字・数字・「.」「_」で入力してください",
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_day_is_read_as_people_write_it() {
        let check = |text: &str, expected| assert_eq!(read_date(text), expected, "{text}");
        check("S15.3.4", Some(date(1940, 3, 4)));
        check("昭和15/3/4", Some(date(1940, 3, 4)));
        check("3150304", Some(date(1940, 3, 4)));
        check("1940-03-04", Some(date(1940, 3, 4)));
        check("１９４０年３月４日", Some(date(1940, 3, 4)));
        check("令和元年5月1日", Some(date(2019, 5, 1)));
        check("平成31年5月1日", None);
        check("令和8年2月30日", None);
        check("きのう", None);
    }

    #[test]
    fn a_day_without_its_year_is_the_next_one() {
        let today = date(2026, 12, 30);
        let check = |text, expected| assert_eq!(read_coming_date(text, today), expected, "{text}");
        check("1/8", Some(date(2027, 1, 8)));
        check("１月８日", Some(date(2027, 1, 8)));
        check("12/30", Some(date(2026, 12, 30)));
        check("12.31", Some(date(2026, 12, 31)));
        check("2/29", Some(date(2028, 2, 29)));
        check("R9.1.8", Some(date(2027, 1, 8)));
        check("13/45", None);
        check("8", None);
        check("あす", None);
    }

    #[test]
    fn dates_are_written_in_the_era() {
        assert_eq!(era_date(date(2019, 4, 30)), "平成31年4月30日");
        assert_eq!(era_date(date(2019, 5, 1)), "令和元年5月1日");
        assert_eq!(long_day(date(2026, 1, 5)), "令和8年1月5日(月)");
    }

    #[test]
    fn a_time_is_as_long_as_it_must_be() {
        let now = "2026-01-05T08:00:00Z".parse().unwrap();
        let check = |at: &str, expected| assert_eq!(short(at.parse().unwrap(), now), expected);
        check("2026-01-05T05:05:00Z", "今日 14:05");
        check("2026-01-04T00:12:00Z", "昨日 9:12");
        check("2026-01-02T00:12:00Z", "1月2日(金) 9:12");
        check("2025-12-31T00:12:00Z", "2025年12月31日");
    }

    #[test]
    fn sizes_are_rounded_down() {
        assert_eq!(size(2_516_583), "2.4 MB");
        assert_eq!(size(900), "900 バイト");
    }

    #[test]
    fn every_job_word_leads_back_to_its_job() {
        for one in Job::ALL {
            assert_eq!(job_of(job(*one)), Some(*one));
        }
    }
}
