//! Which systemd units run a Sidekiq, joined from files, templates and what is loaded.

use super::effective::is_scope_of;
use super::unit_facts::UnitFacts;
use crate::core::layers::command_line::{is_named_sidekiq, is_other_program, starts_sidekiq};
use crate::core::layers::{Layer, LocatedSetting};

/// The units that run a Sidekiq, each with all that is known of it; those that are `known` to
/// do so, whatever their command looks like.
pub(super) fn units(values: &[LocatedSetting], known: &[String]) -> Vec<UnitFacts> {
    let mut units: Vec<UnitFacts> = Vec::new();
    for located in values {
        if !matches!(located.layer, Layer::Systemd | Layer::SystemdLoaded) {
            continue;
        }
        let name = located.scope.as_deref().unwrap_or_default();
        let at = units.iter().position(|unit| unit.name == name);
        let at = at.unwrap_or_else(|| {
            units.push(UnitFacts {
                name: name.to_string(),
                ..UnitFacts::default()
            });
            units.len() - 1
        });
        units[at].settings.push(located.clone());
    }
    for instance in known {
        let is_template = |unit: &UnitFacts| {
            unit.name.contains("@.") && unit.name != *instance && is_scope_of(&unit.name, instance)
        };
        // Of an instance that systemd tells nothing of, the files of its template hold.
        if units.iter().all(|unit| unit.name != *instance) && units.iter().any(is_template) {
            units.push(UnitFacts {
                name: instance.clone(),
                ..UnitFacts::default()
            });
        }
    }
    let mut units = with_templates(units);
    for unit in &mut units {
        unit.is_user_unit = is_user_unit(unit);
    }
    units.retain(|unit| known.contains(&unit.name) || runs_sidekiq(unit));
    units
}

/// Gives the files of a template (`sidekiq@.service`) to the instances that are known of it
/// (`sidekiq@1.service`); a template without instances stays.
fn with_templates(units: Vec<UnitFacts>) -> Vec<UnitFacts> {
    let (templates, mut units): (Vec<_>, Vec<_>) =
        units.into_iter().partition(|unit| unit.name.contains("@."));
    for template in templates {
        let mut instances = units
            .iter_mut()
            .filter(|unit| is_scope_of(&template.name, &unit.name))
            .peekable();
        if instances.peek().is_some() {
            for instance in instances {
                instance.settings.splice(0..0, template.settings.clone());
            }
        } else {
            units.push(template);
        }
    }
    units
}

/// Whether a unit runs a Sidekiq, as far as its command or its name tells.
fn runs_sidekiq(unit: &UnitFacts) -> bool {
    match unit.word("ExecStart") {
        Some(command) if starts_sidekiq(command) => true,
        Some(command) if is_other_program(command) => false,
        // A template may hold the command in a variable.
        Some(_) | None => is_named_sidekiq(&unit.name),
    }
}

/// Whether a unit belongs to a user manager, from its file or its control group.
fn is_user_unit(unit: &UnitFacts) -> Option<bool> {
    let group = unit.word("ControlGroup").unwrap_or_default();
    let fragment = unit.word("FragmentPath").unwrap_or_default();
    let files = unit.settings.iter().map(|located| &*located.from.file);
    for path in files.chain([group, fragment]) {
        if path.contains("systemd/user/") || path.starts_with("/user.slice") {
            return Some(true);
        }
        if path.contains("systemd/system/") || path.starts_with("/system.slice") {
            return Some(false);
        }
    }
    None
}
