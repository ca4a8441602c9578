# Many drains at once, on one machine that stays busy and no more.

require "fileutils"
require "tmpdir"

# Lets so much run side by side that the machine is busy, and no more.
class Room
  def initialize(size)
    @size = @free = size
    @lock = Mutex.new
    @left = ConditionVariable.new
  end

  # What the block gives for each item, in their order. `weight` says how much room an item takes.
  def each(items, weight: ->(_) { 1 })
    threads = items.map { |item| Thread.new { with(weight.call(item)) { yield item } } }
    threads.map(&:value)
  end

  private

  def with(weight)
    weight = [weight, @size].min
    @lock.synchronize do
      @left.wait(@lock) until @free >= weight
      @free -= weight
    end
    yield
  ensure
    @lock.synchronize do
      @free += weight
      @left.broadcast
    end
  end
end

# One drain of a fresh stage from its beginning to its end: what the block found. The directory stays if something was
# wrong.
def on_stage(name, version, binary)
  directory = Dir.mktmpdir("drain", "/tmp")
  stage = Stage.new(directory, version, binary)
  begin
    found = yield stage
  rescue StandardError => error
    found = Found.new(Hash.new(0), ["not played to its end: #{error.full_message(highlight: false)}"])
  ensure
    stage.close
  end
  if found.wrong.empty?
    FileUtils.rm_rf(directory)
  else
    warn "#{name}, Sidekiq #{version}, see #{directory}:", found.wrong.map { |text| "  #{text}" }
  end
  found
end
