//! What must be shown on wasm itself.
