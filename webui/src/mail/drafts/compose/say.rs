//! Why a draft could not be kept as it was typed.

use super::super::model::{Missing, TooLong};
use super::super::tables::DraftProblem;
use super::super::views::Errors;
use crate::mail::model::RECIPIENTS_MAX;

/// `Err` gives back what no form can mend.
pub fn errors(problem: DraftProblem) -> Result<Errors, DraftProblem> {
    let recipients = |said: String| Errors { recipients: Some(said), ..Errors::default() };
    Ok(match problem {
        DraftProblem::SavedElsewhere => Errors {
            form: Some(
                "この下書きは別の画面で保存されています。いまの内容で上書きするときは、\
                 もう一度「保存」または「確認へ進む」を押してください。",
            ),
            ..Errors::default()
        },
        DraftProblem::TooLong(TooLong::Subject) => Errors {
            subject: Some("件名は100文字以内で入力してください"),
            ..Errors::default()
        },
        DraftProblem::TooLong(TooLong::Body) => Errors {
            body: Some("本文は10,000文字以内で入力してください"),
            ..Errors::default()
        },
        DraftProblem::TooLong(TooLong::Recipients) => {
            recipients(format!("宛先は{RECIPIENTS_MAX}人までです"))
        }
        DraftProblem::GroupTooLarge { name, people, had } => recipients(format!(
            "宛先は{RECIPIENTS_MAX}人までです。いまの{had}人に「{name}」の{people}人は加えられません。\
             宛先を減らすか、メールを分けてください"
        )),
        DraftProblem::GoneGroup => {
            recipients("このグループは削除されたか、使えなくなりました".to_owned())
        }
        DraftProblem::WrongSender => Errors {
            form: Some(
                "差出人に選んだメールボックスの担当から外れています。差出人を選び直してください。",
            ),
            ..Errors::default()
        },
        other @ (DraftProblem::Unknown
        | DraftProblem::TooManyFiles
        | DraftProblem::Incomplete
        | DraftProblem::Leaving
        | DraftProblem::GoneRecipient(_)
        | DraftProblem::Store(_)) => return Err(other),
    })
}

pub fn missing(missing: &Missing) -> Errors {
    Errors {
        recipients: missing.recipients.then(|| "宛先を1人以上選んでください".to_owned()),
        subject: missing.subject.then_some("件名を入力してください"),
        body: missing.body.then_some("本文を入力してください"),
        ..Errors::default()
    }
}
