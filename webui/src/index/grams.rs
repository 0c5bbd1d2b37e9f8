//! How text is cut for the index: folded, then every sign and every two signs in a row.
//!
//! Two signs with their positions find any word of two or more without a dictionary, and half a
//! word too; single signs find what people type first.

use std::ops::Range;

use provisioning::japanese;
use tantivy::tokenizer::{TextAnalyzer, Token, TokenStream, Tokenizer, TokenizerManager};

pub(super) const SIGNS: &str = "signs";
pub(super) const PAIRS: &str = "pairs";
pub(super) const BOTH: &str = "both";

/// Text as it is searched, sign by sign, each with its place in what was written.
pub struct Folded {
    signs: Vec<(char, Range<usize>)>,
}

/// As [`Folded`] has it, without the places.
pub fn fold(text: &str) -> String {
    Folded::of(text).signs.into_iter().map(|(sign, _)| sign).collect()
}

impl Folded {
    pub fn of(text: &str) -> Self {
        let mut signs = Vec::with_capacity(text.len() / 3);
        let mut from = 0;
        while let Some(rest) = text.get(from..).filter(|rest| !rest.is_empty()) {
            let cluster = cluster_of(rest);
            let range = from..from + cluster.len();
            signs.extend(japanese::fold(cluster).chars().map(|sign| (sign, range.clone())));
            from = range.end;
        }
        Self { signs }
    }

    /// Where this folded word stands, as ranges of what was written, from its beginning on.
    pub fn places_of(&self, word: &str) -> Vec<Range<usize>> {
        let word: Vec<char> = word.chars().collect();
        if word.is_empty() {
            return Vec::new();
        }
        let windows = self.signs.windows(word.len());
        let fits = windows.filter(|window| window.iter().map(|(sign, _)| sign).eq(&word));
        let place =
            |window: &[(char, Range<usize>)]| Some(window.first()?.1.start..window.last()?.1.end);
        fits.filter_map(place).collect()
    }
}

/// A sign with what belongs to it: voice marks and accents stand behind their sign.
fn cluster_of(text: &str) -> &str {
    let mut signs = text.char_indices().skip(1);
    let end = signs.find(|(_, sign)| !joins(*sign)).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or(text)
}

fn joins(sign: char) -> bool {
    matches!(
        sign,
        '\u{0300}'..='\u{036f}' | '\u{3099}' | '\u{309a}' | '\u{ff9e}' | '\u{ff9f}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}'
    )
}

pub(super) fn tokenizers() -> TokenizerManager {
    // With the library's own: fields of bytes are asked for theirs as well.
    let manager = TokenizerManager::default();
    for (name, cut) in [(SIGNS, Cut::Signs), (PAIRS, Cut::Pairs), (BOTH, Cut::Both)] {
        manager.register(name, TextAnalyzer::from(Grams { cut, token: Token::default() }));
    }
    manager
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    Signs,
    Pairs,
    Both,
}

/// Of text that is folded already. A sign and the pair that it begins have the same position.
#[derive(Clone)]
struct Grams {
    cut: Cut,
    token: Token,
}

impl Tokenizer for Grams {
    type TokenStream<'a> = GramStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> GramStream<'a> {
        self.token.reset();
        let next = match self.cut {
            Cut::Signs | Cut::Both => Gram::Sign,
            Cut::Pairs => Gram::Pair,
        };
        GramStream { cut: self.cut, text, from: 0, place: 0, next, token: &mut self.token }
    }
}

#[derive(Clone, Copy)]
enum Gram {
    Sign,
    Pair,
}

struct GramStream<'a> {
    cut: Cut,
    text: &'a str,
    from: usize,
    place: usize,
    next: Gram,
    token: &'a mut Token,
}

impl TokenStream for GramStream<'_> {
    fn advance(&mut self) -> bool {
        loop {
            let rest = self.text.get(self.from..).unwrap_or_default();
            let Some(first) = rest.chars().next() else { return false };
            let (gram, from, place) = (self.next, self.from, self.place);
            match (gram, self.cut) {
                (Gram::Sign, Cut::Both) => self.next = Gram::Pair,
                (Gram::Sign | Gram::Pair, _) => {
                    self.from += first.len_utf8();
                    self.place += 1;
                    if self.cut == Cut::Both {
                        self.next = Gram::Sign;
                    }
                }
            }
            let second = rest.chars().nth(1);
            let bytes = match (gram, second) {
                (Gram::Sign, _) => first.len_utf8(),
                (Gram::Pair, Some(second)) => first.len_utf8() + second.len_utf8(),
                (Gram::Pair, None) => continue,
            };
            self.token.text.clear();
            self.token.text.push_str(rest.get(..bytes).unwrap_or_default());
            self.token.position = place;
            self.token.offset_from = from;
            self.token.offset_to = from + bytes;
            return true;
        }
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}
