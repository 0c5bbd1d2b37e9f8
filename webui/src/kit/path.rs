//! Ids in addresses: what is no id is a page that does not exist.

use axum::extract::{FromRequestParts, Path as AxumPath};
use axum::http::request::Parts as Head;
use serde::de::DeserializeOwned;

use super::app::App;
use super::failure::Failure;

pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Path<T> {
    type Rejection = Failure;

    async fn from_request_parts(head: &mut Head, app: &App) -> Result<Self, Failure> {
        let path = AxumPath::<T>::from_request_parts(head, app).await;
        path.map(|AxumPath(parts)| Self(parts)).map_err(|_| Failure::NotFound)
    }
}
