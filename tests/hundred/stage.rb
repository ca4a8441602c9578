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
    start({}, "redis-server", "--port", "0", "--save", "", "--dir", directory, "--unixsocket", socket, log: path("redis.log"))
    @talk = patiently("Redis answers") { File.socket?(socket) && Talk.new(socket) rescue false }
    @talk.ask("SADD", "queues", "default")
  end

  attr_reader :version

  def path(name) = "#{@directory}/#{name}"

  def ask(*words) = @talk.ask(*words)

  # Starts a Sidekiq with such a log; its pid.
  def sidekiq(timeout:, threads:, log:)
    environment = { "REDIS_URL" => url, "DRAINBOARD_TRACE" => path("trace"), "DYNO" => nil, "REDIS_PROVIDER" => nil }
    environment["DRAINBOARD_LOG"] = log.to_s if %i[warn json].include?(log)
    file = { dark: "/dev/null", shared: path("sidekiqs.log") }.fetch(log, path("sidekiq-#{@children.size}.log"))
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

  # Drains what `arguments` name; each line is given as it comes, then the exit code and what was said to people.
  def drain(*arguments)
    environment = { "REDIS_URL" => url, "STATE_DIRECTORY" => path("state") }
    output, input = IO.pipe
    pid = Process.spawn(environment, @binary, "drain", "--json", "--yes", *arguments, unsetenv_others: true,
                        in: :close, out: input, err: path("drain.err"), chdir: @directory)
    @children << pid
    input.close
    File.open(path("drain.json"), "w") do |file|
      output.each_line do |line|
        file.write(line)
        yield JSON.parse(line)
      end
    end
    reap(pid).exitstatus
  end

  def kill(pid) = Process.kill(:KILL, pid)

  def reap(pid)
    status = Process.wait2(pid).last
    @children.delete(pid)
    status
  end

  # Ends what may have ended already.
  def end(pid)
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

  def now = Process.clock_gettime(Process::CLOCK_REALTIME)

  def close
    @children.dup.each { |pid| self.end(pid) }
  end

  private

  def socket = path("redis.sock")

  def url = "unix://#{socket}"

  def start(environment, *command, log:)
    pid = Process.spawn(environment, *command, in: :close, %i[out err] => [log, "a"], chdir: ROOT)
    @children << pid
    pid
  end
end
