//! Copies config groups against an in-memory service.

mod copy;
