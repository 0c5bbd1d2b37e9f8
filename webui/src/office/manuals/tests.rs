//! The manuals say what the enrolment's pages say, with the network's own names.

use crate::kit::testing::{Net, Persona};

#[tokio::test]
async fn the_office_prints_a_manual_for_each_kind_of_machine() {
    let net = Net::new();
    let clerk = net.visitor(Persona::Office);
    let index = clerk.get("/office/manuals").await.body;
    for (key, said) in [
        ("windows", "登録ファイルを受け取る"),
        ("ipad", "プロファイルを受け取る"),
        ("android", "VPNとアプリユーザー証明書"),
        ("mac", "システム設定"),
        ("linux", "chrome://certificate-manager"),
        ("firefox", "証明書を表示"),
    ] {
        assert!(index.contains(&format!("/office/manuals/{key}\"")), "{key}");
        let manual = clerk.get(&format!("/office/manuals/{key}")).await;
        assert_eq!(manual.status.as_u16(), 200, "{key}");
        for said in [said, "あおばネット", "touroku.aoba.example", "app.aoba.example"] {
            assert!(manual.body.contains(said), "{key}: {said}");
        }
        assert!(manual.body.contains("manual.css") && manual.body.contains("/assets/"), "{key}");
    }
}

#[tokio::test]
async fn an_unknown_machine_has_no_manual() {
    let net = Net::new();
    let answer = net.visitor(Persona::Office).get("/office/manuals/amiga").await;
    assert_eq!(answer.status.as_u16(), 404);
}
