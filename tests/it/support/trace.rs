//! What jobs themselves wrote down: another witness than Redis and the log.

/// One line of the trace.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    /// `start`, `done`, `failed`, `stop` or `shutdown`.
    pub(crate) event: String,
    pub(crate) jid: String,
    /// Seconds since 1970.
    pub(crate) at: f64,
    /// The job that does its work from here on.
    pub(crate) goes_on_as: Option<String>,
}

/// Everything that was written so far. A line that is not whole yet is left out.
pub(crate) fn read(text: &str) -> Vec<Entry> {
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some(Entry {
                event: words.next()?.to_owned(),
                jid: words.next()?.to_owned(),
                at: words.next()?.parse().ok()?,
                // The pid stands between.
                goes_on_as: words.nth(1).map(str::to_owned),
            })
        })
        .collect()
}
