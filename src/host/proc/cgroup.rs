//! `/proc/PID/cgroup`: the systemd unit that a process belongs to (cgroups(7)). It never asks
//! systemd, and never takes a container runtime's own unit for that of what runs inside it.

use nix::unistd::Uid;

use crate::core::clean::clean_bytes;
use crate::core::fleet::{Unit, UnitScope};

/// The mark of a container in a path: a unit above it is the runtime's.
const CONTAINERS: [&[u8]; 6] = [
    b"docker",
    b"kubepods",
    b"libpod",
    b"cri-containerd",
    b"crio",
    b"lxc",
];

/// The unit by the unified hierarchy, else by systemd's own: the last component of the path that
/// ends in `.service`, as systemd prints it (`\x2d` kept); below a `user@UID.service` it is one
/// of that user's own systemd.
pub(in crate::host) fn unit(content: &[u8]) -> Option<Unit> {
    let path_after = |mark: &[u8]| {
        content.split(|byte| *byte == b'\n').find_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            line[colon + 1..].strip_prefix(mark)
        })
    };
    [&b":"[..], b"name=systemd:"]
        .into_iter()
        .filter_map(path_after)
        .find_map(unit_of_path)
}

fn unit_of_path(path: &[u8]) -> Option<Unit> {
    let mut components = path.split(|byte| *byte == b'/').rev();
    let service = components
        .by_ref()
        .take_while(|component| !is_container(component))
        .find(|component| component.ends_with(b".service") && component.len() > 8)?;
    if service.starts_with(b"user@") {
        return None;
    }
    let scope = components.find_map(user).map_or(UnitScope::System, |uid| {
        if uid == Uid::effective().as_raw() {
            UnitScope::Own
        } else {
            UnitScope::Other(uid)
        }
    });
    Some(Unit {
        name: clean_bytes(service, 255),
        scope,
    })
}

/// The user whose systemd `user@UID.service` is.
fn user(component: &[u8]) -> Option<u32> {
    let uid = component
        .strip_prefix(b"user@")?
        .strip_suffix(b".service")?;
    std::str::from_utf8(uid).ok()?.parse().ok()
}

/// A scope of a container (`docker-….scope`, `crio-….scope`) or its directory (`/docker/…`);
/// `docker.service` is the runtime itself.
fn is_container(component: &[u8]) -> bool {
    !component.ends_with(b".service")
        && CONTAINERS
            .iter()
            .any(|runtime| component.starts_with(runtime))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_kind_of_path() {
        let cases: [(&str, Option<&str>); 11] = [
            (
                "0::/system.slice/sidekiq.service\n",
                Some("sidekiq.service"),
            ),
            (
                "0::/system.slice/system-sidekiq.slice/sidekiq@1.service\n",
                Some("sidekiq@1.service"),
            ),
            (
                "0::/system.slice/sidekiq@1.service/worker/deep\n",
                Some("sidekiq@1.service"),
            ),
            (
                "0::/system.slice/my\\x2dapp-sidekiq.service",
                Some("my\\x2dapp-sidekiq.service"),
            ),
            (
                "0::/user.slice/user-1000.slice/user@1000.service/app.slice/sidekiq.service",
                Some("sidekiq.service"),
            ),
            (
                "0::/user.slice/user-1000.slice/user@1000.service/app.slice/app.scope",
                None,
            ),
            ("0::/user.slice/user-1000.slice/session-2.scope", None),
            (
                "9:cpu:/a.service\n1:name=systemd:/system.slice/s.service\n0::/",
                Some("s.service"),
            ),
            ("0::/system.slice/docker-0123.scope", None),
            (
                "0::/system.slice/containerd.service/kubepods-pod1.slice/x",
                None,
            ),
            ("0::/system.slice/.service", None),
        ];
        for (content, expected) in cases {
            let found = unit(content.as_bytes()).map(|unit| unit.name);
            assert_eq!(found.as_deref(), expected, "{content}");
        }
    }

    #[test]
    fn a_unit_of_a_user_is_told_from_one_of_the_machine() {
        let scope = |path: &str| unit(format!("0::{path}\n").as_bytes()).unwrap().scope;
        let own = Uid::effective().as_raw();
        let below = |uid: u32| {
            format!("/user.slice/user-{uid}.slice/user@{uid}.service/app.slice/sidekiq.service")
        };
        assert_eq!(scope(&below(own)), UnitScope::Own);
        assert_eq!(scope(&below(own + 1)), UnitScope::Other(own + 1));
        assert_eq!(scope("/system.slice/sidekiq.service"), UnitScope::System);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(content in prop::collection::vec(any::<u8>(), 0..200)) {
            let _unread = unit(&content);
        }
    }
}
