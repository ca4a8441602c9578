//! How large a YAML text is once its aliases are taken in, counted before anything is built.

use std::collections::BTreeMap;

use granit_parser::Event;

/// No configuration has more nodes. What an alias stands for is taken in anew each time, and counts
/// each time: ten lists that each name the one before it ten times are 10^10 nodes.
pub(super) const MOST_NODES: usize = 100_000;

/// How many nodes were read, with those that aliases stand for.
#[derive(Default)]
pub(super) struct Size {
    pub(super) nodes: usize,
    /// Open collections: their anchor, and how many nodes came before them.
    open: Vec<(usize, usize)>,
    /// How many nodes each anchor stands for.
    anchors: BTreeMap<usize, usize>,
}

impl Size {
    /// Counts what an event begins.
    pub(super) fn count(&mut self, event: &Event<'_>) {
        if let Event::Alias(anchor, ..) = event {
            let stands_for = self.anchors.get(anchor).copied().unwrap_or(1);
            self.nodes = self.nodes.saturating_add(stands_for);
        } else if let Event::Scalar(_, _, anchor, ..) = event {
            self.nodes += 1;
            self.anchors.insert(*anchor, 1);
        } else if let Event::MappingStart(_, anchor, ..) | Event::SequenceStart(_, anchor, ..) =
            event
        {
            self.open.push((*anchor, self.nodes));
            self.nodes += 1;
        } else if matches!(event, Event::MappingEnd | Event::SequenceEnd)
            && let Some((anchor, before)) = self.open.pop()
        {
            self.anchors.insert(anchor, self.nodes - before);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::super::documents;

    #[test]
    fn more_nodes_than_any_configuration_has_are_refused_at_once() {
        let flat = format!("a: &a {{b: 1}}\nc: [{}]\n", "*a, ".repeat(40_000));
        let mut nested = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..8 {
            let below = format!("*a{}, ", level - 1).repeat(10);
            writeln!(nested, "a{level}: &a{level} [{below}]").unwrap();
        }
        for text in [flat, nested] {
            let broken = documents("x.yml", &text).unwrap_err();
            assert!(broken.why.contains("more than 100000 nodes"), "{broken:?}");
        }
        let usual = "a: &a {b: 1}\nc: [*a, *a]\n";
        assert!(documents("x.yml", usual).is_ok());
    }
}
