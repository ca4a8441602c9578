//! Whether a process shares our namespace of host names, what it is called in its own, and whether we see every
//! process that goes by our host name (namespaces(7)). What may not be read is unknown: never "the same".

use std::os::fd::AsFd;
use std::path::Path;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::ProcessDirectory;

/// Our own namespace, as the link under `/proc/self/ns` names it.
#[derive(Clone, Debug, Default)]
pub(in crate::host) struct Namespaces {
    host_name: Option<Vec<u8>>,
}

impl Namespaces {
    /// Reads it below `root`.
    pub(in crate::host) fn own(root: &Path) -> Self {
        let target = std::fs::read_link(root.join("self/ns/uts")).ok();
        Self {
            host_name: target.map(|target| target.into_os_string().into_encoded_bytes()),
        }
    }

    /// Whether the process sees our host name; `None` if that cannot be read.
    pub(in crate::host) fn share_host_name(&self, process: &ProcessDirectory) -> Option<bool> {
        let theirs = process.link("ns/uts").ok()?;
        Some(*self.host_name.as_ref()? == theirs)
    }
}

/// The host name that `process` sees in a namespace of its own. A thread that ends with the answer enters it, for
/// nothing else tells it from outside; `None` where it may not (setns(2) wants `CAP_SYS_ADMIN`).
pub(in crate::host) fn host_name_within(process: &ProcessDirectory) -> Option<Vec<u8>> {
    let names = process.open_file("ns/uts").ok()?;
    let ask = move || {
        let kind = Some(LinkNameSpaceType::HostNameAndNISDomainName);
        move_into_link_name_space(names.as_fd(), kind).ok()?;
        Some(nix::unistd::gethostname().ok()?.into_encoded_bytes())
    };
    std::thread::Builder::new().spawn(ask).ok()?.join().ok()?
}

/// The first namespaces of a machine (Linux `include/linux/proc_ns.h`, `PROC_PID_INIT_INO` and
/// `PROC_UTS_INIT_INO`).
const FIRST_PIDS: &str = "pid:[4026531836]";
const FIRST_NAMES: &str = "uts:[4026531838]";

/// Whether every process that registers under our host name stands in our `/proc`: our namespace
/// of pids reaches as far as that of host names, and `/proc` hides no other user's processes
/// (`hidepid`, proc(5)).
pub fn sees_host() -> bool {
    let link = |name: &str| std::fs::read_link(format!("/proc/self/ns/{name}"));
    let (Ok(pids), Ok(names)) = (link("pid"), link("uts")) else {
        return false;
    };
    let whole = (pids.as_os_str() == FIRST_PIDS) == (names.as_os_str() == FIRST_NAMES);
    whole && (rustix::process::geteuid().is_root() || std::fs::read("/proc/1/stat").is_ok())
}
