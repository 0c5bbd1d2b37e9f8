//! The forwarder of `tokinet try`: plain HTTP on loopback in front, real mutual TLS behind.
//!
//! The host's first word says whose device it is (`nurse.localhost`), so several people can be
//! open side by side; the server's gate has no back door for it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, COOKIE, HOST, HeaderValue, ORIGIN, SET_COOKIE};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio_rustls::TlsConnector;

use crate::client::{Body, send, whole};

/// A persona with a device of its own.
pub struct Guest {
    pub role: String,
    pub name: String,
    pub job: &'static str,
    pub facility: String,
    pub facility_code: String,
    pub user_id: String,
    pub password: &'static str,
    pub device: String,
    pub tls: TlsConnector,
}

pub struct Doors {
    pub address: SocketAddr,
    pub app_host: String,
    pub touroku_host: String,
    pub touroku_tls: TlsConnector,
}

struct Forwarder {
    doors: Doors,
    guests: Vec<Guest>,
    network: String,
    port: u16,
}

pub async fn serve(listener: TcpListener, doors: Doors, guests: Vec<Guest>, network: String) {
    let port = listener.local_addr().map_or(0, |address| address.port());
    let forwarder = Arc::new(Forwarder { doors, guests, network, port });
    while let Ok((stream, _)) = listener.accept().await {
        let forwarder = forwarder.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let forwarder = forwarder.clone();
                async move { Ok::<_, Infallible>(forwarder.answer(request).await) }
            });
            let serving = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service);
            // Browsers drop connections as they like.
            drop(serving.await);
        });
    }
}

impl Forwarder {
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
        let first = host.and_then(|host| host.split(['.', ':']).next()).unwrap_or_default();
        let guest = self.guests.iter().find(|guest| guest.role.replace('_', "-") == first);
        let outcome = match (guest, first) {
            (Some(guest), _) => self.pass(request, &self.doors.app_host, &guest.tls).await,
            (None, "touroku") => {
                self.pass(request, &self.doors.touroku_host, &self.doors.touroku_tls).await
            }
            (None, _) => return self.choose(),
        };
        outcome.unwrap_or_else(|error| {
            log::debug!(error:% = error; "cannot forward");
            let mut answer = Response::new(whole(format!("{error:#}\n")));
            *answer.status_mut() = StatusCode::BAD_GATEWAY;
            answer
        })
    }

    async fn pass(
        &self,
        request: Request<Incoming>,
        host: &str,
        tls: &TlsConnector,
    ) -> anyhow::Result<Response<Body>> {
        let (mut head, body) = request.into_parts();
        // A browser sends secure cookies over plain HTTP to no host, so their names change here.
        let rename = |text: &str| text.replace("try-", "__Host-");
        map_header(&mut head.headers, &COOKIE, rename);
        let origin = format!("https://{host}");
        map_header(&mut head.headers, &ORIGIN, |_| origin.clone());
        head.headers.insert(HOST, HeaderValue::from_str(host)?);
        let mut request = Request::from_parts(head, body.boxed());
        *request.version_mut() = hyper::Version::HTTP_11;
        let answer = send(tls, &self.doors.address.to_string(), host, request).await?;
        let (mut head, body) = answer.into_parts();
        map_header(&mut head.headers, &SET_COOKIE, |text| {
            text.replace("__Host-", "try-").replace("; Secure", "")
        });
        head.headers.remove("strict-transport-security");
        Ok(Response::from_parts(head, body.boxed()))
    }

    /// Who to be: the one page that is the forwarder's own.
    fn choose(&self) -> Response<Body> {
        let mut cards = String::new();
        for guest in &self.guests {
            let values = [
                (
                    "HREF",
                    format!("http://{}.localhost:{}/", guest.role.replace('_', "-"), self.port),
                ),
                ("NAME", guest.name.clone()),
                ("JOB", guest.job.to_owned()),
                ("FACILITY", guest.facility.clone()),
                ("DEVICE", guest.device.clone()),
                ("CODE", guest.facility_code.clone()),
                ("USER", guest.user_id.clone()),
                ("PASSWORD", guest.password.to_owned()),
            ];
            cards.push_str(&fill(include_str!("forward/guest.html"), &values));
        }
        let touroku = format!("http://touroku.localhost:{}/e", self.port);
        let values = [("NETWORK", self.network.clone()), ("CARDS", cards), ("TOUROKU", touroku)];
        let page = fill(include_str!("forward/choose.html"), &values);
        let mut answer =
            Response::new(Full::new(Bytes::from(page)).map_err(|n| match n {}).boxed());
        answer
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        answer
    }
}

/// The values are the demo's own, so they hold nothing to escape.
fn fill(template: &str, values: &[(&str, String)]) -> String {
    values
        .iter()
        .fold(template.to_owned(), |page, (name, value)| page.replace(&format!("%{name}%"), value))
}

fn map_header(
    headers: &mut hyper::HeaderMap,
    name: &hyper::header::HeaderName,
    change: impl Fn(&str) -> String,
) {
    let changed: Vec<_> = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .filter_map(|text| HeaderValue::try_from(change(text)).ok())
        .collect();
    headers.remove(name);
    for value in changed {
        headers.append(name.clone(), value);
    }
}
