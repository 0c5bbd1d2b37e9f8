//! The renewal of the device in hand: where it stands, its beginning, and the one download.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use provisioning::authority::DeviceKey;
use provisioning::devices::{Platform, waiting_successor};
use provisioning::enrolment::TicketToken;
use provisioning::renewal::{self, Asked, Renewal, RenewalProblem, days_left, is_due, mark};
use provisioning::tunnel::{self, QuickConfig, may_pass};
use serde::Serialize;
use store::{Id, StoreError};

use super::deliver;
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::Fields;
use crate::kit::frame::{Frame, Nav, redirect_saying};
use crate::kit::japanese;
use crate::kit::member::SignedIn;
use crate::kit::page::Page;
use crate::office::rows::{day, member_words};
use crate::touroku::windows::Mode;
use crate::touroku::{COMMAND, recognise, script_file};
use crate::tunnel::{NewKey, make, quick_config};

const HERE: &str = "/me/devices/renew";

#[derive(Serialize)]
struct RenewPage {
    renew: Renew,
}

impl Page for RenewPage {
    const TEMPLATE: &'static str = "me/devices/renew/renew.html";
}

#[derive(Serialize)]
struct Renew {
    name: String,
    platform: &'static str,
    network: String,
    until: String,
    days: i64,
    due: bool,
    /// A file that holds its own password.
    profile: bool,
    /// A script comes first, the file second.
    script: bool,
    command: &'static str,
    /// Begun by this member and open, or taken and not used yet.
    file: Option<FileView>,
    /// Somebody else at this device began.
    other: Option<String>,
}

#[derive(Serialize)]
struct FileView {
    id: Id<Renewal>,
    password: Vec<String>,
    name: String,
    taken: Option<Taken>,
}

#[derive(Serialize)]
struct Taken {
    when: String,
    /// What the new certificate's number begins with.
    mark: String,
    /// The day on which it ends unused.
    waits_until: String,
}

pub async fn show_renew(
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    proof(&asked)?;
    let (device, now) = (asked.device(), asked.now());
    // Inside of the tunnel without a certificate there is none to renew.
    let ends_at = asked.admitted().not_after().ok_or(Failure::NotFound)?;
    let (found, waiting) = app.store.read(|read| {
        let found = renewal::of_device(read, device.id)?;
        Ok::<_, StoreError>((found, waiting_successor(read, device.id, now)?))
    })?;
    let waits =
        |one: &Renewal| one.taken.is_some() && one.taken == waiting.as_ref().map(|w| w.spki);
    let current = found.filter(|one| one.is_open(now) || waits(one));
    let (mine, others): (Option<Renewal>, Option<Renewal>) = match current {
        Some(one) if one.member == asked.id() => (Some(one), None),
        other => (None, other),
    };
    let renew = Renew {
        name: device.name.clone(),
        platform: device.platform.key(),
        network: app.network.name.clone(),
        until: day(ends_at),
        days: days_left(ends_at, now),
        due: is_due(ends_at, now),
        profile: deliver::takes_profile(device.platform),
        script: deliver::takes_script(device.platform),
        command: COMMAND,
        file: mine.map(|one| file_view(&app, &one, device.platform, now)).transpose()?,
        other: match others {
            Some(one) => Some(member_words(&*app.directory()?, one.member).0),
            None => None,
        },
    };
    frame.show(Nav::Me, "証明書の更新", &RenewPage { renew })
}

fn file_view(
    app: &App,
    one: &Renewal,
    platform: Platform,
    now: jiff::Timestamp,
) -> Result<FileView, StoreError> {
    let password = app.store.read(|read| Ok::<_, StoreError>(one.p12_password(read)))?;
    Ok(FileView {
        id: one.id,
        password: password.split('-').map(str::to_owned).collect(),
        name: deliver::file_name(one, platform),
        taken: one.taken_at.map(|at| Taken {
            when: japanese::short(at, now),
            mark: mark(at),
            waits_until: day(at + provisioning::devices::Successor::SIDE_BY_SIDE),
        }),
    })
}

/// A guest renews nothing: the device is its own facility's.
fn proof(asked: &SignedIn) -> Result<Asked, Failure> {
    if asked.member().facility != asked.device().facility {
        return Err(Failure::NotFound);
    }
    let spki = asked.admitted().key().ok_or(Failure::NotFound)?;
    Ok(Asked { member: asked.id(), device: asked.device().id, spki })
}

pub async fn post_renew(
    asked: SignedIn,
    headers: HeaderMap,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    let (proof, clock) = (proof(&asked)?, app.store.clock().clone());
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let form = recognise::form(asked.device().platform, agent.unwrap_or_default());
    let act = asked.act("device.renew").on("device", proof.device);
    let begun = app.store.write(act, move |write| renewal::begin(write, &clock, proof, form));
    match begun.await {
        Ok(_) => Ok(Redirect::to(HERE).into_response()),
        Err(problem) => Ok(redirect_saying(HERE, say(problem)?)),
    }
}

/// Made, packed, written down and forgotten: the file is complete before its certificate counts.
pub async fn post_file(
    asked: SignedIn,
    headers: HeaderMap,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let (proof, now) = (proof(&asked)?, app.now());
    let id: Id<Renewal> = fields.id("renewal").ok_or(Failure::StaleForm)?;
    let found = app.store.read(|read| renewal::of_device(read, proof.device))?;
    let open = found.filter(|one| one.id == id && one.member == proof.member && one.is_open(now));
    let Some(open) = open else {
        return Ok(redirect_saying(HERE, say(RenewalProblem::OtherStep)?));
    };
    let key = DeviceKey::generate().map_err(|error| Failure::Internal(Box::new(error)))?;
    let facility = asked.admitted().facility();
    let signed = renewal::prepare(&app.authority, facility, proof.device, &key.public_key(), now);
    let signed = match signed {
        Ok(signed) => signed,
        Err(problem) => return Ok(redirect_saying(HERE, say(problem)?)),
    };
    let tunnel = tunnel_again(&app, &asked).await?;
    let made = (&key, signed.der.as_slice());
    let file = deliver::file(&app, &headers, asked.admitted(), &open, made, tunnel.as_ref())?;
    let act = asked.act("device.renew_take").on("device", proof.device);
    let issued =
        app.store.write(act, move |write| renewal::issue(write, id, proof, &signed, now)).await;
    if let Err(problem) = issued {
        return Ok(redirect_saying(HERE, say(problem)?));
    }
    let headers = [
        (header::CONTENT_TYPE, file.kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", file.name)),
    ];
    Ok((headers, file.bytes).into_response())
}

/// A key for the tunnel in the place of the one that the profile before this one brought. It waits
/// beside that until it is used; if the certificate is not taken after all, it ends by itself.
async fn tunnel_again(app: &App, asked: &SignedIn) -> Result<Option<QuickConfig>, Failure> {
    let (device, now) = (asked.device(), asked.now());
    let has_one = app.store.read(|read| tunnel::of_device(read, device.id))?;
    let has_one = has_one.iter().any(|peer| !peer.is_over(now));
    let may = app.tunnel.rules().is_some() && may_pass(asked.admitted().facility().policy);
    if !deliver::takes_profile(device.platform) || !has_one || !may {
        return Ok(None);
    }
    let (id, platform) = (device.id, device.platform);
    let act = asked.act("device.tunnel_make").on("device", id);
    let made = make(app, act, NewKey::Server, move |_| Ok::<_, StoreError>(id)).await?;
    quick_config(app, &made, platform).map(Some)
}

/// The script with a ticket of its own: good for half an hour and one certificate. A newer one
/// makes the one before worthless.
pub async fn post_script(
    asked: SignedIn,
    headers: HeaderMap,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let proof = proof(&asked)?;
    if !deliver::takes_script(asked.device().platform) {
        return Err(Failure::NotFound);
    }
    let id: Id<Renewal> = fields.id("renewal").ok_or(Failure::StaleForm)?;
    let clock = app.store.clock().clone();
    let ticket = TicketToken::random(&clock);
    let given = ticket.clone();
    let act = asked.act("device.renew_script").on("device", proof.device);
    let put =
        move |write: &mut store::Write<'_>| renewal::give_ticket(write, &clock, id, proof, &given);
    if let Err(problem) = app.store.write(act, put).await {
        return Ok(redirect_saying(HERE, say(problem)?));
    }
    let (name, kind) = (&asked.device().name, fields.text("as"));
    script_file(&app, &headers, name, &ticket, Mode::Renew, kind)
}

fn say(problem: RenewalProblem) -> Result<&'static str, Failure> {
    match problem {
        RenewalProblem::TooEarly => Ok("この端末の証明書は、まだ更新の時期ではありません"),
        RenewalProblem::OtherStep => {
            Ok("この証明書は受け取り済みか、時間切れです。もう一度、更新を始めてください")
        }
        RenewalProblem::NotAllowed => {
            Ok("この端末では更新できません。事務室または施設の管理者に連絡してください")
        }
        RenewalProblem::KeyKnown => Err(Failure::StaleForm),
        RenewalProblem::Authority(error) => Err(Failure::Internal(Box::new(error))),
        RenewalProblem::Store(error) => Err(error.into()),
    }
}
