//! Who keeps what is shared: a member for oneself, a facility's manager for its staff, the office
//! for the whole network. Groups and phrases are kept by the same rules, on pages of one make.

mod model;
mod place;

#[cfg(test)]
mod tests;

pub use model::{Keeper, Onlooker, SeenBy};
pub use place::{Meanwhile, Place, SightChoice, changed_meanwhile, sight_words};
