//! The engine against a world of imitated Sidekiqs. `laws` judges every single call, `fates`
//! whole random drains, `cases` and `kills` tell single ones.
//!
//! Every law was shown to fail on a mutant: law | what was broken | the test that fails.
//!
//! | law | mutant | dies in |
//! |---|---|---|
//! | over is over | `handle` goes on after the end | `fates`, all of them |
//! | abort wins | `StopHere` ignored during a hold | `fates::…whatever_is_pressed` |
//! | no act after an abort | an outcome brings the run back from `Ending` | `cases::an_abort_reports…` |
//! | an aborted act is told as what it was | its step is forgotten | `cases::an_abort_reports…` |
//! | steps in order, each once | after a step the same one is next | nearly all |
//! | one call starts at most one step | the next two start at once | `fates`, all of them |
//! | retried by name only | going on leads back to the failed step | `kills::failures_hold…` |
//! | manual: only the step shown | any step number confirms | `fates::…whatever_is_pressed` |
//! | manual stops a countdown | `Waiting` goes on | `fates::…whatever_is_pressed` |
//! | the same after a KILL out of turn | back to `Waiting` | `kills::a_kill_out_of_turn…` |
//! | a gate passes on fresh evidence | a stale thread count counts | `fleet::…proofs` |
//! | a gate passes on known evidence | quiet is enough, unknown too | `fates`, `cases` |
//! | only outcomes leave `Performing` | a hold leaves it | `fates::…whatever_is_pressed` |
//! | a failure holds | one failure does not | `kills::failures_hold…` |
//! | the same for a KILL out of turn | it goes back as if nothing were | `kills::a_kill_out_of_turn…` |
//! | deadlines lie in the future | a question due stays due | `fates`, all of them |
//! | the same after a sleep | the deadline stays | `cases::a_machine_that_slept…` |
//! | ticks at any pace | 4 s count as slept through | `fates::ticking_often_or_rarely…` |
//! | no KILL through a shut gate | one job may be lost | `fates`, `kills::ask_asks…` |
//! | the same for unseen jobs | idle-looking threads do not count | `fates`, both drains |
//! | the same for hidden jobs | a job that is back covers its thread | `fates::…nobody_touches…` |
//! | blind, `wait-for-requeue` holds | KILL after `kill_extra` in any case | `kills::blind…` |
//! | a hold freezes the rest | the whole wait again | `cases::a_hold_freezes…` |
//! | the interrupt time stays | a later signal moves it | `fates`, all of them |
//! | longer moves what is to come | by 5 s at most | `cases::longer_and_shorter…` |
//! | early ends only before TERM | after TERM too | `fates`, `cases::after_term…` |
//! | `early: never` | ignored | `cases::early_never…` |
//! | alive at the end is said | said to be drained | `fates`, `cases::alive_after…` |
//! | an assumed `T` vouches for nothing | it is believed | `fates`, `kills::a_job_that_left…` |
//! | a beat after the interrupt proves no end | it does | `kills::a_beat_after_the_interrupt…` |
//! | an answer is as old as its question | an old one is believed | `fates`, `cases` |
//! | others may have the job | an old beat of theirs is enough | `fates`, `kills::a_fate_waits…` |
//! | a new execution has its fate before it | the old fate stands | `kills::a_job_that_runs_again…` |
//! | a job seen back stays known for it | forgotten once taken up | `kills::the_gate_opens…` |
//! | interrupted threads hide jobs | they hid nothing | `fates::…nobody_touches…` |
//! | a thread may run another job | one job ever | `fates::…whatever_is_pressed` |
//! | what may have been sent counts as sent | it was not sent | `kills::a_failure_that_may…` |
//! | outcome weighing | unknown is as good as done | `fates`, both drains |
//! | a kept iteration state is no end | it is not looked at | `iterable::one_that_died…`, `fates` |
//! | a dropped one is the end | it is not looked at | `iterable::one_that_completed…` |
//! | what may have ended is not lost | its thread is not missed | `losses::a_job_that_may…` |
//! | the same before idle threads are gone | their count counts | `losses::a_job_that_may…` |
//! | the same with a log | a line of its end is not read | `losses::what_the_log…` |
//! | the same once a beat has dropped it | its track is not asked | `losses::a_job_that_left…` |
//! | a fail is no success | `fail` reads as `done` | `testimonies::a_fail…`, `log::tests` |
//! | a line of another execution is none of this | its time, length or thread is not asked | `testimonies::an_end…`, `…a_begin…` |
//! | each log speaks of its own process | the pid is not asked | `log::tests::in_a_file…` |
//! | `done` after the interrupt may be back as well | it is an end | `testimonies::what_ends…` |
//! | a push-back that failed is none | it is not looked at | `testimonies::a_push_back…` |
//! | what its log ended is not lost, nor rescued | that word is not asked | `testimonies::a_push_back…` |
//! | a count without an ended job needs no thread for it | it does | `losses::each_thread…` |
//! | a thread that is free may take another job | it hides none | `testimonies::a_thread…` |
//! | a signal that was sent is not heard yet | it is | `heard::what_is…` |
//! | the same once its iterations are complete | it hides none | `hidden::a_thread_whose…`, `fates` |
//! | the same once it broke off | it may have been interrupted | `hidden::one_that_broke…`, `fates` |
//! | the same if it was back before | when it was back is not asked | `hidden::one_that_was_back…`, `storms` |
//! | a new job may be in a gone one's place | it is on an unseen thread | `hidden::a_job_in_the_place…` |
//! | a killed one's last beat is read | only what lives is | `hidden::the_last_beat…` |
//! | a beat shows what ran before it | it counts whenever it was | `hidden::a_beat_from_before…`, `fates` |
//! | an answer tells of what ran before it | it counts whenever it was asked | `hidden::an_answer…` |
//! | what is found later uncovers its thread | threads are counted once | `hidden::what_is_found…` |
//! | an end beside a push-back is none | it is an end | `hidden::one_that_ends…`, `fates` |
//! | one thread left is not the seen job's | no last word is asked for | `hidden::one_thread_left…`, `fates` |
//! | others are ruled out only if watched | whole search, gap or interrupt not asked | `rescues::what_was_not…` |
//! | the same of a target that still fetches | it is taken for quiet | `watched::a_target…` |
//! | unread queues may be any | they are none | `watched::who_serves…`, `testimonies::what_ends…` |
//! | an old count of threads proves no loss | it does | `watched::threads_that…` |
//! | nor does a count before each job has a name | it does | `watched::what_may_have_run…` |
//! | a job that is back needs a thread too | it needs none | `watched::a_thread_whose…` |
//! | a log to the end leaves no doubt | it does | `watched::a_log_that…` |
//! | what ended late was pushed back as well | it is not told | `testimonies::what_ended…` |
//! | doubt forbids a push | it is not asked | `rescues::fewer_threads…` |
//! | a push ends by its own outcome | any will do | `rescues::the_outcome…` |
//! | an abort pushes nothing more | the rest goes on | `rescues::an_abort_pushes…` |
//! | nothing is asked afterwards before the end | it is | `aftermaths::nothing…` |
//! | what is found later is counted | it is not | `aftermaths::what_is…` |
//! | a stop stays one | it is weighed anew | `aftermaths::nothing…` |
//! | a unit is stopped once proven idle | idle or not | `units::with_a_job…` |
//! | only the first stop is the unit's | the second one too | `units::only_the_first…` |
//! | systemd must leave time for a push-back | it is not asked | `units::a_push_back…` |
//! | threads that ended with the push-back had jobs | those left after it are counted | `hidden::threads_that_are_gone…` |
//! | an end in a log that was found too late is none in time | it is | `testimonies::an_end_in_a_log…` |
//! | a job that the log names takes one thread | it takes none, or two | `names::what_its_log_names…`, `…two_jobs…` |
//! | what is back may have left its thread | it covers it | `names::one_that_is_back…` |
//! | the log of the process before names nothing | its start is not asked | `names::what_the_process…` |
//! | a whole later beat speaks against a begin | it is not asked | `names::what_a_later_beat…` |
//! | what ended before the signal is no part | it is | `names::what_ended_before…` |
//! | what a stop did not interrupt had ended | its `Terminating` is not read | `farewells::what_it_did_not…` |
//! | what it interrupted without a name stays open | it is not counted | `farewells::what_it_interrupted…` |
//! | it tells only where its log is whole | `Bye!`, or its begin, is not asked | `farewells::one_that…`, `…a_log…` |
//! | a last beat that is read late frees threads | it frees none | `hidden::a_last_beat…` |
//! | a thread that ended with its job covers no other | it does at the gate | `names::a_thread_that_ended…` |
//! | counts and lines agree | living threads are told as jobs | `fates`, both drains |

use std::time::Duration;

use super::Guard;

mod aftermaths;
mod cases;
mod drive;
mod farewells;
mod fates;
mod heard;
mod hidden;
mod iterable;
mod kills;
mod laws;
mod logbook;
mod losses;
mod names;
mod rescues;
mod salvage;
mod scenario;
mod sources;
mod states;
mod storms;
mod testimonies;
mod timeline;
mod units;
mod watched;
mod weather;
mod world;

/// What is done against a loss where nothing else is said.
const GUARD: Guard = Guard {
    kill_extra: Duration::from_secs(30),
    rescue: false,
};
