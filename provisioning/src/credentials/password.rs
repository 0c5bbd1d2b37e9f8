//! Passwords that people choose: the rules, and Argon2id.

use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use store::Clock;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// 64 MiB and two passes take about a tenth of a second: nothing to a person, much to a guesser.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 2;
const HASH_BYTES: usize = 32;
const SALT_BYTES: usize = 16;

/// A password that follows the rules, until it is dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Password(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordProblem {
    TooShort,
    TooLong,
    Common,
    LikeTheLogin,
    TooUniform,
}

impl Password {
    pub const CHARS_MIN: usize = 12;

    /// Beyond it nobody types, and hashing an endless text is an attack.
    pub const CHARS_MAX: usize = 128;

    const DIFFERENT_CHARS_MIN: usize = 5;

    pub fn parse(text: &str, login: &str) -> Result<Self, PasswordProblem> {
        let chars = text.chars().count();
        if chars < Self::CHARS_MIN {
            return Err(PasswordProblem::TooShort);
        }
        if chars > Self::CHARS_MAX {
            return Err(PasswordProblem::TooLong);
        }
        let folded = text.to_lowercase();
        if folded.contains(&login.to_lowercase()) && chars < Self::CHARS_MIN + login.len() {
            return Err(PasswordProblem::LikeTheLogin);
        }
        let mut different: Vec<char> = folded.chars().collect();
        different.sort_unstable();
        different.dedup();
        if different.len() < Self::DIFFERENT_CHARS_MIN {
            return Err(PasswordProblem::TooUniform);
        }
        if is_common(&folded) {
            return Err(PasswordProblem::Common);
        }
        Ok(Self(text.to_owned()))
    }

    /// About a tenth of a second and 64 MiB: on a thread that may block, a few at once.
    pub fn hash(&self, clock: &Clock) -> PasswordHash {
        let salt = clock.random();
        PasswordHash { hash: derive(&self.0, &salt), salt }
    }
}

/// Argon2id of one password; the parameters are this version's.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordHash {
    salt: [u8; SALT_BYTES],
    hash: [u8; HASH_BYTES],
}

impl PasswordHash {
    /// As slow as hashing.
    pub fn fits(&self, typed: &str) -> bool {
        let typed = derive(typed, &self.salt);
        aws_lc_rs::constant_time::verify_slices_are_equal(&typed, &self.hash).is_ok()
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash")
    }
}

/// What an unknown account costs, so that time tells nothing.
pub fn spend_equal_time(typed: &str) {
    std::hint::black_box(derive(typed, &[0; SALT_BYTES]));
}

fn derive(typed: &str, salt: &[u8; SALT_BYTES]) -> [u8; HASH_BYTES] {
    let mut hash = [0; HASH_BYTES];
    let typed: String = typed.chars().take(Password::CHARS_MAX).collect();
    #[expect(clippy::expect_used, reason = "the parameters are constants and in range")]
    let params = Params::new(MEMORY_KIB, PASSES, 1, Some(HASH_BYTES)).expect("in range");
    #[expect(clippy::expect_used, reason = "lengths are constants and in range")]
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(typed.as_bytes(), salt, &mut hash)
        .expect("in range");
    hash
}

/// Words that guessers try first; a password built around one of them is none.
fn is_common(folded: &str) -> bool {
    const COMMON: &[&str] = &[
        "password",
        "passw0rd",
        "p@ssword",
        "p@ssw0rd",
        "123456789",
        "987654321",
        "qwertyuiop",
        "qwerty123",
        "asdfghjkl",
        "1qaz2wsx",
        "zaq12wsx",
        "q1w2e3r4",
        "1q2w3e4r",
        "abcdefgh",
        "iloveyou",
        "letmein",
        "welcome1",
        "administrator",
        "admin123",
        "tokinet",
        "hospital",
        "kango",
        "byouin",
        "sakura",
        "changeme",
        "trustno1",
        "monkey123",
        "dragon123",
        "football",
        "baseball",
        "princess",
        "sunshine",
        "superman",
        "pokemon",
        "doraemon",
        "kaigo",
        "houmon",
        "niigata",
        "arigatou",
        "konnichiwa",
        "nippon",
        "japan123",
    ];
    /// What is left beside the common word has to be a password of its own length nearly.
    const REST_CHARS_MIN: usize = 8;
    COMMON.iter().any(|word| {
        folded.contains(word) && folded.chars().count() < word.chars().count() + REST_CHARS_MIN
    })
}
