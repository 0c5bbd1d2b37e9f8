//! The network's key for pushes as a row, and a member's subscriptions.

use jiff::Timestamp;
use provisioning::members::Member;
use store::{Clock, Id, Order, Plain, Record, StoreError, Write};

use super::model::PushKey;
use crate::notices::outside::{
    Holder, Subscription, To, WAYS_MAX, Way, WayByEndpoint, forget, ways_of,
};

impl Record for PushKey {
    type Key = ();
    const TABLE: &'static str = "push_keys";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {}
}

impl Plain for PushKey {}

/// One browser tells one member: the newest who asked, and anew at each device.
pub fn subscribe(
    write: &mut Write<'_>,
    clock: &Clock,
    member: Id<Member>,
    subscription: Subscription,
) -> Result<(), StoreError> {
    /// Of one browser; there is one.
    const SAME_MAX: usize = 8;
    let blind = write.blind(subscription.endpoint.as_bytes());
    let order = Order::Ascending;
    let same = write.page_by::<WayByEndpoint>(&blind, order, None, SAME_MAX)?.rows;
    for old in same {
        forget(write, old)?;
    }
    unsubscribe(write, member, &subscription)?;
    // The oldest makes room, and an address keeps its place.
    let ways = ways_of(write, Holder::Member(member))?;
    if ways.len() + 1 >= WAYS_MAX
        && let Some(oldest) = ways.into_iter().find(|way| matches!(way.to, To::Push(_)))
    {
        forget(write, oldest)?;
    }
    let now: Timestamp = clock.now();
    write.put(&Way {
        id: clock.id(),
        holder: Holder::Member(member),
        to: To::Push(subscription),
        since: now,
        due: None,
        attempt: None,
        failures: 0,
        told_at: None,
        shown: false,
        stopped: None,
    })
}

fn unsubscribe(
    write: &mut Write<'_>,
    member: Id<Member>,
    subscription: &Subscription,
) -> Result<(), StoreError> {
    for way in ways_of(write, Holder::Member(member))? {
        let here = matches!(&way.to, To::Push(old) if old.device == subscription.device);
        if here {
            forget(write, way)?;
        }
    }
    Ok(())
}
