//! The engine against a world of imitated Sidekiqs. `laws` judges every single call, `fates`
//! whole random drains, `timeline` is a table of single ones, `cases` and `kills` tell more of them.
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
//! | an iteration state that is kept means that the job has not ended | it is not looked at | `timeline`: iterable jobs; `fates` |
//! | one that is gone means that it has | it is not looked at | `timeline`: completed elsewhere |
//! | a job that may have ended is not lost | fewer threads than jobs do not matter | `timeline`: may have ended |
//! | the same before idle threads are gone | their count proves a loss | `timeline`: may have ended |
//! | the same with a log | the line of its end is not read | `timeline`: a push-back that failed |
//! | the same once a beat gone from the next heartbeat | that beat is not asked | `timeline`: had left its thread |
//! | a fail is no success | `fail` reads as `done` | `timeline`: a fail; `log::tests` |
//! | a line of another execution is not of this one | its time, length or thread is not asked | `timeline`: of another execution |
//! | each log speaks of its own process | the pid is not asked | `log::tests::in_a_file…` |
//! | a job `done` after the interrupt may be back as well | it is finished | `timeline`: after its time |
//! | a push-back that failed is none | that line is not read | `timeline`: failed in part |
//! | a job that its log ended is not lost, nor rescued | that line is not asked | `timeline`: failed in part |
//! | an ended job needs no thread of those counted later | it needs one | `timeline`: each thread that was busy |
//! | a thread that is free may take another job | it takes none | `timeline`: ended by its log |
//! | a signal that was sent is not heeded yet | it is | `timeline`: heeds the signal |
//! | the same once its iterations are complete | it takes none | `timeline`: iterations are complete; `fates` |
//! | the same once it broke off | it may have been interrupted | `timeline`: broke off; `fates` |
//! | the same if it was back before the interrupt | when it was back is not asked | `timeline`: was back before; `storms` |
//! | a new job may have the thread of one that is gone | it has one without a name | `timeline`: in the place of |
//! | the last beat of a killed process is read | only living ones are | `timeline`: the last beat |
//! | a beat shows what ran before it | it counts whenever it was | `timeline`: a beat of another; `fates` |
//! | an answer tells of what ran before it | it counts whenever it was asked | `timeline`: an answer |
//! | a job that is found later frees its thread | threads are counted once | `timeline`: found after the end |
//! | an end beside a push-back is none | it is an end | `timeline`: beside its push-back; `fates` |
//! | one thread left may not be that of the job that was seen | no last beat is asked for | `timeline`: one thread left; `fates` |
//! | others are ruled out only if watched | whole search, gap or interrupt not asked | `rescues::what_was_not…` |
//! | the same of a target that still fetches | it is taken for quiet | `timeline`: still fetches |
//! | queues that cannot be read may be any | they are none | `timeline`: queues cannot be read |
//! | an old count of threads proves no loss | it does | `timeline`: too long ago |
//! | nor does a count before each job has a name | it does | `timeline`: a count of threads |
//! | a job that is back needs a thread too | it needs none | `timeline`: a job that is back |
//! | a log that was read to the end leaves no doubt | it does | `timeline`: a log that shows |
//! | a job that ended late was pushed back as well | that is not told | `timeline`: was pushed back too |
//! | doubt forbids a push | it is not asked | `rescues::fewer_threads…` |
//! | a push ends by its own outcome | any will do | `rescues::the_outcome…` |
//! | an abort pushes nothing more | the rest goes on | `rescues::an_abort_pushes…` |
//! | nothing is asked afterwards before the end | it is | `aftermaths::nothing…` |
//! | what is found later is counted | it is not | `aftermaths::what_is…` |
//! | a stop stays one | it is weighed anew | `aftermaths::nothing…` |
//! | a unit is stopped once proven idle | idle or not | `units::with_a_job…` |
//! | only the first stop is the unit's | the second one too | `units::only_the_first…` |
//! | systemd must leave time for a push-back | it is not asked | `units::a_push_back…` |
//! | threads that ended with the push-back had jobs | those left after it are counted | `timeline`: end with the push-back |
//! | an end in a log that was found too late may be late | it is in time | `timeline`: found too late |
//! | a job that the log names takes one thread | it takes none, or two | `timeline`: its log names; two jobs |
//! | a job that is back may have left its thread | it has not | `timeline`: may have left its thread |
//! | the log of the process before names nothing | its start is not asked | `timeline`: the process before |
//! | a whole later beat speaks against a begin | it is not asked | `timeline`: a later whole beat |
//! | a job that ended before the signal is no part | it is | `timeline`: before the first signal |
//! | what a stop did not interrupt had ended | its `Terminating` is not read | `timeline`: did not interrupt |
//! | what it interrupted without a name stays open | it is not counted | `timeline`: the stop interrupted |
//! | it tells only where its log is whole | `Bye!`, or its begin, is not asked | `timeline`: was killed; a part of the stop |
//! | a last beat that is read late frees threads | it frees none | `timeline`: read late |
//! | a thread that ended with its job is not another's | it is at the gate | `timeline`: does not account |
//! | the first signal is noted once | it is not noted | `cursors::the_first…` |
//! | a search whose answer is lost is made again | it stays awaited | `cursors::only_a_search…` |
//! | manual: a hold that ends sends nothing | the step goes | `cursors::in_manual_mode_a_hold…` |
//! | an answer ends its own question | any answer does | `cursors::an_answer…` |
//! | a hold stops the clock of a step | it goes on | `cursors::the_clock…` |
//! | added seconds are counted | they are not | `cursors::added_seconds…` |
//! | counts and lines agree | living threads are told as jobs | `fates`, both drains |
//! | a run that is taken up holds before a KILL that came due | it goes after a look | `taken_up::a_kill_that…` |
//! | the same at the gate of a KILL | it goes after a look | `taken_up::the_wait_of…` |
//! | a KILL is tried again with no more at stake | that is not asked | `commands::a_kill_that_failed…` |
//! | only the signal that failed is sent again | all targets get it | `commands::only_the_signal…` |
//! | a KILL out of turn overtakes no signal | it does | `commands::a_kill_out_of_turn…` |
//! | a link without a fresh look is blind | a look of 30 s ago is fresh | `gates::a_link_that…` |
//! | a parent is idle with all of its children | those that are no targets are passed over | `evidence::the_parent…` |
//! | a job among the retries is not at stake | it is until the next beat | `timeline`: among the retries |

mod aftermaths;
mod cases;
mod commands;
mod costs;
mod cursors;
mod drive;
mod elsewhere;
mod evidence;
mod exits;
mod fates;
mod foretold;
mod frozen;
mod gates;
mod kills;
mod laws;
mod logbook;
mod rescues;
mod salvage;
mod scenario;
mod silent;
mod sources;
mod states;
mod storms;
mod sums;
mod taken_up;
mod timeline;
mod troubled;
mod truth;
mod units;
mod weather;
mod world;
