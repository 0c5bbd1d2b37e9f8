//! The list of manuals, and one as it is printed.

use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use serde::Serialize;

use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::frame::{Frame, Nav};
use crate::kit::japanese;
use crate::kit::member::OfficeMember;
use crate::kit::page::{Contact, Page, bare};
use crate::kit::path::Path;
use crate::office::counts::{Office, office};
use crate::touroku::guides::{About, Guide, GuideWords};

#[derive(Serialize)]
struct IndexPage {
    office: Office,
    manuals: Vec<Manual>,
}

impl Page for IndexPage {
    const TEMPLATE: &'static str = "office/manuals/index.html";
}

#[derive(Serialize)]
struct Manual {
    key: &'static str,
    name: &'static str,
    about: &'static str,
}

pub async fn show_index(
    _: OfficeMember,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let manual = |guide: Guide| Manual { key: guide.key(), name: guide.name(), about: say(guide) };
    let manuals = Guide::ALL.into_iter().map(manual).collect();
    frame.show(Nav::Office, "登録の手引き", &IndexPage { office: office(&app)?, manuals })
}

fn say(guide: Guide) -> &'static str {
    match guide {
        Guide::Windows => "登録ファイルを開くだけの方法と、証明書ファイルの方法（Windows 10）",
        Guide::Ipad => "プロファイル1つで、証明書とホーム画面のアイコンが入ります",
        Guide::Android => "証明書ファイルを入れます。ChromeとAndroidの画面ロックが要ります",
        Guide::Mac => "プロファイル1つで、証明書が入ります",
        Guide::Linux => "ChromeまたはChromiumに証明書ファイルを読み込みます",
        Guide::Firefox => "パソコンのFirefoxを使う人へ。Windows・Mac・Linux共通",
    }
}

#[derive(Serialize)]
struct ManualPage {
    print: Print,
    guide: GuideWords,
}

impl Page for ManualPage {
    const TEMPLATE: &'static str = "office/manuals/manual.html";
}

#[derive(Serialize)]
struct Print {
    network: String,
    date: String,
    office: Option<Contact>,
    host: String,
    app: String,
}

pub async fn show_manual(
    Path(key): Path<String>,
    _: OfficeMember,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let guide = Guide::of_key(&key).ok_or(Failure::NotFound)?;
    let (host, product) = (app.touroku_host(), app.app_host());
    let about = About { network: &app.network.name, host: &host, app: &product };
    let page = ManualPage {
        guide: guide.words(about),
        print: Print {
            network: app.network.name.clone(),
            date: japanese::era_date(app.today()),
            office: bare(&app, "").office,
            host,
            app: product,
        },
    };
    Ok(Html(app.templates.render(&page)?).into_response())
}
