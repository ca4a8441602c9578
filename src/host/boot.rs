//! Which boot of this machine it is: pids, start times and `CLOCK_BOOTTIME` mean something within
//! one boot alone.

/// The id that the kernel drew at this boot (`random(4)`, `/proc/sys/kernel/random/boot_id`); empty
/// where it cannot be read.
pub fn boot_id() -> String {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    text.trim().to_owned()
}
