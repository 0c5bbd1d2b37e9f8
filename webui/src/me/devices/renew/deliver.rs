//! How a renewed certificate reaches a machine: one arm a platform.
//!
//! All of them take a `.p12` and its password. An iPad's profile and a Windows script have their
//! places in `file`: whatever they are made of, the certificate comes from `renewal::issue`.

use provisioning::authority::{DeviceKey, Pkcs12Form, pkcs12};
use provisioning::devices::Platform;
use provisioning::enrolment::Form;
use provisioning::renewal::{Renewal, mark};
use store::StoreError;

use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::gate::Admitted;

/// What is saved on the machine, once.
pub struct File {
    pub name: String,
    pub kind: &'static str,
    pub bytes: Vec<u8>,
}

/// `leaf` is the certificate of `key`, signed and not yet known to the store.
pub fn file(
    app: &App,
    admitted: &Admitted,
    renewal: &Renewal,
    key: &DeviceKey,
    leaf: &[u8],
) -> Result<File, Failure> {
    match admitted.device().platform {
        Platform::Windows
        | Platform::Ipad
        | Platform::Android
        | Platform::Mac
        | Platform::Linux => p12(app, admitted, renewal, key, leaf),
    }
}

fn p12(
    app: &App,
    admitted: &Admitted,
    renewal: &Renewal,
    key: &DeviceKey,
    leaf: &[u8],
) -> Result<File, Failure> {
    let form = match renewal.form {
        Form::Pkcs12 => Pkcs12Form::Aes256,
        Form::Pkcs12Old => Pkcs12Form::TripleDes,
        Form::Request => return Err(Failure::NotFound),
    };
    let password = app.store.read(|read| Ok::<_, StoreError>(renewal.p12_password(read)))?;
    // The hyphens are for eyes; what is typed and copied has none.
    let password = password.replace('-', "");
    let device_ca = app.authority.device_anchors().next().unwrap_or_default().to_vec();
    let chain = [leaf.to_vec(), device_ca, app.authority.root_certificate().to_vec()];
    let label = label(&mark(app.now()), &admitted.device().name, &app.network.name);
    let packed = pkcs12(key, &chain, &password, form, &label)
        .map_err(|error| Failure::Internal(Box::new(error)))?;
    let name = file_name(renewal);
    Ok(File { name, kind: "application/x-pkcs12", bytes: packed.to_vec() })
}

/// What a certificate store lists. Its format is short and has no emoji, a device's name may.
fn label(mark: &str, device: &str, network: &str) -> String {
    const LABEL_CHARS_MAX: usize = 64;
    let is_plain = |c: &char| !c.is_control() && u32::from(*c) <= 0xffff;
    format!("{mark} {device} {network}").chars().filter(is_plain).take(LABEL_CHARS_MAX).collect()
}

pub fn file_name(renewal: &Renewal) -> String {
    format!("tokinet-{}.p12", mark(renewal.begun_at))
}
