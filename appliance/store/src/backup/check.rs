//! Reading a backup whole: every part in its place, every row opened with the keyring inside,
//! the trail followed, counts and hash compared. Backup and restore share every line of it.

use std::io::Read;

use super::parts::{End, FORMAT, Hashed, Header, MAGIC, Part};
use super::restore::Target;
use super::{BackupError, BackupReport};
use crate::trail::{self, Chain};
use crate::{BlobName, KeyRing, StoreError, TrailFault, TrailHead, blobs};

/// What was found in a backup that is whole.
pub(super) struct Content {
    pub header: Header,
    pub end: End,
    pub blobs_damaged: u64,
}

impl Content {
    pub fn report(&self, bytes: u64) -> BackupReport {
        BackupReport {
            rows: self.end.rows,
            blobs: self.end.blobs,
            blobs_damaged: self.blobs_damaged,
            bytes,
            trail: self.header.trail,
            at: self.header.at,
        }
    }
}

/// Reads to the end, and into `target` where there is one. What was put there counts for nothing
/// unless this succeeds.
pub(super) fn read_whole(
    file: impl Read,
    identity: &age::x25519::Identity,
    mut target: Option<&mut Target<'_>>,
) -> Result<Content, BackupError> {
    let does_not_open = |error| BackupError::DoesNotOpen(Box::new(error));
    let decryptor = age::Decryptor::new(file).map_err(does_not_open)?;
    let identities = std::iter::once::<&dyn age::Identity>(identity);
    let stream = decryptor.decrypt(identities).map_err(does_not_open)?;
    let mut stream = Hashed::new(stream);
    let (header, ring) = read_start(&mut stream)?;
    if let Some(target) = &mut target {
        target.begin(&ring)?;
    }
    let mut check = Check::new(header, &ring);
    loop {
        let (part, hash) = stream.next_part()?;
        match part {
            Part::Header(_) | Part::Keyring(_) => {
                return Err(BackupError::Damaged("a second header or keyring"));
            }
            Part::Table(name) => check.table(name),
            Part::Row { key, value } => {
                let table = check.row(&key, &value)?;
                if let Some(target) = &mut target {
                    target.row(table, key, value)?;
                }
            }
            Part::Blob { name, file_bytes } => {
                check.blob(&name, file_bytes, &mut stream, target.as_deref_mut())?;
            }
            Part::End(end) => {
                // The last frame of the encryption is verified only by reading beyond it.
                let beyond = stream.read(&mut [0]).map_err(BackupError::Cut)?;
                if beyond != 0 {
                    return Err(BackupError::Damaged("something follows its end"));
                }
                return check.end(end, hash);
            }
        }
    }
}

fn read_start(stream: &mut Hashed<impl Read>) -> Result<(Header, KeyRing), BackupError> {
    if stream.take_bytes()? != MAGIC {
        return Err(BackupError::Damaged("it is not a backup of this program"));
    }
    let found = u32::from_be_bytes(stream.take_bytes()?);
    if found > FORMAT {
        return Err(BackupError::Newer { found, known: FORMAT });
    }
    let (Part::Header(header), _) = stream.next_part()? else {
        return Err(BackupError::Damaged("it has no header"));
    };
    let (Part::Keyring(secrets), _) = stream.next_part()? else {
        return Err(BackupError::Damaged("it has no keyring"));
    };
    Ok((header, KeyRing::import(&secrets)?))
}

/// What has been seen so far.
struct Check<'a> {
    header: Header,
    ring: &'a KeyRing,
    blob_keys: blobs::Keys,
    table: String,
    tables: u64,
    rows: u64,
    blobs: u64,
    blobs_damaged: u64,
    chain: Chain,
    head: TrailHead,
}

impl<'a> Check<'a> {
    fn new(header: Header, ring: &'a KeyRing) -> Self {
        Self {
            header,
            ring,
            blob_keys: blobs::Keys::of(&ring.blob_key()),
            table: String::new(),
            tables: 0,
            rows: 0,
            blobs: 0,
            blobs_damaged: 0,
            chain: Chain::default(),
            head: TrailHead::default(),
        }
    }

    fn table(&mut self, name: String) {
        self.tables += 1;
        self.table = name;
    }

    /// Answers the row's table.
    fn row(&mut self, key: &[u8], value: &[u8]) -> Result<&str, BackupError> {
        self.rows += 1;
        let plain = self
            .ring
            .open_sealed(&self.table, key, value)
            .ok_or(BackupError::Damaged("a row does not open with the keyring"))?;
        if self.table == trail::TABLE {
            self.chain.follow(&plain)?;
        }
        if trail::is_head(&self.table, key) {
            self.head = trail::decode_head(&plain)?;
        }
        Ok(&self.table)
    }

    fn blob(
        &mut self,
        name: &BlobName,
        file_bytes: u64,
        stream: &mut Hashed<impl Read>,
        target: Option<&mut Target<'_>>,
    ) -> Result<(), BackupError> {
        self.blobs += 1;
        let copy = target.map(|target| target.blob(name)).transpose()?;
        let mut tee = Tee { stream: stream.by_ref().take(file_bytes), copy, failed: None };
        let checked = blobs::check_stream(&mut tee, file_bytes, name, &self.blob_keys);
        // What follows a damaged place still has to be copied, and counted by the hash.
        std::io::copy(&mut tee, &mut std::io::sink()).map_err(BackupError::Cut)?;
        if tee.stream.limit() != 0 {
            return Err(BackupError::Cut(std::io::ErrorKind::UnexpectedEof.into()));
        }
        if let Some(error) = tee.failed {
            return Err(StoreError::engine("write a blob")(error).into());
        }
        if let Some(copy) = &tee.copy {
            copy.sync_all().map_err(StoreError::engine("write a blob"))?;
        }
        if let Err(error) = checked {
            log::error!(blob:% = name, error:%; "a blob in the backup is damaged");
            self.blobs_damaged += 1;
        }
        Ok(())
    }

    fn end(self, end: End, hash: [u8; 32]) -> Result<Content, BackupError> {
        let Self { tables, rows, blobs, .. } = self;
        if end != (End { tables, rows, blobs, hash }) {
            return Err(BackupError::Damaged("its counts or its hash are not what it holds"));
        }
        if self.head != self.header.trail {
            return Err(TrailFault::WrongHead.into());
        }
        self.chain.end_at(self.head)?;
        Ok(Content { header: self.header, end, blobs_damaged: self.blobs_damaged })
    }
}

/// Copies what is read. A failing copy ends the reading.
struct Tee<R> {
    stream: R,
    copy: Option<std::fs::File>,
    failed: Option<std::io::Error>,
}

impl<R: Read> Read for Tee<R> {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        use std::io::Write as _;

        let read = self.stream.read(bytes)?;
        if let (Some(copy), None) = (&mut self.copy, &self.failed) {
            self.failed = copy.write_all(bytes.get(..read).unwrap_or_default()).err();
        }
        Ok(read)
    }
}
