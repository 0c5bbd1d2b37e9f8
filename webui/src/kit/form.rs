//! Posted forms: fields as they were typed, after the form's token was checked.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts as Head;
use axum::http::{HeaderMap, header};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Clock, Id, Plain, Record, StoreError, Write};

use super::app::App;
use super::failure::Failure;
use super::gate::Admitted;
use super::session::Token;

/// A long letter is thirty kilobytes; bulk choices a hundred.
const FORM_BYTES_MAX: usize = 512 * 1024;

/// Fields in the order in which they were sent; a name may come more than once.
#[derive(Clone, Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The field, without blanks around it; empty where there is none.
    pub fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// As typed, with line ends as one sign each.
    pub fn long(&self, name: &str) -> String {
        self.raw(name).replace("\r\n", "\n")
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(found, _)| found == name)
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.trim())
    }

    pub fn id<T>(&self, name: &str) -> Option<Id<T>> {
        self.text(name).parse().ok()
    }

    fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }
}

impl FromIterator<(String, String)> for Fields {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(fields: I) -> Self {
        Self(fields.into_iter().collect())
    }
}

impl FromRequest<App> for Fields {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        let (mut head, body) = request.into_parts();
        let expected = FormToken::from_request_parts(&mut head, app).await?;
        let kind = head.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if !kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
            return Err(Failure::StaleForm);
        }
        let body: Bytes =
            axum::body::to_bytes(body, FORM_BYTES_MAX).await.map_err(|_| Failure::TooLarge)?;
        let fields: Self = form_urlencoded::parse(&body).into_owned().collect();
        expected.check(fields.text("token"))?;
        Ok(fields)
    }
}

/// What every form carries: bound to the session, or to the device before there is one.
#[derive(Clone)]
pub struct FormToken(String);

impl FormToken {
    pub fn of(app: &App, headers: &HeaderMap, admitted: &Admitted) -> Self {
        let word = match Token::of(headers) {
            Some(token) => [b"form session\0".as_slice(), &token.blinded(app)].concat(),
            None => [b"form device\0".as_slice(), &admitted.device().id.bytes()].concat(),
        };
        Self(data_encoding::HEXLOWER.encode(&app.store.ring().blind(&word)))
    }

    pub fn text(&self) -> &str {
        &self.0
    }

    pub fn check(&self, sent: &str) -> Result<(), Failure> {
        let same = blake3::hash(sent.as_bytes()) == blake3::hash(self.0.as_bytes());
        if same { Ok(()) } else { Err(Failure::StaleForm) }
    }
}

impl FromRequestParts<App> for FormToken {
    type Rejection = Failure;

    async fn from_request_parts(head: &mut Head, app: &App) -> Result<Self, Failure> {
        let admitted = Admitted::from_request_parts(head, app).await?;
        Ok(Self::of(app, &head.headers, &admitted))
    }
}

/// The number of a form that may be sent once: a reload must not do its act again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SpentForm {
    number: [u8; 16],
    #[serde(with = "store::micros")]
    at: Timestamp,
}

impl Record for SpentForm {
    type Key = [u8; 16];
    const TABLE: &'static str = "spent_forms";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        self.number
    }
}

impl Plain for SpentForm {}

/// Marks a form's number as spent, in the act that it asks for; `false` if it was before.
pub fn spend(write: &mut Write<'_>, number: &str, at: Timestamp) -> Result<bool, StoreError> {
    let number = write.blind(format!("once\0{number}").as_bytes());
    let fresh = write.get::<SpentForm>(&number)?.is_none();
    write.put(&SpentForm { number, at })?;
    Ok(fresh)
}

/// What templates write as `once()`: a new number for one form.
pub fn once() -> String {
    data_encoding::HEXLOWER.encode(&Clock::system().random::<16>())
}

/// A whole number of a query or a form.
pub fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// Fields of a host where nobody has a session: its own rules say what they are worth.
pub struct OpenFields(pub Fields);

impl<S: Sync> FromRequest<S> for OpenFields {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        /// A card's number and secret, and a device's name.
        const OPEN_FORM_BYTES_MAX: usize = 16 * 1024;
        let body = axum::body::to_bytes(request.into_body(), OPEN_FORM_BYTES_MAX)
            .await
            .map_err(|_| Failure::TooLarge)?;
        Ok(Self(form_urlencoded::parse(&body).into_owned().collect()))
    }
}
