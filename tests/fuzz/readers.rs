//! Gives any bytes to the readers of drainboard's own table. `DRAINBOARD_READER` names one of
//! them; without it the first byte chooses. `DRAINBOARD_READER=names` lists them.

#![no_main]

use std::sync::LazyLock;

use drainboard::readers::{Reader, all};
use libfuzzer_sys::fuzz_target;

static CHOSEN: LazyLock<Vec<Reader>> = LazyLock::new(|| {
    let mut readers = all();
    let Ok(wanted) = std::env::var("DRAINBOARD_READER") else {
        return readers;
    };
    if wanted == "names" {
        readers.iter().for_each(|(name, _)| println!("{name}"));
        std::process::exit(0);
    }
    readers.retain(|(name, _)| *name == wanted);
    assert!(!readers.is_empty(), "no reader is called {wanted}");
    readers
});

fuzz_target!(init: { LazyLock::force(&CHOSEN); }, |bytes: &[u8]| {
    if let [(_, read)] = CHOSEN[..] {
        read(bytes);
    } else if let [choice, bytes @ ..] = bytes {
        let (_, read) = CHOSEN[usize::from(*choice) % CHOSEN.len()];
        read(bytes);
    }
});
