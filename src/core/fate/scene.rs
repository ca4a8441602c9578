//! The surroundings of an execution when it is judged. A value only.

use crate::core::fleet::Fleet;
use crate::core::moment::Moment;

/// The surroundings of an execution when it is judged.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The picture of all sources.
    pub fleet: &'a Fleet,
    /// When it is judged.
    pub now: Moment,
    /// Whether there is time to learn more.
    pub patient: bool,
    /// Whether the processes are stand-ins of a rehearsal: these end no job that they do not show.
    pub rehearsal: bool,
}
