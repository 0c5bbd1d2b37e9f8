//! The person behind a request: proofs that only this file can make, taken as parameters.

use axum::extract::FromRequestParts;
use axum::http::request::Parts as Head;
use jiff::Timestamp;
use provisioning::devices::{Device, stand_in};
use provisioning::facilities::{Facility, FacilityKind, FacilityState};
use provisioning::members::{Member, Role, Standing};
use provisioning::passkeys::{Owed, owed};
use store::{Act, Actor, House, Id, StoreError};

use super::app::App;
use super::failure::Failure;
use super::gate::Admitted;
use super::session::{self, Session, SessionState, Token};

/// Somebody with a session, be it locked or waiting for a new password.
pub struct InSession {
    pub admitted: Admitted,
    member: Member,
    session: Session,
    at: Timestamp,
    /// Where the device is another facility's.
    guest: Option<Guest>,
}

/// A stand-in at another facility's device, for a day.
struct Guest {
    facility: Facility,
    until: Timestamp,
}

/// A member who is logged in.
pub struct SignedIn(InSession);

/// The same, also where the office's rule asks for a passkey first: for the pages that make one.
pub struct MayOweKey(SignedIn);

/// A member of the office, on a device of the office.
pub struct OfficeMember(SignedIn);

/// A manager of a facility, on a device of that facility. The office has clerks instead.
pub struct Manager(SignedIn);

/// A member who may read the trail.
pub struct Auditor(SignedIn);

impl InSession {
    pub fn member(&self) -> &Member {
        &self.member
    }

    pub fn session(&self) -> &Session {
        &self.session
    }

    /// What this person does now.
    pub fn act(&self, action: &'static str) -> Act {
        let member = self.member.id.bytes();
        let device = self.session.device.bytes();
        Act::new(Actor::Member { member, device }, action, self.at)
    }
}

impl SignedIn {
    pub fn id(&self) -> Id<Member> {
        self.0.member.id
    }

    pub fn member(&self) -> &Member {
        &self.0.member
    }

    pub fn session(&self) -> &Session {
        &self.0.session
    }

    pub fn in_session(&self) -> &InSession {
        &self.0
    }

    pub fn device(&self) -> &Device {
        self.0.admitted.device()
    }

    /// The member's own, also at another facility's device.
    pub fn facility(&self) -> &Facility {
        self.0.guest.as_ref().map_or_else(|| self.0.admitted.facility(), |guest| &guest.facility)
    }

    /// Until when a stand-in at another facility's device lasts.
    pub fn guest_until(&self) -> Option<Timestamp> {
        self.0.guest.as_ref().map(|guest| guest.until)
    }

    pub fn admitted(&self) -> &Admitted {
        &self.0.admitted
    }

    pub fn now(&self) -> Timestamp {
        self.0.at
    }

    pub fn act(&self, action: &'static str) -> Act {
        self.0.act(action)
    }

    /// Whether the office's desk is open to this person, here.
    pub fn at_the_desk(&self) -> bool {
        self.member().details.roles.is_office() && self.device().office
    }

    /// Whether this person looks after the own facility's devices, here.
    pub fn manages(&self) -> bool {
        self.member().details.roles.has(Role::FacilityManager)
            && self.0.guest.is_none()
            && self.facility().details.kind != FacilityKind::Office
    }

    pub fn audits(&self) -> bool {
        self.member().details.roles.has(Role::Auditor)
    }
}

impl std::ops::Deref for MayOweKey {
    type Target = SignedIn;

    fn deref(&self) -> &SignedIn {
        &self.0
    }
}

impl std::ops::Deref for OfficeMember {
    type Target = SignedIn;

    fn deref(&self) -> &SignedIn {
        &self.0
    }
}

impl std::ops::Deref for Manager {
    type Target = SignedIn;

    fn deref(&self) -> &SignedIn {
        &self.0
    }
}

impl std::ops::Deref for Auditor {
    type Target = SignedIn;

    fn deref(&self) -> &SignedIn {
        &self.0
    }
}

impl FromRequestParts<App> for InSession {
    type Rejection = Failure;

    async fn from_request_parts(head: &mut Head, app: &App) -> Result<Self, Failure> {
        let admitted = Admitted::from_request_parts(head, app).await?;
        let token = Token::of(&head.headers).ok_or(Failure::SignIn)?;
        let device = admitted.device().id;
        let session = session::find(app, &token, device)?.ok_or(Failure::SignIn)?;
        let member = app.store.read(|read| read.get::<Member>(&session.member))?;
        let member = member.ok_or(Failure::SignIn)?;
        if member.standing(app.today()) != Standing::Welcome {
            return Err(Failure::SignIn);
        }
        let at = app.now();
        let guest = match member.facility == admitted.facility().id {
            true => None,
            false => Some(guest(app, &member, admitted.device(), at)?.ok_or(Failure::SignIn)?),
        };
        Ok(Self { admitted, member, session, at, guest })
    }
}

fn guest(
    app: &App,
    member: &Member,
    device: &Device,
    at: Timestamp,
) -> Result<Option<Guest>, StoreError> {
    app.store.read(|read| {
        let Some(granted) = stand_in(read, member.id, device.id, at)? else { return Ok(None) };
        let facility: Option<Facility> = read.get(&member.facility)?;
        let facility = facility.filter(|facility| facility.state == FacilityState::Active);
        Ok(facility.map(|facility| Guest { facility, until: granted.until }))
    })
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = Failure;

    async fn from_request_parts(head: &mut Head, app: &App) -> Result<Self, Failure> {
        let MayOweKey(found) = MayOweKey::from_request_parts(head, app).await?;
        match app.store.read(|read| owed(read, found.member(), found.now()))? {
            Owed::Nothing | Owed::From(_) => Ok(found),
            Owed::First => Err(Failure::PasskeyFirst),
        }
    }
}

impl FromRequestParts<App> for MayOweKey {
    type Rejection = Failure;

    async fn from_request_parts(head: &mut Head, app: &App) -> Result<Self, Failure> {
        let found = InSession::from_request_parts(head, app).await?;
        match found.session.state {
            SessionState::Open => {}
            SessionState::Locked => return Err(Failure::Locked),
            SessionState::PasswordFirst(_) => return Err(Failure::PasswordFirst),
        }
        // The live page's own stream is no sign that somebody is there.
        if head.uri.path() != "/live"
            && let Some(touched) = session::touch(&found.session, found.at)
        {
            // What was ended or locked in between stays so.
            let note = move |house: &mut House<'_, '_>| match house.get(&touched.token)? {
                Some(kept @ Session { state: SessionState::Open, .. }) => {
                    house.put(&Session { touched: touched.touched, ..kept })
                }
                Some(_) | None => Ok(()),
            };
            app.store.keep_house(note).await?;
        }
        Ok(Self(SignedIn(found)))
    }
}

impl FromRequestParts<App> for OfficeMember {
    type Rejection = Failure;

    async fn from_request_parts(head: &mut Head, app: &App) -> Result<Self, Failure> {
        let found = SignedIn::from_request_parts(head, app).await?;
        if found.at_the_desk() { Ok(Self(found)) } else { Err(Failure::NotFound) }
    }
}

impl FromRequestParts<App> for Manager {
    type Rejection = Failure;

    async fn from_request_parts(head: &mut Head, app: &App) -> Result<Self, Failure> {
        let found = SignedIn::from_request_parts(head, app).await?;
        if found.manages() { Ok(Self(found)) } else { Err(Failure::NotFound) }
    }
}

impl FromRequestParts<App> for Auditor {
    type Rejection = Failure;

    async fn from_request_parts(head: &mut Head, app: &App) -> Result<Self, Failure> {
        let found = SignedIn::from_request_parts(head, app).await?;
        if found.audits() { Ok(Self(found)) } else { Err(Failure::NotFound) }
    }
}
