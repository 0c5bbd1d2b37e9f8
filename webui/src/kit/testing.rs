//! For tests: a small network in memory, its people as personas, and requests in process.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::LazyLock;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use jiff::SignedDuration;
use provisioning::authority::{Authority, AuthorityKeys, Names};
use provisioning::credentials::PasswordRules;
use provisioning::credentials::{Credential, CredentialState, Password, PasswordHash};
use provisioning::devices::{
    Came, Certificate, CertificateState, Device, DeviceState, Platform, Route,
};
use provisioning::facilities::{self, Facility, FacilityCode, FacilityDetails, FacilityKind};
use provisioning::members::{self, Job, Login, Member, MemberDetails, PersonName, Role, Roles};
use provisioning::network::{self, Network, OfficeContact};
use provisioning::tunnel::{self, Wanted};
use store::{Act, Actor, Clock, Id, Store};
use tower::ServiceExt as _;

use super::app::{App, Config, Rules};
use super::connections::Limits;
use super::listen::Ingress;
use super::session::{Session, SessionState, Token};
use super::tls::Door;
use super::tunnel::{NameWay, TunnelRules};
use crate::acme::Settings;
use crate::notices::outside::Outside;

pub const PASSWORD: &str = "correct horse battery";

/// Text that breaks a page which forgets to escape it.
pub const HOSTILE: &str = "\"><svg onload=alert(1)>'{{7*7}}";

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persona {
    /// No certificate.
    Stranger,
    /// A device, nobody logged in.
    Device,
    /// A nurse of the station.
    Member,
    /// A manager of the clinic.
    Manager,
    Office,
    /// An office clerk at a device of the clinic.
    OfficeElsewhere,
    Auditor,
}

impl Persona {
    pub const ALL: [Self; 7] = [
        Self::Stranger,
        Self::Device,
        Self::Member,
        Self::Manager,
        Self::Office,
        Self::OfficeElsewhere,
        Self::Auditor,
    ];
}

pub struct Net {
    pub app: App,
    pub product: Router,
    pub touroku: Router,
    pub station: Facility,
    pub clinic: Facility,
    pub office: Facility,
    pub nurse: Member,
    pub doctor: Member,
    pub clerk: Member,
    pub auditor: Member,
    pub station_device: Device,
    folder: tempfile::TempDir,
}

const STATION_KEY: [u8; 32] = [1; 32];
const CLINIC_KEY: [u8; 32] = [2; 32];
const OFFICE_KEY: [u8; 32] = [3; 32];

/// Founding stretches the root's passphrase on purpose; once is enough.
static AUTHORITY: LazyLock<AuthorityKeys> = LazyLock::new(|| {
    let names = Names::parse("あおばネット", "aoba.example").unwrap();
    let now = "2026-04-01T05:00:00Z".parse().unwrap();
    Authority::found(&names, "six words on paper", now).unwrap().0.keys()
});

static HASH: LazyLock<PasswordHash> = LazyLock::new(|| {
    let clock = Clock::fixed(jiff::Timestamp::UNIX_EPOCH, 7);
    Password::parse(PASSWORD, "").unwrap().hash(&clock)
});

impl Default for Net {
    fn default() -> Self {
        Self::new()
    }
}

impl Net {
    pub fn new() -> Self {
        Self::with_names("")
    }

    /// Every name ends in `mark`.
    pub fn with_names(mark: &str) -> Self {
        let rules = Rules { undo: SignedDuration::ZERO, ..Rules::default() };
        Self::with(mark, rules, None, Outside::default())
    }

    /// Mails wait for second thoughts, as they do on a box.
    pub fn with_undo() -> Self {
        Self::with("", Rules::default(), None, Outside::default())
    }

    /// Notices may leave the box.
    pub fn with_outside(outside: Outside) -> Self {
        let rules = Rules { undo: SignedDuration::ZERO, ..Rules::default() };
        Self::with("", rules, None, outside)
    }

    /// A box that wants public certificates. Nobody tries to get one here.
    pub fn with_acme(settings: Settings) -> Self {
        let rules = Rules { undo: SignedDuration::ZERO, ..Rules::default() };
        Self::with("", rules, Some(settings), Outside::default())
    }

    /// A box whose product has a second name, which leads into the tunnel.
    pub fn with_inside_name() -> Self {
        let rules = Rules { undo: SignedDuration::ZERO, ..Rules::default() };
        Self::made("", rules, None, Outside::default(), NameWay::Second)
    }

    fn with(mark: &str, rules: Rules, acme: Option<Settings>, outside: Outside) -> Self {
        Self::made(mark, rules, acme, outside, NameWay::One)
    }

    fn made(
        mark: &str,
        rules: Rules,
        acme: Option<Settings>,
        outside: Outside,
        way: NameWay,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::fixed("2026-04-01T05:00:00Z".parse().unwrap(), 1);
        let store = Store::in_memory(folder.path(), clock.clone()).unwrap();
        let authority = Authority::from_keys(AUTHORITY.clone()).unwrap();
        let network = Network {
            name: "あおばネット".to_owned(),
            domain: "aoba.example".to_owned(),
            contact: OfficeContact::default(),
            passwords: PasswordRules::default(),
        };
        act(&store, move |write| network::found(write, &network, &authority).unwrap());
        let picture_worker = picture_worker();
        let clock = store.clock().clone();
        act(&store, move |write| tunnel::establish(write, &clock, Wanted::default()).unwrap());
        let tunnel = Some(TunnelRules {
            endpoint: "vpn.aoba.example:51820".parse().unwrap(),
            second_port: None,
            mtu: 1280,
            way,
        });
        let config = Config { picture_worker, rules, limits: Limits::USUAL, acme, outside, tunnel };
        let app = App::new(store, &config).unwrap();
        let doors = crate::doors(&app);
        let station = facility(&app, 1, FacilityKind::HomeNursing, "みどり訪問看護", mark);
        let clinic = facility(&app, 2, FacilityKind::Clinic, "ひかり医院", mark);
        let office = facility(&app, 3, FacilityKind::Office, "事務室", mark);
        let nurse = member(&app, &station, "nurse", Job::Nurse, &[Role::Staff], mark);
        let manager = [Role::Staff, Role::FacilityManager];
        let doctor = member(&app, &clinic, "doctor", Job::Doctor, &manager, mark);
        let clerk = member(&app, &office, "clerk", Job::Clerk, &[Role::OfficeAdministrator], mark);
        let auditor = member(&app, &office, "auditor", Job::Official, &[Role::Auditor], mark);
        let station_device = device(&app, &station, STATION_KEY, false, mark);
        device(&app, &clinic, CLINIC_KEY, false, mark);
        device(&app, &office, OFFICE_KEY, true, mark);
        Self {
            product: doors.app,
            touroku: doors.touroku,
            app,
            station,
            clinic,
            office,
            nurse,
            doctor,
            clerk,
            auditor,
            station_device,
            folder,
        }
    }

    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub fn visitor(&self, persona: Persona) -> Visitor<'_> {
        let (key, member) = match persona {
            Persona::Stranger => (None, None),
            Persona::Device => (Some(STATION_KEY), None),
            Persona::Member => (Some(STATION_KEY), Some(&self.nurse)),
            Persona::Manager => (Some(CLINIC_KEY), Some(&self.doctor)),
            Persona::Office => (Some(OFFICE_KEY), Some(&self.clerk)),
            Persona::OfficeElsewhere => (Some(CLINIC_KEY), Some(&self.clerk)),
            Persona::Auditor => (Some(OFFICE_KEY), Some(&self.auditor)),
        };
        let cookie = member.map(|member| self.log_in(member, key.unwrap()));
        Visitor { net: self, host: APP, key, route: Route::Outside, cookie }
    }

    /// A member at a device of any key.
    pub fn visitor_at(&self, member: &Member, key: [u8; 32]) -> Visitor<'_> {
        let cookie = Some(self.log_in(member, key));
        Visitor { net: self, host: APP, key: Some(key), route: Route::Outside, cookie }
    }

    /// Somebody by what the connection alone says.
    pub fn visitor_who_came(&self, came: Came, cookie: Option<String>) -> Visitor<'_> {
        Visitor { net: self, host: APP, key: came.key, route: came.route, cookie }
    }

    /// A session as the log-in makes it.
    pub fn log_in(&self, member: &Member, key: [u8; 32]) -> String {
        let token = Token::random(&self.app);
        let certificate = self.app.store.read(|read| read.get::<Certificate>(&key)).unwrap();
        let now = self.app.now();
        let session = Session {
            token: token.blinded(&self.app),
            id: self.app.store.clock().id(),
            member: member.id,
            device: certificate.unwrap().device,
            since: now,
            touched: now,
            state: SessionState::Open,
            previous_login: None,
        };
        act(&self.app.store, move |write| write.put(&session).unwrap());
        let cookie = token.set_cookie().to_str().unwrap().to_owned();
        cookie.split(';').next().unwrap().to_owned()
    }
}

/// The example that cargo builds beside the tests.
fn picture_worker() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().join("examples/picture_worker")
}

/// Somebody at some device.
/// The name that visitors ask for, unless they say another.
const APP: &str = "app.aoba.example";

pub struct Visitor<'a> {
    net: &'a Net,
    pub host: &'static str,
    key: Option<[u8; 32]>,
    pub route: Route,
    pub cookie: Option<String>,
}

/// An answer, read to its end.
pub struct Answer {
    pub status: StatusCode,
    pub location: String,
    pub cookies: Vec<String>,
    pub body: String,
}

impl Visitor<'_> {
    pub async fn get(&self, path: &str) -> Answer {
        read(self.send(self.request("GET", path).body(Body::empty()).unwrap()).await).await
    }

    /// Posts with the token that the page's forms would carry.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        read(self.posted(path, fields).await).await
    }

    /// The same for a file that is no text.
    pub async fn post_for_bytes(&self, path: &str, fields: &[(&str, &str)]) -> Vec<u8> {
        let response = self.posted(path, fields).await;
        assert_eq!(response.status(), StatusCode::OK);
        axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()
    }

    async fn posted(&self, path: &str, fields: &[(&str, &str)]) -> Response<Body> {
        let token = self.form_token().await;
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("token", &token).extend_pairs(fields);
        let request = self
            .request("POST", path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form.finish()))
            .unwrap();
        self.send(request).await
    }

    pub async fn put(&self, path: &str, bytes: &[u8]) -> Answer {
        let token = self.form_token().await;
        let request = self
            .request("PUT", path)
            .header("x-form-token", token)
            .body(Body::from(bytes.to_vec()))
            .unwrap();
        read(self.send(request).await).await
    }

    /// The form of a browser without scripts.
    pub async fn upload(&self, path: &str, name: &str, bytes: &[u8]) -> Answer {
        const EDGE: &str = "edge-of-a-part";
        let token = self.form_token().await;
        let mut body = Vec::new();
        let mut part = |head: &str, content: &[u8]| {
            let head = format!("--{EDGE}\r\ncontent-disposition: form-data; {head}\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        };
        part("name=\"token\"", token.as_bytes());
        part("name=\"version\"", b"3");
        part("name=\"subject\"", "件名".as_bytes());
        part(&format!("name=\"file\"; filename=\"{name}\""), bytes);
        body.extend_from_slice(format!("--{EDGE}--\r\n").as_bytes());
        let kind = format!("multipart/form-data; boundary={EDGE}");
        let request = self.request("POST", path).header(header::CONTENT_TYPE, kind);
        read(self.send(request.body(Body::from(body)).unwrap()).await).await
    }

    pub fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.host)
            .header(header::ACCEPT, "text/html");
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let address = IpAddr::from([192, 0, 2, 1]);
        let came = Came { route: self.route, key: self.key };
        request.extension(Ingress { door: Door::App, address, came })
    }

    pub async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.net.product.clone().oneshot(request).await.unwrap()
    }

    /// From a page, as a browser has it: the own account's, else the log-in's.
    pub async fn form_token(&self) -> String {
        for path in ["/me", "/me/password", "/login"] {
            let page = self.get(path).await.body;
            if let Some((_, rest)) = page.split_once("name=\"token\" value=\"") {
                return rest.split('"').next().unwrap().to_owned();
            }
        }
        String::new()
    }
}

pub async fn read(answer: Response<Body>) -> Answer {
    let (head, body) = answer.into_parts();
    let text = |value: &axum::http::HeaderValue| value.to_str().unwrap().to_owned();
    // A live page never ends, so its first piece is all there is to look at.
    let live =
        head.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
    let body = if live {
        String::new()
    } else {
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        // The one escape that addresses are full of; nothing dangerous hides behind it.
        String::from_utf8_lossy(&bytes).replace("&#x2f;", "/")
    };
    Answer {
        status: head.status,
        location: head.headers.get(header::LOCATION).map(text).unwrap_or_default(),
        cookies: head.headers.get_all(header::SET_COOKIE).iter().map(text).collect(),
        body,
    }
}

pub fn act<R: Send + 'static>(
    store: &Store,
    run: impl FnOnce(&mut store::Write<'_>) -> R + Send + 'static,
) -> R {
    let act = Act::new(Actor::System, "test", store.clock().now());
    let store = store.clone();
    // The store's blocking call may not run on an async thread.
    std::thread::spawn(move || {
        store.write_and_wait(act, move |write| Ok::<_, store::StoreError>(run(write))).unwrap()
    })
    .join()
    .unwrap()
}

fn facility(app: &App, number: u8, kind: FacilityKind, name: &str, mark: &str) -> Facility {
    let code = FacilityCode::with_check_digit([1, 5, 1, 0, 0, 0, 0, 0, number]);
    let details = FacilityDetails {
        kind,
        name: format!("{name}{mark}"),
        kana: format!("ミドリ{mark}"),
        short: String::new(),
        postal: "000-0000".to_owned(),
        address: format!("あおば市1-1{mark}"),
        phone: "000-0000-0000".to_owned(),
        fax: String::new(),
    };
    let clock = app.store.clock().clone();
    act(&app.store, move |write| facilities::register(write, &clock, code, details).unwrap())
}

fn member(
    app: &App,
    facility: &Facility,
    login: &str,
    job: Job,
    roles: &[Role],
    mark: &str,
) -> Member {
    let details = MemberDetails {
        name: PersonName {
            family: "佐藤".to_owned(),
            given: format!("{login}{mark}"),
            family_kana: "サトウ".to_owned(),
            given_kana: format!("ハナ{mark}"),
        },
        job,
        roles: Roles::of(roles.iter().copied()),
        starts: None,
        retires: None,
    };
    let (clock, facility) = (app.store.clock().clone(), facility.id);
    let login = Login::parse(login).unwrap();
    act(&app.store, move |write| {
        let member = members::register(write, &clock, facility, login, details).unwrap();
        let state = CredentialState::Chosen { hash: HASH.clone(), set_at: clock.now() };
        let credential = Credential { member: member.id, state, earlier: Vec::new() };
        write.put(&credential).unwrap();
        member
    })
}

fn device(app: &App, facility: &Facility, key: [u8; 32], office: bool, mark: &str) -> Device {
    let now = app.now();
    let device = Device {
        id: app.store.clock().id(),
        facility: facility.id,
        name: format!("PC 1{mark}"),
        platform: Platform::Windows,
        office,
        state: DeviceState::Active,
        enrolled_by: Id::from_bytes([9; 16]),
        enrolled_at: now,
        first_seen_at: Some(now),
    };
    let kept = device.clone();
    act(&app.store, move |write| {
        write.put(&kept).unwrap();
        let certificate = Certificate {
            spki: key,
            device: kept.id,
            serial: key.to_vec(),
            not_before: now - SignedDuration::from_mins(5),
            not_after: now + SignedDuration::from_hours(24 * 365),
            state: CertificateState::Active,
        };
        write.put(&certificate).unwrap();
    });
    device
}
