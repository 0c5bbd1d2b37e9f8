//! What is said about a list and its cells.

use provisioning::sheets::{COLUMNS_MAX, FILE_BYTES_MAX, ROWS_MAX, SheetProblem};

use super::model::{Kind, Mistake};
use super::progress::{Progress, Stage};
use crate::kit::japanese::size;

pub const WHOLE_FILE: &str = "ファイル全体";

pub fn sheet(problem: &SheetProblem) -> String {
    match problem {
        SheetProblem::Empty => "ファイルに何も書かれていません".to_owned(),
        SheetProblem::TooLarge => {
            format!("ファイルが大きすぎます。{}までにしてください", size(FILE_BYTES_MAX))
        }
        SheetProblem::TooManyRows => {
            format!("行が多すぎます。{ROWS_MAX}行までに分けてください")
        }
        SheetProblem::TooManyColumns { line } => {
            format!("{line}行目の列が多すぎます。{COLUMNS_MAX}列までにしてください")
        }
        SheetProblem::NotText { line } => format!(
            "{line}行目の文字を読み取れません。Excel の「CSV UTF-8」で保存しなおしてください"
        ),
        SheetProblem::Utf16 => {
            "文字コードがUTF-16です。「CSV UTF-8」で保存しなおしてください".to_owned()
        }
        SheetProblem::NotAList => {
            "CSVでもXLSXでもありません。古いXLSは、XLSXで保存しなおしてください".to_owned()
        }
        SheetProblem::Damaged => {
            "XLSXファイルが壊れているか、パスワードがかかっています".to_owned()
        }
    }
}

pub const NO_HEAD: &str =
    "1行目に見出しがありません。「医療機関コード」などの見出しを1行目に書いてください";
pub const NO_ROWS: &str = "見出しの下に行がありません";
pub const TWICE: &str = "同じ意味の列が2つあります。1つにしてください";
pub const MISSING: &str = "この列がありません。ひな形のとおりに列を作ってください";
pub const HOSTILE: &str = "改行や見えない文字が入っています。取り除いてください";
pub const REPLACED: &str = "「〓」や「�」に置き換わった文字があります。正しい文字に直してください";
pub const FORMULA: &str = "式のように見えます。先頭の = + - @ を取り、値だけを書いてください";
pub const NO_KIND: &str =
    "この種別はありません。「診療所」「薬局」のように、ひな形の言葉で書いてください";
pub const NO_JOB: &str = "この職種はありません。「看護師」「介護支援専門員」のように書いてください";
pub const NO_ROLE: &str =
    "この役割はありません。「職員」「施設管理者」のように書き、「・」で区切ってください";
pub const NO_FACILITY: &str =
    "このコードの施設は登録されていません。コードを確かめるか、先に施設を取り込んでください";
pub const OFFICE: &str = "事務室は、事務室管理者だけが登録できます";
pub const ROLES: &str = "事務室・監査の役割を持つ職員は、事務室管理者だけが変えられます";
pub const OWN: &str = "自分の事務室の役割や利用を終わらせることはできません";
pub const ONE_WORD: &str = "姓と名の間を空白で分けてください。例：佐藤 はるか";
pub const DOUBT: &str = "検査数字が合いません。紙の番号と見くらべてください";

pub fn again(line: u64) -> String {
    format!("{line}行目と重なっています。どちらかを消してください")
}

pub fn shifted(what: &str, digits: usize) -> String {
    if digits == 9 {
        format!("{what}。先頭の0が消えていないか確かめてください")
    } else {
        what.to_owned()
    }
}

pub fn twin(name: &str) -> String {
    format!("同じ施設に同じ読みの職員（{name}）がいます。別の人か確かめてください")
}

pub fn other_kind(is: Kind) -> &'static str {
    match is {
        Kind::Facilities => "これは施設の一覧です。tokinet facility import で取り込んでください",
        Kind::Members => "これは職員の一覧です。tokinet member import で取り込んでください",
    }
}

pub const CHANGED: &str =
    "確かめている間に登録が変わったため、何も取り込んでいません。もう一度お試しください";

pub fn not_taken(mistakes: usize) -> String {
    format!("まちがいが{mistakes}件あるため、何も取り込んでいません")
}

/// What would come of a list, or has come of it.
pub fn outcome(taken: bool, new: usize, changed: usize, unchanged: usize) -> String {
    let what = if taken {
        "取り込みました"
    } else {
        "まちがいはありません。まだ取り込んでいません"
    };
    format!("{what}（新しい{new}件・変更{changed}件・変わらない{unchanged}件）")
}

pub fn underway(progress: Progress) -> String {
    let what = match progress.stage {
        Stage::Checking => "確かめています",
        Stage::Taking => "取り込んでいます",
    };
    format!("{what} {}／{}行", progress.done, progress.of)
}

pub fn more(count: usize) -> String {
    format!("ほか{count}件")
}

/// In one line, for a terminal.
pub fn mistake(mistake: &Mistake) -> String {
    let Mistake { line, column, value, what } = mistake;
    match value.is_empty() {
        true => format!("{line}行目 {column}：{what}"),
        false => format!("{line}行目 {column}「{value}」：{what}"),
    }
}
