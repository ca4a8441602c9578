//! How much a look follows one by one.

/// How much of what a Redis lists a look follows one by one. No Sidekiq comes near it.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// Where more dead members than this are listed, they have no rows and are only counted.
    pub dead: usize,
    /// Jobs of one process. It runs one job a thread: a larger hash is foreign, and must not cost the
    /// others anything.
    pub jobs: usize,
}

impl Extent {
    /// For a look and no more.
    pub const ONCE: Self = Self {
        dead: usize::MAX,
        jobs: 10_000,
    };
    /// For looks that come again and again, each of which costs every job and every row once more.
    pub const WATCHED: Self = Self {
        dead: 500,
        jobs: 1_000,
    };
}
