//! Members at work on a box that may be killed at any moment, and what the box told them.
//!
//! Only what was answered counts as said; what was under way may have happened or not.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use crate::browser::{Browser, links};
use crate::program::{Appliance, Enrolled, OFFICE_CODE, Program};

pub const PASSWORD: &str = "kept-through-every-crash-1";

/// What the box has said to its members, and what they asked for.
#[derive(Default)]
pub struct Said {
    /// Subjects of mails whose sending was answered.
    pub sent: BTreeSet<String>,
    /// Subjects of mails that somebody tried to send.
    pub tried: BTreeSet<String>,
    /// The files of a sent mail, by its subject.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Mails that were shown to a member: (mail, member).
    pub opened: BTreeSet<(String, String)>,
}

/// A member with a device, a session, and numbers that only this one draws.
pub struct Worker {
    pub member: String,
    others: Vec<String>,
    browser: Browser,
    draw: Draw,
    turn: u64,
    said: Arc<Mutex<Said>>,
}

/// Numbers from a seed: the same ones for the same seed.
#[derive(Clone)]
pub struct Draw(u64);

impl Draw {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// SplitMix64.
    pub fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.any() % limit
    }
}

/// So many members of the office with a device and a session each, by way of cards.
pub async fn staff(
    of: &Appliance,
    program: &Program,
    count: usize,
    seed: u64,
    said: &Arc<Mutex<Said>>,
) -> Vec<Worker> {
    let mut people = Vec::new();
    for number in 0..count {
        let login = format!("worker{number}");
        let name = format!("Family{number}");
        let kana = ["--kana", "カ", "ナ", "--job", "nurse"];
        let words = ["member", "add", OFFICE_CODE, &login, "--name", &name, "Given"];
        let added = of.ask(&[&words[..], &kana].concat());
        let card = of.issue_card(OFFICE_CODE, &login);
        let device = of.enrol(program, &card, &login);
        people.push((added["member"].as_str().expect("an id").to_owned(), login, card, device));
    }
    let ids: Vec<_> = people.iter().map(|(id, ..)| id.clone()).collect();
    let mut workers = Vec::new();
    for (number, (member, login, card, device)) in people.into_iter().enumerate() {
        let mut browser = device.browser(program.address);
        browser.first_login(OFFICE_CODE, &login, &card.initial_password, PASSWORD).await;
        workers.push(Worker {
            others: ids.iter().filter(|id| **id != member).cloned().collect(),
            member,
            browser,
            draw: Draw::new(seed ^ u64::try_from(number).expect("a number") << 32),
            turn: 0,
            said: said.clone(),
        });
    }
    workers
}

impl Worker {
    /// The box has come back at another address; the session is still good.
    pub fn turn_to(&mut self, address: SocketAddr) {
        self.browser = self.browser.beside();
        self.browser.way.address = address;
    }

    /// Works until the box is gone; answers how much was done.
    pub async fn work(mut self) -> (Self, u64) {
        let mut done = 0;
        while self.step().await.is_ok() {
            done += 1;
        }
        (self, done)
    }

    async fn step(&mut self) -> Result<(), String> {
        self.turn += 1;
        match self.draw.below(4) {
            0 => self.open_some().await,
            1 => self.send(true).await,
            _ => self.send(false).await,
        }
    }

    async fn send(&mut self, with_file: bool) -> Result<(), String> {
        let subject = format!("from {} number {}", self.member, self.turn);
        let to = self.draw.below(u64::try_from(self.others.len()).expect("a length"));
        let to = self.others[usize::try_from(to).expect("an index")].clone();
        let draft = self.browser.start_draft(&to).await?;
        if with_file {
            let bytes = self.bytes();
            self.browser.attach(&draft, "notes.txt", bytes.clone()).await?;
            self.said.lock().unwrap().files.insert(subject.clone(), bytes);
        }
        self.said.lock().unwrap().tried.insert(subject.clone());
        self.browser.write_and_send(&draft, &subject, &format!("body of {subject}")).await?;
        self.said.lock().unwrap().sent.insert(subject);
        Ok(())
    }

    /// Text of up to 200 kB, so that a file has several frames.
    fn bytes(&mut self) -> Vec<u8> {
        let lines = 1 + self.draw.below(5_000);
        let text: String = (0..lines).map(|_| format!("{:032x}\n", self.draw.any())).collect();
        text.into_bytes()
    }

    async fn open_some(&mut self) -> Result<(), String> {
        let inbox = self.browser.try_get("/mail/inbox").await?.text();
        let is_mail = |path: &String| path.len() == "/mail/".len() + 32;
        let rows: Vec<_> = links(&inbox, "/mail/").into_iter().filter(is_mail).take(3).collect();
        for path in rows {
            let answer = self.browser.try_get(&path).await?;
            if answer.status != hyper::StatusCode::OK {
                return Err(format!("{path}: {}", answer.status));
            }
            let mail = path.trim_start_matches("/mail/").to_owned();
            self.said.lock().unwrap().opened.insert((mail, self.member.clone()));
        }
        Ok(())
    }
}

/// A device of the office's administrator, for what one person does alone.
pub async fn administrator(of: &Appliance, program: &Program) -> (Enrolled, Browser) {
    let device = of.enrol(program, &of.office_card, "office");
    let mut browser = device.browser(program.address);
    let initial = &of.office_card.initial_password;
    browser.first_login(OFFICE_CODE, "admin", initial, PASSWORD).await;
    (device, browser)
}
