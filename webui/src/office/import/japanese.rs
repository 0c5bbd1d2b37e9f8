//! The words of lists: what columns, kinds, jobs and roles are called in the office's files.

use provisioning::facilities::FacilityKind;
use provisioning::japanese::fold;
use provisioning::members::{Job, Role};

use super::model::{Column, Kind};
use crate::kit::japanese;

/// What a column is called in our own files, and what else it may be called.
pub fn names(column: Column) -> &'static [&'static str] {
    match column {
        Column::Code => &["医療機関コード", "施設コード", "事業所番号", "機関コード"],
        Column::FacilityKind => &["種別", "施設種別", "施設の種別"],
        Column::FacilityName => &["施設名", "施設名称", "事業所名", "名称"],
        Column::FacilityKana => {
            &["施設名ふりがな", "施設名カナ", "施設名フリガナ", "ふりがな", "カナ"]
        }
        Column::Short => &["短い名前", "略称"],
        Column::Postal => &["郵便番号", "〒"],
        Column::Address => &["住所", "所在地"],
        Column::Phone => &["電話番号", "電話", "TEL"],
        Column::Fax => &["FAX番号", "FAX", "ファックス"],
        Column::Login => &["利用者ID", "ユーザーID", "職員ID", "ログインID"],
        Column::Family => &["姓", "氏"],
        Column::Given => &["名"],
        Column::FamilyKana => &["セイ", "姓カナ", "姓ふりがな"],
        Column::GivenKana => &["メイ", "名カナ", "名ふりがな"],
        Column::Name => &["氏名", "職員名", "お名前"],
        Column::Kana => &["氏名カナ", "氏名ふりがな", "シメイ", "ふりがな", "カナ"],
        Column::Job => &["職種", "職名"],
        Column::Roles => &["役割", "権限"],
        Column::Starts => &["利用開始日", "開始日"],
        Column::Retires => &["最終利用日", "退職日", "退職予定日"],
        Column::Place => &["施設名", "所属", "勤務先"],
    }
}

pub fn column_of(kind: Kind, header: &str) -> Option<Column> {
    let header = fold(header);
    let of_kind = kind.columns().iter().copied();
    of_kind.into_iter().find(|column| names(*column).iter().any(|name| fold(name) == header))
}

pub fn kind_of(word: &str) -> Option<FacilityKind> {
    let folded = fold(word);
    let same = |one: &FacilityKind| fold(japanese::facility_kind(*one)) == folded;
    let own = FacilityKind::ALL.iter().copied().find(same);
    own.or_else(|| match word.trim() {
        "医院" | "クリニック" => Some(FacilityKind::Clinic),
        "歯科" | "歯科医院" => Some(FacilityKind::DentalClinic),
        "調剤薬局" => Some(FacilityKind::Pharmacy),
        "訪問看護" => Some(FacilityKind::HomeNursing),
        "居宅介護支援事業所" | "居宅" => Some(FacilityKind::CareManagement),
        "地域包括" | "包括" => Some(FacilityKind::CommunitySupportCenter),
        "デイサービス" => Some(FacilityKind::DayCare),
        "グループホーム" => Some(FacilityKind::GroupHome),
        "特養" => Some(FacilityKind::SpecialNursingHome),
        "老健" => Some(FacilityKind::HealthFacility),
        "市町村" | "保健所" | "市役所" => Some(FacilityKind::Municipality),
        "消防" | "消防署" => Some(FacilityKind::FireDepartment),
        "医師会" | "歯科医師会" | "薬剤師会" => Some(FacilityKind::Association),
        _ => None,
    })
}

pub fn job_of(word: &str) -> Option<Job> {
    let folded = fold(word);
    let own = Job::ALL.iter().copied().find(|one| fold(japanese::job(*one)) == folded);
    own.or_else(|| match folded.as_str() {
        "dr" => Some(Job::Doctor),
        "dds" => Some(Job::Dentist),
        "ns" => Some(Job::Nurse),
        "pt" => Some(Job::PhysicalTherapist),
        "ot" => Some(Job::OccupationalTherapist),
        "st" => Some(Job::SpeechTherapist),
        "dh" => Some(Job::DentalHygienist),
        "msw" => Some(Job::MedicalSocialWorker),
        "cm" => Some(Job::CareManager),
        "cw" => Some(Job::CareWorker),
        _ => by_other_name(word.trim()),
    })
}

fn by_other_name(word: &str) -> Option<Job> {
    match word {
        "ドクター" => Some(Job::Doctor),
        "ナース" | "看護婦" | "正看護師" => Some(Job::Nurse),
        "准看" => Some(Job::AssistantNurse),
        "ケアマネ" | "ケアマネジャー" | "ケアマネージャー" => {
            Some(Job::CareManager)
        }
        "主任ケアマネ" => Some(Job::ChiefCareManager),
        "ヘルパー" | "訪問介護員" => Some(Job::Helper),
        "相談員" => Some(Job::LifeCounsellor),
        "事務" | "事務員" | "医療事務" => Some(Job::Clerk),
        "放射線技師" => Some(Job::Radiographer),
        "検査技師" => Some(Job::LaboratoryTechnician),
        "救急隊員" => Some(Job::Paramedic),
        "リハビリ" => None,
        _ => None,
    }
}

pub fn role_of(word: &str) -> Option<Role> {
    let folded = fold(word);
    Role::ALL.iter().copied().find(|one| fold(japanese::role(*one)) == folded)
}

/// What stands between roles in our own files.
pub const ROLE_MARK: &str = "・";

/// What parts the roles in one cell.
pub const ROLE_MARKS: [char; 5] = ['・', '、', ',', '/', '／'];

/// The row that shows in a template how cells are written.
pub fn example(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Facilities => &[
            "1510000014",
            "診療所",
            "ひかり医院",
            "ヒカリイイン",
            "ひかり",
            "000-0000",
            "あおば市本町1-1",
            "000-0000-0000",
            "",
        ],
        Kind::Members => &[
            "1510000014",
            "ひかり医院",
            "h.sato",
            "佐藤",
            "はるか",
            "サトウ",
            "ハルカ",
            "看護師",
            "職員・施設管理者",
            "令和8年4月1日",
            "",
        ],
    }
}
