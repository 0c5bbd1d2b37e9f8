//! The code's page: shown once, on the answer to the act that made it.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use provisioning::cards::{Approval, Shown, Wanted};
use provisioning::members::Member;
use serde::Serialize;
use store::Id;

use crate::kit::app::App;
use crate::kit::code::{CodeView, code_view, make_code, purpose_of, touroku_host};
use crate::kit::failure::{Failure, Said};
use crate::kit::form::Fields;
use crate::kit::frame::{Frame, Nav};
use crate::kit::japanese;
use crate::kit::member::OfficeMember;
use crate::kit::page::Page;
use crate::kit::path::Path;
use crate::login::{Ask, fresh_or_ask};
use crate::office::counts::{Office, office};
use crate::office::rows::{ApprovalRow, issuable, member_href};

#[derive(Serialize)]
struct CodePage {
    office: Office,
    member: Whose,
    code: CodeView,
    waiting: Vec<ApprovalRow>,
}

impl Page for CodePage {
    const TEMPLATE: &'static str = "office/members/code.html";
}

#[derive(Serialize)]
struct Whose {
    name: String,
    job: &'static str,
    facility: String,
    phone: String,
    href: String,
}

pub async fn post_code(
    Path(id): Path<Id<Member>>,
    asked: OfficeMember,
    frame: Frame,
    uri: Uri,
    headers: HeaderMap,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let directory = app.directory()?;
    let entry = directory.member(id).ok_or(Failure::NotFound)?;
    if !issuable(asked.member(), &entry.facility, &entry.member, asked.now()) {
        return Err(not_now(id).into());
    }
    let ask = Ask {
        nav: Nav::Office,
        title: "本人の確認",
        device: None,
        action: format!("{}/code", member_href(id)),
        fields: ["for", "once"].map(|name| (name, fields.text(name).to_owned())).into(),
        back: member_href(id),
    };
    let frame = match fresh_or_ask(&app, &asked, frame, fields.text("password"), ask).await? {
        Ok(frame) => frame,
        Err(answer) => return Ok(answer),
    };
    let wanted = Wanted {
        member: id,
        purpose: purpose_of(fields.text("for")).ok_or(Failure::StaleForm)?,
        shown: Shown::OfficeScreen,
        approval: Approval::Needed,
        issued_by: Some(asked.id()),
    };
    let act = asked.act("code.show").on("member", id);
    let made = make_code(&app, act, fields.text("once"), wanted, None, member_href(id)).await?;
    let host = touroku_host(&app, &uri, &headers);
    let code = code_view(&host, &made, asked.now()).ok_or(Failure::StaleForm)?;
    let member = Whose {
        name: entry.member.details.name.full(),
        job: japanese::job(entry.member.details.job),
        facility: entry.facility.details.name.clone(),
        phone: entry.facility.details.phone.clone(),
        href: member_href(id),
    };
    let page = CodePage { office: office(&app)?, member, code, waiting: Vec::new() };
    frame.show(Nav::Office, "登録コード", &page)
}

fn not_now(id: Id<Member>) -> Said {
    Said {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        what: "コードを表示できませんでした",
        why: "利用を終えたか止めている職員・施設か、事務室管理者だけが発行できる職員です。"
            .to_owned(),
        next: "職員のページで状態を確かめてください。",
        link: Some((member_href(id), "職員のページへ戻る")),
    }
}
