//! What could not be done with a key for the tunnel.

use axum::http::StatusCode;
use provisioning::tunnel::PeerProblem;

use crate::kit::failure::{Failure, Said};

/// What Apple's settings show of a tunnel's profile.
pub fn profile_title(network: &str, device: &str) -> String {
    format!("{network} VPN（{device}）")
}

pub fn profile_description(network: &str) -> String {
    format!(
        "{network}につなぐ、この端末のVPN（WireGuard）の設定です。証明書のプロファイルは、\
         そのまま残ります。入れ直すと、前のVPNの設定と置き換わります。"
    )
}

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
