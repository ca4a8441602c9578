//! `app.json`: together with a `Procfile` it says that an application runs on Heroku, whose
//! 30 s after TERM nobody can change.

use std::time::Duration;

use super::tool::Layer;
use super::value::{Place, Reading, Value};

/// Heroku's wait between TERM and KILL (devcenter, "Dynos": R12).
pub const KILL_AFTER: &str = "kill after";
/// Its length.
pub const LIMIT: Duration = Duration::from_secs(30);

/// Keys that only Heroku gives a meaning.
const KEYS: &[&str] = &[
    "addons",
    "buildpacks",
    "formation",
    "stack",
    "environments",
    "success_url",
];

/// Reads an `app.json`; something else of that name (React Native has one) gives nothing.
pub fn read(file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(serde_json::Value::Object(object)) => {
            if KEYS.iter().any(|key| object.contains_key(*key)) {
                let value = Value::Span(LIMIT);
                reading.found(Layer::Heroku, KILL_AFTER, None, value, Place::whole(file));
            }
        }
        Ok(_) => {}
        Err(error) => reading.problem(
            Place {
                file: file.into(),
                line: (error.line() > 0).then_some(error.line()),
            },
            "no valid JSON",
        ),
    }
    reading
}
