//! A key's way to a device, and the gate's answer to every way in.

mod gate;
mod handing;

use provisioning::devices::Device;
use provisioning::tunnel::{self, KeyMaker, Peer, PrivateKey};
use store::Id;

use crate::kit::testing::{Net, act};

/// A key that was made and not used yet.
pub(crate) fn peer(net: &Net, device: Id<Device>) -> Peer {
    let clock = net.app.store.clock().clone();
    let key = PrivateKey::random(&clock).public().unwrap();
    act(&net.app.store, move |write| {
        tunnel::make(write, &clock, device, key, KeyMaker::Device).unwrap()
    })
}
