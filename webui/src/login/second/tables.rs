//! Log-ins that wait, as rows.

use provisioning::members::Member;
use store::{Housekeeping, Id, Index, Indexer, Order, Plain, Record, StoreError, Write};

use super::model::SecondStep;

impl Record for SecondStep {
    type Key = [u8; 16];
    const TABLE: &'static str = "second_steps";
    const VERSION: u8 = 1;
    const INDEXES: &'static [&'static str] = &[SecondStepByMember::TABLE];

    fn key(&self) -> Self::Key {
        self.token
    }

    fn index(&self, indexer: &mut Indexer<'_>) {
        indexer.add::<SecondStepByMember>(&self.member);
    }
}

impl Plain for SecondStep {}

impl Housekeeping for SecondStep {}

pub struct SecondStepByMember;

impl Index for SecondStepByMember {
    type Record = SecondStep;
    type Key = Id<Member>;
    const TABLE: &'static str = "second_steps_by_member";
}

/// One a device; nobody has more devices at hand.
const STEPS_OF_MEMBER_MAX: usize = 100;

/// Forgets what the member left unfinished at the same device, so that rows do not pile up.
pub fn start(write: &mut Write<'_>, step: &SecondStep) -> Result<(), StoreError> {
    let order = Order::Ascending;
    let page =
        write.page_by::<SecondStepByMember>(&step.member, order, None, STEPS_OF_MEMBER_MAX)?;
    for old in page.rows.iter().filter(|old| old.device == step.device) {
        write.delete::<SecondStep>(&old.token)?;
        write.delete::<provisioning::passkeys::Ceremony>(&old.token)?;
    }
    write.put(step)
}
