# The jobs that the tests give to real Sidekiqs: one file for 6.4, 7.3 and 8.1, without Rails.
#
# DRAINBOARD_TRACE=FILE: each job appends lines "EVENT JID SECONDS PID" to it (start, then done, failed or shutdown;
# SECONDS since 1970), so that a test knows what happened from another witness than Redis or the log. A job that
# iterates writes stop where it breaks off or ends; one that goes on under another JID appends that JID to the line.
# DRAINBOARD_LOG=warn|json: Sidekiq's log is silent below WARN, or written by its JSON formatter.
# DRAINBOARD_SENTINEL=PORT: Redis is the primary "shop" of the Sentinel at this port (7.3 and 8.1).
# DRAINBOARD_SLOW_BOOT=SECONDS: the start takes that much longer. Until it is over, Sidekiq traps no signal.

sleep ENV["DRAINBOARD_SLOW_BOOT"].to_f

$quiet = false
Sidekiq.configure_server do |config|
  config.on(:quiet) { $quiet = true }
  if (sentinel = ENV["DRAINBOARD_SENTINEL"])
    config.redis = { name: "shop", sentinels: [{ host: "127.0.0.1", port: sentinel.to_i }] }
  end
  config.logger.level = Logger::WARN if ENV["DRAINBOARD_LOG"] == "warn"
  config.logger.formatter = Sidekiq::Logger::Formatters::JSON.new if ENV["DRAINBOARD_LOG"] == "json"
end

module Traced
  def trace(event, goes_on_as = nil)
    path = ENV["DRAINBOARD_TRACE"] or return
    line = [event, jid, format("%.3f", Time.now.to_f), Process.pid, goes_on_as].compact.join(" ")
    # One write to a file opened for appending: lines of several processes do not mix.
    File.open(path, "a") { |file| file.syswrite("#{line}\n") }
  end

  def traced
    trace "start"
    yield
    trace "done"
  rescue Sidekiq::Shutdown
    trace "shutdown"
    raise
  rescue
    trace "failed"
    raise
  end

  def now
    Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end
end

class TestJob
  include defined?(Sidekiq::Job) ? Sidekiq::Job : Sidekiq::Worker
  include Traced
end

class SleepJob < TestJob
  def perform(seconds)
    traced { sleep seconds }
  end
end

# As SleepJob, for another queue.
class NapJob < SleepJob
  sidekiq_options queue: "low"
end

# Takes its time once; when it runs again it ends at once, sooner than a beat can show it.
class OnceLongJob < TestJob
  def perform(path, seconds)
    traced do
      again = File.exist?(path)
      File.write(path, "")
      sleep seconds unless again
    end
  end
end

# Logs words of its own through Sidekiq's logger, or writes them to standard output as they are, and works on.
class TalkingJob < TestJob
  def perform(words, seconds, raw = false)
    traced do
      said = words.gsub("JID", jid).gsub("PID", Process.pid.to_s)
      raw ? $stdout.syswrite(said + "\n") : Sidekiq.logger.info(said)
      sleep seconds
    end
  end
end

# Ends as soon as the test has made the file.
class ReleasedJob < TestJob
  def perform(path)
    traced { sleep 0.05 until File.exist?(path) }
  end
end

class FailJob < TestJob
  def perform(seconds)
    traced do
      sleep seconds
      raise "failed as asked to"
    end
  end
end

# Keeps the interpreter's lock as much as Ruby code can: the heartbeat comes late.
class CpuJob < TestJob
  def perform(seconds)
    traced do
      finish = now + seconds
      nil while now < finish
    end
  end
end

# Swallows Sidekiq::Shutdown, as a `rescue Exception` somewhere in an application does, and never ends.
class StuckJob < TestJob
  def perform
    trace "start"
    begin
      sleep
    rescue Exception # the fault that this job is about
      trace "shutdown"
      retry
    end
  end
end

# Sits in C, where Thread#raise does not reach it: Sidekiq cannot even exit before it comes back. With hold_gvl no other
# thread of the process runs meanwhile either, so the heartbeat stops and signals are not heeded.
class WedgedJob < TestJob
  def perform(seconds, hold_gvl = false)
    require "fiddle"
    traced do
      sleep_in_c = Fiddle::Function.new(
        Fiddle::Handle::DEFAULT["sleep"], [Fiddle::TYPE_INT], Fiddle::TYPE_INT, need_gvl: hold_gvl
      )
      sleep_in_c.call(seconds)
    end
  end
end

# Breaks off between two steps when its process grows quiet, and goes to the end of its queue by itself (since 7.3).
if defined?(Sidekiq::IterableJob)
  class StepJob
    include Sidekiq::IterableJob
    include Traced

    def build_enumerator(steps, _seconds, cursor:)
      array_enumerator((0...steps).to_a, cursor: cursor)
    end

    def each_iteration(_step, _steps, seconds)
      sleep seconds
    rescue Sidekiq::Shutdown
      trace "shutdown"
      raise
    end

    def on_start
      trace "start"
    end

    def on_resume
      trace "start"
    end

    def on_stop
      trace "stop"
    end

    def on_complete
      trace "done"
    end
  end
end

# Two steps: the first is long enough for Sidekiq to keep its state, the second ends once the test has made the file. Between
# them nothing is looked at any more: a job that is cancelled meanwhile ends before it notices.
if defined?(Sidekiq::IterableJob)
  class HeldStepJob < StepJob
    def build_enumerator(_path, cursor:)
      array_enumerator([0, 1], cursor: cursor)
    end

    def each_iteration(step, path)
      step.zero? ? sleep(6) : (sleep 0.05 until File.exist?(path))
    rescue Sidekiq::Shutdown
      trace "shutdown"
      raise
    end
  end
end

# Jobs of three libraries that break off once their process is quiet and go on under another JID. Only what they write to
# Redis is imitated: there is no Rails here. Sidekiq's log says "done" of the JID that broke off.
module BreaksOff
  include Traced

  # Takes the steps from `first` on. Gives the step that it broke off before, or nil once all are done.
  def take_steps(first, count, seconds)
    trace "start"
    (first...count).each do |step|
      return step if $quiet
      sleep seconds
    end
    trace "done"
    nil
  rescue Sidekiq::Shutdown
    trace "shutdown"
    raise
  end

  # Puts the rest of the work back under a new JID: into its queue or another, or into `schedule` after `wait` seconds.
  def goes_on(arguments, wait: nil, wrapped: nil, queue: nil)
    goes_on_as = SecureRandom.hex(12)
    payload = { "class" => self.class.to_s, "queue" => queue || "default", "args" => arguments, "jid" => goes_on_as }
    payload["wrapped"] = wrapped if wrapped
    payload["at"] = Time.now.to_f + wait if wait
    Sidekiq::Client.push(payload)
    trace "stop", goes_on_as
  end
end

# What Sidekiq runs for Active Job. The arguments of the job itself are a number of steps and the seconds that each takes.
module ActiveJob
  module QueueAdapters
    class SidekiqAdapter
      class JobWrapper < TestJob
        include BreaksOff

        def perform(job)
          return fail_once(job) if job.key?("fails_after")
          job.key?("continuation") ? continue(job) : iterate(job)
        end

        private

        # Rails 8.1, activejob/lib/active_job/continuable.rb: `resume_options` wait 5 s.
        def continue(job)
          _name, first = job["continuation"]["current"]
          step = take_steps(first || 0, *job["arguments"]) or return
          continuation = { "completed" => [], "current" => ["work", step] }
          again = { "continuation" => continuation, "resumptions" => job["resumptions"].to_i + 1 }
          goes_on([job.merge(again)], wait: 5, wrapped: job["job_class"])
        end

        # Rails, activejob/lib/active_job/exceptions.rb: `retry_on` enqueues the same work under a new JID.
        def fail_once(job)
          trace "start"
          sleep job["fails_after"]
          goes_on([job.merge("executions" => job["executions"] + 1)], wait: 3, wrapped: job["job_class"])
        end

        # job-iteration 1, lib/job-iteration/iteration.rb: back into its queue at once.
        def iterate(job)
          step = take_steps(job["cursor_position"] || 0, *job["arguments"]) or return
          again = { "cursor_position" => step, "times_interrupted" => job["times_interrupted"].to_i + 1 }
          goes_on([job.merge(again)], wrapped: job["job_class"], queue: job["goes_on_in"])
        end
      end
    end
  end
end

# The same under the name that it has since Sidekiq 8.
module Sidekiq
  module ActiveJob
    class Wrapper < ::ActiveJob::QueueAdapters::SidekiqAdapter::JobWrapper
    end
  end
end

# sidekiq-iteration, lib/sidekiq_iteration/iteration.rb: its state is the last argument. It goes on after its `backoff`.
class IterationJob < TestJob
  include BreaksOff

  def backoff = 1

  def perform(steps, seconds, state = {})
    known = state.fetch("sidekiq_iteration", {})
    step = take_steps(known["cursor_position"] || 0, steps, seconds) or return
    again = { "executions" => known["executions"].to_i + 1, "cursor_position" => step,
              "times_interrupted" => known["times_interrupted"].to_i + 1, "total_time" => 0.0 }
    logger.info("[SidekiqIteration::Iteration] Interrupting and re-enqueueing the job cursor_position=#{step}")
    goes_on([steps, seconds, { "sidekiq_iteration" => again }], wait: backoff)
  end
end

# Without a `backoff` it goes on from its queue at once.
class PromptIterationJob < IterationJob
  def backoff = nil
end

# What is left after it broke off takes no time: no beat shows it.
class BriefIterationJob < PromptIterationJob
  def perform(steps, seconds, state = {})
    super(steps, state.empty? ? seconds : 0, state)
  end
end
