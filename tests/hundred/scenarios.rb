# What is drained, how, and how often.

Scenario = Struct.new(
  :name, # in the table
  :jobs, # shown by a beat before the drain begins: each gives class, arguments and options
  :late, # pushed just before it begins
  :sequence,
  :timeout, # Sidekiq's own, in seconds
  :threads,
  :targets, # processes drained
  :others, # whether another process serves the queue
  :options, # of the drain
  :crash, # after this signal the first target dies
  :lossless, # whether no job may be lost
  :weight, # how much room it takes beside others
  :versions, # drains by version
  :few, # versions of the small run
  :log, # of its Sidekiqs: plain, dark (not to be read), warn (that level), json (that formatter), shared (one file)
  keyword_init: true
)

FOLLOW = %w[--kill=follow].freeze
GATE = %w[--kill=wait-for-requeue --kill-extra=90].freeze
RESCUE = %w[--rescue].freeze
ALL = { 6 => 1, 7 => 2, 8 => 2 }.freeze
ALL_ONCE = { 6 => 1, 7 => 1, 8 => 1 }.freeze
NEWER = { 7 => 3, 8 => 3 }.freeze

# Some end before anything happens to them, some in the quiet time, some after TERM, some not at all.
def sleeping(count) = [->(random, _) { ["SleepJob", [random.rand(8.0..30.0).round(1)]] }] * count
def long(count) = [->(*) { ["SleepJob", [600]] }] * count
def busy(count) = [->(random, _) { ["CpuJob", [random.rand(10.0..60.0).round(1)]] }] * count
def endless(count) = [->(*) { ["CpuJob", [600]] }] * count
def stuck(count) = [->(*) { ["StuckJob", []] }] * count
def wedged(count) = [->(*) { ["WedgedJob", [600]] }] * count
def stepping(count) = [->(random, _) { ["StepJob", [random.rand(20..200), 0.25]] }] * count

# Work that breaks off at a checkpoint and goes on under another JID. `base` are the fields that Active Job writes.
def checkpointing(count, &payload)
  Array.new(count) do |number|
    ->(random, stage) { payload.call([random.rand(40..200), 0.25], "#{number}-#{random.rand(10**9)}", stage) }
  end
end

def active_job(name, steps, work_id, stage, more)
  wrapper = stage.version == 8 ? "Sidekiq::ActiveJob::Wrapper" : "ActiveJob::QueueAdapters::SidekiqAdapter::JobWrapper"
  job = { job_class: name, job_id: work_id, queue_name: "default", arguments: steps, executions: 0 }.merge(more)
  [wrapper, [job], { wrapped: name }]
end

def continuable(count)
  checkpointing(count) do |steps, work_id, stage|
    active_job("ImportJob", steps, work_id, stage, continuation: { completed: [] }, resumptions: 0)
  end
end

def job_iteration(count)
  checkpointing(count) do |steps, work_id, stage|
    active_job("CsvJob", steps, work_id, stage, cursor_position: nil, times_interrupted: 0, total_time: 0.0)
  end
end

def sidekiq_iteration(count) = checkpointing(count) { |steps, *| ["IterationJob", steps] }

# Frozen whole for some seconds: no beat comes.
def freezing(seconds) = [->(*) { ["WedgedJob", [seconds, true]] }]

def failing
  [true, 0, false].map do |again|
    ->(random, _) { ["FailJob", [random.rand(8.0..24.0).round(1)], { retry: again }] }
  end
end

# Runs on as soon as it is taken up again, and ends before a beat can show it.
def once_long(count)
  Array.new(count) { |number| ->(_, stage) { ["OnceLongJob", [stage.path("once-#{number}"), 600]] } }
end

def mixed = sleeping(2) + long(1) + failing + stuck(1) + wedged(1)

def scenario(name, jobs, sequence, options, **more)
  standard = { late: [], timeout: 4, threads: jobs.size, targets: 1, others: false, crash: nil, lossless: false,
               weight: 1, versions: ALL, few: [], log: :plain }
  Scenario.new(name: name, jobs: jobs, sequence: sequence, options: options, **standard, **more)
end

LOGS = { dark: "no log", warn: "a log at WARN", json: "a log in JSON" }.freeze

# Drains whose account the log has a part in, with another log.
def in_other_light(log, words)
  more = { log: log, versions: ALL_ONCE }
  [
    scenario("#{words}: sleeping jobs, TERM alone", sleeping(6), "tstp, 6, term", FOLLOW, **more, threads: 8,
             lossless: true),
    scenario("#{words}: sleeping jobs, KILL before", sleeping(6), "tstp, 6, term, 1, kill", FOLLOW, **more, threads: 8),
    scenario("#{words}: failing jobs as the drain begins", failing, "tstp, 8, term, 10, kill", FOLLOW, **more,
             threads: 8, late: sleeping(3), lossless: true),
    scenario("#{words}: all kinds, KILL as the push-back comes", mixed, "tstp, 4, term, 4, kill", FOLLOW, **more),
    scenario("#{words}: all kinds, KILL before, rescue, others serve the queue", mixed, "tstp, 6, term, 1, kill",
             FOLLOW + RESCUE, **more, others: true),
    scenario("#{words}: a crash in the quiet time, rescue", sleeping(5), "tstp, 20, term, 10, kill", FOLLOW + RESCUE,
             **more, crash: "TSTP")
  ]
end

# Each of them stays where it was put back, or is taken up by another process.
def breaking_off(name, jobs)
  [false, true].map do |others|
    scenario("#{name}#{", taken up elsewhere" if others}", jobs, "tstp, 14, term, 6, kill", FOLLOW, versions: ALL_ONCE,
             others: others, lossless: true)
  end
end

SCENARIOS = [
  scenario("sleeping jobs, KILL after the push-back", sleeping(6), "tstp, 6, term, 10, kill", FOLLOW, few: [7],
           lossless: true),
  scenario("sleeping jobs, KILL before it", sleeping(6), "tstp, 6, term, 1, kill", FOLLOW, few: [8]),
  scenario("sleeping jobs, KILL as it comes", sleeping(6), "tstp, 2, term, 4, kill", FOLLOW),
  scenario("sleeping jobs, KILL waits for it", sleeping(6), "tstp, 2, term, 1, kill", GATE, lossless: true),
  scenario("sleeping jobs, TERM alone", sleeping(6), "term", FOLLOW, threads: 8, lossless: true),
  scenario("idle threads beside, KILL before", sleeping(3), "term, 1, kill", FOLLOW, threads: 6),
  scenario("jobs as the drain begins, KILL before", sleeping(2), "tstp, 1, term, 1, kill", FOLLOW, threads: 6,
           late: sleeping(3) + failing),
  scenario("jobs as the drain begins, KILL waits", sleeping(2), "tstp, 1, term, 1, kill", GATE, threads: 6,
           late: sleeping(3) + failing, lossless: true, few: [7]),
  scenario("failing jobs", failing + failing, "tstp, 8, term, 10, kill", FOLLOW, lossless: true, few: [8]),
  scenario("iterable jobs", stepping(5), "tstp, 8, term, 10, kill", FOLLOW, versions: NEWER, few: [7, 8],
           lossless: true),
  scenario("iterable jobs, taken up elsewhere", stepping(5), "tstp, 8, term, 10, kill", FOLLOW, versions: NEWER,
           others: true, lossless: true),
  scenario("CPU-bound jobs, 5 threads, KILL as the push-back comes", busy(5), "tstp, 3, term, 5, kill", FOLLOW,
           versions: { 7 => 2, 8 => 2 }, weight: 3),
  scenario("CPU-bound jobs, 5 threads, KILL waits", busy(5), "tstp, 3, term, 1, kill", GATE, lossless: true,
           weight: 3),
  scenario("CPU-bound jobs, 10 threads, KILL waits", endless(10), "tstp, 3, term, 4, kill", GATE, lossless: true,
           weight: 4, versions: { 7 => 2, 8 => 2 }),
  scenario("CPU-bound jobs, 20 threads, KILL waits", endless(20), "tstp, 3, term, 4, kill", GATE, lossless: true,
           weight: 4, versions: { 7 => 2, 8 => 2 }),
  scenario("stuck jobs, KILL before the push-back", stuck(3) + sleeping(2), "tstp, 2, term, 1, kill", FOLLOW),
  scenario("stuck jobs, KILL waits", stuck(3) + sleeping(2), "tstp, 2, term, 1, kill", GATE, lossless: true, few: [7]),
  scenario("wedged jobs, KILL as the push-back comes", wedged(3) + sleeping(2), "tstp, 2, term, 4, kill", FOLLOW),
  scenario("wedged jobs, KILL waits", wedged(3) + sleeping(2), "tstp, 2, term, 1, kill", GATE, lossless: true,
           few: [8]),
  scenario("a process frozen for 30 s, KILL waits", long(2), "tstp, 2, term, 1, kill", GATE, threads: 3,
           late: freezing(30), versions: { 7 => 1, 8 => 1 }, lossless: true),
  scenario("taken up elsewhere, KILL as the push-back comes", sleeping(3) + once_long(3), "tstp, 2, term, 4, kill",
           FOLLOW, others: true),
  scenario("taken up elsewhere, KILL waits", sleeping(3) + once_long(3), "tstp, 2, term, 1, kill", GATE, others: true,
           lossless: true, few: [8]),
  scenario("all kinds, KILL as the push-back comes", mixed, "tstp, 4, term, 4, kill", FOLLOW, versions: NEWER),
  scenario("all kinds, KILL waits, others serve the queue", mixed, "tstp, 4, term, 2, kill", GATE, others: true,
           versions: NEWER, lossless: true),
  scenario("sleeping jobs, KILL before, rescue", sleeping(6), "tstp, 6, term, 1, kill", FOLLOW + RESCUE,
           lossless: true, few: [7]),
  scenario("sleeping jobs, KILL as the push-back comes, rescue", sleeping(6), "tstp, 2, term, 4, kill", FOLLOW + RESCUE,
           lossless: true),
  scenario("all kinds, KILL before, rescue, others serve the queue", mixed, "tstp, 6, term, 1, kill", FOLLOW + RESCUE,
           others: true, lossless: true),
  scenario("all kinds, KILL waits, rescue", mixed, "tstp, 4, term, 2, kill", GATE + RESCUE, lossless: true),
  scenario("a crash in the quiet time, rescue", sleeping(5), "tstp, 20, term, 10, kill", FOLLOW + RESCUE, crash: "TSTP",
           lossless: true),
  scenario("two processes, KILL before", sleeping(8), "tstp, 3, term, 1, kill", FOLLOW, threads: 4, targets: 2),
  scenario("a crash in the quiet time", sleeping(5), "tstp, 20, term, 10, kill", FOLLOW, crash: "TSTP"),
  scenario("a crash after TERM", sleeping(5), "tstp, 2, term, 10, kill", FOLLOW, crash: "TERM"),
  scenario("two processes with one log, KILL before", sleeping(8), "tstp, 3, term, 1, kill", FOLLOW, threads: 4,
           targets: 2, log: :shared),
  scenario("two processes with one log, TERM alone", sleeping(8), "tstp, 3, term", FOLLOW, threads: 4, targets: 2,
           log: :shared, lossless: true),
  scenario("two processes with one log, all kinds, KILL waits", mixed, "tstp, 4, term, 2, kill", GATE, threads: 4,
           targets: 2, log: :shared, lossless: true),
  *LOGS.flat_map { |log, words| in_other_light(log, words) },
  *{ "continuable jobs" => continuable(5), "jobs of job-iteration" => job_iteration(5),
     "jobs of sidekiq-iteration" => sidekiq_iteration(5) }.flat_map { |name, jobs| breaking_off(name, jobs) }
].freeze
