//! The acts of the console's keys.

/// The act of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyAct {
    /// Let the drain go by itself.
    Automatic,
    /// Send the next step.
    NextStep,
    /// End the running wait and send what follows it.
    EndWait,
    /// Stop the clock.
    Hold,
    /// Go on from a hold.
    GoOn,
    /// A line for each job of the result, or for each group.
    EachJob,
    /// Leave a question open for a while longer.
    WaitMore,
    /// Make the wait longer.
    Longer,
    /// Make the wait shorter.
    Shorter,
    /// Let each step wait for a confirmation.
    Manual,
    /// Send nothing more.
    StopHere,
    /// KILL one process out of turn.
    ForceKill,
    /// Go on with the drain that was cut off.
    TakeUp,
    /// Bring units back to work that a stopped drain left quiet or down.
    BringBack,
    /// Try failed signals again.
    Retry,
    /// Go on without the targets whose signal failed.
    LeaveOut,
    /// Save what runs to disk.
    Save,
    /// Push lost jobs back.
    Rescue,
    /// Ask for the backtrace of a job's thread.
    Backtrace,
    /// Cancel the job of the page.
    Cancel,
    /// Show or fold the frames of gems and of Ruby.
    Frames,
    /// The next thread of a process.
    NextThread,
    /// Take a process in or out before the drain.
    Mark,
    /// Go to the other table.
    Jump,
    /// Show what is selected.
    Open,
    /// Up a row or line.
    Up,
    /// Down a row or line.
    Down,
    /// Up a page.
    PageUp,
    /// Down a page.
    PageDown,
    /// To the first row.
    First,
    /// To the last row.
    Last,
    /// Type a filter.
    Filter,
    /// Clear the filter.
    Unfilter,
    /// Change the order.
    Sort,
    /// Show or hide arguments.
    Arguments,
    /// Give processes of other applications and hosts rows of their own, or fold them.
    Fold,
    /// Group the processes by what comes next.
    Regroup,
    /// Fold all groups, or show all processes again.
    FoldGroups,
    /// The journal of this session.
    Journal,
    /// Back to the main screen.
    Back,
    /// How the last drain ended.
    Outcome,
    /// The findings of the check.
    Check,
    /// Keys and words.
    Help,
    /// Leave.
    Quit,
    /// Stop here while a drain runs, else leave.
    Interrupt,
    /// Paint anew.
    Redraw,
    /// Stop the program itself.
    Suspend,
}
