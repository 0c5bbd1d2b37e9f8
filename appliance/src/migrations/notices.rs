//! Notices say what kind they are: until here every one was about a mail.

use serde::{Deserialize, Serialize};
use store::{Migration, MigrationWrite, StoreError, decode, encode};

pub const NOTICES: Migration = Migration { name: "notices say their kind", run };

#[derive(Deserialize)]
struct Before {
    member: [u8; 16],
    about: [u8; 16],
    from: [u8; 16],
    at: i64,
}

#[derive(Serialize)]
struct After {
    member: [u8; 16],
    about: [u8; 16],
    kind: Kind,
    from: Option<[u8; 16]>,
    at: i64,
}

#[derive(Serialize)]
enum Kind {
    Mail,
}

const ROWS: &str = "notices";

fn run(write: &mut MigrationWrite<'_>) -> Result<(), StoreError> {
    for (key, value) in write.rows(ROWS)? {
        let Before { member, about, from, at } = decode(ROWS, 1, &value)?;
        let after = After { member, about, kind: Kind::Mail, from: Some(from), at };
        write.put(ROWS, key, encode(ROWS, 2, &after)?);
    }
    Ok(())
}
