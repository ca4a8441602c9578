//! The engine against a world of imitated Sidekiqs.

mod cases;
mod drive;
mod fates;
mod kills;
mod laws;
mod scenario;
mod world;
