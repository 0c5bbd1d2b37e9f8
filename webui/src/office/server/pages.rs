//! Both certificates as a page, and asking for new ones.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use provisioning::public::{self, Asked, Barrier, Host, Standing, Trouble};
use serde::Serialize;

use crate::acme::{Challenge, Settings, hosts, standings};
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::Fields;
use crate::kit::frame::{Frame, Nav, redirect_saying};
use crate::kit::japanese;
use crate::kit::member::OfficeMember;
use crate::kit::page::Page;
use crate::kit::tls::Source;
use crate::office::counts::{Office, office};
use crate::office::rows::day;

const PAGE: &str = "/office/server";

#[derive(Serialize)]
struct ServerPage {
    office: Office,
    server: Server,
}

impl Page for ServerPage {
    const TEMPLATE: &'static str = "office/server/server.html";
}

#[derive(Serialize)]
struct Server {
    /// Where public certificates come from; `None` where none are wanted.
    from: Option<Provider>,
    own: bool,
    trying: bool,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Provider {
    directory: String,
    over_dns: bool,
}

#[derive(Serialize)]
struct Row {
    name: String,
    purpose: &'static str,
    public: bool,
    state: &'static str,
    issuer: String,
    until: String,
    days: i64,
    last_try: Option<String>,
    next_try: Option<String>,
    trouble: Option<Words>,
}

#[derive(Serialize)]
struct Words {
    why: &'static str,
    remedy: &'static str,
    detail: String,
}

pub async fn show_server(
    _: OfficeMember,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let now = app.now();
    let all = app.store.read(|read| standings(&app, read))?;
    let one = |host: &Host| all.iter().find(|standing| standing.host == *host);
    let server = Server {
        from: app.renewal.settings().map(provider),
        own: app.serves_own_certificate(),
        trying: app.renewal.trying().is_some() || all.iter().any(|one| one.next_try <= now),
        rows: app.tls.hosts().iter().map(|host| row(&app, *host, one(host), now)).collect(),
    };
    let page = ServerPage { office: office(&app)?, server };
    frame.show(Nav::Office, "サーバー証明書", &page)
}

fn provider(settings: &Settings) -> Provider {
    let address = settings.directory.trim_start_matches("https://");
    let directory = address.split('/').next().unwrap_or_default().to_owned();
    Provider { directory, over_dns: matches!(settings.challenge, Challenge::Dns(_)) }
}

fn row(app: &App, host: Host, standing: Option<&Standing>, now: Timestamp) -> Row {
    let public = app.tls.source(host) == Source::Public;
    let kept = standing.and_then(|standing| standing.certificate.as_ref());
    let attempt = standing.and_then(|standing| standing.attempt.as_ref());
    let not_after = app.tls.not_after(host);
    let issuer = match kept.filter(|_| public) {
        Some(certificate) => certificate.issuer.clone(),
        None => format!("{}（自前の認証局）", app.network.name),
    };
    let failed = attempt.and_then(|attempt| Some((attempt.trouble?, attempt)));
    Row {
        name: app.tls.name(host).to_owned(),
        purpose: match host {
            Host::App => "ふだんの画面",
            Host::Touroku => "端末の登録",
            Host::Inside => "ふだんの画面（VPNの中）",
        },
        public,
        state: state(standing),
        issuer,
        until: day(not_after),
        days: not_after.duration_since(now).as_hours() / 24,
        last_try: attempt.map(|attempt| japanese::short(attempt.tried_at, now)),
        next_try: standing
            .filter(|standing| now < standing.next_try)
            .map(|standing| japanese::short(standing.next_try, now)),
        trouble: failed.map(|(trouble, attempt)| words(trouble, &attempt.detail)),
    }
}

fn state(standing: Option<&Standing>) -> &'static str {
    match standing {
        None => "own",
        Some(one) => match (one.alarm, &one.certificate) {
            (Some(alarm), _) => alarm.key(),
            (None, Some(_)) => "good",
            (None, None) => "getting",
        },
    }
}

fn words(trouble: Trouble, detail: &str) -> Words {
    let (why, remedy) = match trouble {
        Trouble::Unreachable => (
            "証明書の発行元につながりませんでした",
            "インターネットへの接続を確かめてください。つながれば自動で更新されます。",
        ),
        Trouble::NotTrusted => (
            "発行元のサーバーが本物と確かめられませんでした",
            "設定ファイルの directory と root、この箱の時計を確かめてください。",
        ),
        Trouble::RateLimited => (
            "発行元から、しばらく待つように言われました",
            "待つと自動で更新されます。くり返し押しても早くなりません。",
        ),
        Trouble::Account => (
            "発行元の利用登録ができませんでした",
            "設定ファイルの contact と external_account を確かめてください。",
        ),
        Trouble::Refused => (
            "発行元が、この名前の証明書を断りました",
            "ドメインの名前と、DNSのCAAレコードを確かめてください。",
        ),
        Trouble::NotValidated => (
            "発行元が、この名前を確かめられませんでした",
            "DNSの向き先と、外からこの箱のポート443に届くことを確かめてください。",
        ),
        Trouble::NoChallenge => (
            "発行元が、設定した確かめ方に対応していません",
            "設定ファイルの challenge を変えてください。",
        ),
        Trouble::Hook => (
            "DNSを書きかえるプログラムが失敗しました",
            "設定ファイルの hook のプログラムを確かめてください。",
        ),
        Trouble::TookTooLong => {
            ("発行元の手続きが時間内に終わりませんでした", "自動でやりなおします。")
        }
        Trouble::BadAnswer => {
            ("発行元から、思わぬ答えが返りました", "設定ファイルの directory を確かめてください。")
        }
        Trouble::Stopped | Trouble::Internal => (
            "この箱の中で、手続きが止まりました",
            "自動でやりなおします。続くときは、この箱の担当者に知らせてください。",
        ),
    };
    Words { why, remedy, detail: detail.to_owned() }
}

pub async fn post_renew(
    asked: OfficeMember,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    let (by, now) = (asked.id(), app.now());
    // Where no public certificates are wanted, the wish stands in the trail and does nothing.
    let hosts: Vec<Host> = match app.renewal.settings() {
        Some(settings) => hosts(&app, settings).collect(),
        None => app.tls.hosts().to_vec(),
    };
    let wished = app
        .store
        .write(asked.act("certificate.renew"), move |write| public::ask(write, &hosts, by, now));
    let wished = wished.await?;
    let words = match (app.renewal.settings(), wished) {
        (None, _) => "公開の証明書は設定されていません".to_owned(),
        (Some(_), Asked::Taken) => {
            app.renewal.wake();
            "更新を始めました。1分ほどで終わります".to_owned()
        }
        (Some(_), Asked::Not(barrier)) => not_now(barrier, now),
    };
    Ok(redirect_saying(PAGE, &words))
}

fn not_now(barrier: Barrier, now: Timestamp) -> String {
    let until = japanese::short(barrier.until(), now);
    match barrier {
        Barrier::Bidden(_) => format!("発行元の指示により、{until} まで更新できません"),
        Barrier::JustTried(_) => format!("いま試したばかりです。{until} から、もう一度押せます"),
        Barrier::Fresh(_) => format!("証明書は新しいので、{until} までは更新しません"),
    }
}
