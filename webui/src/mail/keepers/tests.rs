//! Whose eyes see what: every onlooker, keeper and choice.

use super::{Keeper, Onlooker, SeenBy};
use crate::kit::testing::Net;

#[test]
fn what_is_kept_is_seen_by_whom_its_keeper_chose_and_by_nobody_else() {
    let net = Net::new();
    let [nurse, doctor, clerk] = [&net.nurse, &net.doctor, &net.clerk].map(Onlooker::of);
    let (own, clinic) = (Keeper::Own(net.nurse.id), Keeper::Facility(net.clinic.id));
    let station = Keeper::Facility(net.station.id);
    for (keeper, seen_by, expected) in [
        (own, SeenBy::Circle, [true, false, false]),
        (own, SeenBy::Everybody, [true, false, false]),
        (clinic, SeenBy::Circle, [false, true, false]),
        (clinic, SeenBy::Managers, [false, true, false]),
        (clinic, SeenBy::Everybody, [true, true, true]),
        (station, SeenBy::Circle, [true, false, false]),
        (station, SeenBy::Managers, [false, false, false]),
        (Keeper::Network, SeenBy::Circle, [true, true, true]),
        (Keeper::Network, SeenBy::Managers, [false, true, true]),
    ] {
        let seen = [nurse, doctor, clerk].map(|one| one.sees(keeper, seen_by));
        assert_eq!(seen, expected, "{keeper:?} {seen_by:?}");
    }
}

#[test]
fn a_choice_is_read_as_it_is_written() {
    for one in [SeenBy::Circle, SeenBy::Managers, SeenBy::Everybody] {
        assert_eq!(SeenBy::of_key(one.key()), one);
    }
}
