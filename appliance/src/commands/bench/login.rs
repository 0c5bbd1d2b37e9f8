//! A log-in: the form as it is posted, Argon2id and the session.

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::header::{CONTENT_TYPE, HOST};
use tower::ServiceExt as _;

use super::meter::{Meter, Spread};
use super::report::Section;
use super::served::form_token;
use super::town::Town;
use crate::demo::PASSWORD;

const LOGINS: u16 = 20;

pub async fn measure(town: &Town) -> anyhow::Result<Section> {
    let app = town.open()?;
    let router = webui::doors(&app).app;
    let somebody = town.people.first().context("nobody lives here")?;
    let device = town.devices.get(somebody.device).context("no device")?;
    let request = |method| {
        let request = hyper::Request::builder().method(method).uri("/login");
        request.header(HOST, app.app_host()).extension(device.ingress())
    };
    let page = router.clone().oneshot(request("GET").body(Full::<Bytes>::default())?).await?;
    let token = form_token(&page.into_body().collect().await?.to_bytes())?;
    let form = format!(
        "token={token}&facility_code={}&user_id={}&password={PASSWORD}",
        somebody.facility_code.as_str(),
        somebody.login.as_str()
    );
    let (meter, mut latencies) = (Meter::start(), Spread::default());
    for _ in 0..LOGINS {
        let one = Meter::start();
        let posted = request("POST")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(form.clone()))?;
        let answer = router.clone().oneshot(posted).await?;
        if !answer.status().is_redirection() {
            bail!("the log-in answered {}", answer.status());
        }
        latencies.add(one.stop().wall);
    }
    let spent = meter.stop();
    let mut section = Section::new(
        "login",
        format!("POST /login in process, {LOGINS} one after the other; CPU of all threads"),
    );
    section.millis("CPU a log-in", spent.process / u32::from(LOGINS));
    section.millis("p50", latencies.median());
    section.millis("p99", latencies.percentile(99));
    Ok(section)
}
