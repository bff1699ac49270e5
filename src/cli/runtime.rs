//! The async runtime around a command.

use tokio::runtime::Builder;

use crate::error::CommandError;

/// Runs a command on a runtime, on which it waits for responses, signals, and time.
///
/// # Errors
///
/// Fails if the runtime can't be created. Nothing was done.
pub(super) fn block_on<T>(command: impl Future<Output = T>) -> Result<T, CommandError> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(CommandError::Runtime)?;
    let result = runtime.block_on(command);
    // Do not wait for an abandoned prompt, or for a name lookup that hangs in the system resolver.
    runtime.shutdown_background();
    Ok(result)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_hung_name_lookup_does_not_delay_the_exit() {
        let (end, ended) = mpsc::channel::<()>();
        let command = async {
            // As the system resolver runs: on a thread for blocking calls.
            drop(tokio::task::spawn_blocking(move || ended.recv()));
            "done"
        };
        assert_eq!(block_on(command).unwrap(), "done");
        assert!(end.send(()).is_ok(), "the lookup is still running");
    }
}
