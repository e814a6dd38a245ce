//! What runs the service.

mod content_cache;
