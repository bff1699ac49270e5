//! Words of closed sets.

use serde::Serialize;

/// A variant of an enum, written as its word. The schema lists the words of all variants.
#[derive(Serialize)]
pub(super) struct Word<T>(pub T);
