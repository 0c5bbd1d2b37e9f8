//! What could not be done: handlers return it, one layer turns it into a page and a log line.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use store::StoreError;

use super::app::App;
use super::page::{Bare, Page, bare};

#[derive(Debug)]
pub enum Failure {
    /// Also what a stranger to a thing is told, so that it does not show that it exists.
    NotFound,
    /// Not logged in: the page asked for comes after the log-in.
    SignIn,
    /// The idle lock is on.
    Locked,
    /// A new password comes first.
    PasswordFirst,
    /// The office's rule asks for a passkey before anything else.
    PasskeyFirst,
    /// The form was not one of ours, or too old.
    StaleForm,
    TooLarge,
    Busy,
    /// A feature's own words.
    Said(Box<Said>),
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

/// What a feature tells: all four parts, in Japanese.
#[derive(Clone, Debug)]
pub struct Said {
    pub status: StatusCode,
    pub what: &'static str,
    pub why: String,
    pub next: &'static str,
    pub link: Option<(String, &'static str)>,
}

impl From<Said> for Failure {
    fn from(said: Said) -> Self {
        Self::Said(Box::new(said))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Internal(Box::new(error))
    }
}

impl From<minijinja::Error> for Failure {
    fn from(error: minijinja::Error) -> Self {
        Self::Internal(Box::new(error))
    }
}

impl From<tokio::task::JoinError> for Failure {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Internal(Box::new(error))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Internal(Box::new(error))
    }
}

impl Failure {
    /// No 403 on this host: some tablets take it as a refused certificate.
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::SignIn | Self::Locked | Self::PasswordFirst | Self::PasskeyFirst => {
                StatusCode::UNAUTHORIZED
            }
            Self::StaleForm => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Said(said) => said.status,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(std::sync::Arc::new(self));
        response
    }
}

/// Renders failures, and logs the ones that are ours, once.
pub async fn show_failures(State(app): State<App>, request: Request, next: Next) -> Response {
    let wants_page = wants_page(&request);
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let is_get = request.method() == axum::http::Method::GET;
    let method = request.method().clone();
    let response = next.run(request).await;
    let Some(failure) = response.extensions().get::<std::sync::Arc<Failure>>().cloned() else {
        return response;
    };
    let number = number(&app);
    if let Failure::Internal(error) = &*failure {
        let chain = chain(error.as_ref());
        log::error!(number = number.as_str(), method:%, error = chain.as_str(); "a request failed");
    }
    if wants_page
        && is_get
        && let Some(answer) = send_on(&failure, &path)
    {
        return answer;
    }
    let status = response.status();
    let page = FailurePage {
        bare: bare(&app, "できませんでした"),
        failure: told(&failure, number),
    };
    if !wants_page {
        let told = &page.failure;
        let message = format!("{}{}", told.why, told.next);
        return (status, axum::Json(serde_json::json!({ "message": message }))).into_response();
    }
    match app.templates.render(&page) {
        Ok(html) => (status, no_store(), axum::response::Html(html)).into_response(),
        Err(error) => {
            log::error!(error:% = error; "the failure page failed");
            status.into_response()
        }
    }
}

fn no_store() -> [(header::HeaderName, HeaderValue); 1] {
    [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))]
}

/// Somebody who only has to log in is led there and back.
fn send_on(failure: &Failure, path: &str) -> Option<Response> {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", path).finish();
    let to = match failure {
        Failure::SignIn => format!("/login?{query}"),
        Failure::Locked => format!("/lock?{query}"),
        Failure::PasswordFirst => "/me/password".to_owned(),
        Failure::PasskeyFirst => "/me/passkeys".to_owned(),
        Failure::NotFound
        | Failure::StaleForm
        | Failure::TooLarge
        | Failure::Busy
        | Failure::Said(_)
        | Failure::Internal(_) => return None,
    };
    Some(Redirect::to(&to).into_response())
}

fn wants_page(request: &Request) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_none_or(|accept| accept.contains("text/html") || accept.contains("*/*"))
        && request.headers().get("x-form-token").is_none()
}

#[derive(Serialize)]
struct FailurePage {
    bare: Bare,
    failure: Told,
}

impl Page for FailurePage {
    const TEMPLATE: &'static str = "kit/failure.html";
}

#[derive(Serialize)]
struct Told {
    what: &'static str,
    why: String,
    next: &'static str,
    number: Option<String>,
    link: Option<Link>,
}

#[derive(Serialize)]
struct Link {
    href: String,
    text: &'static str,
}

fn told(failure: &Failure, number: String) -> Told {
    match failure {
        Failure::NotFound => plain(
            "ページを表示できませんでした",
            "このページはないか、表示する権限がありません。",
            "アドレスを確かめるか、ホームへ戻ってください。",
            None,
        ),
        Failure::SignIn => plain(
            "続けられませんでした",
            "ログインしていないか、時間がたってログアウトしました。",
            "もう一度ログインしてください。書きかけのメールは下書きに残っています。",
            None,
        ),
        Failure::Locked => plain(
            "続けられませんでした",
            "しばらく操作がなかったため、一時停止しています。",
            "ホームを開き、パスワードを入力してください。",
            None,
        ),
        Failure::PasswordFirst => plain(
            "続けられませんでした",
            "先に新しいパスワードを決める必要があります。",
            "ホームを開き、パスワードを変更してください。",
            None,
        ),
        Failure::PasskeyFirst => plain(
            "続けられませんでした",
            "事務室の決まりで、先にパスキーを登録する必要があります。",
            "ホームを開き、パスキーを登録してください。",
            None,
        ),
        Failure::StaleForm => plain(
            "受け付けられませんでした",
            "画面を開いてから時間がたったか、別の画面でログインし直しています。",
            "前の画面に戻り、読み込み直してから、もう一度操作してください。",
            None,
        ),
        Failure::TooLarge => plain(
            "受け取れませんでした",
            "送られた内容が大きすぎます。",
            "内容を分けるか、小さくしてから、もう一度操作してください。",
            None,
        ),
        Failure::Busy => plain(
            "いまは受け付けられませんでした",
            "同時に多くの操作が行われています。",
            "少し待ってから、もう一度操作してください。",
            Some(number),
        ),
        Failure::Said(said) => Told {
            what: said.what,
            why: said.why.clone(),
            next: said.next,
            number: None,
            link: said.link.clone().map(|(href, text)| Link { href, text }),
        },
        Failure::Internal(_) => plain(
            "処理を終えられませんでした",
            "システムの内部で問題が起きました。",
            "少し待ってから、もう一度操作してください。続くときは事務室へ番号をお伝えください。",
            Some(number),
        ),
    }
}

fn plain(what: &'static str, why: &str, next: &'static str, number: Option<String>) -> Told {
    Told { what, why: why.to_owned(), next, number, link: None }
}

/// Eight symbols to tell on the telephone; the log line has the same.
fn number(app: &App) -> String {
    let drawn: [u8; 5] = app.store.clock().random();
    let text = data_encoding::BASE32_NOPAD.encode(&drawn);
    format!("{}-{}", text.get(..4).unwrap_or_default(), text.get(4..).unwrap_or_default())
}

fn chain(error: &(dyn std::error::Error + Send + Sync + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
