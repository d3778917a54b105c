//! The models themselves. They run in a process of their own, `libretto-engine`, so that one that dies takes nothing
//! with it, and so that its memory is given back when it leaves. `libretto-ondevice` is the app's side of it.
#![forbid(unsafe_code)]

pub mod error;
pub mod hibari;
pub mod llama;
pub mod moonshine;
mod onnx;
pub mod serve;
pub mod smart_turn;
pub mod spell;
