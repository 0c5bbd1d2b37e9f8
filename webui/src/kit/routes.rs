//! The one list of doors: every route says who may pass, and three tests read the list.

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodRouter, get, post, put};

use super::app::App;

/// Who may pass a door. Beneath it lies the gate: no route of the product without a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Anybody who reaches the enrolment host.
    Stranger,
    /// Any active device, logged in or not.
    Device,
    /// A session, be it locked or waiting for a new password.
    Session,
    Member,
    /// A facility's manager, on a device of the own facility.
    Manager,
    /// Office roles, on an office device.
    Office,
    Auditor,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    pub path: &'static str,
    pub method: Verb,
    pub access: Access,
}

/// The methods that the product answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    Get,
    Post,
    Put,
}

impl Verb {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

impl From<Verb> for Method {
    fn from(method: Verb) -> Self {
        match method {
            Verb::Get => Self::GET,
            Verb::Post => Self::POST,
            Verb::Put => Self::PUT,
        }
    }
}

#[derive(Default)]
pub struct Routes {
    router: Router<App>,
    list: Vec<Route>,
}

impl Routes {
    #[must_use]
    pub fn get<T: 'static>(
        self,
        access: Access,
        path: &'static str,
        handler: impl Handler<T, App>,
    ) -> Self {
        self.add(access, path, Verb::Get, get(handler))
    }

    #[must_use]
    pub fn post<T: 'static>(
        self,
        access: Access,
        path: &'static str,
        handler: impl Handler<T, App>,
    ) -> Self {
        self.add(access, path, Verb::Post, post(handler))
    }

    #[must_use]
    pub fn put<T: 'static>(
        self,
        access: Access,
        path: &'static str,
        handler: impl Handler<T, App>,
    ) -> Self {
        self.add(access, path, Verb::Put, put(handler))
    }

    #[must_use]
    pub fn join(mut self, other: Self) -> Self {
        self.list.extend(other.list);
        Self { router: self.router.merge(other.router), list: self.list }
    }

    pub fn list(&self) -> &[Route] {
        &self.list
    }

    pub fn into_router(self) -> Router<App> {
        self.router
    }

    fn add(
        mut self,
        access: Access,
        path: &'static str,
        method: Verb,
        door: MethodRouter<App>,
    ) -> Self {
        self.list.push(Route { path, method, access });
        Self { router: self.router.route(path, door), list: self.list }
    }
}
