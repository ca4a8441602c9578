# What goes wrong around a drain. Each fault knows how it is done, and what has to be done afterwards.

require_relative "proxy"

AS_ROOT = Process.uid.zero? ? [] : %w[sudo -n]

# A drain around which nothing goes wrong: what the others are measured by.
class Fault
  def self.title = "none"

  def initialize(stage, random)
    # The moments are its own: they do not depend on what else is drawn meanwhile.
    @stage, @random = stage, Random.new(random.rand(2**32))
  end

  # The Redis that drainboard is told.
  def from = @stage.url

  # Before the drain begins.
  def before = nil

  # Beside the drain, in a thread of its own. `pid` is drainboard's.
  def beside(_pid, _targets) = nil

  # Whether what drainboard writes down is whole, so that it explains every signal.
  def recorded? = true

  # Whether drainboard is to be resumed where it was cut off; a command that starts it then.
  def resumes? = false

  def wrap = []

  # Processes that must not have got any signal, by what they wrote of those.
  def bystanders = []

  def close = nil

  private

  def pause(range) = sleep(@random.rand(range))
end

# The way to Redis is a proxy.
class WayFault < Fault
  def from = @proxy.url

  def before = @proxy = Proxy.new(@stage.path("way.sock"), @stage.socket, &method(:pass))

  def pass(piece) = yield(piece)

  def close = @proxy&.close
end

class Slow < WayFault
  def self.title = "each answer of Redis comes up to 2 s late"

  def pass(piece)
    sleep @random.rand(0.0..2.0)
    yield piece
  end
end

class Split < WayFault
  def self.title = "each answer of Redis comes byte by byte"

  def pass(piece, &send) = piece.each_char(&send)
end

class Truncated < WayFault
  def self.title = "the connection to Redis ends in the middle of an answer"

  def pass(piece)
    return yield(piece) if @random.rand < 0.8
    yield piece.byteslice(0, @random.rand(piece.bytesize))
    raise EOFError
  end
end

class Cut < WayFault
  def self.title = "Redis cannot be reached for up to 15 s, up to three times"

  def beside(_pid, _targets)
    @random.rand(1..3).times do
      pause(0.0..8.0)
      @proxy.cut
      pause(0.5..15.0)
      @proxy.mend
    end
  end
end

class Gone < WayFault
  def self.title = "Redis cannot be reached from some moment on"

  def beside(_pid, _targets)
    pause(0.0..10.0)
    @proxy.cut
  end
end

class Frozen < Fault
  def self.title = "Redis stands still for up to 20 s (SIGSTOP)"

  def beside(_pid, _targets)
    pause(0.0..8.0)
    @stage.signal(:STOP, @stage.redis)
    pause(2.0..20.0)
    @stage.signal(:CONT, @stage.redis)
  end

  def close = @stage.signal(:CONT, @stage.redis)
end

class FullDisk < Fault
  def self.title = "the disk of the records is full, or gets full"

  def before
    Dir.mkdir(@stage.path("state"), 0o700)
    run(*AS_ROOT, "mount", "-t", "tmpfs", "-o", "size=64k,mode=700,uid=#{Process.uid}", "tmpfs", @stage.path("state"))
    room = @random.rand(0..24) * 1024
    File.write(@stage.path("state/filler"), "x" * (48 * 1024 - room))
  end

  def recorded? = false

  def close = run(*AS_ROOT, "umount", @stage.path("state"))

  private

  def run(*command) = system(*command, exception: true)
end

class HungUp < Fault
  def self.title = "the terminal hangs up, the drain is resumed"

  def beside(pid, _targets)
    pause(0.0..12.0)
    sleep 0.01 until over_or_listening?(pid)
    @stage.signal(:HUP, pid)
  end

  def resumes? = true

  private

  # Bit 0 of SigCgt (proc(5)): the program has a handler for HUP. Before, a hang-up just ends it, and it has no exit code.
  def over_or_listening?(pid)
    File.read("/proc/#{pid}/status")[/^SigCgt:\s*(\h+)/, 1].to_i(16).odd?
  rescue Errno::ENOENT, Errno::ESRCH
    true
  end
end

class Killed < Fault
  def self.title = "drainboard is killed (SIGKILL) and resumed, up to twice"

  def beside(pid, _targets)
    pause(0.0..12.0)
    @killed = (@killed || 0) + 1
    @stage.kill(pid) if @killed <= 2
  end

  def resumes? = true
end

class ClockJumped < Killed
  def self.title = "the same, and CLOCK_BOOTTIME has jumped by up to an hour (a time namespace)"

  def wrap
    rights = Process.uid.zero? ? [] : ["--user", "--map-root-user"]
    ["unshare", *rights, "--time", "--boottime", @random.rand(1..3600).to_s, "--fork", "--kill-child"]
  end
end

class Replaced < Fault
  def self.title = "a target dies and another Sidekiq stands in its place within a second"

  def beside(_pid, targets)
    pause(0.0..10.0)
    @stage.end(targets.first)
    @log = @stage.path("successor.log")
    @stage.sidekiq(timeout: 4, threads: 4, log: @log)
  end

  def bystanders = [@log].compact
end

class PidReused < Fault
  def self.title = "a target dies and another process gets its pid"

  TELLS = <<~RUBY.freeze
    $stdout.sync = true
    %w[TSTP TERM TTIN USR1 USR2].each { |name| trap(name) { puts "Received \#{name}" } }
    puts "ready"
    sleep
  RUBY

  def beside(_pid, targets)
    pause(0.0..10.0)
    lost = targets.first
    @stage.end(lost)
    @log = @stage.path("stranger.log")
    # Another one may come in between.
    50.times do
      IO.popen([*AS_ROOT, "tee", "/proc/sys/kernel/ns_last_pid"], "w", out: File::NULL) { |tee| tee.write(lost - 1) }
      pid = @stage.start({}, RbConfig.ruby, "-e", TELLS, log: @log)
      break @reused = true if pid == lost
      @stage.end(pid)
    end
  end

  def bystanders = [@log].compact

  # Whether the pid was had: another process of this machine may have it.
  def reused? = @reused
end

FAULTS = [Fault, Slow, Split, Truncated, Cut, Gone, Frozen, FullDisk, HungUp, Killed, ClockJumped, Replaced,
          PidReused].freeze
