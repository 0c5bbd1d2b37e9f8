//! Schema versions: the length of an append-only array of migrations.
//!
//! A store from a newer binary is refused, an older one is copied aside and brought up in one
//! transaction, or left as it was. One shape in memory, one on disk.

use std::ops::ControlFlow;
use std::path::Path;

use crate::engine::{Engine, Order};
use crate::files::{folder_of, sync_folder};
use crate::overlay::{Layers, Overlay};
use crate::store::OpenError;
use crate::{KeyRing, StoreError, codec};

/// One step; the array only grows. Steps hold frozen copies of the shapes they read and write.
pub struct Migration {
    pub name: &'static str,
    pub run: fn(&mut MigrationWrite<'_>) -> Result<(), StoreError>,
}

/// A key and its value.
pub type RawRow = (Vec<u8>, Vec<u8>);

/// Rows as bytes: a migration must not lean on today's structs.
pub struct MigrationWrite<'a> {
    layers: &'a dyn Fn(&'static str) -> Result<Vec<RawRow>, StoreError>,
    own: &'a mut Overlay,
}

impl MigrationWrite<'_> {
    /// All rows of a table as they were before this run of migrations.
    pub fn rows(&self, table: &'static str) -> Result<Vec<RawRow>, StoreError> {
        (self.layers)(table)
    }

    pub fn put(&mut self, table: &'static str, key: Vec<u8>, value: Vec<u8>) {
        self.own.set(table, key, Some(value));
    }

    pub fn delete(&mut self, table: &'static str, key: Vec<u8>) {
        self.own.set(table, key, None);
    }
}

const META: &str = "meta";
const SCHEMA_KEY: &[u8] = b"schema";
const VERSION: u8 = 1;

pub(crate) fn mark_new(
    engine: &dyn Engine,
    ring: &KeyRing,
    migrations: &[Migration],
) -> Result<(), StoreError> {
    let mut own = Overlay::default();
    set_schema(schema_of(migrations), &mut own)?;
    engine.commit(&own.sealed(ring))
}

pub(crate) fn bring_up(
    engine: &dyn Engine,
    ring: &KeyRing,
    migrations: &[Migration],
    file: &Path,
) -> Result<(), OpenError> {
    let known = schema_of(migrations);
    let snapshot = engine.snapshot()?;
    let layers = Layers { snapshot: &*snapshot, ring, overlays: &[], recent: None };
    let found = schema(&layers)?;
    if found > known {
        return Err(OpenError::Newer { found, known });
    }
    if found == known {
        return Ok(());
    }
    let aside = file.with_extension(format!("before-{known}"));
    // Durable before the migration is: it is what one goes back to.
    std::fs::copy(file, &aside)
        .and_then(|_| std::fs::File::open(&aside)?.sync_all())
        .map_err(StoreError::file(&aside))?;
    sync_folder(folder_of(&aside))?;
    let mut own = Overlay::default();
    let skipped = usize::try_from(found).unwrap_or(usize::MAX);
    for migration in migrations.iter().skip(skipped) {
        // Each step sees what the steps before it left.
        let before = std::mem::take(&mut own);
        let read = |table| {
            let overlays = [&before];
            let layers = Layers { snapshot: &*snapshot, ring, overlays: &overlays, recent: None };
            let mut rows = Vec::new();
            layers.range(table, &[], None, Order::Ascending, &mut |key, value| {
                rows.push((key.to_vec(), value.to_vec()));
                ControlFlow::Continue(())
            })?;
            Ok(rows)
        };
        let mut write = MigrationWrite { layers: &read, own: &mut own };
        (migration.run)(&mut write)
            .map_err(|source| OpenError::Migration { name: migration.name, source })?;
        let step = std::mem::replace(&mut own, before);
        own.absorb(step);
        log::info!(migration = migration.name; "migrated the store");
    }
    set_schema(known, &mut own)?;
    engine.commit(&own.sealed(ring))?;
    Ok(())
}

/// The schema that a store is at; zero before the first migration.
pub(crate) fn schema(layers: &Layers<'_>) -> Result<u64, StoreError> {
    let bytes = layers.get(META, SCHEMA_KEY)?;
    bytes.map_or(Ok(0), |bytes| codec::decode(META, VERSION, &bytes))
}

fn schema_of(migrations: &[Migration]) -> u64 {
    u64::try_from(migrations.len()).unwrap_or(u64::MAX)
}

fn set_schema(version: u64, own: &mut Overlay) -> Result<(), StoreError> {
    own.set(META, SCHEMA_KEY.to_vec(), Some(codec::encode(META, VERSION, &version)?));
    Ok(())
}
