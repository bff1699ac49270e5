//! The order of things against a service and a clock that exist in memory only.

mod copying;
mod fake;
mod fresh_look;
mod life;
mod mutations;
mod schedules;
mod sending;
mod watching;
mod worlds;
