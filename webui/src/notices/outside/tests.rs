//! What waits to be told outside, in every order of events.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use proptest::prelude::*;
use store::Id;

use super::*;
use crate::kit::live::Notice;
use crate::kit::quiet::{NoticeChoices, QuietChoice, QuietRule};
use crate::kit::testing::{Net, act};
use crate::mail::model::Importance;
use crate::notices::tests::send as send_mail;

const BUNDLE: SignedDuration = SignedDuration::from_mins(30);

/// Two in the afternoon until three, every day: the clock of the tests starts at two.
const QUIET: QuietRule = QuietRule { days: 127, from: 14 * 60 + 30, until: 15 * 60 };

fn way(net: &Net) -> Way {
    let way = Way {
        id: net.app.store.clock().id(),
        holder: Holder::Member(net.nurse.id),
        to: To::Mail(Address::parse("nurse@example.jp").unwrap()),
        since: net.app.now(),
        due: None,
        attempt: None,
        failures: 0,
        told_at: None,
        shown: false,
        stopped: None,
    };
    let kept = way.clone();
    let choices =
        NoticeChoices { member: net.nurse.id, quiet: QuietChoice::Own(vec![QUIET]), sound: false };
    let policy = OutsidePolicy { members: true, facilities: true, office: None };
    act(&net.app.store, move |write| {
        write.put(&kept).unwrap();
        write.put(&choices).unwrap();
        write.put(&policy).unwrap();
    });
    way
}

fn kept(net: &Net, way: &Way) -> Option<Way> {
    net.app.store.read(|read| read.get::<Way>(&way.id)).unwrap()
}

fn waiting(net: &Net, way: &Way) -> Vec<Waiting> {
    let rows = net
        .app
        .store
        .read(|read| read.page::<Waiting>(&way.id, store::Order::Ascending, None, 100));
    rows.unwrap().rows
}

fn try_claim(net: &Net, way: &Way) -> Option<claim::Task> {
    let (clock, id) = (net.app.store.clock().clone(), way.id);
    act(&net.app.store, move |write| claim(write, &clock, id, BUNDLE).unwrap())
}

fn say_outcome(net: &Net, task: claim::Task, outcome: Outcome) {
    let clock = net.app.store.clock().clone();
    act(&net.app.store, move |write| finish(write, &clock, &task, outcome).unwrap());
}

fn pass(net: &Net, minutes: i64) {
    net.app.store.clock().advance(SignedDuration::from_mins(minutes));
}

fn end(net: &Net, about: [u8; 16]) {
    let nurse = net.nurse.id;
    act(&net.app.store, move |write| crate::notices::end(write, nurse, about).unwrap());
}

#[test]
fn who_sits_at_the_screen_is_not_told_outside() {
    let net = Net::new();
    let way = way(&net);
    let mail = send_mail(&net, Importance::Normal);
    assert!(try_claim(&net, &way).is_none(), "a minute is given");
    end(&net, mail.id.bytes());
    pass(&net, 5);
    assert!(try_claim(&net, &way).is_none());
    assert!(kept(&net, &way).unwrap().due.is_none());
}

#[test]
fn one_telling_stands_for_all_until_the_member_was_seen() {
    let net = Net::new();
    let way = way(&net);
    send_mail(&net, Importance::Normal);
    send_mail(&net, Importance::Normal);
    pass(&net, 1);
    let task = try_claim(&net, &way).unwrap();
    say_outcome(&net, task, Outcome::Told);
    assert!(waiting(&net, &way).is_empty(), "both are told");
    send_mail(&net, Importance::Normal);
    pass(&net, 5);
    assert!(try_claim(&net, &way).is_none());
    send_mail(&net, Importance::Urgent);
    let task = try_claim(&net, &way).expect("what is urgent breaks through");
    say_outcome(&net, task, Outcome::Told);
    assert_eq!(waiting(&net, &way).len(), 1, "the other one waits for its time");
    // The nurse comes in: the next one is told at once.
    drop(net.log_in(&net.nurse, [1; 32]));
    assert!(try_claim(&net, &way).is_none(), "it was seen before it was told");
    pass(&net, 16);
    drop(net.log_in(&net.nurse, [1; 32]));
    pass(&net, 15);
    assert!(try_claim(&net, &way).is_none(), "these are quiet hours");
    pass(&net, 60);
    assert!(try_claim(&net, &way).is_some());
}

#[test]
fn two_workers_do_not_tell_twice() {
    let net = Net::new();
    let way = way(&net);
    send_mail(&net, Importance::Urgent);
    let first = try_claim(&net, &way).unwrap();
    assert!(try_claim(&net, &way).is_none());
    pass(&net, 4);
    let second = try_claim(&net, &way).expect("the first worker has died");
    assert_eq!(first.mark, second.mark, "a server can know the repetition");
    say_outcome(&net, first, Outcome::Told);
    assert_eq!(waiting(&net, &way).len(), 1, "who lost the lease has no say");
    say_outcome(&net, second, Outcome::Told);
    assert!(waiting(&net, &way).is_empty());
}

#[test]
fn a_server_that_stays_away_is_given_up_in_the_end_and_the_office_sees_it() {
    let net = Net::new();
    let way = way(&net);
    send_mail(&net, Importance::Urgent);
    let mut tries = 0;
    for _ in 0..10_000 {
        if let Some(task) = try_claim(&net, &way) {
            tries += 1;
            say_outcome(&net, task, Outcome::Later(Reason::Unreachable));
        }
        pass(&net, 1);
    }
    assert_eq!(tries, 8);
    let dead = net.app.store.read(|read| dead_rows(read, 10)).unwrap();
    assert_eq!(dead.iter().map(|one| (one.tries, one.notices)).collect::<Vec<_>>(), [(8, 1)]);
    send_mail(&net, Importance::Urgent);
    assert!(try_claim(&net, &way).is_some(), "the next one is tried again");
}

#[test]
fn an_address_that_does_not_exist_is_left_alone() {
    let net = Net::new();
    let way = way(&net);
    send_mail(&net, Importance::Urgent);
    let task = try_claim(&net, &way).unwrap();
    say_outcome(&net, task, Outcome::Never(Reason::NoSuchAddress(550)));
    send_mail(&net, Importance::Urgent);
    pass(&net, 60);
    assert!(try_claim(&net, &way).is_none());
    assert!(kept(&net, &way).unwrap().stopped.is_some());
}

#[test]
fn whoever_left_or_may_have_no_address_is_not_told() {
    let net = Net::new();
    let way = way(&net);
    send_mail(&net, Importance::Urgent);
    act(&net.app.store, |write| write.put(&OutsidePolicy::default()).unwrap());
    assert!(try_claim(&net, &way).is_none());
    assert!(kept(&net, &way).is_none());
}

#[test]
fn an_address_is_read_as_people_write_it() {
    for (text, good) in [
        (" uketsuke@example.jp ", true),
        ("ｕｋｅｔｓｕｋｅ＠ｅｘａｍｐｌｅ．ｊｐ", true),
        ("a.b+c@sub.example.jp", true),
        ("uketsuke", false),
        ("uketsuke@example", false),
        ("a@b.jp\r\nBcc: c@d.jp", false),
        ("a@b.jp, c@d.jp", false),
        ("受付@example.jp", false),
        ("<a@b.jp>", false),
    ] {
        assert_eq!(Address::parse(text).is_some(), good, "{text}");
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Arrive {
        urgent: bool,
    },
    /// On one screen or on another: the number of what came.
    Read(usize),
    Minutes(u8),
    /// A worker looks, and this becomes of it.
    Try(Turn),
}

#[derive(Clone, Copy, Debug)]
enum Turn {
    Told,
    Failed,
    /// The box dies before the server has it.
    DiesBefore,
    /// The server has it; the box dies before it knows.
    DiesAfter,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let turn = prop_oneof![
        4 => Just(Turn::Told),
        2 => Just(Turn::Failed),
        1 => Just(Turn::DiesBefore),
        1 => Just(Turn::DiesAfter),
    ];
    let step = prop_oneof![
        3 => any::<bool>().prop_map(|urgent| Step::Arrive { urgent }),
        3 => (0_usize..8).prop_map(Step::Read),
        4 => (0_u8..25).prop_map(Step::Minutes),
        5 => turn.prop_map(Step::Try),
    ];
    proptest::collection::vec(step, 1..40)
}

/// What the world outside has seen of one thing.
#[derive(Default)]
struct Seen {
    urgent: bool,
    read: bool,
    told: usize,
    /// Times at which its answer was lost with the box.
    lost: usize,
}

fn in_quiet(net: &Net) -> bool {
    crate::kit::quiet::ends_at(&[QUIET], net.app.now()).is_some()
}

/// One look of a worker: what it took in hand is noted as the world sees it.
fn turn(net: &Net, way: &Way, seen: &mut BTreeMap<[u8; 16], Seen>, turn: Turn) {
    let Some(task) = try_claim(net, way) else { return };
    let rows = waiting(net, way).into_iter().filter(|row| row.claimed == Some(task.attempt));
    let claimed: Vec<_> = rows.map(|row| row.about).collect();
    assert!(!claimed.is_empty(), "nothing is sent for nothing");
    for about in &claimed {
        let one = seen.get_mut(about).expect("something that came");
        assert!(!one.read, "told after it was read");
        assert!(one.urgent || !in_quiet(net), "told in quiet hours");
        match turn {
            Turn::Told => one.told += 1,
            Turn::DiesAfter => {
                one.told += 1;
                one.lost += 1;
            }
            Turn::Failed | Turn::DiesBefore => {}
        }
        assert!(one.told <= 1 + one.lost, "told twice");
    }
    match turn {
        Turn::Told => say_outcome(net, task, Outcome::Told),
        Turn::Failed => say_outcome(net, task, Outcome::Later(Reason::Cut)),
        Turn::DiesBefore | Turn::DiesAfter => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]
    #[test]
    fn a_notice_is_told_once_never_after_reading_and_never_lost(steps in steps()) {
        let net = Net::new();
        let way = way(&net);
        let mut order = Vec::new();
        let mut seen = BTreeMap::new();
        for step in steps {
            match step {
                Step::Arrive { urgent } => {
                    let importance = if urgent { Importance::Urgent } else { Importance::Normal };
                    let about = send_mail(&net, importance).id.bytes();
                    order.push(about);
                    seen.insert(about, Seen { urgent, ..Seen::default() });
                }
                Step::Read(n) => {
                    if let Some(about) = order.get(n) {
                        end(&net, *about);
                        seen.get_mut(about).unwrap().read = true;
                    }
                }
                Step::Minutes(count) => pass(&net, count.into()),
                Step::Try(how) => turn(&net, &way, &mut seen, how),
            }
        }
        // Everything works again: a day later whoever has not read has been told.
        for _ in 0..(24 * 60 / 10) {
            pass(&net, 10);
            turn(&net, &way, &mut seen, Turn::Told);
        }
        let dead = net.app.store.read(|read| dead_rows(read, 10)).unwrap();
        for (about, one) in &seen {
            let open: Option<Notice> =
                net.app.store.read(|read| read.get(&(*about, net.nurse.id))).unwrap();
            prop_assert_eq!(open.is_none(), one.read);
            prop_assert!(one.read || one.told > 0 || !dead.is_empty(), "never told: {:?}",
                Id::<Notice>::from_bytes(*about));
        }
        prop_assert!(waiting(&net, &way).is_empty());
        prop_assert!(kept(&net, &way).unwrap().due.is_none());
    }
}
