//! The readers of what was saved, for `crate::readers`.

use super::base64;
use super::store::{RescueEntry, jobs};
use crate::readers::Reader;

pub(crate) const READERS: &[Reader] = &[
    ("rescue/base64", |bytes| {
        if let Ok(text) = str::from_utf8(bytes)
            && let Some(decoded) = base64::decode(text)
        {
            assert_eq!(base64::decode(&base64::encode(&decoded)), Some(decoded));
        }
    }),
    ("rescue/store", |bytes| {
        if let Ok(entry) = serde_json::from_slice::<RescueEntry>(bytes) {
            let _jobs = jobs(&[entry]);
        }
    }),
];
