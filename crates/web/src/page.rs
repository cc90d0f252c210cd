//! The page, for browsers.

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
};

use crate::{Web, api, guard};

/// The page, and the API for reading.
pub(crate) fn router(web: Web) -> Router {
    api::reading()
        .fallback(api::nothing_here)
        .method_not_allowed_fallback(api::other_method)
        .with_state(web.clone())
        .layer(from_fn_with_state(web, guard::right_host))
        .layer(from_fn(guard::everywhere))
}
