//! Kamal's `config/deploy.yml` and the files of its destinations: how long it lets a container
//! stop, for the roles that run a Sidekiq. ERB is left alone.

use std::time::Duration;

use super::compose::{BUILD, command};
use super::erb::tag_alone;
use super::gemfile_lock;
use super::layer::Layer;
use super::paths::{file_name, folder_of, joined, without_template};
use super::tool::Text;
use super::value::{Expression, Hazard, Reading, Value};
use super::yaml::{self, Document, Lists};
use crate::core::clean::clean;

/// 2.12 and later, at the root or in a role.
pub const STOP_TIMEOUT: &str = "stop_timeout";
/// 2.x; roles without a proxy stop after it where there is no `stop_timeout`.
pub const DRAIN_TIMEOUT: &str = "drain_timeout";
/// 1.x.
pub const STOP_WAIT_TIME: &str = "stop_wait_time";

/// The option of `docker run` for an accessory.
pub const ACCESSORY: &str = "stop-timeout";

/// Docker itself waits so long, where Kamal says nothing.
const DOCKER: Duration = Duration::from_secs(10);
/// Kamal 2 waits so long for a role without a proxy.
const DRAIN: Duration = Duration::from_secs(30);

/// Reads one `deploy.yml`.
pub fn read(file: &str, text: &str) -> Reading {
    let layer = Layer::Kamal;
    read_together(&[Text {
        layer,
        path: file,
        text,
    }])
}

/// Reads `deploy.yml` with each destination (`deploy.production.yml`) laid over it, as Kamal's
/// version in `Gemfile.lock` stops it (basecamp/kamal v1.9.2 `lib/kamal/commands/app.rb`, v2.12
/// `lib/kamal/configuration/role.rb`, `stop_args`). The scope of a value is its role.
pub fn read_together(texts: &[Text<'_>]) -> Reading {
    let mut reading = Reading::default();
    let version = version(texts);
    let mut files = Vec::new();
    for text in texts.iter().filter(|text| text.layer == Layer::Kamal) {
        let (_, documents) = yaml::read(text.path, text.text, &mut reading);
        if let Some(document) = documents.into_iter().next() {
            files.push((text.path, document));
        }
    }
    let is_main = |path: &str| without_template(file_name(path)).matches('.').count() == 1;
    for (path, document) in &files {
        let main = files.iter().find(|(other, _)| {
            is_main(other) && folder_of(other) == folder_of(path) && other != path
        });
        let destinations = || files.iter().filter(|(other, _)| !is_main(other));
        if is_main(path) && destinations().next().is_some() {
            continue;
        }
        let mut whole = document.clone();
        if let Some((_, base)) = main.filter(|_| !is_main(path)) {
            whole = base.clone();
            whole.overlay(document, Lists::Replaced);
        }
        let several = destinations().nth(1).is_some();
        let destination = file_name(path).split('.').nth(1).filter(|_| several);
        let kamal = Kamal {
            document: &whole,
            version,
            destination,
            image: image(path, &whole),
        };
        let servers = whole.get(&["servers"]).into_iter().flat_map(yaml::entries);
        let roles: Vec<String> = servers.map(|(name, _)| name.to_owned()).collect();
        for role in &roles {
            kamal.role(role, &mut reading);
        }
        let accessories = whole.get(&["accessories"]);
        for (name, _) in accessories.into_iter().flat_map(yaml::entries) {
            kamal.accessory(name, &mut reading);
        }
    }
    reading
}

/// The Dockerfile that the image is built from (basecamp/kamal
/// `lib/kamal/configuration/builder.rb`), with its stage.
fn image(path: &str, whole: &Document) -> String {
    let folder = folder_of(path);
    let root = match file_name(folder) {
        "config" => folder_of(folder),
        _ => folder,
    };
    let text = |key: &str| whole.get(&["builder", key]).and_then(yaml::scalar);
    let file = joined(root, text("dockerfile").as_deref().unwrap_or("Dockerfile"));
    match text("target") {
        Some(target) => format!("{file}:{target}"),
        None => file,
    }
}

/// Kamal's major and minor version.
fn version(texts: &[Text<'_>]) -> Option<(u32, u32)> {
    let locks = texts.iter().filter(|text| text.layer == Layer::GemfileLock);
    let gems = locks.flat_map(|text| gemfile_lock::read(text.path, text.text).values);
    let kamal = gems
        .into_iter()
        .find(|located| located.setting == "kamal")?;
    let mut numbers = kamal.value.as_text()?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// A configuration that is deployed.
struct Kamal<'a> {
    document: &'a Document,
    version: Option<(u32, u32)>,
    destination: Option<&'a str>,
    /// The Dockerfile that every role is built from.
    image: String,
}

impl Kamal<'_> {
    fn role(&self, name: &str, reading: &mut Reading) {
        let path = ["servers", name, "cmd"];
        let Some(cmd) = self.document.get(&path).and_then(command) else {
            return;
        };
        let place = self.document.place(&path);
        let scope_name = match self.destination {
            Some(destination) => format!("{name} in {destination}"),
            None => name.to_owned(),
        };
        let mut scope = reading.scope(Layer::Kamal, &scope_name);
        if scope.command(&cmd, &place).is_none() {
            return;
        }
        scope.found(BUILD, Value::text(&self.image), &place);
        let stated = self.settings(name).iter().find_map(|(setting, path)| {
            Some((
                *setting,
                self.document.get(path)?,
                self.document.place(path),
            ))
        });
        if let Some((setting, node, place)) = stated {
            let value = seconds(node);
            scope.found(setting, value, &place);
            return;
        }
        let default = self.default(name);
        scope.found(STOP_TIMEOUT, Value::Default(default), &place);
        if self.version.is_none() {
            reading.note(
                place,
                format!("role {name} sets no wait: Kamal 2 gives a role without a proxy 30 s, Kamal 1 any role 10 s"),
            );
        }
    }

    /// An accessory is stopped by a plain `docker container stop` (basecamp/kamal
    /// `lib/kamal/commands/accessory.rb`): Docker's own wait counts, or that of its container.
    fn accessory(&self, name: &str, reading: &mut Reading) {
        let path = ["accessories", name, "cmd"];
        let Some(cmd) = self.document.get(&path).and_then(command) else {
            return;
        };
        let mut place = self.document.place(&path);
        let mut scope = reading.scope(Layer::Kamal, name);
        if scope.command(&cmd, &place).is_none() {
            return;
        }
        let path = ["accessories", name, "options", ACCESSORY];
        let stated = self.document.get(&path);
        if stated.is_some() {
            place = self.document.place(&path);
        }
        let value = stated.map_or(Value::Default(DOCKER), seconds);
        scope.found(ACCESSORY, value, &place);
    }

    /// The settings that say how long a role may take to stop, the strongest first.
    fn settings<'n>(&self, role: &'n str) -> Vec<(&'static str, Vec<&'n str>)> {
        let stop = [
            (STOP_TIMEOUT, vec!["servers", role, STOP_TIMEOUT]),
            (STOP_TIMEOUT, vec![STOP_TIMEOUT]),
        ];
        let wait = (STOP_WAIT_TIME, vec![STOP_WAIT_TIME]);
        let drain = (DRAIN_TIMEOUT, vec![DRAIN_TIMEOUT]);
        let drain = Some(drain).filter(|_| !self.has_proxy(role));
        match self.version {
            Some((0 | 1, _)) => vec![wait],
            Some((2, 0..=11)) => drain.into_iter().collect(),
            Some(_) => stop.into_iter().chain(drain).collect(),
            None => stop.into_iter().chain([wait]).chain(drain).collect(),
        }
    }

    fn default(&self, role: &str) -> Duration {
        match self.version {
            Some((0 | 1, _)) => DOCKER,
            Some(_) | None if self.has_proxy(role) => DOCKER,
            Some(_) | None => DRAIN,
        }
    }

    /// Whether a role stands behind the proxy: `web` unless it says otherwise.
    fn has_proxy(&self, role: &str) -> bool {
        match self.document.get(&["servers", role, "proxy"]) {
            Some(proxy) => proxy.as_bool() != Some(false),
            None => role == "web",
        }
    }
}

/// A number of seconds; what ERB prints there is read as far as it is plain.
fn seconds(node: &serde_yaml::Value) -> Value {
    if let Some(Ok(span)) = node.as_f64().map(Duration::try_from_secs_f64) {
        return Value::Span(span);
    }
    let text = yaml::scalar(node).unwrap_or_default();
    match tag_alone(&text) {
        Some(code) => super::ruby::timeout(code, super::ruby::Use::Printed),
        None => Value::Expression(Expression {
            code: clean(&text, 200),
            default: None,
            variable: None,
            hazard: Hazard::None,
        }),
    }
}
