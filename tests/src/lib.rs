//! What the end-to-end tests, `./dev run` without a sound card and `./dev bench` share: a stage with a virtual sound
//! card and an empty home, and measures of what was heard there.
#![cfg(unix)]
#![forbid(unsafe_code)]

pub mod cloud;
pub mod figures;
pub mod hearing;
pub mod karaoke;
pub mod leaks;
pub mod process;
pub mod stage;
pub mod talk;
pub mod tap;
pub mod ways;
pub mod window;

pub use cloud::Cloud;
pub use figures::{Figure, Figures};
pub use hearing::Hearing;
pub use stage::Stage;
pub use talk::{Talk, Turn};
pub use tap::Tap;
pub use window::Window;
