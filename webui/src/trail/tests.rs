//! Pages of the trail, narrowed and whole.

use store::{Act, Actor, Clock, Id, Store, StoreError};

use super::model::{Chain, Narrowed, ROWS_A_PAGE, page, verify};
use super::say;
use crate::kit::testing::{Net, Persona};

const SATO: [u8; 16] = [1; 16];
const SUZUKI: [u8; 16] = [2; 16];
const LETTER: [u8; 16] = [7; 16];

/// Sato and Suzuki take turns; every third act is on the letter.
fn store(folder: &tempfile::TempDir, acts: usize) -> Store {
    let clock = Clock::fixed("2026-04-01T00:00:00Z".parse().unwrap(), 1);
    let store = Store::in_memory(folder.path(), clock).unwrap();
    for at in 0..acts {
        let member = if at % 2 == 0 { SATO } else { SUZUKI };
        let actor = Actor::Member { member, device: [9; 16] };
        let act = Act::new(actor, "mail.read", store.clock().now());
        let letter: Id<()> = Id::from_bytes(LETTER);
        let act = if at % 3 == 0 { act.on("mail", letter) } else { act };
        store.write_and_wait(act, |_| Ok::<_, StoreError>(())).unwrap();
    }
    store
}

/// Every number of every page, one after the other.
fn numbers(store: &Store, narrowed: Narrowed) -> Vec<u64> {
    let (mut numbers, mut before) = (Vec::new(), None);
    loop {
        let (rows, next) = store.read(|read| page(read, narrowed, before)).unwrap();
        assert!(rows.len() <= ROWS_A_PAGE);
        numbers.extend(rows.iter().map(|row| row.number));
        before = next;
        if next.is_none() {
            return numbers;
        }
    }
}

#[test]
fn pages_hold_every_row_once_newest_first() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder, 130);
    let check = |member, subject, fits: &dyn Fn(u64) -> bool| {
        let expected: Vec<u64> = (1..=130).rev().filter(|number| fits(*number)).collect();
        assert_eq!(numbers(&store, Narrowed { member, subject }), expected);
    };
    check(None, None, &|_| true);
    check(Some(SATO), None, &|number| number % 2 == 1);
    check(None, Some(LETTER), &|number| number % 3 == 1);
    check(Some(SUZUKI), Some(LETTER), &|number| number % 6 == 4);
    check(Some([3; 16]), None, &|_| false);
}

#[test]
fn a_whole_chain_is_good() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder, 5);
    assert_eq!(store.read(verify).unwrap(), Chain::Good { upto: 5 });
}

#[test]
fn an_action_without_a_word_is_shown_as_it_is() {
    assert_eq!(say::action("mail.send"), "メールを送信した");
    assert_eq!(say::action("memo.post"), "memo.post");
}

#[tokio::test]
async fn an_auditor_reads_what_changed_in_words() {
    let net = Net::new();
    crate::mail::tests::send(&net);
    net.visitor(Persona::Member).get("/mail/inbox").await;
    let page = net.visitor(Persona::Auditor).get("/trail").await.body;
    assert!(page.contains("変わったもの："), "{page}");
    for table in ["mail_entries", "mail_receipts", "mail_threads", "unread_counts"] {
        assert!(!page.contains(table), "{table}");
    }
}
