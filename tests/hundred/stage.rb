# A private Redis in a directory of its own, and the Sidekiqs and the drain on it.

require "json"
require "socket"

# The words of Redis's protocol, as far as they are needed to push jobs and to read everything.
class Talk
  def initialize(path)
    @socket = UNIXSocket.new(path)
  end

  def ask(*words)
    bulks = words.map { |word| "$#{word.to_s.bytesize}\r\n#{word}\r\n" }
    @socket.write("*#{words.size}\r\n#{bulks.join}")
    answer
  end

  private

  def answer
    line = @socket.gets("\r\n").chomp
    kind, rest = line[0], line[1..]
    case kind
    when "+" then rest
    when ":" then rest.to_i
    when "$" then rest == "-1" ? nil : @socket.read(rest.to_i + 2)[0...-2]
    when "*" then Array.new(rest.to_i) { answer }
    else raise "Redis: #{line}"
    end
  end
end

# The stage of one drain.
class Stage
  def initialize(directory, version, binary)
    @directory, @version, @binary = directory, version, binary
    @children = []
    @redis = start({}, "redis-server", "--port", "0", "--save", "", "--dir", directory, "--unixsocket", socket, log: path("redis.log"))
    @talk = patiently("Redis answers") { File.socket?(socket) && Talk.new(socket) rescue false }
    @talk.ask("SADD", "queues", "default")
  end

  attr_reader :redis, :version

  def path(name) = "#{@directory}/#{name}"

  def ask(*words) = @talk.ask(*words)

  # Starts a Sidekiq with such a log; its pid.
  def sidekiq(timeout:, threads:, log:)
    environment = { "REDIS_URL" => url, "DRAINBOARD_TRACE" => path("trace"), "DYNO" => nil, "REDIS_PROVIDER" => nil }
    environment["DRAINBOARD_LOG"] = log.to_s if %i[warn json].include?(log)
    file = { dark: "/dev/null", shared: path("sidekiqs.log") }.fetch(log, path("sidekiq-#{@children.size}.log"))
    file = log if log.is_a?(String)
    start(environment, "#{SIDEKIQS}/#{version}/run", "-t", timeout.to_s, "-c", threads.to_s, "-q", "default", log: file)
  end

  def beats?(pid) = ask("SMEMBERS", "processes").any? { |identity| identity.include?(":#{pid}:") }

  def push(job) = ask("LPUSH", "queue:default", JSON.generate(job))

  # The ids that the work of any process shows, or of those with these pids.
  def listed(pids = nil)
    identities = ask("SMEMBERS", "processes")
    identities.select! { |identity| pids.include?(identity.split(":")[1].to_i) } if pids
    keys = identities.flat_map { |identity| ["#{identity}:work", "#{identity}:workers"] }
    works = keys.flat_map { |key| ask("HVALS", key) }.map { |text| JSON.parse(text)["payload"] }
    works.map { |payload| (payload.is_a?(String) ? JSON.parse(payload) : payload)["jid"] }
  end

  # Everything that stands anywhere to run again: ids by place.
  def standing
    ids = ->(texts) { texts.map { |text| JSON.parse(text)["jid"] } }
    places = ask("SMEMBERS", "queues").to_h { |queue| [queue, ids.call(ask("LRANGE", "queue:#{queue}", 0, -1))] }
    places.merge(%w[retry dead schedule].to_h { |set| [set, ids.call(ask("ZRANGE", set, 0, -1))] })
  end

  # Runs drainboard. Its pid goes to `begun` and each line to the block, as it comes; the exit code is given, `nil` if it
  # was killed. `from` is the Redis that it is told, `wrap` a command that starts it.
  def drainboard(*arguments, from: url, wrap: [], begun: nil)
    environment = { "REDIS_URL" => from, "STATE_DIRECTORY" => path("state"), "PATH" => ENV.fetch("PATH") }
    output, input = IO.pipe
    pid = Process.spawn(environment, *wrap, @binary, *arguments, unsetenv_others: true,
                        in: :close, out: input, err: [path("drain.err"), "a"], chdir: @directory)
    @children << pid
    input.close
    begun&.call(pid)
    File.open(path("drain.json"), "a") do |file|
      output.each_line do |line|
        file.write(line)
        yield JSON.parse(line)
      end
    end
    reap(pid).exitstatus
  end

  def kill(pid) = signal(:KILL, pid)

  # Sends it to a process that this stage started and has not reaped.
  def signal(name, pid)
    @children.include?(pid) && Process.kill(name, pid)
  end

  def reap(pid)
    status = Process.wait2(pid).last
    @children.delete(pid)
    status
  end

  # Ends what may have ended already. What was reaped is not ours any more: another process may have its pid.
  def end(pid)
    return unless @children.include?(pid)
    kill(pid)
    reap(pid)
  end

  # What the jobs wrote: event, id, seconds, pid, and the id that it goes on under.
  def trace
    return [] unless File.exist?(path("trace"))
    File.readlines(path("trace")).map do |line|
      event, jid, seconds, pid, goes_on_as = line.split
      [event, jid, seconds.to_f, pid.to_i, goes_on_as]
    end
  end

  def patiently(what, limit: 90)
    finish = now + limit
    until (found = yield)
      raise "waited in vain: #{what}" if now > finish
      sleep 0.1
    end
    found
  end

  def socket = path("redis.sock")

  def url = "unix://#{socket}"

  def now = Process.clock_gettime(Process::CLOCK_REALTIME)

  def close
    @children.dup.each { |pid| self.end(pid) }
  end

  # Starts `command`, which ends with the stage; its pid.
  def start(environment, *command, log:)
    pid = Process.spawn(environment, *command, in: :close, %i[out err] => [log, "a"], chdir: ROOT)
    @children << pid
    pid
  end
end
