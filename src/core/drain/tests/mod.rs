//! The engine against a world of imitated Sidekiqs.

mod cases;
mod drive;
mod fates;
mod laws;
mod scenario;
mod world;
