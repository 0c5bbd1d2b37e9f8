//! How each kind of machine becomes a device, step by step with a picture: the one source of the
//! enrolment's pages and of the office's printed manuals.

mod japanese;
#[cfg(test)]
mod tests;
mod tunnel;

use provisioning::devices::Platform;
use serde::Serialize;

/// A machine and the browser on it, as far as their steps differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guide {
    Windows,
    Ipad,
    Android,
    Mac,
    Linux,
    Firefox,
}

impl Guide {
    pub const ALL: [Self; 6] =
        [Self::Windows, Self::Ipad, Self::Android, Self::Mac, Self::Linux, Self::Firefox];

    pub const fn key(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::Ipad => "ipad",
            Self::Android => "android",
            Self::Mac => "mac",
            Self::Linux => "linux",
            Self::Firefox => "firefox",
        }
    }

    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|guide| guide.key() == key)
    }

    pub const fn of_platform(platform: Platform) -> Self {
        match platform {
            Platform::Windows => Self::Windows,
            Platform::Ipad => Self::Ipad,
            Platform::Android => Self::Android,
            Platform::Mac => Self::Mac,
            Platform::Linux => Self::Linux,
        }
    }
}

/// What is handed over, and so which button a step shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Control {
    None,
    Password,
    File,
    Profile,
    Script,
    Open,
    /// The tunnel's file.
    TunnelConf,
    /// The tunnel's file within a profile of its own, for Apple's machines.
    TunnelProfile,
    /// The tunnel's file and a script, for Windows.
    TunnelZip,
}

/// One thing to do. In `text` the words between two `**` are what stands on the screen, and
/// `{network}` is the network's name.
#[derive(Clone, Copy, Debug)]
struct Step {
    title: &'static str,
    text: &'static str,
    picture: Option<Picture>,
    control: Control,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Picture {
    pub file: &'static str,
    /// What a person who cannot see it must know.
    pub alt: &'static str,
}

/// A guide's words with the network's name in them, as templates want them.
#[derive(Debug, Serialize)]
pub struct GuideWords {
    pub key: &'static str,
    pub name: &'static str,
    /// What to have at hand.
    pub needs: Vec<Vec<Word>>,
    /// From the card to the approval: for paper, because on the screen this is done already.
    pub start: Vec<StepWords>,
    pub first: Vec<StepWords>,
    /// Another way to the same end, where there is one.
    pub second: Vec<StepWords>,
    pub second_title: &'static str,
    /// To the tunnel, once the certificate is there.
    pub tunnel: Vec<StepWords>,
    /// What to try when the device does not come.
    pub help: Vec<Vec<Word>>,
    /// The system whose age decides the form of the file, and the first new version of it.
    pub age: Option<Age>,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Age {
    pub system: &'static str,
    pub new: &'static str,
    pub old: &'static str,
    pub find: &'static str,
}

#[derive(Debug, Serialize)]
pub struct StepWords {
    pub title: String,
    pub text: Vec<Word>,
    pub picture: Option<Picture>,
    pub control: Control,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Word {
    pub text: String,
    pub bold: bool,
}

/// What the words are about.
#[derive(Clone, Copy)]
pub struct About<'a> {
    pub network: &'a str,
    /// Where the typed code is entered, e.g. `touroku.aoba.example`.
    pub host: &'a str,
    /// The product, e.g. `app.aoba.example`.
    pub app: &'a str,
}

impl Guide {
    pub fn name(self) -> &'static str {
        japanese::name(self)
    }

    pub fn words(self, about: About<'_>) -> GuideWords {
        let steps = |steps: &[Step]| steps.iter().map(|step| step.words(about)).collect();
        let lines = |lines: &[&str]| lines.iter().map(|line| words(line, about)).collect();
        let second = japanese::second(self);
        GuideWords {
            key: self.key(),
            name: self.name(),
            needs: lines(japanese::needs(self)),
            start: steps(japanese::start(self)),
            first: steps(japanese::first(self)),
            second: steps(second.1),
            second_title: second.0,
            tunnel: steps(tunnel::steps(self)),
            help: lines(japanese::help(self)),
            age: japanese::age(self),
        }
    }
}

impl Step {
    fn words(&self, about: About<'_>) -> StepWords {
        StepWords {
            title: put_in(self.title, about),
            text: words(self.text, about),
            picture: self.picture,
            control: self.control,
        }
    }
}

fn put_in(text: &str, about: About<'_>) -> String {
    text.replace("{network}", about.network)
        .replace("{host}", about.host)
        .replace("{app}", about.app)
}

fn words(text: &str, about: About<'_>) -> Vec<Word> {
    let parts = text.split("**").enumerate().filter(|(_, part)| !part.is_empty());
    parts.map(|(at, part)| Word { text: put_in(part, about), bold: at % 2 == 1 }).collect()
}
