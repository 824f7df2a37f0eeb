//! The pages for people (parity 8): what they show, what they may be asked to do, and who may ask.
//!
//! Pages are rendered here and work without scripts; scripts make them live. What a page is asked to do is done by the
//! same methods that clients call. Nothing here knows of connections: [`http`](crate::http) brings requests in and
//! answers out.

pub mod action;
pub mod assets;
pub mod choice;
pub mod consent;
pub mod form;
pub mod live;
pub mod pages;
pub mod perform;
pub mod row;
pub mod usage;
pub mod view;
