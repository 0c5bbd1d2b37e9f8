//! What Apple's settings show of a profile.

pub fn profile_title(network: &str, device: &str) -> String {
    format!("{network}（{device}）")
}

pub fn profile_description(network: &str) -> String {
    format!(
        "{network}を使うための、この端末の証明書とホーム画面のアイコンです。\
         入れ直すと、前のものと置き換わります。"
    )
}
