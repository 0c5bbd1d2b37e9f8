//! Where the master key comes from: systemd's credentials first, else a file of one's own.

use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use store::MasterKey;
use zeroize::Zeroizing;

const CREDENTIAL: &str = "tokinet-master-key";

/// Reads the key. A file that others may read is refused.
pub fn read(file: Option<&Path>) -> anyhow::Result<MasterKey> {
    let credential = std::env::var_os("CREDENTIALS_DIRECTORY")
        .map(|folder| PathBuf::from(folder).join(CREDENTIAL))
        .filter(|path| path.exists());
    let path = match (credential, file) {
        (Some(path), _) => path,
        (None, Some(path)) => {
            refuse_if_open(path)?;
            path.to_owned()
        }
        (None, None) => bail!("no master key: neither a systemd credential nor `master_key`"),
    };
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read the master key {}", path.display()))?;
    let text = Zeroizing::new(text);
    let bytes = data_encoding::HEXLOWER_PERMISSIVE
        .decode(text.trim().as_bytes())
        .ok()
        .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let Some(bytes) = bytes else {
        bail!("the master key {} is not 64 hex digits", path.display())
    };
    Ok(MasterKey::new(bytes))
}

/// Makes a key file that must not exist yet.
pub fn create(path: &Path) -> anyhow::Result<MasterKey> {
    let key = MasterKey::random();
    let text = Zeroizing::new(data_encoding::HEXLOWER.encode(key.bytes()));
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot make the key file {}", path.display()))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(key)
}

fn refuse_if_open(path: &Path) -> anyhow::Result<()> {
    let mode = std::fs::metadata(path)
        .with_context(|| format!("cannot find the master key {}", path.display()))?
        .permissions()
        .mode();
    if mode & 0o077 != 0 {
        bail!("the master key {} may be read by others: set its mode to 0600", path.display());
    }
    Ok(())
}
