//! Questions to Redis by way of its source. Nothing is changed by them.

use crate::core::drain::Ask;
use crate::core::fleet::Located;
use crate::redis::Asker;

/// Asks Redis through its source.
pub(super) async fn ask(asker: Asker, ask: Ask) -> Vec<Located> {
    match ask {
        Ask::Where(sought) => asker.locate(sought).await,
        // A search has its own way.
        Ask::Nowhere(_) => Vec::new(),
        Ask::LookNow => {
            // The look itself comes as an observation; a failure shows as the link's state.
            drop(asker.look_now().await);
            Vec::new()
        }
    }
}
