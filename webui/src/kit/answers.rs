//! The answer to an enrolment that waits, from whoever may give it, and what it came to in words.

use provisioning::enrolment::{self, Enrolment, EnrolmentProblem, Eyes};
use provisioning::japanese::fold_code;
use store::Id;

use super::app::App;
use super::failure::Failure;
use super::member::SignedIn;

/// `eyes`: which enrolments are the asker's to answer; the office answers all.
pub async fn approve(
    app: &App,
    asked: &SignedIn,
    id: Id<Enrolment>,
    eyes: Option<Eyes>,
    digits: &str,
) -> Result<&'static str, Failure> {
    let (digits, by, now) = (fold_code(digits), asked.id(), app.now());
    let act = asked.act("enrolment.approve").on("enrolment", id);
    let approved = app.store.write(act, move |write| {
        eyes.map_or(Ok(()), |eyes| enrolment::check_eyes(write, id, eyes).map(drop))?;
        enrolment::approve(write, id, &digits, by, now)
    });
    say(approved.await, "承認しました")
}

pub async fn refuse(
    app: &App,
    asked: &SignedIn,
    id: Id<Enrolment>,
    eyes: Option<Eyes>,
) -> Result<&'static str, Failure> {
    let now = app.now();
    let act = asked.act("enrolment.refuse").on("enrolment", id);
    let refused = app.store.write(act, move |write| {
        eyes.map_or(Ok(()), |eyes| enrolment::check_eyes(write, id, eyes).map(drop))?;
        enrolment::refuse(write, id, now)
    });
    say(refused.await, "登録を断りました")
}

pub fn say(
    outcome: Result<Enrolment, EnrolmentProblem>,
    done: &'static str,
) -> Result<&'static str, Failure> {
    match outcome {
        Ok(_) => Ok(done),
        Err(EnrolmentProblem::OtherDigits) => {
            Ok("番号が変わっています。もう一度、番号を見くらべてください")
        }
        Err(EnrolmentProblem::OtherStep) => Ok("この登録には、もうほかの人が答えています"),
        Err(EnrolmentProblem::Expired) => {
            Ok("この登録は時間切れです。新しいカードかコードで登録しなおしてください")
        }
        Err(EnrolmentProblem::Store(error)) => Err(error.into()),
        Err(EnrolmentProblem::Authority(error)) => Err(Failure::Internal(Box::new(error))),
        Err(
            EnrolmentProblem::Unknown
            | EnrolmentProblem::WrongCard
            | EnrolmentProblem::Locked
            | EnrolmentProblem::KeyKnown,
        ) => Err(Failure::NotFound),
    }
}
