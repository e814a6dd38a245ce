//! The check is the test `types`.
