//! The readers of what comes over the socket of a drain, for `crate::readers`.

use tokio::sync::mpsc;

use super::visitors::{Announced, FromVisitor, Visit, VisitorWord, Visitors};
use crate::readers::Reader;

/// Visitors that speak in turn.
const VISITORS: u64 = 3;

pub(crate) const READERS: &[Reader] = &[
    ("shell/announced", |bytes| {
        let _announced = serde_json::from_slice::<Announced>(bytes);
    }),
    // Each line is what the next visitor says; one that says no word leaves, as over the socket.
    ("shell/visitors", |bytes| {
        let mut visitors = Visitors::default();
        let mut told = Vec::new();
        for id in 0..VISITORS {
            let (tell, tells) = mpsc::unbounded_channel();
            told.push(tells);
            let _came = visitors.take(FromVisitor::Came(id, tell), false);
        }
        for (id, line) in (0..VISITORS)
            .cycle()
            .zip(bytes.split(|byte| *byte == b'\n'))
        {
            let heard = match serde_json::from_slice::<VisitorWord>(line) {
                Ok(word) => FromVisitor::Said(id, word),
                Err(_) => FromVisitor::Left(id),
            };
            let asks_first = line.len() % 2 == 0;
            let driven = visitors.drive();
            let visit = visitors.take(heard, asks_first);
            // Commands come from the one that drives alone.
            assert!(driven || !matches!(visit, Visit::Command(_)), "{visit:?}");
        }
        let _back = visitors.turn_over();
    }),
];
