//! A member at a device: cookies, the form's token, and the doors that people use.

use std::collections::BTreeMap;

use bytes::Bytes;
use hyper::{Request, StatusCode};

use crate::line::{Answer, Body, Line, Way};

/// Keeps one connection open as long as the server does.
pub struct Browser {
    pub way: Way,
    pub cookies: BTreeMap<String, String>,
    /// The hidden field of the last page that had one.
    pub token: String,
    line: Option<Line>,
}

impl Browser {
    pub fn at(way: Way) -> Self {
        Self { way, cookies: BTreeMap::new(), token: String::new(), line: None }
    }

    /// The same person and session on a connection of its own.
    pub fn beside(&self) -> Self {
        Self {
            way: self.way.clone(),
            cookies: self.cookies.clone(),
            token: self.token.clone(),
            line: None,
        }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.try_get(path).await.unwrap_or_else(|error| panic!("GET {path}: {error}"))
    }

    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let sent = self.try_post(path, fields).await;
        sent.unwrap_or_else(|error| panic!("POST {path}: {error}"))
    }

    pub async fn try_get(&mut self, path: &str) -> Result<Answer, String> {
        let request = self.request("GET", path, Bytes::new());
        self.send(request).await
    }

    /// Fields beside the hidden token.
    pub async fn try_post(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Result<Answer, String> {
        let token = self.token.clone();
        let all = [&[("token", token.as_str())], fields].concat();
        let request = self.form(path, &all);
        self.send(request).await
    }

    pub async fn try_put(&mut self, path: &str, body: impl Into<Bytes>) -> Result<Answer, String> {
        let request = self.upload(path, crate::line::whole(body));
        self.send(request).await
    }

    /// A form as it stands, without anything of ours.
    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> Request<Body> {
        let pairs = fields.iter().map(|(name, value)| format!("{name}={}", percent(value)));
        let body = pairs.collect::<Vec<_>>().join("&");
        let mut request = self.request("POST", path, body);
        let kind = "application/x-www-form-urlencoded".parse().expect("a header");
        request.headers_mut().insert("content-type", kind);
        request
    }

    /// A file as a whole body, with the token that scripts send.
    pub fn upload(&self, path: &str, body: Body) -> Request<Body> {
        let request = self.request("PUT", path, Bytes::new());
        let (mut head, _) = request.into_parts();
        head.headers.insert("x-form-token", self.token.parse().expect("a token"));
        Request::from_parts(head, body)
    }

    pub fn request(&self, method: &str, path: &str, body: impl Into<Bytes>) -> Request<Body> {
        let mut request = self.way.request(method, path, body);
        if !self.cookies.is_empty() {
            let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
            let text = pairs.collect::<Vec<_>>().join("; ");
            request.headers_mut().insert("cookie", text.parse().expect("cookies"));
        }
        request
    }

    pub async fn send(&mut self, request: Request<Body>) -> Result<Answer, String> {
        let line = match self.line.take().filter(Line::is_open) {
            Some(line) => line,
            None => self.way.line().await.map_err(|error| error.to_string())?,
        };
        let answer = self.line.insert(line).ask(request).await;
        let answer = answer.map_err(|error| format!("{error:?}"))?;
        self.note(&answer);
        Ok(answer)
    }

    fn note(&mut self, answer: &Answer) {
        for cookie in answer.headers.get_all("set-cookie") {
            let text = cookie.to_str().expect("a cookie");
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        if let Some(token) = hidden(&answer.text(), "token") {
            self.token = token;
        }
    }

    /// The three fields; answers the page that came.
    pub async fn try_login(&mut self, code: &str, user: &str, password: &str) -> Answer {
        self.get("/login").await;
        let fields =
            [("facility_code", code), ("user_id", user), ("password", password), ("next", "/")];
        self.post("/login", &fields).await
    }

    pub async fn login(&mut self, code: &str, user: &str, password: &str) {
        let answer = self.try_login(code, user, password).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        if answer.location() == "/" {
            assert_eq!(self.get("/").await.status, StatusCode::OK);
        }
    }

    /// The first log-in after a card: the initial password is changed at once.
    pub async fn first_login(&mut self, code: &str, user: &str, initial: &str, chosen: &str) {
        let answer = self.try_login(code, user, initial).await;
        assert_eq!(answer.location(), "/me/password", "{}", answer.text());
        self.get("/me/password").await;
        let fields = [("current", initial), ("new", chosen), ("again", chosen)];
        let answer = self.post("/me/password", &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        assert_eq!(self.get("/").await.status, StatusCode::OK);
    }

    /// Whether pages behind the log-in still open.
    pub async fn is_signed_in(&mut self) -> bool {
        self.try_get("/mail/inbox").await.is_ok_and(|answer| answer.status == StatusCode::OK)
    }

    /// A new draft to somebody; answers its path.
    pub async fn start_draft(&mut self, to: &str) -> Result<String, String> {
        let answer = self.try_post("/mail/drafts", &[("to", to)]).await?;
        expect(&answer, StatusCode::SEE_OTHER)?;
        Ok(answer.location().to_owned())
    }

    /// Text, confirmation, sending: `Ok` is the server's word that the mail is sent.
    pub async fn write_and_send(
        &mut self,
        draft: &str,
        subject: &str,
        body: &str,
    ) -> Result<(), String> {
        let typed = [("version", "1"), ("subject", subject), ("body", body), ("step", "confirm")];
        let answer = self.try_post(draft, &typed).await?;
        expect(&answer, StatusCode::SEE_OTHER)?;
        let answer = self.try_post(&format!("{draft}/send"), &[("version", "2")]).await?;
        expect(&answer, StatusCode::SEE_OTHER)
    }

    pub async fn attach(
        &mut self,
        draft: &str,
        name: &str,
        bytes: impl Into<Bytes>,
    ) -> Result<(), String> {
        let answer = self.try_put(&format!("{draft}/files?name={name}"), bytes).await?;
        expect(&answer, StatusCode::OK)
    }
}

fn expect(answer: &Answer, status: StatusCode) -> Result<(), String> {
    if answer.status == status {
        return Ok(());
    }
    Err(format!("{} instead of {status}: {}", answer.status, answer.text()))
}

/// A hidden field of a page.
pub fn hidden(page: &str, name: &str) -> Option<String> {
    let mark = format!("type=\"hidden\" name=\"{name}\" value=\"");
    let (_, rest) = page.split_once(&mark)?;
    rest.split('"').next().map(str::to_owned)
}

/// Every path of a page that starts so.
pub fn links(page: &str, prefix: &str) -> Vec<String> {
    let mark = format!("href=\"{prefix}");
    // How templates write a slash within a value.
    let page = page.replace("&#x2f;", "/");
    let found = page.split(&mark).skip(1).filter_map(|rest| rest.split('"').next());
    found.map(|rest| format!("{prefix}{rest}")).collect()
}

pub fn percent(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
