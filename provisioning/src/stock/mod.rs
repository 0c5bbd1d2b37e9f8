//! The yearly stock-take of devices: the office asks, each facility says what is there.

mod model;
mod tables;
#[cfg(test)]
mod tests;

pub use model::{StockAnswer, StockProblem, StockTake, There};
pub use tables::{
    Asked, Progress, answer, asked_of, close, current, finished, left_of, progress, start,
};
