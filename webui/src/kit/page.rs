//! Templates: each page's data names its template, and all of them are compiled in.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

use super::app::Parts;
use super::{assets, form, japanese};

/// The data of one page, tied to the template that it fills.
pub trait Page: Serialize {
    const TEMPLATE: &'static str;
}

pub struct Templates(Environment<'static>);

impl Templates {
    pub fn load() -> Result<Self, minijinja::Error> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment
            .set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
        environment.add_function("asset", assets::path);
        environment.add_function("once", form::once);
        // Fifty of them stand on a page, and a template would look for ten words in each.
        environment.add_function("face_tone", japanese::face_tone);
        for (name, source) in TEMPLATES {
            environment.add_template(name, source)?;
        }
        Ok(Self(environment))
    }

    pub fn render<P: Page>(&self, page: &P) -> Result<String, minijinja::Error> {
        self.0.get_template(P::TEMPLATE)?.render(Serde(page))
    }

    pub fn names(&self) -> Vec<&str> {
        self.0.templates().map(|(name, _)| name).collect()
    }
}

/// The data of `kit/bare.html`: pages before a log-in.
#[derive(Clone, Serialize)]
pub struct Bare {
    pub title: &'static str,
    pub network: String,
    pub size: &'static str,
    pub office: Option<Contact>,
}

#[derive(Clone, Serialize)]
pub struct Contact {
    pub name: String,
    pub phone: String,
    pub hours: String,
}

pub fn bare(parts: &Parts, title: &'static str) -> Bare {
    let contact = &parts.network.contact;
    let office = (!contact.phone.is_empty()).then(|| Contact {
        name: contact.name.clone(),
        phone: contact.phone.clone(),
        hours: contact.hours.clone(),
    });
    Bare { title, network: parts.network.name.clone(), size: "standard", office }
}

macro_rules! templates {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../", $name)))),+]
    };
}

const TEMPLATES: &[(&str, &str)] = templates![
    "kit/parts.html",
    "kit/frame.html",
    "kit/bare.html",
    "kit/failure.html",
    "kit/unregistered.html",
    "connected/connected.html",
    "login/login.html",
    "me/password.html",
    "login/lock.html",
    "login/again.html",
    "login/second/second.html",
    "me/me.html",
    "me/absence/absence.html",
    "me/passkeys/list.html",
    "me/passkeys/new.html",
    "me/passkeys/codes.html",
    "me/devices/list.html",
    "me/devices/code.html",
    "me/devices/lost.html",
    "me/devices/renew/renew.html",
    "home/home.html",
    "mail/lists/list.html",
    "mail/reading/mail.html",
    "mail/drafts/compose.html",
    "mail/drafts/recipients.html",
    "mail/drafts/attachments.html",
    "mail/groups/list.html",
    "mail/groups/group.html",
    "mail/phrases/phrases.html",
    "mail/drafts/confirm.html",
    "mail/reading/print.html",
    "mail/chase/urgent.html",
    "mail/viewer/view.html",
    "mail/search/search.html",
    "directory/directory.html",
    "trail/trail.html",
    "tunnel/parts.html",
    "tunnel/tunnel.html",
    "notices/notices.html",
    "notices/settings/settings.html",
    "notices/settings/facility/facility.html",
    "notices/settings/parts.html",
    "notices/office/office.html",
    "facility/facility.html",
    "facility/lost.html",
    "facility/stock/stock.html",
    "facility/mailboxes/mailboxes.html",
    "office/parts.html",
    "office/desk/desk.html",
    "office/facilities/list.html",
    "office/facilities/facility.html",
    "office/facilities/form.html",
    "office/import/start.html",
    "office/import/check.html",
    "office/members/list.html",
    "office/members/member.html",
    "office/members/form.html",
    "office/members/code.html",
    "office/cards/cards.html",
    "office/cards/print_sheet.html",
    "office/cards/print_letter.html",
    "office/setup/setup.html",
    "office/server/server.html",
    "office/tunnel/tunnel.html",
    "office/stock/stock.html",
    "office/stock/facility.html",
    "office/stand_ins/grant.html",
    "office/unused/unused.html",
    "office/passkeys/passkeys.html",
    "office/devices/list.html",
    "office/devices/revoke.html",
    "office/devices/ending/ending.html",
    "office/devices/enrolments.html",
    "office/manuals/index.html",
    "office/manuals/manual.html",
    "touroku/start.html",
    "touroku/wait.html",
    "touroku/guides/steps.html",
    "touroku/handing/take.html",
    "touroku/tunnel/tunnel.html",
    "touroku/done.html",
    "touroku/closed.html",
];
