//! A reader for each place where a setting of a stop is written: text in, located values out.
//! Nothing here opens a file or runs code; a value that would need that stays an expression.

pub mod cloud66;
pub mod command_line;
pub mod compose;
mod deploy_calls;
pub mod deploy_rb;
pub mod dockerfile;
pub mod ecs;
mod environment;
pub mod erb;
pub mod fly;
pub mod foreman;
pub mod gemfile_lock;
pub mod heroku;
pub mod initializer;
pub mod job_class;
pub mod kamal;
pub mod kubernetes;
mod launch;
mod layer;
pub mod monit;
pub mod nested;
pub mod nomad;
mod paths;
mod process_variables;
pub mod procfile;
pub mod quadlet;
pub mod render;
mod ruby;
pub mod s6;
mod scoped;
pub mod script;
pub mod sidekiq_yml;
mod span;
mod steps;
pub mod supervisord;
pub mod systemd_show;
pub mod systemd_unit;
mod together;
mod tool;
mod tools;
mod unread;
pub mod upstart;
mod value;
mod variables;
pub mod watched;
mod yaml;

#[cfg(test)]
mod tests;

pub use layer::Layer;
pub use paths::{is_for_development, unit};
pub use ruby::{Use as RubyUse, timeout as ruby_timeout};
pub use span::{Span, busctl_span, duration_text, systemd_span};
pub use together::read_together;
pub use tool::{Limit, Text, Tool, ToolStop};
pub use tools::TOOLS;
pub use value::{
    Expression, Fault, FilePlace, Hazard, LocatedSetting, Reading, Remark, Value, Weight,
};
pub use variables::ENVIRONMENTS;
