//! Pages of lists that are found in memory: fifty rows, and where the next ones start.

use serde::Deserialize;

/// As many as two screens hold.
pub const ROWS_A_PAGE: usize = 50;

/// More words than anybody types to find a row.
const Q_CHARS_MAX: usize = 100;

/// What a list is asked for: words, and the row after which to go on.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    after: String,
}

/// One page of a list, with the addresses of the first and the next one.
#[derive(Debug)]
pub struct Part<T> {
    pub rows: Vec<T>,
    pub total: usize,
    pub first: Option<String>,
    pub next: Option<String>,
    pub range: Option<String>,
}

impl Asked {
    #[cfg(test)]
    pub fn new(q: &str, after: &str) -> Self {
        Self { q: q.to_owned(), after: after.to_owned() }
    }

    pub fn q(&self) -> &str {
        let end = self.q.char_indices().nth(Q_CHARS_MAX).map_or(self.q.len(), |(at, _)| at);
        self.q.get(..end).unwrap_or_default().trim()
    }

    /// The rows that stand on this page. One that is gone in between leads back to the start.
    pub fn part<T>(
        &self,
        all: Vec<T>,
        path: &str,
        kept: &[(&str, &str)],
        key: impl Fn(&T) -> String,
    ) -> Part<T> {
        let total = all.len();
        let last = all.iter().position(|row| !self.after.is_empty() && key(row) == self.after);
        let skipped = last.map_or(0, |at| at + 1);
        let rows: Vec<T> = all.into_iter().skip(skipped).take(ROWS_A_PAGE).collect();
        let shown = skipped + rows.len();
        let next = rows.last().filter(|_| shown < total).map(key);
        Part {
            first: (skipped > 0).then(|| self.address(path, kept, None)),
            next: next.map(|after| self.address(path, kept, Some(&after))),
            range: (total > rows.len()).then(|| format!("{}〜{shown}", skipped + 1)),
            rows,
            total,
        }
    }

    fn address(&self, path: &str, kept: &[(&str, &str)], after: Option<&str>) -> String {
        let pairs = kept.iter().copied().chain([("q", self.q())]);
        let pairs = pairs.chain(after.map(|after| ("after", after)));
        address(path, pairs)
    }
}

/// A path with those of its fields that are not empty.
pub fn address<'a>(path: &str, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(fields.into_iter().filter(|(_, value)| !value.is_empty()));
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}
