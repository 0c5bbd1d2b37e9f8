//! The page between password and session, and its two answers.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use provisioning::credentials::{
    Credential, CredentialState, change_demanded, claim_attempt, forgive_attempt,
};
use provisioning::members::Member;
use provisioning::passkeys::{
    Ceremony, NoticeKind, Passkey, Proof, Purpose, RecoveryCode, of_member, take_ceremony, tell,
};
use serde::Serialize;
use store::{House, StoreError};

use super::model::SecondStep;
use super::tables;
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::{Fields, FormToken};
use crate::kit::frame::size_of;
use crate::kit::gate::Admitted;
use crate::kit::page::{Bare, Page, bare};
use crate::kit::party::Party;
use crate::kit::session::{PasswordFirst, SessionState, cookie};
use crate::login::local_path;
use crate::login::pages::{Next, Opening, enter, open_session};
use crate::login::prove::{Proven, Refused, device_key, is_welcome, refuse, second_key};

const COOKIE: &str = "__Host-tokinet-step";

/// The password was right: remembers it, and asks for the second proof.
pub async fn begin(
    app: &App,
    admitted: &Admitted,
    party: &Party,
    proven: &Proven,
    next: &str,
) -> Result<Response, Failure> {
    let token = data_encoding::HEXLOWER.encode(&app.store.clock().random::<32>());
    let step = SecondStep {
        token: blinded(app, &token),
        member: proven.member.id,
        device: admitted.device().id,
        state: proven.state,
        since: app.now(),
    };
    let keys = app.store.read(|read| of_member(read, proven.member.id))?;
    let asked = ceremony(app, &step, party, &keys)?;
    let act = admitted.act(app, "login.first").on("member", proven.member.id);
    let started = app.store.write(act, move |write| {
        tables::start(write, &step)?;
        write.put(&asked)
    });
    started.await.map_err(|error: StoreError| Failure::from(error))?;
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    let mut response = Redirect::to(&format!("/login/passkey?{query}")).into_response();
    let age = SecondStep::VALID.as_secs();
    let text =
        format!("{COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={age}");
    if let Ok(value) = HeaderValue::try_from(text) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    Ok(response)
}

fn clear_cookie() -> HeaderValue {
    HeaderValue::from_static(
        "__Host-tokinet-step=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0",
    )
}

fn blinded(app: &App, token: &str) -> [u8; 16] {
    app.store.ring().blind(format!("second step\0{token}").as_bytes())
}

fn ceremony(
    app: &App,
    step: &SecondStep,
    party: &Party,
    keys: &[Passkey],
) -> Result<Ceremony, Failure> {
    let asked = party.0.ask_to_prove(keys);
    let asked = asked.map_err(|problem| Failure::Internal(Box::new(problem)))?;
    let (shown, kept) = (asked.shown, asked.kept);
    let purpose = Purpose::Prove;
    Ok(Ceremony { of: step.token, device: step.device, purpose, shown, kept, at: app.now() })
}

/// The log-in that waits at this device, and whose it is.
fn waiting(
    app: &App,
    admitted: &Admitted,
    headers: &HeaderMap,
) -> Result<Option<(SecondStep, Member)>, StoreError> {
    let Some(token) = cookie(headers, COOKIE) else { return Ok(None) };
    let token = blinded(app, &token);
    app.store.read(|read| {
        let step: Option<SecondStep> = read.get(&token)?;
        let step = step.filter(|step| step.is_open(admitted.device().id, app.now()));
        let Some(step) = step else { return Ok(None) };
        Ok(read.get::<Member>(&step.member)?.map(|member| (step, member)))
    })
}

#[derive(Serialize)]
struct SecondPage {
    bare: Bare,
    second: Second,
}

impl Page for SecondPage {
    const TEMPLATE: &'static str = "login/second/second.html";
}

#[derive(Serialize)]
struct Second {
    name: String,
    asked: String,
    error: Option<&'static str>,
    next: String,
    form_token: String,
}

/// What a request brings to either answer.
struct Asking {
    app: App,
    admitted: Admitted,
    headers: HeaderMap,
    token: FormToken,
    party: Party,
    next: String,
}

pub async fn show_second(
    admitted: Admitted,
    token: FormToken,
    party: Party,
    headers: HeaderMap,
    Query(query): Query<Next>,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let Some((step, member)) = waiting(&app, &admitted, &headers)? else {
        return Ok(Redirect::to("/login").into_response());
    };
    let next = query.path().to_owned();
    show(&Asking { app, admitted, headers, token, party, next }, &step, &member, None).await
}

/// With the question that is open; one that was answered or is too old makes place for another.
async fn show(
    asking: &Asking,
    step: &SecondStep,
    member: &Member,
    error: Option<&'static str>,
) -> Result<Response, Failure> {
    let app = &asking.app;
    let (kept, keys) = app.store.read(|read| {
        Ok::<_, StoreError>((read.get::<Ceremony>(&step.token)?, of_member(read, member.id)?))
    })?;
    let asked = match kept.filter(|kept| kept.is_open(step.device, app.now())) {
        Some(kept) => kept,
        // A reset took the keys away: the password alone is to be typed again.
        None if keys.is_empty() => return Ok(Redirect::to("/login").into_response()),
        None => {
            let asked = ceremony(app, step, &asking.party, &keys)?;
            let kept = asked.clone();
            app.store.keep_house(move |house| house.put(&kept)).await?;
            asked
        }
    };
    let second = Second {
        name: member.details.name.full(),
        asked: asked.shown,
        error,
        next: asking.next.clone(),
        form_token: asking.token.text().to_owned(),
    };
    let bare = Bare { size: size_of(&asking.headers), ..bare(app, "パスキーで確認") };
    let html = app.templates.render(&SecondPage { bare, second })?;
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, Html(html)).into_response())
}

pub async fn post_proof(
    admitted: Admitted,
    token: FormToken,
    party: Party,
    headers: HeaderMap,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let next = local_path(fields.text("next")).to_owned();
    let asking = Asking { app, admitted, headers, token, party, next };
    answer(&asking, Answer::Proof(fields.text("answer").to_owned())).await
}

pub async fn post_code(
    admitted: Admitted,
    token: FormToken,
    party: Party,
    headers: HeaderMap,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let next = local_path(fields.text("next")).to_owned();
    let asking = Asking { app, admitted, headers, token, party, next };
    answer(&asking, Answer::Code(fields.text("code").to_owned())).await
}

enum Answer {
    Proof(String),
    Code(String),
}

async fn answer(asking: &Asking, answer: Answer) -> Result<Response, Failure> {
    let Asking { app, admitted, .. } = asking;
    let Some((step, member)) = waiting(app, admitted, &asking.headers)? else {
        note_refused(asking, None).await?;
        return Ok(Redirect::to("/login").into_response());
    };
    match weigh(asking, &step, &member, answer).await? {
        Ok(token) => {
            let mut response = enter(app, &member, step.state, &asking.next)?;
            let headers = response.headers_mut();
            headers.append(header::SET_COOKIE, token.set_cookie());
            headers.append(header::SET_COOKIE, clear_cookie());
            Ok(response)
        }
        Err(refused) => {
            note_refused(asking, Some(&member)).await?;
            show(asking, &step, &member, Some(say(&refused))).await
        }
    }
}

/// Tries are counted before they are weighed, as those of passwords are.
async fn weigh(
    asking: &Asking,
    step: &SecondStep,
    member: &Member,
    answer: Answer,
) -> Result<Result<crate::kit::session::Token, Refused>, Failure> {
    let Asking { app, admitted, .. } = asking;
    let (account, device) = (second_key(app, member.id), device_key(app, admitted));
    let now = app.now();
    let claim = move |house: &mut House<'_, '_>| claim_attempt(house, account, device, now);
    let Some(tries) = app.store.keep_house(claim).await? else {
        return Ok(Err(Refused::LockedOut));
    };
    let opening = match answer {
        Answer::Proof(text) => proof(asking, step, member, &text).await?.map(Opening::Passkey),
        Answer::Code(text) => RecoveryCode::parse(&text).map(Opening::Code),
    };
    let opened = match opening {
        Some(opening) if !is_stale(app, step, member)? && is_welcome(app, admitted, member)? => {
            open_session(app, admitted, member, step.state, opening, Some(step.token)).await?
        }
        Some(_) | None => None,
    };
    match opened {
        Some(token) => {
            app.store.keep_house(move |house| forgive_attempt(house, account, device)).await?;
            Ok(Ok(token))
        }
        None => Ok(Err(refuse(tries).await)),
    }
}

/// Whether the password of the first step is no longer the one that counts.
fn is_stale(app: &App, step: &SecondStep, member: &Member) -> Result<bool, StoreError> {
    app.store.read(|read| {
        let kept: Option<Credential> = read.get(&member.id)?;
        Ok(match kept.map(|one| one.state) {
            Some(CredentialState::Chosen { set_at, .. }) => {
                let opens = step.state == SessionState::Open;
                set_at > step.since || (opens && change_demanded(read, member.id, set_at)?)
            }
            Some(CredentialState::Initial { .. }) => {
                step.state != SessionState::PasswordFirst(PasswordFirst::FirstLogin)
            }
            None => true,
        })
    })
}

/// The open question is spent by this answer, whatever it is worth.
async fn proof(
    asking: &Asking,
    step: &SecondStep,
    member: &Member,
    text: &str,
) -> Result<Option<Proof>, Failure> {
    let app = &asking.app;
    let (of, device, now) = (step.token, step.device, app.now());
    let taken = app.store.keep_house(move |house| take_ceremony(house, of, device, now)).await?;
    let Some(asked) = taken.filter(|asked| asked.purpose == Purpose::Prove) else {
        return Ok(None);
    };
    let keys = app.store.read(|read| of_member(read, member.id))?;
    let proof = match asking.party.0.proven(&asked.kept, text, &keys) {
        Ok(proof) => proof,
        Err(problem) => {
            // A cause that the page does not tell.
            log::info!(error:% = problem; "a passkey was refused");
            return Ok(None);
        }
    };
    let key = keys.iter().find(|key| key.id == proof.passkey);
    if key.is_some_and(|key| key.counts_on(proof.counter)) {
        return Ok(Some(proof));
    }
    let id = member.id;
    let act = asking.admitted.act(app, "passkey.counter_back").on("member", id);
    app.store.write(act, move |write| tell(write, id, NoticeKind::CounterBack, now)).await?;
    Ok(None)
}

async fn note_refused(asking: &Asking, member: Option<&Member>) -> Result<(), Failure> {
    let Asking { app, admitted, .. } = asking;
    let act = admitted.act(app, "login.second_refused");
    let act = match member {
        Some(member) => act.on("member", member.id),
        None => act.on("device", admitted.device().id),
    };
    Ok(app.store.write(act, |_| Ok::<_, StoreError>(())).await?)
}

fn say(refused: &Refused) -> &'static str {
    match refused {
        Refused::Wrong => {
            "もう一度お試しください。パスキーが使えないときは、回復コードを入力してください。"
        }
        Refused::LockedOut => {
            "まちがいが続いたため、15分間確認できません。\
             15分たってから、もう一度お試しください。\
             お急ぎのときは事務室へお電話ください。すぐに使えるようにできます。"
        }
    }
}
