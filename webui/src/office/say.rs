//! What the office's forms say about lines and days, and the words that its lists share.

use provisioning::members::{Role, Roles};

use super::text::{DayProblem, LineProblem};
use crate::kit::japanese;

/// `what` is the field's name as the form shows it.
pub fn line(what: &str, problem: LineProblem) -> String {
    match problem {
        LineProblem::Empty => format!("{what}を入力してください"),
        LineProblem::TooLong { chars_max } => {
            format!("{what}は{chars_max}文字以内で入力してください")
        }
        LineProblem::NotKana => format!("{what}は、ひらがなかカタカナで入力してください"),
        LineProblem::NotPostal => format!("{what}は7けたの数字で入力してください。例：000-0000"),
        LineProblem::NotPhone => {
            format!("{what}は数字とハイフンで入力してください。例：000-0000-0000")
        }
    }
}

pub fn day(problem: DayProblem) -> String {
    let words = match problem {
        DayProblem::NotADay => {
            "日付を読み取れません。令和8年4月1日、R8.4.1、2026/4/1 のように入力してください"
        }
        DayProblem::EndsBeforeItStarts => "最終利用日は、利用開始日より後の日にしてください",
        DayProblem::Own => "自分の利用を終わらせることはできません。ほかの管理者に頼んでください",
    };
    words.to_owned()
}

/// All roles, as a member's own page shows them.
pub fn roles(roles: &Roles) -> Vec<&'static str> {
    roles.iter().map(japanese::role).collect()
}

/// What a list shows: that somebody is staff goes without saying.
pub fn roles_beyond_staff(roles: &Roles) -> Vec<&'static str> {
    roles.iter().filter(|role| *role != Role::Staff).map(japanese::role).collect()
}

/// 「1月19日まで」
pub fn until(day: &str) -> String {
    format!("{day}まで")
}

pub const NOBODY: &str = "（登録のない職員）";
pub const NOWHERE: &str = "（登録のない施設）";

/// Where somebody else was quicker.
pub const CHANGED: &str = "開いている間に、ほかの人が変更しました。入力した内容は残っています。\
     下の「いまの登録」と見くらべて直し、もう一度保存してください。";
