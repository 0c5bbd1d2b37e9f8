//! The search index of a box that was killed: brought up from where it lies, it finds what a
//! look through all mails finds.

use std::path::PathBuf;

use store::{Act, Actor, Order, Store, StoreError};
use tests::program::Appliance;
use webui::index::fold;
use webui::kit::app::{App, Config, Rules};
use webui::kit::connections::Limits;
use webui::mail::model::Mail;
use webui::mail::search::{Search, catch_up, find};

/// More mails than any run makes.
const ROWS_MAX: usize = 1_000_000;

/// The product on this store, with an index that knows all of it.
pub fn brought_up(store: &Store) -> App {
    let config = Config {
        tunnel: None,
        picture_worker: PathBuf::new(),
        rules: Rules::default(),
        limits: Limits::USUAL,
        acme: None,
        outside: webui::notices::outside::Outside::default(),
    };
    let app = App::new(store.clone(), &config).expect("a network");
    catch_up(&app).expect("the index comes up");
    app
}

/// Opens the store of a box that was killed, and closes it; answers how many mails were found.
pub fn check_found(place: &Appliance) -> usize {
    let store = place.open();
    let app = brought_up(&store);
    let act = Act::new(Actor::System, "test.look", store.clock().now());
    let mails = store
        .glance(act.clone(), |view| {
            Ok::<_, StoreError>(
                view.reveal_page::<Mail>(&(), Order::Ascending, None, ROWS_MAX)?.rows,
            )
        })
        .expect("mails");
    assert_eq!(app.index.pieces(), u64::try_from(mails.len()).unwrap(), "each mail once");
    for mail in &mails {
        let owners = [mail.recipients[0].person.owner];
        let search = Search { words: vec![fold(&mail.subject)], ..Search::default() };
        let found = store.glance(act.clone(), |view| find(&app, view, &owners, &search));
        let found = found.expect("a search");
        let ids: Vec<_> = found.rows.iter().map(|(_, mail)| mail.id).collect();
        let like = |other: &&Mail| {
            let holds = fold(&other.subject).contains(&fold(&mail.subject));
            holds && other.recipient(owners[0]).is_some()
        };
        let mut expected: Vec<_> = mails.iter().filter(like).collect();
        expected.sort_by_key(|mail| (std::cmp::Reverse(mail.sent_at), mail.id));
        let expected: Vec<_> = expected.iter().map(|mail| mail.id).take(ids.len()).collect();
        assert!(!ids.is_empty(), "{} is not found", mail.subject);
        assert_eq!(ids, expected, "{}", mail.subject);
    }
    drop(app);
    store.close();
    mails.len()
}
