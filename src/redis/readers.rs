//! The readers of what Redis answers, for `crate::readers`.

use super::{Address, decode, payload, server};
use crate::readers::Reader;

pub(crate) const READERS: &[Reader] = &[
    ("redis/address", |bytes| {
        if let Ok(text) = str::from_utf8(bytes)
            && let Ok(address) = Address::parse(text)
        {
            let _short = (address.short(), address.same_place(&address));
        }
    }),
    ("redis/decode", |bytes| {
        let _info = decode::info(bytes);
    }),
    ("redis/payload", |bytes| {
        let _work = payload::work(b"tid", bytes);
        let _jid = payload::jid(bytes);
    }),
    ("redis/server", |bytes| {
        let _server = server::identity(&String::from_utf8_lossy(bytes));
    }),
];
