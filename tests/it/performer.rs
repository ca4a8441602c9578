//! The performer with a process that is really held, a real Redis and a real disk: what it does
//! without its licence, without a record and without saved payloads.
//!
//! Each law was shown to fail on a mutant: law | what was broken | the test that fails.
//!
//! | law | mutant | dies in |
//! |---|---|---|
//! | a run's own TTIN needs the licence | it is not asked | `licence::a_backtrace…` |
//! | one asked for by hand needs none | it is asked | `licence::a_backtrace…` |
//! | an act needs the licence | it is not asked | `licence::an_act…` |
//! | an unconfirmed push needs it | it is not asked | `licence::a_push…` |
//! | a confirmed one needs none | it is asked | `licence::a_push…` |
//! | it is asked last | before the connection is there | `licence::while_redis…` |
//! | no push without a record | a failing one, or none, will do | `kept::a_push…` |
//! | no push without its payload saved | it is not saved | `kept::a_push…` |
//! | what cannot be saved is not killed | it is | `kept::each_kill…` |
//! | who was told tries again | never | `kept::each_kill…` |
//! | each process for itself | who was told of one was told of all | `kept::each_kill…` |
//! | the same for a step without a record | the others are signalled | `kept::a_step…` |
//! | a new run waives nothing | what was waived stays | `kept::a_step…` |
//! | a new run is told anew | who was told of the one before is not | `kept::a_step…` |
//! | without a journal nothing is saved | it counts as saved | `kept::without_a_journal…` |
//! | nobody there: no KILL without a record | it leaves | `kept::where_nobody…` |
//! | nobody there: nothing is tried again | it is | `kept::where_nobody…` |
//! | nothing at stake, nothing to save | it is held | `kept::where_nobody…` |
//! | a record that can be written again is one | it stays failing | `kept::a_disk…` |

mod bench;
mod kept;
mod licence;
