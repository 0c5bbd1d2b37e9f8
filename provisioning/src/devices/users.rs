//! Who used a device, as the trail tells.

use jiff::{SignedDuration, Timestamp};
use store::{Actor, Id, Read, StoreError};

use super::Device;
use crate::directory::Directory;
use crate::members::Member;

/// Whoever used it since may have left a password in its browser.
pub const PASSWORD_LEFT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Whoever used it since will want to use it again: nurses of a night shift come seldom.
pub const COMES_AGAIN: SignedDuration = SignedDuration::from_hours(90 * 24);

/// The latest acts of each member; more would take long, and the latest tell enough.
const ROWS_OF_MEMBER: usize = 100;

/// A device is used by people of one ward, not by a whole hospital.
const MEMBERS_LOOKED_AT: usize = 300;

/// Members whose latest acts came from this device, by their reading.
pub fn users(
    read: &Read<'_>,
    directory: &Directory,
    device: &Device,
    within: SignedDuration,
    now: Timestamp,
) -> Result<Vec<Id<Member>>, StoreError> {
    let here = directory.entries().filter(|entry| entry.member.facility == device.facility);
    let mut users = Vec::new();
    for entry in here.take(MEMBERS_LOOKED_AT) {
        let member = entry.member.id;
        let rows = read.trail_of_member(member.bytes(), ROWS_OF_MEMBER)?;
        let mut lately = rows.iter().filter(|row| now.duration_since(row.at) < within);
        if lately.any(|row| comes_from(row.actor, device.id)) {
            users.push(member);
        }
    }
    Ok(users)
}

fn comes_from(actor: Actor, of: Id<Device>) -> bool {
    match actor {
        Actor::Member { device, .. } => device == of.bytes(),
        Actor::Stranger { .. } | Actor::Operator | Actor::System => false,
    }
}
