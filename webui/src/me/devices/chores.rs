//! What the box does with devices by itself: reminders in time, certificates and keys that nobody
//! used, and old devices whose successors were never seen.

use std::time::Duration;

use provisioning::devices::{
    COMES_AGAIN, Due, ReminderProblem, SuccessionProblem, Told, due_reminders, lapse,
    overdue_successors, remind, users,
};
use provisioning::directory::Directory;
use provisioning::enrolment::{self, RetireProblem};
use provisioning::members::{Member, Role, Standing};
use provisioning::tunnel::{PeerProblem, lapse as lapse_peer, overdue};
use store::{Act, Actor, Id, StoreError};

use crate::kit::app::App;
use crate::kit::connections::Tie;
use crate::kit::cutting::cut_connections;
use crate::kit::jobs::Job;
use crate::kit::session;

/// Days count, not minutes.
pub const CHORES: Job = Job { name: "devices", every: Duration::from_secs(60 * 60), run };

/// Rows of one look; the rest follows with the next.
const AT_ONCE: usize = 256;

pub(super) fn run(app: &App) -> Result<(), StoreError> {
    end_unused(app)?;
    retire_replaced(app)?;
    remind_all(app)
}

fn end_unused(app: &App) -> Result<(), StoreError> {
    let now = app.now();
    for one in app.store.read(|read| overdue_successors(read, now, AT_ONCE))? {
        let act = Act::new(Actor::System, "device.lapse", now).on("device", one.device);
        match app.store.write_and_wait(act, move |write| lapse(write, one.spki, now)) {
            Ok(_) | Err(SuccessionProblem::NotWaiting) => {}
            Err(SuccessionProblem::Store(error)) => return Err(error),
        }
        app.connections.cut(&[Tie::Key(one.spki)]);
    }
    for one in app.store.read(|read| overdue(read, now, AT_ONCE))? {
        let act = Act::new(Actor::System, "device.tunnel_lapse", now).on("device", one.device);
        match app.store.write_and_wait(act, move |write| lapse_peer(write, one.id, now)) {
            Ok(_) => app.connections.cut(&[Tie::Peer(one.id)]),
            Err(PeerProblem::Store(error)) => return Err(error),
            // Used or replaced in between.
            Err(_) => 0,
        };
    }
    Ok(())
}

fn retire_replaced(app: &App) -> Result<(), StoreError> {
    let now = app.now();
    for old in app.store.read(|read| enrolment::replaced_and_silent(read, now))? {
        let act = Act::new(Actor::System, "device.retire", now).on("device", old);
        let retired = app.store.write_and_wait(act, move |write| {
            enrolment::retire_silent(write, old, now)?;
            session::end_at_device(write, old)?;
            Ok::<_, RetireProblem>(())
        });
        match retired {
            Ok(()) => drop(cut_connections(app, old)?),
            Err(RetireProblem::NotNow) => {}
            Err(RetireProblem::Store(error)) => return Err(error),
        }
    }
    Ok(())
}

fn remind_all(app: &App) -> Result<(), StoreError> {
    let (directory, now) = (app.directory()?, app.now());
    for due in app.store.read(|read| due_reminders(read, now))? {
        let whom = whom(app, &directory, &due)?;
        let act = Act::new(Actor::System, "device.remind", now).on("device", due.device.id);
        match app.store.write_and_wait(act, move |write| remind(write, &due, &whom, now)) {
            Ok(()) | Err(ReminderProblem::NotDue) => {}
            Err(ReminderProblem::Store(error)) => return Err(error),
        }
    }
    Ok(())
}

/// Those who used the device, then its managers; nobody twice, and nobody who has left.
fn whom(
    app: &App,
    directory: &Directory,
    due: &Due,
) -> Result<Vec<(Id<Member>, Told)>, StoreError> {
    let now = app.now();
    let used = app.store.read(|read| users(read, directory, &due.device, COMES_AGAIN, now))?;
    let welcome = |id: &Id<Member>| {
        let entry = directory.member(*id);
        entry.is_some_and(|one| one.member.standing(app.today()) == Standing::Welcome)
    };
    let mut whom: Vec<_> =
        used.into_iter().filter(welcome).map(|member| (member, Told::User)).collect();
    if due.is_for_managers() {
        for entry in directory.of_facility(due.device.facility) {
            let member = entry.member.id;
            let manages = entry.member.details.roles.has(Role::FacilityManager);
            let is_told = whom.iter().any(|(known, _)| *known == member);
            if manages && !is_told && welcome(&member) {
                whom.push((member, Told::Manager));
            }
        }
    }
    Ok(whom)
}
