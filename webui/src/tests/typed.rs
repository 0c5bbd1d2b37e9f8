//! What a person would fill in, so that the act behind a door really happens.

use provisioning::devices::Device;

use super::Scene;
use crate::kit::routes::Route;
use crate::kit::testing::PASSWORD;

type Fields = Vec<(&'static str, String)>;

impl Scene {
    pub fn fields(&self, route: &Route) -> Fields {
        let own = self.own_fields(route);
        if own.is_empty() { self.desk_fields(route) } else { own }
    }

    fn own_fields(&self, route: &Route) -> Fields {
        let version = self.draft.version.to_string();
        match route.path {
            "/login" => vec![
                ("facility_code", self.net.station.code.as_str().to_owned()),
                ("user_id", "nurse".to_owned()),
                ("password", PASSWORD.to_owned()),
            ],
            "/lock" => vec![("password", PASSWORD.to_owned())],
            "/me/password" => vec![
                ("current", PASSWORD.to_owned()),
                ("new", "another horse battery".to_owned()),
                ("again", "another horse battery".to_owned()),
            ],
            "/mail/drafts/{draft}" => vec![
                ("version", version),
                ("subject", "件名".to_owned()),
                ("body", "本文".to_owned()),
            ],
            "/mail/export" => vec![("mail", self.mail.id.to_string())],
            "/mail/drafts/{draft}/uploads" => vec![
                ("name", "film.mp4".to_owned()),
                ("bytes", "1000".to_owned()),
                ("mark", "film".to_owned()),
            ],
            "/mail/drafts/{draft}/send" => vec![("version", version)],
            "/mail/many" => {
                vec![("do", "star".to_owned()), ("mail", self.mail.id.to_string())]
            }
            "/me/favourites" => {
                vec![("owner", self.net.doctor.id.to_string()), ("on", "yes".to_owned())]
            }
            "/me/absence" => {
                vec![("from", "令和8年4月1日".to_owned()), ("until", "令和8年4月9日".to_owned())]
            }
            "/me/notices" => vec![("quiet", "never".to_owned())],
            "/mail/{mail}/later" => vec![("until", "tomorrow".to_owned())],
            "/mail/{mail}/charge" => {
                vec![("box", self.mailbox.id.to_string()), ("on", "yes".to_owned())]
            }
            "/me/devices/renew/file" | "/me/devices/renew/script" => {
                vec![("renewal", self.renewal.id.to_string())]
            }
            "/me/passkeys/start" => {
                vec![("name", "机のPC".to_owned()), ("password", PASSWORD.to_owned())]
            }
            "/office/passkeys/{member}/settle" => {
                vec![("kind", "1".to_owned()), ("at", "1775019600000000".to_owned())]
            }
            "/office/passkeys/rule" | "/office/members/{member}/passkeys/reset" => {
                vec![("password", PASSWORD.to_owned())]
            }
            "/me/passkeys/codes" => {
                vec![("password", PASSWORD.to_owned()), ("once", "a number".to_owned())]
            }
            "/me/passkeys/{passkey}/remove" => vec![("password", PASSWORD.to_owned())],
            "/me/devices/enrolments/{own}/approve" => vec![("digits", self.own.digits.clone())],
            _ => Vec::new(),
        }
    }

    /// The device is there.
    fn there(device: &Device) -> Fields {
        let id = device.id.to_string();
        // Names of fields live as long as the test.
        let name: &'static str = format!("there-{id}").leak();
        vec![("device", id), (name, "here".to_owned())]
    }

    fn desk_fields(&self, route: &Route) -> Fields {
        let doctor = self.net.doctor.id.to_string();
        if route.path.ends_with("/phrases") {
            return vec![("title", "報告".to_owned()), ("text", "ご報告します。".to_owned())];
        }
        if route.path.ends_with("/groups") || route.path.ends_with("group}") {
            return vec![("version", "1".to_owned()), ("name", "新しい会議".to_owned())];
        }
        match route.path {
            "/facility/mailboxes" | "/office/facilities/{facility}/mailboxes" => {
                vec![("name", "新しい受付".to_owned())]
            }
            "/office/cards" => {
                vec![
                    ("member", doctor),
                    ("format", "sheet".to_owned()),
                    ("once", "a number".to_owned()),
                ]
            }
            "/office/facilities/{facility}/route" => {
                vec![("route", "either".to_owned()), ("factor", "key".to_owned())]
            }
            "/facility/stock" => Self::there(&self.spare),
            "/office/stock/{facility}" => Self::there(&self.net.station_device),
            "/office/devices/ending" => vec![
                ("device", self.net.station_device.id.to_string()),
                ("once", "a number".to_owned()),
            ],
            "/office/enrolments/{enrolment}/approve" => {
                vec![("digits", self.enrolment.digits.clone())]
            }
            "/facility/enrolments/{ours}/approve" => vec![("digits", self.ours.digits.clone())],
            "/office/setup" => {
                vec![("facility", "all".to_owned()), ("hours", "2".to_owned())]
            }
            "/office/members/{member}/stand-in" => {
                let device = self.net.station_device.id.to_string();
                vec![("device", device), ("reason", "故障".to_owned())]
            }
            "/me/devices/code" | "/office/members/{member}/code" => {
                vec![("for", "add".to_owned()), ("once", "a number".to_owned())]
            }
            "/office/facilities" | "/office/facilities/{facility}" => vec![
                ("code", "1510000099".to_owned()),
                ("code_ok", "on".to_owned()),
                ("kind", "clinic".to_owned()),
                ("name", "新しい医院".to_owned()),
                ("kana", "アタラシイイイン".to_owned()),
            ],
            "/office/facilities/{facility}/members" | "/office/members/{member}" => vec![
                ("user_id", "new01".to_owned()),
                ("family", "新田".to_owned()),
                ("given", "実".to_owned()),
                ("family_kana", "ニッタ".to_owned()),
                ("given_kana", "ミノル".to_owned()),
                ("job", "nurse".to_owned()),
                ("role", "staff".to_owned()),
            ],
            _ => Vec::new(),
        }
    }
}
