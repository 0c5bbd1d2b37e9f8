//! What the operator may do from the console, in the running product or on a closed store.

use std::path::PathBuf;

use anyhow::{Context as _, anyhow, bail};
use provisioning::authority::{Revoked, Serial};
use provisioning::cards::{self, Approval};
use provisioning::devices;
use provisioning::facilities::{self, FacilityByCode, FacilityCode, FacilityDetails, FacilityKind};
use provisioning::members::{
    self, Job, Login, Member, MemberByLogin, MemberDetails, PersonName, Role, Roles,
};
use provisioning::network;
use provisioning::passkeys;
use provisioning::public::{self, Alarm, Trouble};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Act, Actor, Id, Read, Store, StoreError};
use webui::index::Reach;
use webui::kit::app::App;
use webui::kit::cutting::ties;
use webui::kit::session;
use webui::kit::tls::{Names, Source};
use webui::kit::tunnel::{Leads, NameTrouble, TunnelState};
use webui::office::import::{Kind, Tell};

use crate::config::Config;
use crate::lists;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    Status,
    FacilityAdd {
        code: String,
        kind: String,
        name: String,
        kana: String,
        phone: String,
    },
    FacilityList,
    /// `file` in base64: the running product may not be allowed to read where the operator may.
    ListImport {
        kind: Kind,
        file: String,
        purpose: Purpose,
    },
    ListExport {
        kind: Kind,
        form: String,
    },
    MemberAdd(MemberAdd),
    MemberList,
    MemberSuspend {
        facility: String,
        login: String,
    },
    MemberResetPasskey {
        facility: String,
        login: String,
    },
    CardIssue {
        facility: String,
        login: String,
        approval_waived: bool,
    },
    DeviceList,
    DeviceRevoke {
        device: String,
    },
    TrailShow {
        rows: usize,
    },
    TrailVerify,
    TrailExport,
    Backup {
        to: PathBuf,
    },
    Crl {
        to: PathBuf,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Says what would be wrong, new or changed.
    Check,
    Take,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MemberAdd {
    pub facility: String,
    pub login: String,
    pub name: [String; 2],
    pub kana: [String; 2],
    pub job: String,
    pub roles: Vec<String>,
}

/// Rows that one export or list may hold in memory.
const ROWS_MAX: usize = 1_000_000;

pub fn perform(
    config: &Config,
    store: &Store,
    app: Option<&App>,
    request: Request,
    tell: &Tell,
) -> anyhow::Result<Value> {
    match request {
        Request::Status => status(config, store, app),
        Request::FacilityAdd { code, kind, name, kana, phone } => {
            add_facility(store, &code, &kind, name, kana, phone)
        }
        Request::FacilityList => list_facilities(store),
        Request::ListImport { kind, file, purpose } => {
            lists::import(store, kind, &file, purpose, tell)
        }
        Request::ListExport { kind, form } => lists::give_out(store, kind, &form),
        Request::MemberAdd(add) => add_member(store, add),
        Request::MemberList => list_members(store),
        Request::MemberSuspend { facility, login } => suspend(store, &facility, &login),
        Request::MemberResetPasskey { facility, login } => reset_passkey(store, &facility, &login),
        Request::CardIssue { facility, login, approval_waived } => {
            let approval = if approval_waived { Approval::Waived } else { Approval::Needed };
            issue_card(store, &facility, &login, approval)
        }
        Request::DeviceList => list_devices(store),
        Request::DeviceRevoke { device } => revoke(store, app, &device),
        Request::TrailShow { rows } => show_trail(store, rows),
        Request::TrailVerify => verify_trail(store),
        Request::TrailExport => show_trail(store, ROWS_MAX),
        Request::Backup { to } => back_up(config, store, &to),
        Request::Crl { to } => write_crl(store, &to),
    }
}

fn act(store: &Store, action: &'static str) -> Act {
    Act::new(Actor::Operator, action, store.clock().now())
}

fn status(config: &Config, store: &Store, app: Option<&App>) -> anyhow::Result<Value> {
    let settings = store.read(network::settings)?.context("the store holds no network")?;
    let authority = store.read(network::authority)?.context("the store holds no network")??;
    let (facilities, members, devices, head) = store.read(|read| {
        Ok::<_, StoreError>((
            facilities::list(read)?.len(),
            members::list(read)?.len(),
            devices::list(read)?.len(),
            read.trail_head()?,
        ))
    })?;
    Ok(json!({
        "network": settings.name,
        "domain": settings.domain,
        "fingerprint": data_encoding::HEXLOWER.encode(&authority.root_fingerprint()),
        "server_certificates": certificates(config, store, app, &settings.domain)?,
        "running": app.is_some(),
        "connections": app.map(|app| app.connections.total()),
        "open_pages": app.map(|app| app.live.open_pages()),
        "facilities": facilities,
        "members": members,
        "devices": devices,
        "gateway": gateway(config, app),
        "search": app.map(|app| search(app, head.number)),
        "trail_rows": head.number,
        "trail_hash": data_encoding::HEXLOWER.encode(&head.hash),
    }))
}

/// How the WireGuard endpoint is; `null` for a box without one.
fn gateway(config: &Config, app: Option<&App>) -> Value {
    let (Some(app), true) = (app, config.gateway.as_ref().is_some_and(|rules| rules.on)) else {
        return Value::Null;
    };
    let status = app.tunnel.status();
    let (state, trouble, detail) = match &status.state {
        TunnelState::Off => ("off", None, None),
        TunnelState::Starting => ("starting", None, None),
        TunnelState::Running { .. } => ("running", None, None),
        TunnelState::Failed { trouble, detail } => {
            ("failed", Some(trouble.key()), Some(detail.as_str()))
        }
    };
    let drops = status.drops.iter().filter(|one| one.packets > 0);
    let drops: serde_json::Map<_, _> =
        drops.map(|one| (one.reason.to_owned(), one.packets.into())).collect();
    let clocks_behind = status.sessions.iter().filter(|one| one.clock_behind_at.is_some()).count();
    json!({
        "state": state,
        "trouble": trouble,
        "detail": detail,
        "endpoint": app.tunnel.rules().map(|rules| rules.endpoint.to_string()),
        "names": names(app),
        "keys": status.peers,
        "live": status.live,
        "handshakes": status.handshakes,
        "clocks_behind": clocks_behind,
        "bytes_in": status.bytes_in,
        "bytes_out": status.bytes_out,
        "dropped": drops,
        "floods": status.floods,
        "is_flooded": status.is_flooded,
        "warnings": status.warnings,
    })
}

/// Under which names the product is opened, and where their records lead.
fn names(app: &App) -> Value {
    let named = app.tunnel.named();
    let leads = |one: Option<Leads>| one.map(Leads::key);
    json!({
        "way": app.tunnel.rules().map(|rules| rules.way.key()),
        "in_the_tunnel": app.tunnel_host(),
        "app_leads": leads(named.map(|named| named.app)),
        "inside_leads": leads(named.and_then(|named| named.second)),
        "trouble": app.tunnel.name_trouble().map(NameTrouble::key),
    })
}

/// How far the search index is.
fn search(app: &App, newest: u64) -> Value {
    let (state, since) = match app.index_gauge.reach() {
        Reach::Nothing => ("opening", None),
        Reach::Since(at) => ("filling", Some(at.to_string())),
        Reach::Everything => ("complete", None),
    };
    json!({
        "state": state,
        "mails": app.index.pieces(),
        "filled_back_to": since,
        "behind_acts": newest.saturating_sub(app.index_gauge.followed()),
        "bytes": app.index.bytes().ok(),
    })
}

/// Each host's certificate as it is served, or as it would be.
fn certificates(
    config: &Config,
    store: &Store,
    app: Option<&App>,
    domain: &str,
) -> anyhow::Result<Value> {
    let (wanted, now) = (config.acme.is_some(), store.clock().now());
    let mut rows = Vec::new();
    let has_second = config.gateway.as_ref().is_some_and(|rules| rules.on && rules.inside_name);
    let names = Names::of(domain, has_second);
    for host in names.hosts().iter().copied() {
        let name = names.name(host).to_owned();
        let standing = store.read(|read| public::standing(read, host, name.clone(), now))?;
        let kept = standing.certificate.as_ref().filter(|_| wanted);
        let own = app.map_or(kept.is_none(), |app| app.tls.source(host) == Source::Own);
        let attempt = standing.attempt.as_ref().filter(|_| wanted);
        rows.push(json!({
            "host": name,
            "source": if own { "own authority" } else { "public" },
            "issuer": kept.map(|one| one.issuer.clone()),
            "not_after": match app {
                Some(app) => Some(app.tls.not_after(host).to_string()),
                None => kept.map(|one| one.not_after.to_string()),
            },
            "last_try": attempt.map(|one| one.tried_at.to_string()),
            "next_try": wanted.then(|| standing.next_try.to_string()),
            "failures": attempt.map_or(0, |one| one.failures),
            "trouble": attempt.and_then(|one| one.trouble).map(Trouble::key),
            "detail": attempt.map(|one| one.detail.as_str()).filter(|detail| !detail.is_empty()),
            "alarm": standing.alarm.filter(|_| wanted).map(Alarm::key),
        }));
    }
    Ok(rows.into())
}

fn add_facility(
    store: &Store,
    code: &str,
    kind: &str,
    name: String,
    kana: String,
    phone: String,
) -> anyhow::Result<Value> {
    let code = FacilityCode::parse(code).map_err(|why| anyhow!("facility code: {why:?}"))?;
    let fits = code.check_digit_fits();
    let kind = FacilityKind::of_key(kind).ok_or_else(|| anyhow!("unknown kind {kind}"))?;
    let details = FacilityDetails {
        kind,
        name,
        kana,
        short: String::new(),
        postal: String::new(),
        address: String::new(),
        phone,
        fax: String::new(),
    };
    let clock = store.clock().clone();
    let facility = store.write_and_wait(act(store, "facility.register"), move |write| {
        facilities::register(write, &clock, code, details)
    })?;
    Ok(json!({ "facility": facility.id, "check_digit_fits": fits }))
}

fn list_facilities(store: &Store) -> anyhow::Result<Value> {
    let all = store.read(facilities::list)?;
    let rows = all.into_iter().map(|facility| {
        json!({
            "facility": facility.id,
            "code": facility.code.as_str(),
            "kind": facility.details.kind.key(),
            "name": facility.details.name,
        })
    });
    Ok(rows.collect())
}

fn add_member(store: &Store, add: MemberAdd) -> anyhow::Result<Value> {
    let code = FacilityCode::parse(&add.facility).map_err(|why| anyhow!("facility: {why:?}"))?;
    let login = Login::parse(&add.login).map_err(|why| anyhow!("login: {why:?}"))?;
    let job = Job::of_key(&add.job).ok_or_else(|| anyhow!("unknown job {}", add.job))?;
    let roles: Option<Vec<Role>> = add.roles.iter().map(|role| Role::of_key(role)).collect();
    let roles = Roles::of(roles.ok_or_else(|| anyhow!("unknown role"))?);
    let ([family, given], [family_kana, given_kana]) = (add.name, add.kana);
    let details = MemberDetails {
        name: PersonName { family, given, family_kana, given_kana },
        job,
        roles,
        starts: None,
        retires: None,
    };
    let clock = store.clock().clone();
    let member = store.write_and_wait(act(store, "member.register"), move |write| {
        let facility = write.first_by::<FacilityByCode>(&FacilityByCode::key(&code))?;
        let facility = facility.ok_or(members::MemberProblem::NoFacility)?;
        members::register(write, &clock, facility.id, login, details)
    })?;
    Ok(json!({ "member": member.id }))
}

fn list_members(store: &Store) -> anyhow::Result<Value> {
    let all = store.read(members::list)?;
    let rows = all.into_iter().map(|member| {
        json!({
            "member": member.id,
            "facility": member.facility,
            "login": member.login.as_str(),
            "name": member.details.name.full(),
            "job": member.details.job.key(),
            "locked": member.locked,
        })
    });
    Ok(rows.collect())
}

fn find_member(read: &Read<'_>, facility: &str, login: &str) -> anyhow::Result<Member> {
    let code = FacilityCode::parse(facility).map_err(|why| anyhow!("facility: {why:?}"))?;
    let login = Login::parse(login).map_err(|why| anyhow!("login: {why:?}"))?;
    let facility = read
        .first_by::<FacilityByCode>(&FacilityByCode::key(&code))?
        .ok_or_else(|| anyhow!("no facility has this code"))?;
    MemberByLogin::find(read, facility.id, &login)?.ok_or_else(|| anyhow!("no such member"))
}

fn suspend(store: &Store, facility: &str, login: &str) -> anyhow::Result<Value> {
    let member = store.read(|read| find_member(read, facility, login))?;
    let act = act(store, "member.lock").on("member", member.id);
    store.write_and_wait(act, move |write| {
        session::end_of_member(write, member.id)?;
        members::set_locked(write, member.id, true)
    })?;
    Ok(json!({ "member": member.id, "locked": true }))
}

/// For the last administrator, whom nobody else can help.
fn reset_passkey(store: &Store, facility: &str, login: &str) -> anyhow::Result<Value> {
    let member = store.read(|read| find_member(read, facility, login))?;
    let act = act(store, "passkey.reset").on("member", member.id);
    let now = store.clock().now();
    let keys = store.write_and_wait(act, move |write| {
        session::end_of_member(write, member.id)?;
        passkeys::reset(write, member.id, None, now)
    })?;
    Ok(json!({ "member": member.id, "passkeys_removed": keys }))
}

fn issue_card(
    store: &Store,
    facility: &str,
    login: &str,
    approval: Approval,
) -> anyhow::Result<Value> {
    let member = store.read(|read| find_member(read, facility, login))?.id;
    let authority = store.read(network::authority)?.context("the store holds no network")??;
    let clock = store.clock().clone();
    let act = act(store, "card.issue").on("member", member);
    let printed = store.write_and_wait(act, move |write| {
        cards::issue(write, &clock, &authority, member, approval, None)
    })?;
    Ok(json!({
        "card": printed.card.number.to_string(),
        "secret": printed.secret.grouped(),
        "initial_password": printed.initial_password.grouped(),
        "expires_at": printed.card.expires_at.to_string(),
    }))
}

fn list_devices(store: &Store) -> anyhow::Result<Value> {
    let all = store.read(devices::list)?;
    let rows = all.into_iter().map(|device| {
        json!({
            "device": device.id,
            "facility": device.facility,
            "name": device.name,
            "platform": device.platform.key(),
            "office": device.office,
            "state": match device.state {
                devices::DeviceState::Active => "active",
                devices::DeviceState::Revoked { .. } => "revoked",
                devices::DeviceState::Retired { .. } => "retired",
            },
            "first_seen_at": device.first_seen_at.map(|at| at.to_string()),
        })
    });
    Ok(rows.collect())
}

fn revoke(store: &Store, app: Option<&App>, device: &str) -> anyhow::Result<Value> {
    let id: Id<devices::Device> = device.parse().context("not a device's id")?;
    let now = store.clock().now();
    let act = act(store, "device.revoke").on("device", id);
    store.write_and_wait(act, move |write| {
        session::end_at_device(write, id)?;
        devices::revoke(write, id, now)
    })?;
    let ties = store.read(|read| ties(read, id))?;
    let cut = app.map(|app| app.connections.cut(&ties));
    Ok(json!({ "device": id, "connections_cut": cut }))
}

fn show_trail(store: &Store, rows_max: usize) -> anyhow::Result<Value> {
    let rows = store.read(|read| read.trail(None, rows_max.min(ROWS_MAX)))?;
    let rows = rows.into_iter().map(|row| {
        json!({
            "number": row.number,
            "at": row.at.to_string(),
            "actor": format!("{:?}", row.actor),
            "action": row.action,
            "subject": row.subject.map(|subject| {
                format!("{} {}", subject.kind, Id::<()>::from_bytes(subject.id))
            }),
            "tables": row.tables,
            "previous": data_encoding::HEXLOWER.encode(&row.previous),
        })
    });
    Ok(rows.collect())
}

fn verify_trail(store: &Store) -> anyhow::Result<Value> {
    let rows = store.read(|read| Ok::<_, StoreError>(read.verify_trail()))?;
    let head = store.read(|read| read.trail_head())?;
    let rows = rows?;
    Ok(json!({ "rows": rows, "hash": data_encoding::HEXLOWER.encode(&head.hash) }))
}

/// For auditors and proxies: the product itself looks at its rows, not at a list.
fn write_crl(store: &Store, to: &std::path::Path) -> anyhow::Result<Value> {
    let authority = store.read(network::authority)?.context("the store holds no network")??;
    let (revoked, head) = store.read(|read| {
        Ok::<_, StoreError>((devices::revoked_certificates(read)?, read.trail_head()?))
    })?;
    let revoked: Vec<Revoked> = revoked
        .into_iter()
        .filter_map(|(serial, at)| {
            Some(Revoked { serial: Serial::from_bytes(serial.try_into().ok()?), at })
        })
        .collect();
    // The trail only grows, so its length numbers the lists.
    let list = authority.crl(&revoked, head.number, store.clock().now())?;
    std::fs::write(to, list).with_context(|| format!("cannot write {}", to.display()))?;
    Ok(json!({ "file": to, "revoked": revoked.len() }))
}

fn back_up(config: &Config, store: &Store, to: &std::path::Path) -> anyhow::Result<Value> {
    let Some(recipient) = &config.backup_recipient else {
        bail!("the config names no `backup_recipient`");
    };
    let report = store::back_up(store, to, recipient)?;
    Ok(json!({
        "file": to,
        "rows": report.rows,
        "blobs": report.blobs,
        "blobs_damaged": report.blobs_damaged,
        "bytes": report.bytes,
        "trail_rows": report.trail.number,
        "trail_hash": data_encoding::HEXLOWER.encode(&report.trail.hash),
    }))
}
