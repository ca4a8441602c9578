# Plays one drain around which something goes wrong.

require_relative "faults"
require_relative "play"

class FaultyPlay < Play
  # Sequence and options of the drains.
  WAYS = [
    ["tstp, 6, term, 10, kill", FOLLOW], ["tstp, 5, term, 2, kill", GATE], ["tstp, 5, term, 1, kill", FOLLOW + RESCUE],
    ["tstp, 3, term, 1, kill", FOLLOW], ["tstp, 8, term", FOLLOW]
  ].freeze
  AT_MOST = 6

  def initialize(fault, stage, random)
    super(self.class.drawn(stage, random), stage, random)
    @fault = fault.new(stage, random)
  end

  def self.drawn(stage, random)
    sequence, options = WAYS.sample(random: random)
    jobs = [sleeping(3) + long(1), sleeping(2) + stuck(1) + wedged(1), sleeping(2) + failing]
    jobs << stepping(2) + sleeping(2) if stage.version > 6
    gone = ["--redis-gone=#{%w[hold go].sample(random: random)}"]
    scenario("", jobs.sample(random: random), sequence, options + gone, targets: random.rand(1..2), threads: 5)
  end

  def found
    super
  ensure
    @beside&.kill
    @fault.close
  end

  private

  # The lines of the drain, those of its resumptions behind them, and the last exit code.
  def drain(targets)
    @fault.before
    lines = []
    code = cut_off(targets, *arguments(targets)) { |line| lines << line }
    tries = 0
    while @fault.resumes? && (code.nil? || code == 5) && (tries += 1) <= 2
      break code = Truth::CODES[over] if over
      again = recorded.empty? ? arguments(targets) : %w[resume --yes --json]
      code = cut_off(targets, *again, wrap: @fault.wrap) { |line| lines << line }
    end
    @beside.join(60)
    [@fault.recorded? ? recorded : lines, code]
  end

  # Runs drainboard, and the fault beside it.
  def cut_off(targets, *words, wrap: [], &line)
    beside = lambda do |pid|
      @beside = Thread.new do
        Thread.current.report_on_exception = false
        @fault.beside(pid, targets)
      end
    end
    @stage.drainboard(*words, from: @fault.from, wrap: wrap, begun: beside, &line)
  end

  # The lines of the only record.
  def recorded
    path = Dir[@stage.path("state/drains/*.jsonl")].first
    lines = path ? File.readlines(path) : []
    # The last one may be torn.
    lines.filter_map { |line| JSON.parse(line) rescue nil }
  end

  # The outcome, if the drain was over when it was cut off.
  def over
    ends = recorded.select { |line| line["event"] == "finished" }.map { |line| line["outcome"] }
    (ends - %w[stopped alive]).last
  end

  def judged(truth, lines, code, targets)
    last = lines.reverse.find { |line| line["event"] == "finished" }
    begun = lines.any? { |line| line["event"] == "started" }
    found = begun ? truth.against(last_words(lines), code, @scenario) : unbegun(last, code)
    found.wrong.concat(unexplained(lines, targets), astray)
    found
  end

  # A drain that did not begin has an outcome too; its jobs are as they were.
  def unbegun(last, code)
    fine = last && %w[refused error].include?(last["outcome"]) && code == Truth::CODES[last["outcome"]]
    Found.new(Hash.new(0), fine ? [] : ["it did not begin, and ended with #{code.inspect}: #{last}"])
  end

  # A drain that was cut off may have told the fate of a job before, and a thread without a job again: the last word counts. A
  # job that ran on two targets has a fate on each.
  def last_words(lines)
    end_before = lines.each_index.select { |index| lines[index]["event"] == "finished" }[-2] || -1
    told = lines.each_with_index.select { |line, index| line["event"] == "reconciled" && (line["jid"] || index > end_before) }
    told = told.map(&:first).reverse.uniq { |line| line["jid"] ? line.values_at("jid", "pid") : line.object_id }.reverse
    told + lines.select { |line| line["event"] == "finished" }.last(1)
  end

  # Signals that a target logged and that no line tells of.
  def unexplained(lines, targets)
    sent = lines.select { |line| %w[signal_intended signal_sent].include?(line["event"]) }
    targets.flat_map do |pid|
      { "TSTP" => "Received TSTP", "TERM" => "INFO: Shutting down" }.filter_map do |signal, words|
        next unless logged(pid).include?(words)
        next if sent.any? { |line| line["pid"] == pid && line["signal"] == signal }
        "pid #{pid} got #{signal}, and no line says so"
      end
    end
  end

  def logged(pid)
    texts = Dir[@stage.path("sidekiq-*.log")].map { |path| File.read(path) }
    texts.find { |text| text.include?("pid=#{pid} ") }.to_s
  end

  # Signals that a process got which was no target.
  def astray
    texts = @fault.bystanders.map { |path| File.read(path) }
    texts.filter_map { |text| text[/Received [A-Z]|Shutting down/] }.map { |words| "a bystander logged: #{words}" }
  end
end
