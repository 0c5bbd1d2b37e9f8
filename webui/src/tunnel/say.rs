//! What could not be done with a key for the tunnel.

use axum::http::StatusCode;
use provisioning::tunnel::PeerProblem;

use crate::kit::failure::{Failure, Said};

pub fn stop(problem: PeerProblem) -> Failure {
    match problem {
        PeerProblem::Full => Said {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            what: "VPNの設定を作れませんでした",
            why: "VPNの番号がすべて使われています。".to_owned(),
            next: "事務室に知らせてください。それまでは、VPNなしでつながります。",
            link: None,
        }
        .into(),
        PeerProblem::KeyKnown => Failure::StaleForm,
        PeerProblem::NoDevice | PeerProblem::NoHome | PeerProblem::NotWaiting => Failure::NotFound,
        PeerProblem::Store(error) => error.into(),
    }
}
