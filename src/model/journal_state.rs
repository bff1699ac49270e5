//! What the journal says about one cluster, as far as decisions need it.

use super::open_start::OpenStart;

/// The journal as read for one cluster at one service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct JournalState {
    /// False where no journal exists, or only a file without an intact line.
    pub exists: bool,
    /// Starts of this cluster without a final outcome, the oldest first.
    pub open_starts: Vec<OpenStart>,
    /// Every run that recorded a start, for any cluster.
    pub start_runs: Vec<String>,
    /// Lines that may have recorded a start and can't be read, and that no repair covers.
    pub damaged: Vec<DamagedLine>,
    /// Why the journal can't be read or written; None when it can.
    pub problem: Option<String>,
}

/// A journal line that can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DamagedLine {
    /// From 1.
    pub number: usize,
    pub reason: String,
}
