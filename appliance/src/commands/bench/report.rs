//! What a measurement found, for people and for scripts.

use std::time::Duration;

use serde::Serialize;

/// One measurement: how it was done, and its figures.
#[derive(Serialize)]
pub struct Section {
    pub name: &'static str,
    pub method: String,
    pub figures: Vec<Figure>,
}

#[derive(Serialize)]
pub struct Figure {
    pub what: String,
    pub value: f64,
    pub unit: &'static str,
}

impl Section {
    pub fn new(name: &'static str, method: impl Into<String>) -> Self {
        Self { name, method: method.into(), figures: Vec::new() }
    }

    pub fn add(&mut self, what: impl Into<String>, value: f64, unit: &'static str) {
        self.figures.push(Figure { what: what.into(), value, unit });
    }

    pub fn millis(&mut self, what: impl Into<String>, took: Duration) {
        self.add(what, millis(took), "ms");
    }

    pub fn micros(&mut self, what: impl Into<String>, took: Duration) {
        self.add(what, millis(took) * 1_000.0, "us");
    }

    pub fn text(&self) -> String {
        let mut text = format!("\n{}: {}\n", self.name, self.method);
        for figure in &self.figures {
            let value = rounded(figure.value);
            text.push_str(&format!("  {:<52}{value:>12} {}\n", figure.what, figure.unit));
        }
        text
    }
}

pub fn millis(took: Duration) -> f64 {
    took.as_secs_f64() * 1_000.0
}

/// Counts of a measurement are far below four thousand million.
pub fn number(count: impl TryInto<u32>) -> f64 {
    count.try_into().map_or(f64::INFINITY, f64::from)
}

/// Three digits that count.
fn rounded(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    format!("{value:.decimals$}")
}
