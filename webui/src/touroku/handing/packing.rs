//! From an approved enrolment to bytes: a key, certified and packed for its system.

use provisioning::authority::{DeviceCertificate, DeviceKey, Pkcs12Form, PublicKey, pkcs12};
use provisioning::devices::{Device, Platform};
use provisioning::enrolment::{
    self, Enrolment, EnrolmentProblem, EnrolmentState, Form, SessionToken,
};
use provisioning::facilities::Facility;
use provisioning::mobileconfig::{Content, Identity, Profile, WebClip, Whole};
use provisioning::tunnel::QuickConfig;
use store::{Id, StoreError};
use zeroize::Zeroizing;

use super::say;
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::touroku::common::act;
use crate::tunnel::{self, NewKey};

/// What the home screen shows: the network's mark on white.
const ICON: &[u8] = include_bytes!("../../../assets/icon-180.png");

/// A device that does not exist before its bytes are ready: what fails on the way costs nothing.
pub struct Prepared {
    device: Id<Device>,
    certificate: DeviceCertificate,
}

pub fn prepare(app: &App, enrolment: &Enrolment, key: &PublicKey) -> Result<Prepared, Failure> {
    // Nothing is worked out for whoever is not approved; `complete` looks again in its act.
    if enrolment.state != EnrolmentState::Approved {
        return Err(Failure::NotFound);
    }
    let facility = app.store.read(|read| read.get::<Facility>(&enrolment.facility))?;
    let facility = facility.ok_or(Failure::NotFound)?;
    let (device, certificate) =
        enrolment::prepare(&app.authority, app.store.clock(), &facility, key).map_err(stop)?;
    Ok(Prepared { device, certificate })
}

impl Prepared {
    pub fn leaf(&self) -> &[u8] {
        &self.certificate.der
    }

    pub fn device(&self) -> Id<Device> {
        self.device
    }

    pub fn certificate(&self) -> &DeviceCertificate {
        &self.certificate
    }

    /// From here on the device exists, and the enrolment gives nothing out any more.
    pub async fn complete(self, app: &App, enrolment: &Enrolment) -> Result<(), Failure> {
        let (id, now, device) = (enrolment.id, app.now(), self.device);
        let act = act(app, "device.issue").on("device", device);
        let completed = app.store.write(act, move |write| {
            enrolment::complete(write, id, device, &self.certificate, now)
        });
        completed.await.map(drop).map_err(stop)
    }

    /// The same, with a key for the tunnel in the same act: both exist, or neither.
    pub async fn complete_with_tunnel(
        self,
        app: &App,
        enrolment: &Enrolment,
    ) -> Result<QuickConfig, Failure> {
        let (id, now, device) = (enrolment.id, app.now(), self.device);
        let act = act(app, "device.issue").on("device", device);
        let certificate = self.certificate;
        let made = tunnel::make(app, act, NewKey::Server, move |write| {
            enrolment::complete(write, id, device, &certificate, now).map_err(stop)?;
            Ok::<_, Failure>(device)
        });
        tunnel::quick_config(app, &made.await?, enrolment.platform)
    }
}

pub fn stop(problem: EnrolmentProblem) -> Failure {
    match problem {
        EnrolmentProblem::Store(error) => error.into(),
        EnrolmentProblem::Authority(error) => Failure::Internal(Box::new(error)),
        EnrolmentProblem::WrongCard
        | EnrolmentProblem::Locked
        | EnrolmentProblem::Unknown
        | EnrolmentProblem::OtherDigits
        | EnrolmentProblem::OtherStep
        | EnrolmentProblem::Expired
        | EnrolmentProblem::KeyKnown => Failure::NotFound,
    }
}

/// The form that was recognised, unless the person says otherwise.
pub fn pkcs12_form(enrolment: &Enrolment, age: &str) -> Option<Pkcs12Form> {
    match (enrolment.form, age) {
        (Form::Request, _) => None,
        (_, "old") => Some(Pkcs12Form::TripleDes),
        (_, "new") | (Form::Pkcs12, _) => Some(Pkcs12Form::Aes256),
        (Form::Pkcs12Old, _) => Some(Pkcs12Form::TripleDes),
    }
}

/// A key made here, with its certificate and those above it, under the session's own password.
pub struct Packed {
    pub prepared: Prepared,
    pub file: Zeroizing<Vec<u8>>,
    pub password: Zeroizing<String>,
    pub label: String,
}

/// A key derivation of a hundred thousand rounds, so on a thread of its own.
pub async fn pack_apart(
    app: &App,
    enrolment: &Enrolment,
    session: &SessionToken,
    form: Pkcs12Form,
) -> Result<Packed, Failure> {
    let (app, enrolment, session) = (app.clone(), enrolment.clone(), session.clone());
    tokio::task::spawn_blocking(move || pack(&app, &enrolment, &session, form)).await?
}

fn pack(
    app: &App,
    enrolment: &Enrolment,
    session: &SessionToken,
    form: Pkcs12Form,
) -> Result<Packed, Failure> {
    let key = DeviceKey::generate().map_err(|error| Failure::Internal(Box::new(error)))?;
    let prepared = prepare(app, enrolment, &key.public_key())?;
    let password = app.store.read(|read| Ok::<_, StoreError>(session.p12_password(read)))?;
    // The hyphens are for eyes; what is typed and copied has none.
    let password = Zeroizing::new(password.replace('-', ""));
    let label = label(&[&enrolment.device_name, &app.network.name]);
    let file = sealed(app, (&key, prepared.leaf()), &password, form, &label)?;
    Ok(Packed { prepared, file, password, label })
}

/// A key with its certificate and those above it, under a password.
pub fn sealed(
    app: &App,
    (key, leaf): (&DeviceKey, &[u8]),
    password: &str,
    form: Pkcs12Form,
    label: &str,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let device_ca = app.authority.device_anchors().next().unwrap_or_default().to_vec();
    let chain = [leaf.to_vec(), device_ca, app.authority.root_certificate().to_vec()];
    pkcs12(key, &chain, password, form, label).map_err(|error| Failure::Internal(Box::new(error)))
}

/// What a certificate store lists. Its format is short and has no emoji, a device's name may.
pub fn label(words: &[&str]) -> String {
    const LABEL_CHARS_MAX: usize = 64;
    let is_plain = |c: &char| !c.is_control() && u32::from(*c) <= 0xffff;
    words.join(" ").chars().filter(is_plain).take(LABEL_CHARS_MAX).collect()
}

/// The words that Apple's settings show.
pub struct Titles {
    pub title: String,
    pub description: String,
}

impl Titles {
    pub fn of(network: &str, device: &str) -> Self {
        Self {
            title: say::profile_title(network, device),
            description: say::profile_description(network),
        }
    }
}

/// One signed profile: the identity with its password inside, an icon that opens Safari, and the
/// tunnel where there is one.
/// One that is installed again for the same device takes the first one's place. `site` is where
/// the icon leads.
pub fn profile(
    app: &App,
    site: &str,
    device: Id<Device>,
    identity: Identity<'_>,
    titles: &Titles,
    tunnel: Option<(&QuickConfig, Platform)>,
) -> Result<Vec<u8>, Failure> {
    let url = format!("{site}/connected");
    let text = tunnel.map(|(file, _)| (file.text(), file.endpoint.to_string()));
    let system = tunnel.and_then(|(_, platform)| tunnel::apple_system(platform));
    let tunnel_part = text
        .as_ref()
        .zip(system)
        .map(|((text, server), system)| tunnel::tunnel_of(system, &app.network.name, text, server));
    let profile = Profile {
        device: device.bytes(),
        domain: &app.network.domain,
        network: &app.network.name,
        title: &titles.title,
        description: &titles.description,
        content: Content::Device(Whole {
            identity,
            web_clip: WebClip { url: &url, label: &app.network.name, icon: ICON },
            root: app.tls.is_of_own_authority().then(|| app.authority.root_certificate()),
            tunnel: tunnel_part,
        }),
    };
    tunnel::signed(app, &profile)
}
