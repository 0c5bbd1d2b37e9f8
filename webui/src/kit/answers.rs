//! What an approval or a refusal of an enrolment came to, in words.

use provisioning::enrolment::{Enrolment, EnrolmentProblem};

use super::failure::Failure;

pub fn say_answer(
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
