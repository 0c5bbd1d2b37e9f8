//! Cutting a device off: the rows in one act, then what is open, and what of it to tell.

use std::collections::BTreeSet;

use provisioning::credentials::{Credential, CredentialState, demand_change};
use provisioning::devices::{
    self, AlarmKind, Device, DeviceNews, PASSWORD_LEFT, RevokeProblem, raise, users,
};
use provisioning::facilities::Facility;
use provisioning::members::Member;
use provisioning::tunnel;
use store::{Act, Id, Read, StoreError, Write};
use tokio::task::spawn_blocking;

use super::app::App;
use super::connections::Tie;
use super::failure::Failure;
use super::session;

/// What came of it, to say it plainly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    pub connections: usize,
    pub sessions: usize,
    /// Whose password has to be changed at the next log-in.
    pub members: usize,
}

/// Why, and so what follows.
#[derive(Clone, Debug)]
pub enum Why {
    /// It shall not speak any more.
    GivenUp,
    /// Nobody took it: it is scrapped, or goes to another facility and is enrolled anew there.
    Retired,
    /// Somebody else may hold it: passwords typed there in the last month are changed. The alarm
    /// tells the office, where somebody else reported it.
    Lost(Option<AlarmKind>),
}

/// Revokes or retires a device in one act; its open connections are cut when that is durable.
pub async fn cut_off(app: &App, act: Act, device: Id<Device>, why: Why) -> Result<Cut, Failure> {
    let now = app.now();
    let users = match &why {
        Why::GivenUp | Why::Retired => Vec::new(),
        Why::Lost(_) => users_of(app, device).await?,
    };
    let done = app.store.write(act, move |write| {
        match &why {
            Why::Retired => devices::retire(write, device, now)?,
            Why::GivenUp | Why::Lost(_) => devices::revoke(write, device, now)?,
        };
        let sessions = session::end_at_device(write, device)?;
        let mut asked: BTreeSet<Id<Member>> = users.into_iter().collect();
        if let Why::Lost(_) = &why {
            // A guest of another facility, too.
            asked.extend(&sessions);
        }
        let mut members = 0;
        for member in asked {
            members += usize::from(ask_for_change(write, member, now)?);
        }
        if let Why::Lost(Some(alarm)) = why {
            if let AlarmKind::Denied { by } = alarm {
                write.delete::<DeviceNews>(&(by, device))?;
            }
            raise(write, device, alarm, now)?;
        }
        Ok::<_, RevokeProblem>((sessions.len(), members))
    });
    let (sessions, members) = done.await.map_err(|problem| match problem {
        RevokeProblem::Unknown => Failure::NotFound,
        RevokeProblem::Store(error) => error.into(),
    })?;
    let connections = cut_connections(app, device)?;
    Ok(Cut { connections, sessions, members })
}

/// An initial password is changed anyway.
fn ask_for_change(
    write: &mut Write<'_>,
    member: Id<Member>,
    now: jiff::Timestamp,
) -> Result<bool, StoreError> {
    let credential: Option<Credential> = write.get(&member)?;
    let chosen = credential.is_some_and(|one| match one.state {
        CredentialState::Chosen { .. } => true,
        CredentialState::Initial { .. } => false,
    });
    if chosen {
        demand_change(write, member, now)?;
    }
    Ok(chosen)
}

/// Ends what is open with the keys of a device.
pub fn cut_connections(app: &App, device: Id<Device>) -> Result<usize, StoreError> {
    let ties = app.store.read(|read| ties(read, device))?;
    Ok(app.connections.cut(&ties))
}

/// Everything that a device's connections can be cut by.
pub fn ties(read: &Read<'_>, device: Id<Device>) -> Result<Vec<Tie>, StoreError> {
    let certificates = devices::certificates_of(read, device)?;
    let peers = tunnel::of_device(read, device)?;
    let keys = certificates.iter().map(|certificate| Tie::Key(certificate.spki));
    Ok(keys.chain(peers.iter().map(|peer| Tie::Peer(peer.id))).collect())
}

/// The same for all devices of a facility.
pub fn ties_of_facility(read: &Read<'_>, facility: Id<Facility>) -> Result<Vec<Tie>, StoreError> {
    let mut all = Vec::new();
    for device in devices::of_facility(read, facility)? {
        all.extend(ties(read, device.id)?);
    }
    Ok(all)
}

/// Who used a device in the last month; slow for a large facility, so on a thread of its own.
pub async fn users_of(app: &App, id: Id<Device>) -> Result<Vec<Id<Member>>, Failure> {
    let (app, directory, now) = (app.clone(), app.directory()?, app.now());
    let found = spawn_blocking(move || {
        app.store.read(|read| {
            let Some(device) = read.get::<Device>(&id)? else { return Ok(Vec::new()) };
            users(read, &directory, &device, PASSWORD_LEFT, now)
        })
    });
    Ok(found.await??)
}

/// 「失効しました。接続中 3 件を切断しました」, and what else was done.
pub fn say_cut(cut: Cut) -> String {
    let mut words = format!("失効しました。接続中 {} 件を切断しました", cut.connections);
    if cut.sessions > 0 {
        words.push_str(&format!("。ログイン {} 件を終わらせました", cut.sessions));
    }
    if cut.members > 0 {
        let members = cut.members;
        words.push_str(&format!("。{members}人に、次のログインでパスワードの変更を求めます"));
    }
    words
}
