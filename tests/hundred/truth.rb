# What really became of each job, and whether a drain told it so.

FATES = %w[finished checkpointed pushed_back retried rescued lost unknown].freeze
# The same in the table, where a thread without a known job stands apart.
COLUMNS = [*FATES, "threads unknown"].freeze

# What one drain showed: its jobs by fate, and what was wrong.
Found = Struct.new(:fates, :wrong)

class Truth
  CODES = { "drained" => 0, "error" => 1, "requeued" => 3, "lost" => 4, "stopped" => 5, "alive" => 6, "refused" => 7 }.freeze

  # `trace` is what the jobs wrote, `standing` what Redis holds after the drain, `targets` the pids that were drained.
  def initialize(jobs:, trace:, standing:, targets:, begun:)
    @jobs, @standing, @targets, @begun = jobs, standing, targets, begun
    @trace = trace.group_by { |_, jid, *| jid }
  end

  # Holds the lines and the exit code of a drain against it.
  def against(lines, code, scenario)
    told = lines.select { |line| line["event"] == "reconciled" }
    wrong = told.select { |line| line["jid"] }.filter_map { |line| wrong_fate(line) }
    wrong += overlooked(told) + twice(told) + wrong_end(lines.last, told, code)
    lost = @jobs.keys.select { |jid| taken?(jid) && lost?(jid) }
    wrong << "lost although nothing may be: #{lost.join(" ")}" if scenario.lossless && lost.any?
    Found.new(Hash.new(0).merge(told.map { |line| line["jid"] ? line["fate"] : "threads unknown" }.tally), wrong)
  end

  private

  def events(jid, *names) = @trace.fetch(jid, []).select { |event, *| names.include?(event) }

  def ours?(entry) = @targets.include?(entry[3])

  # Whether a drained process ever began it.
  def taken?(jid) = events(jid, "start").any? { |entry| ours?(entry) }

  # Where it stands to run again.
  def places(jid) = @standing.flat_map { |place, jids| [place] * jids.count(jid) }

  # Whether another process began it after a drained one had it.
  def elsewhere?(jid) = events(jid, "start").any? { |entry| !ours?(entry) }

  # Whether it ended on a drained process by itself, for good. One that broke off between two steps may have gone on and
  # ended elsewhere: that is its end too.
  def ended?(jid)
    ends = @jobs.dig(jid, :retry) == false ? %w[done failed] : %w[done]
    broke_off = events(jid, "stop").any? { |entry| ours?(entry) }
    events(jid, *ends).any? { |entry| ours?(entry) || broke_off }
  end

  # Whether it failed for good on a drained process: it has ended, and stands in the dead set.
  def given_up?(jid)
    places(jid) == %w[dead] && events(jid, "failed").any? { |entry| ours?(entry) }
  end

  # The id under which the rest of its work stands, or ran, after it broke off on a drained process: its own for an
  # `IterableJob`.
  def goes_on_as(jid)
    stop = events(jid, "stop").reverse.find { |entry| ours?(entry) } or return
    again = stop[4] || jid
    again if places(again).any? || events(again, "start").any? { |entry| !ours?(entry) }
  end

  def lost?(jid) = !ended?(jid) && places(jid).empty? && !elsewhere?(jid) && !goes_on_as(jid)

  # An IterableJob goes on under its own JID, all others under the new one that they logged. Of two with the same class and
  # arguments it is only told that one of them goes on so.
  def goes_on?(jid, line)
    one_of_them = line["evidence"][/one of them goes on as (\h{24})/, 1]
    return goes_on_as(jid) && @trace.keys.any? { |other| goes_on_as(other) == one_of_them } if one_of_them
    again = line["goes_on_as"] || jid
    again == goes_on_as(jid) || again == jid && (places(jid).any? || elsewhere?(jid))
  end

  def wrong_fate(line)
    jid, fate = line["jid"], line["fate"]
    true_fate = case fate
                when "finished" then ended?(jid) && places(jid).empty? || given_up?(jid)
                when "checkpointed" then goes_on?(jid, line)
                when "pushed_back", "rescued" then places(jid).any? || elsewhere?(jid)
                when "retried" then (places(jid) & %w[retry dead schedule]).any? || elsewhere?(jid)
                when "lost" then lost?(jid)
                else fate == "unknown"
                end
    return if true_fate
    "#{line["class"]} #{jid} is told to be #{fate} (#{line["evidence"]}): #{story(jid)}"
  end

  def story(jid)
    wrote = @trace.fetch(jid, []).map { |event, _, at, pid, *| "#{event} +#{(at - @begun).round(1)} s on #{pid}" }
    wrote << "it goes on as #{goes_on_as(jid)}" if goes_on_as(jid)
    "it wrote #{wrote.join(", ")}; it stands in #{places(jid).inspect}#{", it is lost" if lost?(jid)}"
  end

  # Jobs that are lost and that no line names: the thread of each must be told to be of unknown fate, by itself or by the
  # name of a job that ended on it before.
  def overlooked(told)
    named = told.filter_map { |line| line["jid"] }
    unknown = told.count { |line| line["fate"] == "unknown" && !(line["jid"] && lost?(line["jid"])) }
    hidden = (@jobs.keys - named).select { |jid| taken?(jid) && lost?(jid) && !failing?(jid) }
    return [] if hidden.size <= unknown
    ["#{hidden.size} lost jobs that no line names, #{unknown} threads of unknown fate: " +
      hidden.map { |jid| "#{@jobs[jid][:class]} #{story(jid)}" }.join("; ")]
  end

  # It failed before the drain began and has been given up since.
  def failing?(jid) = events(jid, "failed").any? { |_, _, at, *| at < @begun }

  # Jobs that stand or ran more than once, and that we pushed back.
  def twice(told)
    told.select { |line| line["fate"] == "rescued" }.filter_map do |line|
      jid = line["jid"]
      ran = events(jid, "start").count { |entry| !ours?(entry) }
      times = places(jid).size + ran + (ended?(jid) ? 1 : 0)
      "rescued, and there #{times} times: #{jid} #{story(jid)}" if times > 1
    end
  end

  # The last line and the exit code must be of one mind with the fates.
  def wrong_end(last, told, code)
    return ["no last line, exit code #{code}"] unless last && last["event"] == "finished"
    counts = FATES.to_h { |fate| [fate, told.count { |line| line["fate"] == fate }] }
    # A version that knows no checkpoints does not count them.
    counts.delete("checkpointed") unless last["jobs"].key?("checkpointed")
    outcome = if counts["lost"] + counts["unknown"] > 0 then "lost"
              elsif counts.values_at("pushed_back", "rescued", "checkpointed").compact.sum > 0 then "requeued"
              else "drained"
              end
    wrong = []
    wrong << "it counts #{last["jobs"]}, and tells of #{counts}" unless last["jobs"] == counts
    # Where a target lives on, that decides.
    outcome = last["outcome"] if %w[stopped alive].include?(last["outcome"])
    wrong << "it ended #{last["outcome"]} with #{code}, not #{outcome}" unless
      last["outcome"] == outcome && code == CODES[outcome]
    wrong
  end
end
