# Plays one scenario: Sidekiqs, jobs, the drain, and the reading of all witnesses when it is over.

class Play
  def initialize(scenario, stage, random)
    @scenario, @stage, @random = scenario, stage, random
    @jobs = {}
  end

  # What was found.
  def found
    targets = Array.new(@scenario.targets) { target }
    beaten(targets)
    early = push(@scenario.jobs)
    shown(early)
    others = @scenario.others ? [@stage.sidekiq(timeout: 25, threads: 4, log: :plain)] : []
    beaten(others)
    push(@scenario.late)
    begun = @stage.now
    lines, code = drain(targets)
    # Whatever the drain says, the witnesses are read when nothing of the targets goes on any more.
    targets.each { |pid| @stage.end(pid) }
    begun_on(others)
    trace, standing = witnesses
    truth = Truth.new(jobs: @jobs, trace: trace, standing: standing, targets: targets, begun: begun)
    judged(truth, lines, code, targets)
  end

  private

  def judged(truth, lines, code, _targets) = truth.against(lines, code, @scenario)

  def target = @stage.sidekiq(timeout: @scenario.timeout, threads: @scenario.threads, log: @scenario.log)

  def beaten(pids)
    pids.each { |pid| @stage.patiently("Sidekiq beats") { @stage.beats?(pid) } }
  end

  # Pushes jobs, and gives their ids back.
  def push(makers)
    makers.map do |maker|
      name, arguments, options = maker.call(@random, @stage)
      jid = format("%024x", @jobs.size + 1)
      now = @stage.version == 8 ? (@stage.now * 1000).to_i : @stage.now
      @jobs[jid] = { class: name, args: arguments, jid: jid, queue: "default", retry: true,
                     created_at: now, enqueued_at: now }.merge(options || {})
      @stage.push(@jobs[jid])
      jid
    end
  end

  # Waits until beats have shown the jobs, as far as they have not ended by then.
  def shown(jids)
    seen = []
    @stage.patiently("beats show the jobs", limit: 120) do
      seen |= @stage.listed
      seen |= @stage.trace.select { |event, *| %w[done failed].include?(event) }.map { |_, jid, *| jid }
      (jids - seen).empty?
    end
  end

  # Waits until each job that the others show has written its begin: their beats may come before it.
  def begun_on(pids)
    @stage.patiently("the jobs that others show begin") do
      began = @stage.trace.select { |event, _, _, pid| event == "start" && pids.include?(pid) }.map { |_, jid, *| jid }
      (@stage.listed(pids) - began).empty?
    end
  end

  # What the jobs wrote and what stands in Redis, once both stay the same for a second: a job that was fetched just now
  # is in neither.
  def witnesses
    last, times = nil, 0
    @stage.patiently("the witnesses agree with themselves") do
      both = [@stage.trace, @stage.standing]
      times = both == last ? times + 1 : 0
      last = both
      both if times == 10
    end
  end

  # The lines of the drain, and its exit code.
  def drain(targets)
    lines = []
    code = @stage.drainboard(*arguments(targets)) do |line|
      lines << line
      crash(targets.first) if @scenario.crash && line["event"] == "signal_sent" && line["signal"] == @scenario.crash
    end
    [lines, code]
  end

  def arguments(targets)
    ["drain", "--json", "--yes", "--sequence", @scenario.sequence, "--timeout", @scenario.timeout.to_s,
     "--despite=D01", *@scenario.options, *targets.map { |pid| "--pid=#{pid}" }]
  end

  def crash(pid)
    sleep @random.rand(0.0..2.0)
    @stage.kill(pid)
  end
end
