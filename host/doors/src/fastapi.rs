//! What engines have in common that are FastAPI applications: how bodies are read, and what errors look like.

pub(crate) mod errors;
pub(crate) mod fields;
pub(crate) mod held;
