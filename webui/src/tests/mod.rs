//! Who may pass which door: every route with every persona, from the list of routes itself.

use std::fmt::Write as _;

mod things;
mod typed;

use axum::http::StatusCode;
use provisioning::cards::Printed;
use provisioning::devices::{Device, StandIn};
use provisioning::enrolment::{Enrolment, SetupWindow};
use provisioning::mailboxes::Mailbox;
use provisioning::passkeys::Passkey;
use provisioning::renewal::Renewal;
use store::Id;

use crate::kit::routes::{Access, Route, Verb};
use crate::kit::testing::{Answer, HOSTILE, Net, Persona};
use crate::mail::drafts::{Draft, Upload};
use crate::mail::groups::Group;
use crate::mail::keepers::Keeper;
use crate::mail::model::Mail;

use things::{
    cards_of, draft, elsewhere, kept_for_all, mail, mailbox, own_code, own_device, passkey,
    renewal, stock_take, upload,
};

/// A network in which every kind of thing exists once, with its ids.
struct Scene {
    net: Net,
    mailbox: Mailbox,
    mail: Mail,
    draft: Draft,
    upload: Upload,
    enrolment: Enrolment,
    card: Printed,
    /// The nurse's own: a code shown at the station's device, and a tablet elsewhere.
    own: Enrolment,
    mine: Device,
    /// The clinic's: one that waits, and a spare device.
    ours: Enrolment,
    spare: Device,
    window: SetupWindow,
    stand_in: StandIn,
    /// Of the nurse, the clinic and the network.
    groups: [Id<Group>; 3],
    renewal: Renewal,
    passkey: Passkey,
}

impl Scene {
    fn new(mark: &str) -> Self {
        let net = Net::with_names(mark);
        let mailbox = mailbox(&net, mark);
        let mail = mail(&net, &mailbox, mark);
        let draft = draft(&net, mark);
        let upload = upload(&net, &draft);
        let (enrolment, card) = cards_of(&net, mark);
        let (own, mine) = (own_code(&net, mark), own_device(&net, mark));
        let (ours, spare, window, stand_in) = elsewhere(&net, mark);
        let keepers = [Keeper::Own(net.nurse.id), Keeper::Facility(net.clinic.id), Keeper::Network];
        let groups = keepers.map(|keeper| kept_for_all(&net, keeper, mark));
        let renewal = renewal(&net);
        let passkey = passkey(&net, mark);
        Self {
            groups,
            net,
            mailbox,
            mail,
            draft,
            upload,
            enrolment,
            card,
            own,
            mine,
            ours,
            spare,
            window,
            stand_in,
            renewal,
            passkey,
        }
    }

    /// The route's path with ids of things that exist.
    fn path(&self, route: &Route) -> String {
        route
            .path
            .replace("{mail}", &self.mail.id.to_string())
            .replace("{draft}", &self.draft.id.to_string())
            .replace("{upload}", &self.upload.id.to_string())
            .replace("{n}", "0")
            .replace("{guide}", "ipad")
            .replace("{facility}", &self.net.station.id.to_string())
            .replace("{member}", &self.net.doctor.id.to_string())
            .replace("{device}", &self.net.station_device.id.to_string())
            .replace("{enrolment}", &self.enrolment.id.to_string())
            .replace("{number}", &self.card.card.number.to_string())
            .replace("{ours}", &self.ours.id.to_string())
            .replace("{spare}", &self.spare.id.to_string())
            .replace("{replaced}", &self.spare.id.to_string())
            .replace("{window}", &self.window.id.to_string())
            .replace("{stand_in}", &self.stand_in.id.to_string())
            .replace("{passkey}", &self.passkey.id.to_string())
            .replace("{own}", &self.own.id.to_string())
            .replace("{mine}", &self.mine.id.to_string())
            .replace("{group}", &self.groups[0].to_string())
            .replace("{our_group}", &self.groups[1].to_string())
            .replace("{network_group}", &self.groups[2].to_string())
            .replace("{session}", &self.session_of_nurse())
    }

    fn session_of_nurse(&self) -> String {
        let (app, nurse) = (&self.net.app, self.net.nurse.id);
        let own = app.store.read(|read| crate::kit::session::of_member(read, nurse)).unwrap();
        own.first().map_or_else(|| nurse.to_string(), |session| session.id.to_string())
    }

    async fn knock(&self, route: &Route, persona: Persona) -> Answer {
        if route.path.contains("/stock") && !route.path.ends_with("/start") {
            stock_take(&self.net);
        }
        let visitor = self.net.visitor(persona);
        let path = self.path(route);
        match route.method {
            Verb::Get => visitor.get(&path).await,
            Verb::Post if route.path.ends_with("/files") => {
                visitor.upload(&path, "note.txt", b"a note").await
            }
            Verb::Post => {
                let fields = self.fields(route);
                let fields: Vec<_> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
                visitor.post(&path, &fields).await
            }
            Verb::Put => visitor.put(&format!("{path}?name=note.txt"), b"a note").await,
        }
    }
}

/// Whether a persona may pass; whose things lie behind it is part of the rule.
fn may_pass(route: &Route, persona: Persona) -> bool {
    // The mail went from the manager to the member; the draft and the session are the member's.
    let behind = |ids: &[&str]| ids.iter().any(|id| route.path.contains(id));
    let reads =
        ["/later", "/done", "/charge", "/urgent"].iter().any(|end| route.path.ends_with(end));
    let sent = ["/withdraw", "/remind"].iter().any(|end| route.path.ends_with(end));
    let is_of_mail = route.path.starts_with("/mail/{mail}");
    let owns = match persona {
        Persona::Member if is_of_mail && sent => false,
        Persona::Manager if is_of_mail && reads => false,
        Persona::Member => true,
        Persona::Manager => {
            !behind(&["{draft}", "{session}", "{own}", "{mine}", "{passkey}", "{group}"])
        }
        Persona::Stranger
        | Persona::Device
        | Persona::Office
        | Persona::OfficeElsewhere
        | Persona::Auditor => {
            let mails = ["{mail}", "/mail/export", "{draft}", "{group}"];
            !behind(&mails) && !behind(&["{session}", "{own}", "{mine}", "{passkey}"])
        }
    };
    let signed_in =
        !matches!(persona, Persona::Stranger | Persona::Device | Persona::OfficeElsewhere);
    match route.access {
        Access::Stranger => true,
        Access::Device => persona != Persona::Stranger,
        Access::Session => signed_in,
        Access::Member => signed_in && owns,
        Access::Manager => persona == Persona::Manager,
        Access::Office => persona == Persona::Office,
        Access::Auditor => persona == Persona::Auditor,
    }
}

fn was_refused(answer: &Answer) -> bool {
    let to_login = answer.location.starts_with("/login?");
    to_login || matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND)
}

fn product_routes() -> Vec<Route> {
    crate::routes().list().to_vec()
}

#[tokio::test]
async fn every_door_opens_for_whom_it_should_and_for_nobody_else() {
    let mut wrong = String::new();
    for route in product_routes() {
        for persona in Persona::ALL {
            let scene = Scene::new("");
            let answer = scene.knock(&route, persona).await;
            // These files do not exist in the scene, so that even their owner is told so.
            let files = route.path.contains("/files/{n}");
            if was_refused(&answer) == may_pass(&route, persona) && !files {
                let (verb, path, status) = (route.method.name(), route.path, answer.status);
                writeln!(wrong, "{verb} {path} as {persona:?}: {status}").unwrap();
            }
            assert!(answer.status != StatusCode::FORBIDDEN, "no 403 on this host");
            let broke = answer.status == StatusCode::INTERNAL_SERVER_ERROR;
            assert!(!broke, "{} {} as {persona:?}", route.method.name(), route.path);
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[tokio::test]
async fn every_change_leaves_a_row_in_the_trail() {
    for route in product_routes() {
        // The size of letters on a device concerns nobody.
        if route.method == Verb::Get || route.path == "/me/size" {
            continue;
        }
        let persona = match route.access {
            Access::Manager => Persona::Manager,
            Access::Office => Persona::Office,
            Access::Auditor => Persona::Auditor,
            _ if !may_pass(&route, Persona::Member) => Persona::Manager,
            Access::Stranger | Access::Device | Access::Session | Access::Member => Persona::Member,
        };
        let scene = Scene::new("");
        let before = last_action(&scene.net);
        let answer = scene.knock(&route, persona).await;
        let after = last_action(&scene.net);
        let (path, status) = (route.path, answer.status);
        assert_ne!(before, after, "{path} left no row in the trail, answer {status}");
    }
}

/// Number and action of the newest row that is not a look at something.
fn last_action(net: &Net) -> Option<(u64, String)> {
    const LOOKS: [&str; 11] = [
        "mail.list",
        "mail.read",
        "mail.thumb",
        "draft.list",
        "draft.read",
        "draft.file",
        "group.list",
        "group.read",
        "phrase.list",
        "phrase.read",
        "test",
    ];
    let looks = |action: &str| LOOKS.contains(&action);
    let rows = net.app.store.read(|read| read.trail(None, 50)).unwrap();
    let newest = rows.into_iter().find(|row| !looks(&row.action))?;
    Some((newest.number, newest.action))
}

#[tokio::test]
async fn no_page_lets_what_people_typed_become_markup() {
    let scene = Scene::new(HOSTILE);
    // What is saved as a file is no page: it holds what was typed as it was typed.
    let is_file = |path: &str| path.ends_with("/eml") || path == "/office/export";
    let is_page = |route: &&Route| route.method == Verb::Get && !is_file(route.path);
    for route in product_routes().iter().filter(is_page) {
        for persona in [Persona::Member, Persona::Office, Persona::Auditor] {
            let body = scene.knock(route, persona).await.body;
            assert!(!body.contains("<svg onload"), "{} as {persona:?}", route.path);
            assert!(!body.contains("'49"), "{} as {persona:?}", route.path);
        }
    }
}

#[test]
fn the_list_of_doors_is_the_one_that_was_reviewed() {
    let mut found = String::new();
    let mut all = product_routes();
    all.extend(crate::touroku::routes().list().iter().cloned());
    all.sort();
    for route in &all {
        writeln!(found, "{:<4} {:<50} {:?}", route.method.name(), route.path, route.access)
            .unwrap();
    }
    if std::env::var_os("TOKINET_GOLDEN").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/routes.txt"), &found).unwrap();
    }
    assert_eq!(found, include_str!("../../routes.txt"), "write it anew with TOKINET_GOLDEN=1");
}
