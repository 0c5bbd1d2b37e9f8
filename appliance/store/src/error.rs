//! What can go wrong below the features.

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("storage engine failed to {doing}")]
    Engine { doing: &'static str, source: Box<dyn std::error::Error + Send + Sync> },
    #[error("row in table {table} cannot be read: {why}")]
    Damaged { table: &'static str, why: &'static str },
    #[error("row for table {table} is {bytes} bytes, at most {bytes_max} are allowed")]
    TooLarge { table: &'static str, bytes: usize, bytes_max: usize },
    #[error("the act panicked and was undone")]
    ActPanicked,
    /// Not acknowledged. A disk that fails in the very last step may have kept the act all the
    /// same, wholly: look before doing it again.
    #[error("the commit failed and the act does not count as done: {0}")]
    NotCommitted(String),
    #[error("the store is closed")]
    Closed,
    #[error("file {path} could not be used")]
    File { path: String, source: std::io::Error },
    #[error("blob is damaged: {0}")]
    Blob(&'static str),
}

impl StoreError {
    pub(crate) fn engine<E>(doing: &'static str) -> impl FnOnce(E) -> Self
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        move |source| Self::Engine { doing, source: Box::new(source) }
    }

    pub(crate) fn file(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.display().to_string();
        move |source| Self::File { path, source }
    }
}
