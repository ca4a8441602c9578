//! How a long list is read in pieces while others take from it and add to it. Arithmetic only.

/// Bytes that one piece should bring at most: jobs may be megabytes each.
const PIECE_BYTES: usize = 4 << 20;
/// Elements of the first piece, when it is not known yet how large they are.
const FIRST_PIECE: usize = 20;
/// Elements of the largest piece: one `LRANGE` of this length does not hold a server up.
const LARGEST_PIECE: usize = 2_000;

/// The size of the next piece, from what the last ones weighed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    size: usize,
}

impl Piece {
    pub(super) fn first() -> Self {
        Self { size: FIRST_PIECE }
    }

    /// Elements to ask for.
    pub(super) fn size(self) -> usize {
        self.size
    }

    /// Learns from an answer. It grows fourfold at most, since the next elements may be larger.
    pub(super) fn weighed(&mut self, elements: usize, bytes: usize) {
        if elements == 0 {
            return;
        }
        let fitting = PIECE_BYTES / (bytes / elements).max(1);
        self.size = fitting.clamp(1, LARGEST_PIECE).min(self.size * 4);
    }
}

/// A walk over one list: from its right end first, where a job that was pushed back stands,
/// then from its left end, where new ones are put.
///
/// Others move the elements meanwhile. Workers take from the right end, so an element that
/// stands just beyond a piece slides into the part that was read already and would be missed:
/// each piece therefore reaches back over the one before it. What is pushed back on the right,
/// or pushed on the left, makes elements seen twice, which does no harm; it may itself be missed
/// by this walk, as an answer is as old as its question.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    right: usize,
    left: usize,
    /// The longest that the list was seen to be.
    longest: usize,
    each_end: usize,
    piece: Piece,
}

/// Two indices for `LRANGE`.
pub(super) type Range = (i64, i64);

impl Walk {
    pub(super) fn new(each_end: usize) -> Self {
        Self {
            right: 0,
            left: 0,
            longest: 0,
            each_end,
            piece: Piece::first(),
        }
    }

    /// The next piece; `None` at the end or at the bound.
    pub(super) fn next(&self) -> Option<Range> {
        if self.is_whole() {
            return None;
        }
        let size = self.piece.size();
        if self.right < self.each_end {
            let size = size.min(self.each_end - self.right);
            let back_over = self.overlap();
            return Some((
                -signed(self.right + size),
                -signed(self.right - back_over) - 1,
            ));
        }
        if self.left < self.each_end {
            let size = size.min(self.each_end - self.left);
            return Some((signed(self.left), signed(self.left + size) - 1));
        }
        None
    }

    /// Takes note of an answer to [`Self::next`] and of the list's length at that time.
    pub(super) fn answered(&mut self, elements: usize, bytes: usize, length: usize) {
        let size = self.piece.size();
        self.longest = self.longest.max(length);
        if self.right < self.each_end {
            self.right = (self.right + size).min(self.each_end);
        } else {
            self.left = (self.left + size).min(self.each_end);
        }
        self.piece.weighed(elements, bytes);
    }

    /// Whether nothing of the list is left. Behind the right end alone this is its length; where
    /// both ends met, one overlap more, for what was taken from the right meanwhile.
    pub(super) fn is_whole(&self) -> bool {
        let met = if self.left == 0 {
            self.longest
        } else {
            self.longest + self.overlap()
        };
        self.right > 0 && self.right + self.left >= met
    }

    /// How far a piece reaches back over the one before it: more than all workers together take
    /// during one trip.
    fn overlap(&self) -> usize {
        self.piece.size().min(100).min(self.right)
    }
}

fn signed(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Walks over a list that loses `taken` elements on the right between any two pieces;
    /// gives the elements seen.
    fn seen(mut list: Vec<usize>, each_end: usize, taken: usize, bytes: usize) -> Vec<usize> {
        let mut walk = Walk::new(each_end);
        let mut seen = Vec::new();
        let mut pieces = 0;
        while let Some((from, to)) = walk.next() {
            pieces += 1;
            assert!(pieces < 10_000, "it never ends");
            let length = signed(list.len());
            let at = |index: i64| if index < 0 { length + index } else { index };
            let (from, to) = (at(from).max(0), at(to).min(length - 1));
            let piece: Vec<usize> = (from..=to)
                .map(|index| list[usize::try_from(index).unwrap()])
                .collect();
            walk.answered(piece.len(), piece.len() * bytes, list.len());
            seen.extend(piece);
            list.truncate(list.len().saturating_sub(taken));
        }
        seen.sort_unstable();
        seen.dedup();
        seen
    }

    #[test]
    fn a_list_within_the_bound_is_seen_whole() {
        for length in [0, 1, 19, 20, 21, 99, 100, 101, 1_000, 19_000] {
            for bytes in [1, 600, 100_000] {
                let list: Vec<usize> = (0..length).collect();
                assert!(
                    seen(list.clone(), 10_000, 0, bytes) == list,
                    "{length}, {bytes}"
                );
            }
        }
    }

    #[test]
    fn what_slides_to_the_right_is_not_missed() {
        let list: Vec<usize> = (0..9_000).collect();
        for (each_end, taken) in [(10_000, 15), (5_000, 15), (4_600, 7)] {
            let seen = seen(list.clone(), each_end, taken, 600);
            assert!(seen == list, "{} of 9000 seen", seen.len());
        }
    }

    #[test]
    fn beyond_the_bound_the_middle_is_left_out() {
        let seen = seen((0..30_000).collect(), 10_000, 0, 600);
        assert_eq!(seen.len(), 20_000);
        assert!(seen.contains(&9_999) && seen.contains(&20_000) && !seen.contains(&15_000));
    }

    #[test]
    fn large_elements_make_small_pieces() {
        let mut piece = Piece::first();
        piece.weighed(20, 20 * (1 << 20));
        assert_eq!(piece.size(), 4);
        piece.weighed(4, 400);
        assert_eq!(piece.size(), 16);
        piece.weighed(0, 0);
        assert_eq!(piece.size(), 16);
    }
}
