//! Handing a push to the browser's service.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};

use super::keys::authorization;
use super::model::may_be_sent_to;
use super::seal::seal;
use crate::kit::app::App;
use crate::kit::outward::{self, OutwardError};
use crate::notices::outside::{Outcome, Reason, Subscription, Wish, say};

/// A telephone that was off for a night and a day shows it; then it is old.
const KEPT_SECONDS: &str = "86400";

/// A newer push takes the place of one that was not delivered yet.
const TOPIC: &str = "arrival";

pub async fn send(app: &App, to: &Subscription, wish: Wish) -> Outcome {
    let own = Outcome::Later(Reason::Own);
    let Some(rules) = &app.outside.push else { return own };
    let Ok(address) = to.endpoint.parse::<Uri>() else { return Outcome::Gone };
    let Some(authority) = address.authority().map(|authority| authority.as_str().to_owned()) else {
        return Outcome::Gone;
    };
    if !may_be_sent_to(rules, &authority) {
        return Outcome::Never(Reason::ForeignHost);
    }
    let plain = words(app, wish);
    let Ok(body) = seal(to, plain.as_bytes(), app.store.clock().random()) else {
        return Outcome::Gone;
    };
    let service = format!("https://{authority}");
    let Ok(Some(proof)) = authorization(app, &service, app.now()) else { return own };
    let Some(headers) = headers(&proof, wish) else { return own };
    let posted = outward::post(rules.ca.as_ref(), &address, headers, body).await;
    match posted {
        Ok(status) if status.is_success() => Outcome::Told,
        Ok(StatusCode::NOT_FOUND | StatusCode::GONE) => Outcome::Gone,
        Ok(status) => Outcome::Later(Reason::Answered(status.as_u16())),
        Err(OutwardError::Address) => Outcome::Gone,
        Err(OutwardError::Authorities | OutwardError::Tls) => Outcome::Later(Reason::Tls),
        Err(OutwardError::Unreachable) => Outcome::Later(Reason::Unreachable),
        Err(OutwardError::Cut) => Outcome::Later(Reason::Cut),
        Err(OutwardError::Slow) => Outcome::Later(Reason::Slow),
    }
}

/// The whole message, in the form that Safari shows by itself and our worker reads as well.
fn words(app: &App, wish: Wish) -> String {
    let message = match wish {
        Wish::Close => serde_json::json!({ "close": true }),
        Wish::Tell | Wish::TellUrgently => serde_json::json!({
            "web_push": 8030,
            "notification": {
                "title": say::ARRIVED,
                "body": app.network.name,
                "lang": "ja",
                "tag": TOPIC,
                "navigate": format!("{}notices", app.address()),
            },
        }),
    };
    message.to_string()
}

fn headers(proof: &str, wish: Wish) -> Option<HeaderMap> {
    let urgency = match wish {
        Wish::TellUrgently => "high",
        Wish::Tell => "normal",
        Wish::Close => "low",
    };
    let mut headers = HeaderMap::new();
    headers.insert(header::AUTHORIZATION, HeaderValue::try_from(proof).ok()?);
    for (name, value) in [
        ("content-encoding", "aes128gcm"),
        ("content-type", "application/octet-stream"),
        ("ttl", KEPT_SECONDS),
        ("topic", TOPIC),
        ("urgency", urgency),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    Some(headers)
}
