//! What crosses the bridge between the window's pages and Libretto, in both directions. The types here mirror those of
//! the crates below, so that these need no desktop toolkit; `ui/src/lib/bindings.ts` is written from them.
//!
//! Field names are in camel case there, values in snake case. Places in a text are UTF-16 code units, as the pages
//! count them; the crates below count grapheme clusters.

pub mod devices;
pub mod failure;
pub mod history;
pub mod hotkeys;
pub mod keys;
pub mod models;
pub mod notice;
pub mod providers;
pub mod pulse;
pub mod settings;
pub mod shell;
pub mod snapshot;
