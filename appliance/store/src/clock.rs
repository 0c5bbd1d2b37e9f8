//! Time and randomness as inputs: the only place that asks the operating system for either.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::Id;

/// Where time, ids and random bytes come from; tests bring a fixed one.
#[derive(Clone)]
pub struct Clock(Arc<Source>);

enum Source {
    System,
    Fixed(Mutex<Fixed>),
}

struct Fixed {
    now: Timestamp,
    seed: [u8; 32],
    drawn: u64,
}

impl Clock {
    pub fn system() -> Self {
        Self(Arc::new(Source::System))
    }

    /// Stands still until it is moved; equal seeds draw equal bytes.
    pub fn fixed(now: Timestamp, seed: u64) -> Self {
        let mut key = [0; 32];
        for (to, from) in key.iter_mut().zip(seed.to_be_bytes()) {
            *to = from;
        }
        Self(Arc::new(Source::Fixed(Mutex::new(Fixed { now, seed: key, drawn: 0 }))))
    }

    /// The time, in whole microseconds: what records can hold.
    pub fn now(&self) -> Timestamp {
        let now = match &*self.0 {
            #[expect(clippy::disallowed_methods, reason = "this is the one place that may ask")]
            Source::System => Timestamp::now(),
            Source::Fixed(fixed) => fixed.lock().unwrap_or_else(PoisonError::into_inner).now,
        };
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    /// Moves a fixed clock; the system's clock isn't ours to move.
    pub fn advance(&self, by: SignedDuration) {
        if let Source::Fixed(fixed) = &*self.0 {
            let mut fixed = fixed.lock().unwrap_or_else(PoisonError::into_inner);
            fixed.now = fixed.now.saturating_add(by).unwrap_or(fixed.now);
        }
    }

    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match &*self.0 {
            Source::System => fill(&mut bytes),
            Source::Fixed(fixed) => {
                let mut fixed = fixed.lock().unwrap_or_else(PoisonError::into_inner);
                fixed.drawn += 1;
                let mut hasher = blake3::Hasher::new_keyed(&fixed.seed);
                hasher.update(&fixed.drawn.to_be_bytes());
                hasher.finalize_xof().fill(&mut bytes);
            }
        }
        bytes
    }

    /// A new UUIDv7.
    pub fn id<T>(&self) -> Id<T> {
        let millis = u64::try_from(self.now().as_millisecond()).unwrap_or(0);
        let uuid = uuid::Builder::from_unix_timestamp_millis(millis, &self.random()).into_uuid();
        Id::from_bytes(uuid.into_bytes())
    }
}

/// Without randomness no key, session or code is safe, so there is nothing to go on with.
pub(crate) fn fill(bytes: &mut [u8]) {
    #[expect(clippy::expect_used, reason = "a system without randomness must not go on")]
    aws_lc_rs::rand::fill(bytes).expect("the system gives random bytes");
}

/// `#[serde(with = "store::micros")]`: a timestamp as whole microseconds.
pub mod micros {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(at.as_microsecond())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        let micros = i64::deserialize(from)?;
        Timestamp::from_microsecond(micros).map_err(serde::de::Error::custom)
    }

    /// The same for a moment that may not have come.
    pub mod maybe {
        use super::{Deserialize, Deserializer, Serializer, Timestamp};

        pub fn serialize<S: Serializer>(at: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
            match at {
                Some(at) => to.serialize_some(&at.as_microsecond()),
                None => to.serialize_none(),
            }
        }

        pub fn deserialize<'de, D>(from: D) -> Result<Option<Timestamp>, D::Error>
        where
            D: Deserializer<'de>,
        {
            Option::<i64>::deserialize(from)?
                .map(|micros| Timestamp::from_microsecond(micros).map_err(serde::de::Error::custom))
                .transpose()
        }
    }
}

/// `#[serde(with = "store::civil_date")]`: a day as (year, month, day).
pub mod civil_date {
    use jiff::civil::Date;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(date: &Date, to: S) -> Result<S::Ok, S::Error> {
        (date.year(), date.month(), date.day()).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Date, D::Error> {
        let (year, month, day) = <(i16, i8, i8)>::deserialize(from)?;
        Date::new(year, month, day).map_err(serde::de::Error::custom)
    }

    /// The same for a day that may not be known.
    pub mod maybe {
        use super::{Date, Deserialize, Deserializer, Serialize, Serializer};

        pub fn serialize<S: Serializer>(date: &Option<Date>, to: S) -> Result<S::Ok, S::Error> {
            date.map(|date| (date.year(), date.month(), date.day())).serialize(to)
        }

        pub fn deserialize<'de, D>(from: D) -> Result<Option<Date>, D::Error>
        where
            D: Deserializer<'de>,
        {
            Option::<(i16, i8, i8)>::deserialize(from)?
                .map(|(year, month, day)| {
                    Date::new(year, month, day).map_err(serde::de::Error::custom)
                })
                .transpose()
        }
    }
}
