//! What is found by whom, in every state of the index, against a look through all rows.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::SignedDuration;
use proptest::prelude::*;
use provisioning::mailboxes::Mailbox;
use store::{Act, Actor, Id, StoreError};
use tokio_util::sync::CancellationToken;

use super::model::{Search, SearchProblem, Typed};
use super::pieces::piece_of;
use super::{catch_up, find};
use crate::index::{Reach, fold};
use crate::kit::testing::{Net, Persona, act};
use crate::mail::model::{Entry, EntryState, Folder, Mail, Owner, Person};
use crate::mail::{acts, delivery, tables};

fn feed(net: &Net) {
    catch_up(&net.app).unwrap();
    assert_eq!(net.app.index_gauge.reach(), Reach::Everything);
}

/// Ends when the thread has let go of everything, which it does at its end.
#[test]
fn the_thread_ends_with_its_runtime_and_without_a_panic() {
    static BROKEN: AtomicUsize = AtomicUsize::new(0);
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |about| {
        if std::thread::current().name() == Some("mail-index") {
            BROKEN.fetch_add(1, Ordering::SeqCst);
        }
        before(about);
    }));
    let net = Net::new();
    let held = net.app.holders();
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
    runtime.spawn(super::run(net.app.clone(), CancellationToken::new()));
    while net.app.index_gauge.reach() != Reach::Everything {
        std::thread::yield_now();
    }
    drop(runtime);
    while net.app.holders() > held {
        std::thread::yield_now();
    }
    assert_eq!(BROKEN.load(Ordering::SeqCst), 0);
}

fn mail(net: &Net, from: &Person, to: &[Person], subject: &str, body: &str) -> Mail {
    let clock = net.app.store.clock();
    clock.advance(SignedDuration::from_secs(1));
    let (id, now) = (clock.id(), clock.now());
    let (subject, body) = (subject.to_owned(), body.to_owned());
    let mail = Mail::plain(id, from.clone(), to.to_vec(), subject, body, now);
    let delivered = mail.clone();
    act(&net.app.store, move |write| delivery::deliver(write, &delivered).unwrap());
    mail
}

fn doctor(net: &Net) -> Person {
    Person::new(&net.doctor, &net.clinic)
}

fn nurse(net: &Net) -> Person {
    Person::new(&net.nurse, &net.station)
}

fn clerk(net: &Net) -> Person {
    Person::new(&net.clerk, &net.office)
}

fn seen(page: &str) -> usize {
    page.matches("row-title").count()
}

async fn ask(net: &Net, persona: Persona, query: &str) -> String {
    let path = format!("/mail/search?{}", form(query));
    let answer = net.visitor(persona).get(&path).await;
    assert_eq!(answer.status.as_u16(), 200, "{query}");
    answer.body
}

/// `q=山田&bin=1` as a browser sends it.
fn form(query: &str) -> String {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

#[tokio::test]
async fn a_mail_is_found_by_any_of_its_words_in_any_shape() {
    let net = Net::new();
    mail(&net, &doctor(&net), &[nurse(&net)], "山田　太郎様について", "ﾊﾟｲﾌﾟを交換しました。");
    feed(&net);
    for word in
        ["山田", "太郎", "山田太郎", "ぱいぷ", "パイプを交換", "換", "ひかり医院", "交換 山田"]
    {
        assert_eq!(seen(&ask(&net, Persona::Member, &format!("q={word}")).await), 1, "{word}");
    }
    for word in ["山本", "パイプ清掃", "山田 清掃", "太郎山田"] {
        let page = ask(&net, Persona::Member, &format!("q={word}")).await;
        assert!(page.contains("見つかりませんでした"), "{word}");
    }
}

#[tokio::test]
async fn found_words_are_marked_and_nothing_breaks_out_of_the_page() {
    let net = Net::new();
    let hostile = crate::kit::testing::HOSTILE;
    let body = format!("{hostile} 山田さん {hostile}");
    mail(&net, &doctor(&net), &[nurse(&net)], hostile, &body);
    let sent = ask(&net, Persona::Manager, "q=山田").await;
    assert!(sent.contains("検索の準備"), "nothing is found before the index is there");
    feed(&net);
    let page = ask(&net, Persona::Manager, "q=やま").await;
    assert!(!page.contains("<svg onload"), "{page}");
    let page = ask(&net, Persona::Manager, "q=山田").await;
    assert!(page.contains("<mark>山田</mark>さん"), "{page}");
    assert!(!page.contains("<svg onload"), "{page}");
    let page = ask(&net, Persona::Manager, &format!("q={hostile}")).await;
    assert!(!page.contains("<svg onload"), "{page}");
}

#[tokio::test]
async fn what_was_not_opened_shows_its_subject_and_no_line_of_its_body() {
    let net = Net::new();
    let mail = mail(&net, &doctor(&net), &[nurse(&net)], "山田さん", "血圧が高めです。");
    feed(&net);
    let page = ask(&net, Persona::Member, "q=血圧").await;
    assert_eq!(seen(&page), 1);
    assert!(!page.contains("が高めです"), "the sender has to hear of reading");
    net.visitor(Persona::Member).get(&format!("/mail/{}", mail.id)).await;
    let page = ask(&net, Persona::Member, "q=血圧").await;
    assert!(page.contains("<mark>血圧</mark>が高めです"));
}

#[tokio::test]
async fn nobody_finds_the_mail_of_others() {
    let net = Net::new();
    mail(&net, &doctor(&net), &[nurse(&net)], "山田さん", "本文");
    feed(&net);
    for (persona, count) in
        [(Persona::Member, 1), (Persona::Manager, 1), (Persona::Office, 0), (Persona::Auditor, 0)]
    {
        assert_eq!(seen(&ask(&net, persona, "q=山田").await), count, "{persona:?}");
    }
    let foreign = format!("/mail/search?q=x&box={}", Owner::member(net.doctor.id));
    assert_eq!(net.visitor(Persona::Member).get(&foreign).await.status.as_u16(), 404);
}

#[tokio::test]
async fn a_withdrawn_mail_is_found_by_its_sender_alone_even_before_the_index_knows() {
    let net = Net::new();
    let mail = mail(&net, &doctor(&net), &[nurse(&net)], "山田さん", "本文");
    feed(&net);
    assert_eq!(seen(&ask(&net, Persona::Member, "q=山田").await), 1);
    let (sender, id, now) = (Owner::member(net.doctor.id), mail.id, net.app.now());
    act(&net.app.store, move |write| acts::withdraw(write, sender, id, now).unwrap());
    for _ in 0..2 {
        assert_eq!(seen(&ask(&net, Persona::Member, "q=山田").await), 0);
        assert_eq!(seen(&ask(&net, Persona::Manager, "q=山田").await), 1);
        feed(&net);
    }
}

#[tokio::test]
async fn the_bin_is_searched_only_if_asked() {
    let net = Net::new();
    let mail = mail(&net, &doctor(&net), &[nurse(&net)], "山田さん", "本文");
    feed(&net);
    net.visitor(Persona::Member).post(&format!("/mail/{}/bin", mail.id), &[]).await;
    let page = ask(&net, Persona::Member, "q=山田").await;
    assert_eq!(seen(&page), 0);
    assert!(page.contains("ごみ箱も探す"));
    assert_eq!(seen(&ask(&net, Persona::Member, "q=山田&bin=1").await), 1);
    assert_eq!(seen(&ask(&net, Persona::Member, "q=山田&folder=bin").await), 1);
}

#[tokio::test]
async fn filters_leave_what_was_meant() {
    let net = Net::new();
    let (from_doctor, from_clerk) = (doctor(&net), clerk(&net));
    let first = mail(&net, &from_doctor, &[nurse(&net)], "ひとつ", "山田さん");
    mail(&net, &from_clerk, &[nurse(&net)], "ふたつ", "山田さん");
    net.app.store.clock().advance(SignedDuration::from_hours(48));
    mail(&net, &nurse(&net), &[doctor(&net)], "みっつ", "山田さん");
    net.visitor(Persona::Member).get(&format!("/mail/{}", first.id)).await;
    feed(&net);
    let check = async |query: &str, subjects: &[&str]| {
        let page = ask(&net, Persona::Member, &format!("q=山田&{query}")).await;
        let found: Vec<_> =
            ["ひとつ", "ふたつ", "みっつ"].into_iter().filter(|one| page.contains(one)).collect();
        assert_eq!(found, subjects, "{query}");
    };
    let (day, later) = ("2026-04-01", "2026-04-03");
    check("", &["ひとつ", "ふたつ", "みっつ"]).await;
    check("place=ひかり", &["ひとつ", "みっつ"]).await;
    check("sender=事", &[]).await;
    check(&format!("sender={}", net.doctor.details.name.given), &["ひとつ"]).await;
    check("folder=sent", &["みっつ"]).await;
    check("folder=inbox", &["ひとつ", "ふたつ"]).await;
    check("unread=1", &["ふたつ"]).await;
    check("files=1", &[]).await;
    check(&format!("to={day}"), &["ひとつ", "ふたつ"]).await;
    check(&format!("from={later}"), &["みっつ"]).await;
    check(&format!("from={day}&to={day}"), &["ひとつ", "ふたつ"]).await;
}

#[tokio::test]
async fn pages_follow_each_other_without_a_gap() {
    let net = Net::new();
    for n in 0..45 {
        mail(&net, &doctor(&net), &[nurse(&net)], &format!("第{n:02}号"), "山田さん");
    }
    feed(&net);
    let nurse = net.visitor(Persona::Member);
    let mut path = format!("/mail/search?{}", form("q=山田"));
    let mut found = Vec::new();
    loop {
        let page = nurse.get(&path).await.body;
        found.extend((0..45).rev().filter(|n| page.contains(&format!("第{n:02}号"))));
        let Some((_, rest)) = page.split_once("rel=\"next\"") else { break };
        assert!(!rest.is_empty());
        let (before, _) = page.split_once("\" rel=\"next\"").unwrap();
        let href = before.rsplit("href=\"").next().unwrap();
        path = href.replace("&amp;", "&").replace("&#x2f;", "/");
    }
    assert_eq!(found, (0..45).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn the_trail_says_that_somebody_searched_and_not_for_what() {
    let net = Net::new();
    feed(&net);
    ask(&net, Persona::Member, "q=山田").await;
    let rows = net.app.store.read(|read| read.trail_of_member(net.nurse.id.bytes(), 10)).unwrap();
    assert_eq!(rows.first().map(|row| row.action.as_str()), Some("mail.search"));
    assert!(!format!("{rows:?}").contains("山田"));
}

#[test]
fn what_cannot_be_looked_for_is_said() {
    let check = |words: &str, from: &str, to: &str, problem| {
        let typed = Typed { words, from, to, ..Typed::default() };
        assert_eq!(Search::parse(&typed).err(), problem, "{words} {from} {to}");
    };
    check("", "", "", None);
    check("山田", "2026-04-01", "令和8年4月1日", None);
    check("ー　・", "", "", Some(SearchProblem::NoWords));
    check("山田", "あした", "", Some(SearchProblem::NotADay));
    check("山田", "2026-04-02", "2026-04-01", Some(SearchProblem::NoDays));
    check(&"山".repeat(201), "", "", Some(SearchProblem::TooLong));
    check("一 二 三 四 五 六 七 八 九 十 百", "", "", Some(SearchProblem::TooManyWords));
}

#[tokio::test]
async fn a_lost_or_foreign_index_is_made_anew() {
    let net = Net::new();
    mail(&net, &doctor(&net), &[nurse(&net)], "山田さん", "本文");
    feed(&net);
    net.app.index.discard().unwrap();
    assert!(ask(&net, Persona::Member, "q=山田").await.contains("検索の準備"));
    feed(&net);
    assert_eq!(seen(&ask(&net, Persona::Member, "q=山田").await), 1);
    // An index that stayed away longer than the log reaches back.
    net.app.store.clock().advance(SignedDuration::from_hours(10 * 24));
    for n in 0..600_u16 {
        act(&net.app.store, move |write| write.put(&star(n)).unwrap());
    }
    mail(&net, &doctor(&net), &[nurse(&net)], "山田さん", "ふたつめ");
    feed(&net);
    assert_eq!(seen(&ask(&net, Persona::Member, "q=山田").await), 2);
}

fn star(n: u16) -> crate::mail::model::Star {
    let mut id = [0; 16];
    id[..2].copy_from_slice(&n.to_be_bytes());
    let at = jiff::Timestamp::UNIX_EPOCH;
    crate::mail::model::Star { owner: Id::from_bytes(id), at, mail: Id::from_bytes(id) }
}

/// Members, and a mailbox that the first of them reads.
fn people(net: &Net) -> Vec<Person> {
    let mailbox = Mailbox {
        id: Id::from_bytes([9; 16]),
        facility: net.station.id,
        name: "地域連携室".to_owned(),
        kana: "チイキレンケイシツ".to_owned(),
        open: true,
        members: vec![net.nurse.id],
        founded_at: net.app.now(),
    };
    let shared = Person::mailbox(&mailbox, &net.station);
    act(&net.app.store, move |write| write.put(&mailbox).unwrap());
    vec![nurse(net), doctor(net), clerk(net), shared]
}

#[derive(Clone, Debug)]
enum Deed {
    Send {
        from: usize,
        to: usize,
        also: usize,
        body: String,
    },
    Open(usize, usize),
    Bin(usize, usize),
    Restore(usize, usize),
    Done(usize, usize),
    Star(usize, usize),
    Withdraw(usize),
    /// A month later the bin is emptied.
    Purge,
    Feed,
    LoseIndex,
}

fn body() -> impl Strategy<Value = String> {
    let sign = prop::sample::select(vec!["や", "ヤ", "ﾔ", "ま", "マ", "山", "田", "ッ", "ー", " "]);
    prop::collection::vec(sign, 0..10).prop_map(|signs| signs.concat())
}

fn deed() -> impl Strategy<Value = Deed> {
    let pair = || (0..4usize, 0..12usize);
    prop_oneof![
        8 => (0..4usize, 0..4usize, 0..4usize, body())
            .prop_map(|(from, to, also, body)| Deed::Send { from, to, also, body }),
        2 => pair().prop_map(|(who, mail)| Deed::Open(who, mail)),
        3 => pair().prop_map(|(who, mail)| Deed::Bin(who, mail)),
        1 => pair().prop_map(|(who, mail)| Deed::Restore(who, mail)),
        1 => pair().prop_map(|(who, mail)| Deed::Done(who, mail)),
        1 => pair().prop_map(|(who, mail)| Deed::Star(who, mail)),
        1 => (0..12usize).prop_map(Deed::Withdraw),
        1 => Just(Deed::Purge),
        2 => Just(Deed::Feed),
        1 => Just(Deed::LoseIndex),
    ]
}

fn perform(net: &Net, people: &[Person], mails: &mut Vec<Mail>, deed: &Deed) {
    let now = net.app.now();
    let owner = |who: &usize| people[*who].owner;
    let on = |who: &usize, n: &usize| mails.get(*n).map(|mail| (owner(who), mail.id));
    let by = net.nurse.id;
    // What cannot be done to this mail by this person is refused, and that is part of the deal.
    match deed {
        Deed::Send { from, to, also, body } => {
            let mut to = vec![people[*to].clone(), people[*also].clone()];
            to.dedup_by_key(|person| person.owner);
            // A mailbox writes through a member; here it only receives.
            let from = &people[*from % 3];
            mails.push(mail(net, from, &to, "", body));
        }
        Deed::Open(who, n) => {
            let Some((owner, id)) = on(who, n) else { return };
            act(&net.app.store, move |write| drop(acts::open(write, owner, by, id, now)));
        }
        Deed::Bin(who, n) => {
            let Some((owner, id)) = on(who, n) else { return };
            act(&net.app.store, move |write| drop(acts::move_to_bin(write, owner, by, id, now)));
        }
        Deed::Restore(who, n) => {
            let Some((owner, id)) = on(who, n) else { return };
            act(&net.app.store, move |write| drop(acts::restore(write, owner, id, now)));
        }
        Deed::Done(who, n) => {
            let Some((owner, id)) = on(who, n) else { return };
            act(&net.app.store, move |write| {
                drop(acts::set_done(write, owner, by, id, true, now));
            });
        }
        Deed::Star(who, n) => {
            let Some((owner, id)) = on(who, n) else { return };
            act(&net.app.store, move |write| drop(acts::set_star(write, owner, id, true)));
        }
        Deed::Withdraw(n) => {
            let Some(mail) = mails.get(*n) else { return };
            let (sender, id) = (mail.sender.owner, mail.id);
            act(&net.app.store, move |write| drop(acts::withdraw(write, sender, id, now)));
        }
        Deed::Purge => {
            net.app.store.clock().advance(SignedDuration::from_hours(31 * 24));
            (crate::mail::PURGE.run)(&net.app).unwrap();
        }
        Deed::Feed => feed(net),
        Deed::LoseIndex => net.app.index.discard().unwrap(),
    }
}

/// Every row of these owners that holds the words, by looking through all mails.
fn naive(net: &Net, mails: &[Mail], owners: &[Id<Owner>], search: &Search) -> Vec<Id<Mail>> {
    let act = Act::new(Actor::System, "test", net.app.now());
    let directory = net.app.directory().unwrap();
    let rows = net.app.store.glance(act, |view| {
        let mut found = Vec::new();
        let mut texts = BTreeMap::new();
        for mail in mails {
            // Names count as much as bodies do.
            let piece = piece_of(view, &directory, mail)?;
            texts.insert(mail.id, piece.map(|piece| piece.texts).unwrap_or_default());
        }
        for owner in owners {
            for folder in Folder::ALL {
                found.extend(tables::entries(view, *owner, folder, None, 1_000)?.rows);
            }
        }
        Ok::<_, StoreError>((found, texts))
    });
    let (rows, texts) = rows.unwrap();
    let holds = |mail: &Mail| {
        let holds = |word: &String| texts[&mail.id].iter().any(|text| fold(text).contains(word));
        search.words.iter().all(holds)
    };
    let shown = |entry: &Entry| {
        entry.state != EntryState::Withdrawn && (search.bin || entry.folder != Folder::Bin)
    };
    let rows: BTreeMap<_, _> =
        rows.into_iter().filter(shown).map(|entry| (entry.mail, ())).collect();
    let fits = |mail: &&Mail| rows.contains_key(&mail.id) && holds(mail);
    mails.iter().rev().filter(fits).map(|mail| mail.id).collect()
}

/// In pages, as people go through them.
fn found(net: &Net, owners: &[Id<Owner>], search: &Search) -> Vec<Id<Mail>> {
    let mut search = search.clone();
    let mut found = Vec::new();
    loop {
        let act = Act::new(Actor::System, "test", net.app.now());
        let page = net.app.store.glance(act, |view| find(&net.app, view, owners, &search)).unwrap();
        found.extend(page.rows.iter().map(|(entry, _)| entry.mail));
        let Some(next) = page.next else { return found };
        search.after = Some(next);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn hits_are_what_a_look_through_all_rows_finds(
        deeds in prop::collection::vec(deed(), 1..50),
        words in prop::collection::vec(body(), 6),
        bin in any::<bool>(),
    ) {
        let net = Net::new();
        let people = people(&net);
        let mut mails = Vec::new();
        for deed in &deeds {
            perform(&net, &people, &mut mails, deed);
        }
        feed(&net);
        for words in &words {
            let Ok(Some(search)) = Search::parse(&Typed { words, bin, ..Typed::default() }) else {
                continue;
            };
            let own = |n: usize| people[n].owner;
            for owners in [vec![own(0), own(3)], vec![own(0)], vec![own(1)], vec![own(2)]] {
                let expected = naive(&net, &mails, &owners, &search);
                prop_assert_eq!(found(&net, &owners, &search), expected, "{:?}", search.words);
            }
        }
        // Nothing is left of mails that lie nowhere any more, and nothing is there twice.
        let everywhere: Vec<_> = people.iter().map(|person| person.owner).collect();
        let all = Search { bin: true, ..Search::default() };
        let held = naive(&net, &mails, &everywhere, &all).len();
        prop_assert_eq!(net.app.index.pieces(), u64::try_from(held).unwrap());
    }
}
