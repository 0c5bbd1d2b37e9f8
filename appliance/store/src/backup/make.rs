//! Making a backup: one snapshot into one encrypted file, which is read back before it counts.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Read as _, Write};
use std::ops::ControlFlow;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::check::{Content, read_whole};
use super::parts::{End, FORMAT, Hashed, Header, MAGIC, Part};
use super::{BackupError, BackupReport};
use crate::engine::Snapshot;
use crate::files::{folder_of, sync_folder};
use crate::overlay::Layers;
use crate::{BlobName, Store, StoreError, migrate, trail};

/// Blobs pass through in pieces of this size.
const PIECE_BYTES: usize = 64 * 1024;

/// Writes everything that is committed into a new file that `recovery` (an age recipient) can
/// open. Takes as long as reading and writing it all twice; acts go on meanwhile.
pub fn back_up(store: &Store, to: &Path, recovery: &str) -> Result<BackupReport, BackupError> {
    let recovery: age::x25519::Recipient =
        recovery.trim().parse().map_err(BackupError::NotARecipient)?;
    if to.exists() {
        return Err(BackupError::Exists(to.to_owned()));
    }
    let partial = Partial::begin(to)?;
    // A key for this run alone lets the box read back what it wrote, and is then forgotten.
    let witness = age::x25519::Identity::generate();
    let readers: [&dyn age::Recipient; 2] = [&recovery, &witness.to_public()];
    let encryptor = age::Encryptor::with_recipients(readers.into_iter())
        .map_err(|error| BackupError::NotEncrypted(Box::new(error)))?;
    let file = BufWriter::new(&partial.file);
    let mut stream = Hashed::new(encryptor.wrap_output(file).map_err(BackupError::Cut)?);
    let (header, end) = put_everything(store, &mut stream)?;
    let file = stream.into_inner().finish().map_err(BackupError::Cut)?;
    file.into_inner().map_err(|error| BackupError::Cut(error.into_error()))?;
    partial.file.sync_all().map_err(BackupError::Cut)?;

    let content = read_back(&partial.path, &witness)?;
    if content.end != end || content.header.trail != header.trail {
        return Err(BackupError::Damaged("it does not hold what was written"));
    }
    partial.publish(to)?;
    let bytes = std::fs::metadata(to).map_err(StoreError::file(to))?.len();
    Ok(content.report(bytes))
}

fn read_back(path: &Path, witness: &age::x25519::Identity) -> Result<Content, BackupError> {
    let file = File::open(path).map_err(StoreError::file(path))?;
    read_whole(BufReader::new(file), witness, None)
}

fn put_everything(
    store: &Store,
    stream: &mut Hashed<impl Write>,
) -> Result<(Header, End), BackupError> {
    // Held before the snapshot is taken, so that every blob it names is there to be copied.
    let held = store.blobs().hold();
    let snapshot = store.engine().snapshot()?;
    let layers = Layers { snapshot: &*snapshot, ring: store.ring(), overlays: &[], recent: None };
    let header = Header {
        at: store.clock().now(),
        trail: trail::head(&layers)?,
        schema: migrate::schema(&layers)?,
    };
    stream.put_bytes(&MAGIC)?;
    stream.put_bytes(&FORMAT.to_be_bytes())?;
    stream.put(&Part::Header(header))?;
    // After the snapshot: a key that was added in between is one too many, never one too few.
    stream.put(&Part::Keyring(store.ring().export()?))?;
    let (tables, rows) = put_rows(&*snapshot, stream)?;
    drop(snapshot);
    let mut blobs = 0;
    for name in store.blobs().names()? {
        let name = name?;
        put_blob(&store.blobs().path_of(&name), name, stream)?;
        blobs += 1;
    }
    drop(held);
    let end = End { tables, rows, blobs, hash: stream.hash() };
    stream.put(&Part::End(end))?;
    Ok((header, end))
}

fn put_rows(
    snapshot: &dyn Snapshot,
    stream: &mut Hashed<impl Write>,
) -> Result<(u64, u64), BackupError> {
    let (mut tables, mut rows) = (0, 0);
    for table in snapshot.tables()? {
        stream.put(&Part::Table(table.clone()))?;
        tables += 1;
        let mut failed = None;
        snapshot.rows(&table, &mut |key, value| {
            let part = Part::Row { key: key.to_vec(), value: value.to_vec() };
            failed = stream.put(&part).err();
            rows += 1;
            if failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
    }
    Ok((tables, rows))
}

fn put_blob(
    path: &Path,
    name: BlobName,
    stream: &mut Hashed<impl Write>,
) -> Result<(), BackupError> {
    let mut file = File::open(path).map_err(StoreError::file(path))?;
    let file_bytes = file.metadata().map_err(StoreError::file(path))?.len();
    stream.put(&Part::Blob { name, file_bytes })?;
    let mut left = file_bytes;
    let mut piece = vec![0; PIECE_BYTES];
    while left > 0 {
        let wanted = usize::try_from(left).unwrap_or(PIECE_BYTES).min(PIECE_BYTES);
        let piece = piece.get_mut(..wanted).unwrap_or_default();
        file.read_exact(piece).map_err(StoreError::file(path))?;
        stream.put_bytes(piece)?;
        left = left.saturating_sub(u64::try_from(wanted).unwrap_or(left));
    }
    Ok(())
}

/// The file under its temporary name; removed unless it is published.
struct Partial {
    path: PathBuf,
    file: File,
}

impl Partial {
    fn begin(to: &Path) -> Result<Self, BackupError> {
        let mut path = to.as_os_str().to_owned();
        path.push(".partial");
        let path = PathBuf::from(path);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(&path).map_err(StoreError::file(&path))?;
        // Emptied only under the lock: another backup may be filling it.
        if file.try_lock().is_err() {
            return Err(BackupError::Busy(path));
        }
        file.set_len(0).map_err(StoreError::file(&path))?;
        Ok(Self { path, file })
    }

    fn publish(&self, to: &Path) -> Result<(), BackupError> {
        // A link never replaces what lies there, which a rename would.
        match std::fs::hard_link(&self.path, to) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                return Err(BackupError::Exists(to.to_owned()));
            }
            // Sticks and shares know no links; there the look at the start has to do.
            Err(_) => std::fs::rename(&self.path, to).map_err(StoreError::file(to))?,
            Ok(()) => {}
        }
        Ok(sync_folder(folder_of(to))?)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // After a rename nothing lies there.
        drop(std::fs::remove_file(&self.path));
    }
}
