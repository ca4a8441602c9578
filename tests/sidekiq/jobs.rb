# The jobs that the tests give to real Sidekiqs: one file for 6.4, 7.3 and 8.1, without Rails.
#
# DRAINBOARD_TRACE=FILE: each job appends lines "EVENT JID SECONDS PID" to it (start, then done, failed or shutdown;
# SECONDS since 1970), so that a test knows what happened from another witness than Redis or the log. A job that
# iterates writes stop where it breaks off or ends.
# DRAINBOARD_SLOW_BOOT=SECONDS: the start takes that much longer. Until it is over, Sidekiq traps no signal.

sleep ENV["DRAINBOARD_SLOW_BOOT"].to_f

module Traced
  def trace(event)
    path = ENV["DRAINBOARD_TRACE"] or return
    # One write to a file opened for appending: lines of several processes do not mix.
    File.open(path, "a") { |file| file.syswrite("#{event} #{jid} #{format("%.3f", Time.now.to_f)} #{Process.pid}\n") }
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
