//! The product inside of the tunnel: the gateway's listeners, where an address is a device's key.
//!
//! Nothing but the product's own names is served, and what comes without TLS is sent there.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use provisioning::devices::Route;
use provisioning::tunnel::Peer;
use store::Id;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::app::App;
use super::connections::{Place, Tie};
use super::listen::{Doors, Porter};

/// Whose inner address this is, as the gateway knows it: it has checked each packet's source.
pub type WhoseAddress = Arc<dyn Fn(IpAddr) -> Option<Id<Peer>> + Send + Sync>;

/// What the gateway made within its own network, each for both kinds of addresses.
pub struct InsideListeners {
    /// Port 443.
    pub https: Vec<std::net::TcpListener>,
    /// Port 80.
    pub http: Vec<std::net::TcpListener>,
    pub whose: WhoseAddress,
}

/// One address typed without `https://`: a line of a few hundred bytes, sent at once.
const REDIRECT_MAX: Duration = Duration::from_secs(10);
const REDIRECT_HEAD_BYTES_MAX: usize = 8 * 1024;

/// Serves until `stop`; then lets open requests end.
pub async fn serve(
    app: App,
    listeners: InsideListeners,
    doors: Doors,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let InsideListeners { https, http, whose } = listeners;
    let (https, http) = (taken(https)?, taken(http)?);
    let porter = Arc::new(Porter::new(app.clone(), doors, stop.clone()));
    let mut accepting = tokio::task::JoinSet::new();
    for listener in https {
        let (porter, whose) = (porter.clone(), whose.clone());
        accepting.spawn(async move {
            porter.accept(listener, |address| whose(address).map(Route::Tunnel)).await;
        });
    }
    for listener in http {
        let (app, porter, whose, stop) = (app.clone(), porter.clone(), whose.clone(), stop.clone());
        accepting.spawn(async move { redirect_all(app, &porter, listener, whose, stop).await });
    }
    while accepting.join_next().await.is_some() {}
    if let Some(porter) = Arc::into_inner(porter) {
        porter.end().await;
    }
    Ok(())
}

fn taken(listeners: Vec<std::net::TcpListener>) -> std::io::Result<Vec<TcpListener>> {
    let taken = listeners.into_iter().map(|listener| {
        listener.set_nonblocking(true)?;
        TcpListener::from_std(listener)
    });
    taken.collect()
}

async fn redirect_all(
    app: App,
    porter: &Porter,
    listener: TcpListener,
    whose: WhoseAddress,
    stop: CancellationToken,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        let Ok((stream, peer)) = accepted else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let Some(tunnel) = whose(peer.ip()) else { continue };
        let Some(mut place) = app.connections.enter(peer.ip()) else { continue };
        place.belongs_to(Tie::Peer(tunnel));
        let address = app.tunnel_address();
        porter.spawn(async move {
            let kill = place.kill.clone();
            tokio::select! {
                () = redirect(stream, place, address) => {}
                () = kill.cancelled() => {}
            }
        });
    }
}

/// To the product's own name, whatever name was asked for.
async fn redirect(stream: TcpStream, place: Place, address: String) {
    let service = hyper::service::service_fn(move |request: Request<hyper::body::Incoming>| {
        let answer = answer(request.uri().path_and_query().map(|path| path.as_str()), &address);
        async move { Ok::<_, Infallible>(answer) }
    });
    let mut http = auto::Builder::new(TokioExecutor::new()).http1_only();
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(REDIRECT_MAX)
        .max_buf_size(REDIRECT_HEAD_BYTES_MAX)
        .keep_alive(false);
    let serving = http.serve_connection(TokioIo::new(stream), service);
    // Clients go away in many ways, and none of them is ours to report.
    drop(tokio::time::timeout(REDIRECT_MAX, serving).await);
    drop(place);
}

/// `address` ends in a slash, as paths begin with one.
fn answer(path: Option<&str>, address: &str) -> Response<Body> {
    let path = path.unwrap_or_default().trim_start_matches('/');
    Response::builder()
        .status(StatusCode::PERMANENT_REDIRECT)
        .header(header::LOCATION, format!("{address}{path}"))
        .header(header::CONNECTION, "close")
        .body(Body::empty())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_without_tls_is_sent_to_the_products_own_name() {
        let sent = |path| {
            let answer = answer(path, "https://app.aoba.example/");
            assert_eq!(answer.status(), StatusCode::PERMANENT_REDIRECT);
            answer.headers().get(header::LOCATION).unwrap().to_str().unwrap().to_owned()
        };
        assert_eq!(sent(None), "https://app.aoba.example/");
        assert_eq!(sent(Some("/")), "https://app.aoba.example/");
        assert_eq!(sent(Some("/mail/inbox?q=1")), "https://app.aoba.example/mail/inbox?q=1");
        assert_eq!(sent(Some("//evil.example/")), "https://app.aoba.example/evil.example/");
    }
}
