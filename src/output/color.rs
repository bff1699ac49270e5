//! Colors of words. A color repeats what the word says, so output without colors has the same meaning.

use crate::model::broker_health::Color;
use crate::model::cluster::ClusterState;

/// Colors `text` for a terminal, or returns it unchanged without a color. `text` is already escaped.
pub(super) fn paint(text: &str, color: Option<AnsiColor>) -> String {
    color.map_or_else(|| text.to_owned(), |color| format!("\u{1b}[{}m{text}\u{1b}[0m", color as u8))
}

/// A color of the terminal, with its code in an escape sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AnsiColor {
    Red = 31,
    Green = 32,
    Yellow = 33,
    Gray = 90,
}

/// Returns the terminal's color for a node's status. Terminals have no orange.
pub(super) fn node_color(status: &Color) -> Option<AnsiColor> {
    match status {
        Color::Green => Some(AnsiColor::Green),
        Color::Yellow | Color::Orange => Some(AnsiColor::Yellow),
        Color::Red => Some(AnsiColor::Red),
        Color::Gray => Some(AnsiColor::Gray),
        Color::Other(_) => None,
    }
}

/// Returns the terminal's color for a cluster's state.
pub(super) fn state_color(state: &ClusterState) -> Option<AnsiColor> {
    match state {
        ClusterState::Running => Some(AnsiColor::Green),
        ClusterState::Error => Some(AnsiColor::Red),
        ClusterState::Changing | ClusterState::Creating | ClusterState::Deleting | ClusterState::Returned => {
            Some(AnsiColor::Yellow)
        }
        ClusterState::Missing | ClusterState::Other(_) => None,
    }
}
