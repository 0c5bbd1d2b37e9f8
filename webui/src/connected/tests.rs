//! A device without a session.

use crate::kit::testing::{Net, Persona};

#[tokio::test]
async fn a_new_device_reads_that_it_is_connected_and_until_when() {
    let net = Net::new();
    let answer = net.visitor(Persona::Device).get("/connected").await;
    assert_eq!(answer.status.as_u16(), 200);
    for said in ["この端末はつながりました", "みどり訪問看護", &net.station_device.name]
    {
        assert!(answer.body.contains(said), "{said} is missing in {}", answer.body);
    }
    assert!(answer.body.contains("令和"), "the end of the certificate");
}

#[tokio::test]
async fn whoever_shows_no_certificate_is_asked_again_on_a_fresh_connection_three_times() {
    let net = Net::new();
    let stranger = net.visitor(Persona::Stranger);
    let mut at = "/connected?x=1".to_owned();
    for times in 1..=3 {
        let answer = stranger.get(&at).await;
        assert_eq!(answer.status.as_u16(), 401);
        assert!(answer.body.contains("未登録端末"));
        let next = format!("/connected?x=1&amp;again={times}");
        assert!(answer.body.contains(&format!("content=\"5; url={next}\"")), "{}", answer.body);
        assert!(answer.body.contains(&format!("{times}/3")));
        at = next.replace("&amp;", "&");
    }
    let last = stranger.get(&at).await;
    assert!(!last.body.contains("http-equiv"), "then it only explains");
    assert!(last.body.contains("ブラウザーをすべて閉じて"));
    let elsewhere = stranger.get("//evil.example/").await;
    assert!(!elsewhere.body.contains("url=//"), "never to another host");
}
