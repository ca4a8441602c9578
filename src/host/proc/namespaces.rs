//! Whether a process shares our namespace of host names (namespaces(7)). What may not be read is unknown:
//! never "the same".

use std::path::Path;

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
