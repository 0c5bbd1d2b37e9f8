//! How a renewed certificate reaches a machine: one arm a platform.
//!
//! An iPad takes a profile, which takes the place of the one that enrolled it; all others take a
//! `.p12` and its password. A Windows PC takes a script before that, which has a key of the PC's
//! own certified; the file is its second way.

use axum::http::HeaderMap;
use provisioning::authority::{DeviceKey, Pkcs12Form};
use provisioning::devices::Platform;
use provisioning::enrolment::Form;
use provisioning::mobileconfig::Identity;
use provisioning::renewal::{Renewal, mark};
use provisioning::tunnel::QuickConfig;
use store::StoreError;

use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::gate::Admitted;
use crate::touroku::{Titles, label, profile, sealed, site};

/// What is saved on the machine, once.
pub struct File {
    pub name: String,
    pub kind: &'static str,
    pub bytes: Vec<u8>,
}

/// Whether a profile carries the password, so that nobody types it.
pub const fn takes_profile(platform: Platform) -> bool {
    match platform {
        Platform::Ipad => true,
        Platform::Windows | Platform::Android | Platform::Mac | Platform::Linux => false,
    }
}

/// Whether a script is the first way, so that the key never leaves the machine.
pub const fn takes_script(platform: Platform) -> bool {
    match platform {
        Platform::Windows => true,
        Platform::Ipad | Platform::Android | Platform::Mac | Platform::Linux => false,
    }
}

/// `leaf` is the certificate of `key`, signed and not yet known to the store. A profile takes the
/// place of the one before it whole, so one that held the tunnel brings it again.
pub fn file(
    app: &App,
    headers: &HeaderMap,
    admitted: &Admitted,
    renewal: &Renewal,
    (key, leaf): (&DeviceKey, &[u8]),
    tunnel: Option<&QuickConfig>,
) -> Result<File, Failure> {
    let form = match renewal.form {
        Form::Pkcs12 => Pkcs12Form::Aes256,
        Form::Pkcs12Old => Pkcs12Form::TripleDes,
        Form::Request => return Err(Failure::NotFound),
    };
    let password = app.store.read(|read| Ok::<_, StoreError>(renewal.p12_password(read)))?;
    // The hyphens are for eyes; what is typed and copied has none.
    let password = password.replace('-', "");
    let device = admitted.device();
    let label = label(&[&mark(app.now()), &device.name, &app.network.name]);
    let packed = sealed(app, (key, leaf), &password, form, &label)?;
    let name = file_name(renewal, device.platform);
    if !takes_profile(device.platform) {
        return Ok(File { name, kind: "application/x-pkcs12", bytes: packed.to_vec() });
    }
    let titles = Titles::of(&app.network.name, &device.name);
    let identity =
        Identity { pkcs12: &packed, password: &password, title: &label, file_name: "tokinet.p12" };
    let site = site(app, headers, admitted.facility().policy);
    let tunnel = tunnel.map(|file| (file, device.platform));
    let bytes = profile(app, &site, device.id, identity, &titles, tunnel)?;
    Ok(File { name, kind: "application/x-apple-aspen-config", bytes })
}

pub fn file_name(renewal: &Renewal, platform: Platform) -> String {
    let ending = if takes_profile(platform) { "mobileconfig" } else { "p12" };
    format!("tokinet-{}.{ending}", mark(renewal.begun_at))
}
