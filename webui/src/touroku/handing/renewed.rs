//! A renewal's script comes with its ticket: another key of a device that there is.

use axum::response::Response;
use provisioning::devices::Device;
use provisioning::enrolment::TicketToken;
use provisioning::facilities::Facility;
use provisioning::renewal::{self, RenewalProblem, RenewalTicket};
use store::{Act, Actor, StoreError};

use super::pages::{chain, gone, key_of};
use crate::kit::app::App;
use crate::kit::failure::Failure;

/// The ticket stands for the member whose session took it, so the row in the trail names that one.
pub async fn by_renewal_ticket(
    app: &App,
    ticket: TicketToken,
    request: &[u8],
) -> Result<Response, Failure> {
    let now = app.now();
    let Some((found, facility)) = app.store.read(|read| stands_for(read, &ticket, now))? else {
        return Ok(gone());
    };
    let signed = renewal::prepare(&app.authority, &facility, found.device, &key_of(request)?, now);
    let signed = signed.map_err(|error| Failure::Internal(Box::new(error)))?;
    let answer = chain(app, &signed.der);
    let actor = Actor::Member { member: found.member.bytes(), device: found.device.bytes() };
    let act = Act::new(actor, "device.renew_take", now).on("device", found.device);
    let issued = app
        .store
        .write(act, move |write| renewal::issue_by_ticket(write, &ticket, &signed, now))
        .await;
    match issued {
        Ok(_) => Ok(answer),
        Err(RenewalProblem::OtherStep | RenewalProblem::NotAllowed | RenewalProblem::TooEarly) => {
            Ok(gone())
        }
        Err(RenewalProblem::KeyKnown) => Err(Failure::StaleForm),
        Err(RenewalProblem::Authority(error)) => Err(Failure::Internal(Box::new(error))),
        Err(RenewalProblem::Store(error)) => Err(error.into()),
    }
}

fn stands_for(
    read: &store::Read<'_>,
    ticket: &TicketToken,
    now: jiff::Timestamp,
) -> Result<Option<(RenewalTicket, Facility)>, StoreError> {
    let Some(found) = renewal::of_ticket(read, ticket, now)? else { return Ok(None) };
    let device: Option<Device> = read.get(&found.device)?;
    let Some(device) = device else { return Ok(None) };
    Ok(read.get(&device.facility)?.map(|facility| (found, facility)))
}
