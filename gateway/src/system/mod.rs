//! What no safe crate offers: the only place of this crate with `unsafe`.

pub(crate) mod fragments;
pub(crate) mod namespace_tun;
pub(crate) mod namespace_unshare;
