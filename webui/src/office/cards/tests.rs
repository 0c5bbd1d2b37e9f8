//! Choosing members, and the code on the paper.

use store::Id;

use super::model::{CARDS_AT_ONCE_MAX, ChoiceProblem, Paper, chosen, fingerprint};
use crate::kit::code::qr_svg;
use crate::kit::testing::{Net, Persona};

fn id(n: usize) -> String {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&n.to_be_bytes());
    Id::<()>::from_bytes(bytes).to_string()
}

#[test]
fn members_are_chosen_once_each_and_in_order() {
    let read = |ids: &[String]| {
        let chosen = chosen::<()>(ids.iter().map(String::as_str));
        chosen.map(|ids| ids.iter().map(Id::to_string).collect::<Vec<_>>())
    };
    assert_eq!(read(&[id(2), id(1), id(2)]), Ok(vec![id(2), id(1)]));
    assert_eq!(read(&[]), Err(ChoiceProblem::Nobody));
    assert_eq!(read(&["x".to_owned()]), Err(ChoiceProblem::Unreadable));
    let many: Vec<_> = (0..=CARDS_AT_ONCE_MAX).map(id).collect();
    assert_eq!(read(&many), Err(ChoiceProblem::TooMany));
    assert!(read(&many[1..]).is_ok());
}

#[test]
fn paper_is_a_sheet_unless_it_is_a_letter() {
    assert_eq!(Paper::of_key("letter"), Paper::Letter);
    assert_eq!(Paper::of_key(""), Paper::Sheet);
}

#[test]
fn a_code_is_plain_markup_with_a_quiet_zone() {
    let text = "https://touroku.example.jp:8443/e#7KQM2XVD.9HTR4BWEK2M8";
    let svg = qr_svg(text).unwrap();
    let code = qrcode::QrCode::with_error_correction_level(text, qrcode::EcLevel::M).unwrap();
    let side = code.width() + 8;
    assert!(svg.starts_with(&format!("<svg viewBox=\"0 0 {side} {side}\"")), "{svg}");
    assert!(!svg.contains("style") && !svg.contains("<?xml"));
    assert!(svg.contains("d=\"M4 4h7v1h-7z"), "the first finder pattern stands at 4, 4");
    let dark = code.to_colors().iter().filter(|color| **color == qrcode::Color::Dark).count();
    let lengths = svg.split("v1h-").skip(1).map(|rest| rest.split('z').next().unwrap());
    assert_eq!(lengths.map(|length| length.parse::<usize>().unwrap()).sum::<usize>(), dark);
}

#[test]
fn a_fingerprint_is_read_in_groups_of_four() {
    let shown = fingerprint(&[0x3f; 32]);
    assert_eq!(shown.split(' ').count(), 16);
    assert!(shown.starts_with("3F3F 3F3F"));
}

#[tokio::test]
async fn paper_for_one_more_device_leaves_the_password_alone() {
    let net = Net::new();
    let clerk = net.visitor(Persona::Office);
    let nurse = net.nurse.id.to_string();
    let issue = |purpose: &'static str, once: &'static str| {
        let fields = vec![
            ("member", nurse.clone()),
            ("purpose", purpose.to_owned()),
            ("format", "letter".to_owned()),
            ("once", once.to_owned()),
        ];
        async {
            let fields = fields;
            let fields: Vec<_> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
            clerk.post("/office/cards", &fields).await.body
        }
    };
    let added = issue("add", "1").await;
    assert!(added.contains("いまお使いのパスワード") && !added.contains("初期パスワード"));
    let reset = issue("password", "2").await;
    assert!(reset.contains("初期パスワード") && !reset.contains("<svg viewBox=\"0 0 4"));
    assert!(reset.contains("端末の登録には使えません"));
    assert!(issue("", "3").await.contains("初期パスワード"));
}
