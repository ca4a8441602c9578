//! A line of a file of inputs: a checksum (CRC-32 in eight hexadecimal digits), a blank, JSON.

use serde_json::Value;

/// The longest line that is read.
pub(super) const LONGEST: usize = 64 << 20;

/// `value` as a line with its end.
pub(super) fn line(value: &Value) -> String {
    let text = value.to_string();
    format!("{:08x} {text}\n", crc32fast::hash(text.as_bytes()))
}

/// The content of a line without its end; `None` if it is not whole.
pub(super) fn value(line: &[u8]) -> Option<Value> {
    let (sum, text) = line.split_at_checked(8)?;
    let text = text.strip_prefix(b" ")?;
    let sum = u32::from_str_radix(std::str::from_utf8(sum).ok()?, 16).ok()?;
    if text.len() > LONGEST || crc32fast::hash(text) != sum {
        return None;
    }
    serde_json::from_slice(text).ok()
}
