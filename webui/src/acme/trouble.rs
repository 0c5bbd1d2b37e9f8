//! What can go wrong, sorted by what somebody can do about it.

use std::error::Error as _;
use std::time::Instant;

use instant_acme::{Error, Problem};
use jiff::SignedDuration;
use provisioning::public::{Attempt, Trouble};

use super::client::HttpProblem;

/// Why there is no certificate this time.
#[derive(Debug)]
pub struct Failed {
    pub trouble: Trouble,
    /// Words for the log and for whoever runs the box.
    pub detail: String,
    /// How long the authority itself says to wait.
    pub bidden: Option<SignedDuration>,
}

impl Failed {
    pub fn new(trouble: Trouble, detail: impl std::fmt::Display) -> Self {
        let detail = detail.to_string();
        let printable = detail.chars().map(|one| if one.is_control() { ' ' } else { one });
        let detail = printable.take(Attempt::DETAIL_CHARS_MAX).collect();
        Self { trouble, detail, bidden: None }
    }
}

impl From<store::StoreError> for Failed {
    fn from(error: store::StoreError) -> Self {
        Self::new(Trouble::Internal, error)
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        let failed = |trouble| Self::new(trouble, &error);
        if let Error::Api(problem) = &error {
            return of_problem(problem);
        }
        if let Error::Timeout(until) = &error {
            let left = until.and_then(|until| until.checked_duration_since(now()));
            let bidden = left.and_then(|left| SignedDuration::try_from(left).ok());
            return Self { bidden, ..failed(Trouble::TookTooLong) };
        }
        if let Error::Other(inner) = &error
            && let Some(problem) = inner.downcast_ref::<HttpProblem>()
        {
            let cause = problem.source().map(|cause| format!(": {cause}"));
            let detail = format!("{problem}{}", cause.unwrap_or_default());
            return Self::new(problem.trouble(), detail);
        }
        let ours = matches!(error, Error::Crypto | Error::KeyRejected);
        failed(if ours { Trouble::Internal } else { Trouble::BadAnswer })
    }
}

fn now() -> Instant {
    Instant::now()
}

/// The word after `urn:ietf:params:acme:error:`.
pub fn kind(problem: &Problem) -> &str {
    problem.r#type.as_deref().and_then(|kind| kind.rsplit(':').next()).unwrap_or_default()
}

pub fn of_problem(problem: &Problem) -> Failed {
    let trouble = match kind(problem) {
        "rateLimited" => Trouble::RateLimited,
        "accountDoesNotExist"
        | "externalAccountRequired"
        | "userActionRequired"
        | "invalidContact"
        | "unsupportedContact" => Trouble::Account,
        "unauthorized" | "dns" | "connection" | "tls" | "incorrectResponse" => {
            Trouble::NotValidated
        }
        "serverInternal" => Trouble::Unreachable,
        _ => Trouble::Refused,
    };
    Failed::new(trouble, problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(kind: &str) -> Problem {
        let text = format!(r#"{{"type":"urn:ietf:params:acme:error:{kind}","detail":"a\nb"}}"#);
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn an_authoritys_words_are_sorted_and_cut() {
        for (kind, trouble) in [
            ("rateLimited", Trouble::RateLimited),
            ("accountDoesNotExist", Trouble::Account),
            ("connection", Trouble::NotValidated),
            ("rejectedIdentifier", Trouble::Refused),
            ("somethingOfTheFuture", Trouble::Refused),
        ] {
            let failed = of_problem(&problem(kind));
            assert_eq!(failed.trouble, trouble, "{kind}");
            assert!(!failed.detail.contains('\n'), "{}", failed.detail);
        }
        let long = Failed::new(Trouble::Refused, "x".repeat(5000));
        assert_eq!(long.detail.len(), Attempt::DETAIL_CHARS_MAX);
    }
}
