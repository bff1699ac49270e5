//! Exit codes that several kinds of errors share.

use crate::api::ApiError;
use crate::exit::Exit;
use crate::signals::Signal;

/// Returns the exit code for a request that certainly changed nothing.
pub(super) fn exit_for_undelivered(error: &ApiError) -> Exit {
    match error {
        error if error.is_auth() => Exit::Auth,
        ApiError::Gateway { status: 429, .. } | ApiError::NotSent { .. } => Exit::Unreachable,
        _ => Exit::Rejected,
    }
}

pub(super) fn exit_for_signal(signal: Signal) -> Exit {
    match signal {
        Signal::Hangup => Exit::Hangup,
        Signal::Interrupt => Exit::Interrupted,
        Signal::Terminate => Exit::Terminated,
    }
}
