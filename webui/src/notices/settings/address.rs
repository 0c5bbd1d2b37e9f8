//! An address outside, for a member or a facility: told a code, proved by it.

use jiff::Timestamp;
use serde::Serialize;
use store::{Act, Clock, Read, StoreError, Write};

use crate::kit::app::App;
use crate::notices::outside::{
    self, Address, Holder, Letter, Outcome, Proof, Reason, To, Way, forget, ways_of, ways_within,
};

/// What a page shows of somebody's address.
#[derive(Clone, Debug, Serialize)]
pub struct AddressView {
    pub address: Option<String>,
    /// The server said that there is no such address.
    pub stopped: bool,
    /// An address to which a code went.
    pub asked: Option<String>,
}

pub fn address_view(
    read: &Read<'_>,
    holder: Holder,
    now: Timestamp,
) -> Result<AddressView, StoreError> {
    let ways = ways_within(read, holder)?;
    let mail = ways.iter().find_map(|way| match &way.to {
        To::Mail(address) => Some((address.text().to_owned(), way.stopped.is_some())),
        To::Push(_) => None,
    });
    let proof: Option<Proof> = read.get(&holder.bytes())?;
    let proof = proof.filter(|proof| proof.is_open(now));
    Ok(AddressView {
        stopped: mail.as_ref().is_some_and(|(_, stopped)| *stopped),
        address: mail.map(|(address, _)| address),
        asked: proof.map(|proof| proof.address.text().to_owned()),
    })
}

#[derive(Debug, thiserror::Error)]
pub enum CodeProblem {
    #[error("a code was sent a moment ago")]
    JustSent,
    #[error("the code is not the one that was sent")]
    Wrong,
    #[error("no code is open")]
    Over,
    #[error("the code could not be sent")]
    NotSent(Reason),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Sends a new code to an address. The row is there before the code leaves, so that a fast reader
/// finds it; one that could not be sent leaves none.
pub async fn send_code(
    app: &App,
    act: Act,
    holder: Holder,
    address: Address,
) -> Result<(), CodeProblem> {
    let own = CodeProblem::NotSent(Reason::Own);
    let Some(smtp) = app.outside.smtp.as_ref() else { return Err(own) };
    let code = code(app.store.clock());
    let (now, kept) = (app.now(), app.clone());
    let (sent, typed) = (address.clone(), code.clone());
    let noted = app.store.write(act.clone(), move |write| {
        let earlier: Option<Proof> = write.get(&holder.bytes())?;
        let again = |one: Proof| now.duration_since(one.sent_at) < Proof::AGAIN_AFTER;
        if earlier.is_some_and(again) {
            return Err(CodeProblem::JustSent);
        }
        let code = blinded(&kept, holder, &typed);
        Ok(write.put(&Proof { holder, address: sent, code, sent_at: now, tries: 0 })?)
    });
    noted.await?;
    let network = &app.network.name;
    let words = Letter::code(network, &app.address(), &code);
    let number = data_encoding::HEXLOWER.encode(&app.store.clock().random::<16>());
    let letter = Letter::write(smtp, network, &address, &words, &number, now).ok_or(own)?;
    match outside::send(smtp, &app.app_host(), &letter).await {
        Outcome::Told => Ok(()),
        Outcome::Later(reason) | Outcome::Never(reason) => {
            let (bytes, own) = (holder.bytes(), blinded(app, holder, &code));
            // A newer code may lie there by now.
            let undone = app.store.write(act, move |write| {
                let there: Option<Proof> = write.get(&bytes)?;
                match there.filter(|one| one.code == own) {
                    Some(_) => write.delete::<Proof>(&bytes),
                    None => Ok(()),
                }
            });
            undone.await?;
            Err(CodeProblem::NotSent(reason))
        }
        Outcome::Gone => Err(CodeProblem::NotSent(Reason::Own)),
    }
}

fn code(clock: &Clock) -> String {
    let number = u64::from_be_bytes(clock.random()) % 1_000_000;
    format!("{number:06}")
}

fn blinded(app: &App, holder: Holder, code: &str) -> [u8; 16] {
    let word = [b"notice code\0".as_slice(), &holder.bytes(), code.as_bytes()].concat();
    app.store.ring().blind(&word)
}

/// The code was typed: the address is the holder's from now on, instead of the one before it.
pub async fn confirm(app: &App, act: Act, holder: Holder, typed: &str) -> Result<(), CodeProblem> {
    let digits = provisioning::japanese::fold_code(typed);
    let code = blinded(app, holder, &digits);
    let clock = app.store.clock().clone();
    let done = app.store.write(act, move |write| {
        let proof: Option<Proof> = write.get(&holder.bytes())?;
        let proof = proof.filter(|proof| proof.is_open(clock.now()));
        let Some(mut proof) = proof else { return Ok::<_, StoreError>(None) };
        if proof.code != code {
            // Counted in the same act, so that it must not fail.
            proof.tries += 1;
            write.put(&proof)?;
            return Ok(Some(false));
        }
        write.delete::<Proof>(&holder.bytes())?;
        set(write, &clock, holder, proof.address).map(|()| Some(true))
    });
    match done.await? {
        Some(true) => Ok(()),
        Some(false) => Err(CodeProblem::Wrong),
        None => Err(CodeProblem::Over),
    }
}

fn set(
    write: &mut Write<'_>,
    clock: &Clock,
    holder: Holder,
    address: Address,
) -> Result<(), StoreError> {
    end(write, holder)?;
    write.put(&Way {
        id: clock.id(),
        holder,
        to: To::Mail(address),
        since: clock.now(),
        due: None,
        attempt: None,
        failures: 0,
        told_at: None,
        shown: false,
        stopped: None,
    })
}

/// No mail goes outside any more, and no code is open.
pub fn end(write: &mut Write<'_>, holder: Holder) -> Result<(), StoreError> {
    for way in ways_of(write, holder)? {
        if let To::Mail(_) = way.to {
            forget(write, way)?;
        }
    }
    write.delete::<Proof>(&holder.bytes())
}
