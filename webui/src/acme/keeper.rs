//! Keeps both hosts in public certificates: looks what is due, tries, writes down what came of it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use provisioning::public::{
    self, Alarm, Attempt, Host, PublicCertificate, Standing, Trouble, planned, wait_after,
};
use store::{Act, Actor, Read, StoreError};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::order;
use super::settings::{Challenge, Settings};
use super::trouble::Failed;
use crate::kit::app::App;

/// However far away the next moment is: clocks are set, and certificates end.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Between two questions about the best time for a renewal, where the authority names no other
/// span; what it names is kept within an hour and a day.
const SUGGESTION_EVERY: SignedDuration = SignedDuration::from_hours(6);
const SUGGESTION_EVERY_MIN: SignedDuration = SignedDuration::from_hours(1);
const SUGGESTION_EVERY_MAX: SignedDuration = SignedDuration::from_hours(24);

/// An alarm is repeated in the log once a day.
const REPEATED_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// How long a stop waits for a DNS program to take its record away.
const STOP_MAX: Duration = Duration::from_secs(5);

/// What pages and the keeper share.
pub struct Renewal {
    settings: Option<Settings>,
    bell: Notify,
    /// Counts rounds, so that whoever asked can see that one is over.
    rounds: tokio::sync::watch::Sender<u64>,
    trying: Mutex<Option<Host>>,
}

impl Renewal {
    pub fn new(settings: Option<Settings>) -> Self {
        let rounds = tokio::sync::watch::Sender::new(0);
        Self { settings, bell: Notify::new(), rounds, trying: Mutex::new(None) }
    }

    pub const fn settings(&self) -> Option<&Settings> {
        self.settings.as_ref()
    }

    /// Something may be due now.
    pub fn wake(&self) {
        self.bell.notify_one();
    }

    pub fn trying(&self) -> Option<Host> {
        *self.trying.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes with every look that the keeper has ended.
    pub fn rounds(&self) -> tokio::sync::watch::Receiver<u64> {
        self.rounds.subscribe()
    }
}

/// Those that get public certificates.
pub fn hosts(app: &App, settings: &Settings) -> impl Iterator<Item = Host> {
    let hosts = app.tls.hosts().iter().copied();
    hosts.filter(|host| can_prove(settings, *host))
}

/// An authority cannot look inside of the tunnel, only into the DNS.
const fn can_prove(settings: &Settings, host: Host) -> bool {
    match (&settings.challenge, host) {
        (Challenge::Dns(_), _) | (Challenge::TlsAlpn, Host::App | Host::Touroku) => true,
        (Challenge::TlsAlpn, Host::Inside) => false,
    }
}

/// How the hosts are; empty where no public certificates are wanted.
pub fn standings(app: &App, read: &Read<'_>) -> Result<Vec<Standing>, StoreError> {
    let Some(settings) = &app.renewal.settings else { return Ok(Vec::new()) };
    let now = app.now();
    let of = |host: &Host| public::standing(read, *host, app.tls.name(*host).to_owned(), now);
    hosts(app, settings).map(|host| of(&host)).collect()
}

/// What the keeper remembers between two looks.
#[derive(Default)]
struct Memory {
    asked_again: BTreeMap<Host, Timestamp>,
    told: BTreeMap<Host, (Alarm, Timestamp)>,
}

pub async fn run(app: App, stop: CancellationToken) {
    let mut memory = Memory::default();
    loop {
        let wait = look(&app, &mut memory, &stop).await.unwrap_or_else(|error| {
            log::error!(error:% = error; "cannot look after the server's certificates");
            LOOK_EVERY
        });
        app.renewal.rounds.send_modify(|count| *count = count.wrapping_add(1));
        tokio::select! {
            () = stop.cancelled() => return,
            () = app.renewal.bell.notified() => {}
            () = tokio::time::sleep(wait.min(LOOK_EVERY)) => {}
        }
    }
}

/// At the stop: a moment for what is being tidied up.
pub async fn wait(keeper: JoinHandle<()>) {
    let abort = keeper.abort_handle();
    if tokio::time::timeout(STOP_MAX, keeper).await.is_err() {
        abort.abort();
    }
}

async fn look(
    app: &App,
    memory: &mut Memory,
    stop: &CancellationToken,
) -> Result<Duration, StoreError> {
    serve_the_best(app);
    let Some(settings) = app.renewal.settings.as_ref() else { return Ok(LOOK_EVERY) };
    let mut next = Timestamp::MAX;
    for standing in app.store.read(|read| standings(app, read))? {
        if stop.is_cancelled() {
            break;
        }
        if standing.next_try <= app.now() {
            attempt(app, settings, &standing, stop).await?;
        } else if let Some(certificate) = &standing.certificate {
            suggest(app, settings, certificate, memory).await?;
        }
    }
    serve_the_best(app);
    for standing in app.store.read(|read| standings(app, read))? {
        next = next.min(standing.next_try);
        tell(&standing, memory, app.now());
    }
    let wait = next.duration_since(app.now()).try_into().unwrap_or(Duration::ZERO);
    Ok(wait.max(Duration::from_secs(1)))
}

fn serve_the_best(app: &App) {
    if let Err(error) = app.tls.look(&app.store, &app.authority) {
        log::error!(error:% = error; "cannot choose the server's certificates");
    }
}

/// One try. It is written down before anything is sent, so that neither a full disk nor a box
/// that dies again and again uses up what the authority allows.
async fn attempt(
    app: &App,
    settings: &Settings,
    standing: &Standing,
    stop: &CancellationToken,
) -> Result<(), StoreError> {
    let host = standing.host;
    let earlier = standing.attempt.as_ref();
    let failures = earlier.map_or(0, |earlier| earlier.failures).saturating_add(1);
    let [draw] = app.store.clock().random::<1>();
    let (tried_at, own_wait) = (app.now(), wait_after(failures, None, draw));
    let begun = Attempt {
        host,
        tried_at,
        failures,
        hold_until: tried_at.saturating_add(own_wait).unwrap_or(tried_at),
        bidden: false,
        trouble: earlier.and_then(|earlier| earlier.trouble),
        detail: earlier.map(|earlier| earlier.detail.clone()).unwrap_or_default(),
    };
    let row = begun.clone();
    app.store.keep_house(move |house| house.put(&row)).await?;
    let busy = Busy::with(app, host);
    let replaces = standing.certificate.as_ref();
    let outcome = order::obtain(app, settings, host, replaces, stop).await;
    drop(busy);
    match outcome {
        Ok(certificate) => keep(app, certificate, begun).await,
        Err(failed) => note(app, begun, failed, draw).await,
    }
}

/// For pages: a try is on its way.
struct Busy<'a>(&'a App);

impl<'a> Busy<'a> {
    fn with(app: &'a App, host: Host) -> Self {
        *app.renewal.trying.lock().unwrap_or_else(PoisonError::into_inner) = Some(host);
        Self(app)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        *self.0.renewal.trying.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

async fn keep(app: &App, certificate: PublicCertificate, begun: Attempt) -> Result<(), StoreError> {
    log::info!(
        host:% = certificate.name, issuer:% = certificate.issuer, until:% = certificate.not_after;
        "obtained a public certificate"
    );
    let settled =
        Attempt { failures: 0, bidden: false, trouble: None, detail: String::new(), ..begun };
    let act = Act::new(Actor::System, "certificate.obtain", app.now());
    app.store
        .write(act, move |write| {
            write.put(&certificate)?;
            write.put(&settled)
        })
        .await
}

async fn note(app: &App, begun: Attempt, failed: Failed, draw: u8) -> Result<(), StoreError> {
    let Failed { trouble, detail, bidden } = failed;
    let wait = wait_after(begun.failures, bidden, draw);
    let hold_until = begun.tried_at.saturating_add(wait).unwrap_or(begun.tried_at);
    let host = begun.host.key();
    // A box that is stopped did nothing wrong.
    if trouble == Trouble::Stopped {
        let failures = begun.failures.saturating_sub(1);
        let row = Attempt { failures, ..begun };
        return app.store.keep_house(move |house| house.put(&row)).await;
    }
    log::warn!(
        host, trouble = trouble.key(), detail:% = detail, failures = begun.failures,
        next:% = hold_until;
        "no public certificate this time"
    );
    let row =
        Attempt { hold_until, bidden: bidden.is_some(), trouble: Some(trouble), detail, ..begun };
    app.store.keep_house(move |house| house.put(&row)).await
}

/// Asks the authority from time to time when it would like a renewal (RFC 9773), and plans it.
async fn suggest(
    app: &App,
    settings: &Settings,
    certificate: &PublicCertificate,
    memory: &mut Memory,
) -> Result<(), StoreError> {
    let (host, now) = (certificate.host, app.now());
    let next = memory.asked_again.get(&host).copied().unwrap_or(Timestamp::MIN);
    // A clock that was set back must not silence the question for years.
    if now < next && next.duration_since(now) <= SUGGESTION_EVERY_MAX {
        return Ok(());
    }
    let (window, again) = match order::suggestion(app, settings, certificate).await {
        Ok(Some((window, again))) => (Some(window), again),
        Ok(None) => (None, SUGGESTION_EVERY_MAX),
        Err(failed) => {
            log::debug!(host = host.key(), detail:% = failed.detail; "no suggestion");
            (None, SUGGESTION_EVERY)
        }
    };
    let again = again.clamp(SUGGESTION_EVERY_MIN, SUGGESTION_EVERY_MAX);
    memory.asked_again.insert(host, now.saturating_add(again).unwrap_or(now));
    let Some(window) = window else { return Ok(()) };
    // A plan inside the window is kept; drawing anew each time would creep.
    if (window.0..=window.1).contains(&certificate.renew_at) {
        return Ok(());
    }
    let [draw] = app.store.clock().random::<1>();
    let renew_at = planned(certificate, window, draw);
    if renew_at == certificate.renew_at {
        return Ok(());
    }
    log::info!(host = host.key(), renew_at:% = renew_at; "the authority suggests another time");
    let row = PublicCertificate { renew_at, ..certificate.clone() };
    let act = Act::new(Actor::System, "certificate.plan", now);
    app.store.write(act, move |write| write.put(&row)).await?;
    app.renewal.wake();
    Ok(())
}

/// Repeats an alarm in the log once a day, and at once when it changes.
fn tell(standing: &Standing, memory: &mut Memory, now: Timestamp) {
    let Some(alarm) = standing.alarm else {
        memory.told.remove(&standing.host);
        return;
    };
    let recent = memory.told.get(&standing.host).is_some_and(|(told, at)| {
        *told == alarm && *at <= now && now.duration_since(*at) < REPEATED_AFTER
    });
    if recent {
        return;
    }
    memory.told.insert(standing.host, (alarm, now));
    let until = standing.certificate.as_ref().map(|one| one.not_after.to_string());
    let trouble = standing.attempt.as_ref().and_then(|attempt| attempt.trouble);
    log::warn!(
        host:% = standing.name, alarm = alarm.key(), until:? = until,
        trouble:? = trouble.map(Trouble::key), next:% = standing.next_try;
        "the public certificate needs a look"
    );
}
