# A way to a Redis that can be slow, cut, or end in the middle of an answer. Sidekiq has its own.

require "socket"

class Proxy
  # `pass` gets each piece of an answer and a block that sends what is to arrive; it may sleep, or raise EOFError to end
  # that connection.
  def initialize(path, server, &pass)
    @path, @server, @pass = path, server, pass || ->(piece, &send) { send.call(piece) }
    @lock = Mutex.new
    @open = []
    @cut = false
    @listener = UNIXServer.new(path)
    @accepting = Thread.new { loop { accept(@listener.accept) } }
  end

  def url = "unix://#{@path}"

  # From now on nothing gets through.
  def cut
    @lock.synchronize do
      @cut = true
      @open.each { |socket| shut(socket) }
      @open.clear
    end
  end

  def mend = @lock.synchronize { @cut = false }

  def close
    @accepting.kill
    @listener.close
    cut
  end

  private

  def accept(near)
    far = @lock.synchronize { @cut ? nil : UNIXSocket.new(@server) }
    return near.close unless far
    @lock.synchronize { @open.push(near, far) }
    Thread.new { carry(near, far) { |piece| far.write(piece) } }
    Thread.new { carry(far, near) { |piece| @pass.call(piece) { |part| near.write(part) } } }
  end

  # Carries until either side ends; then both have.
  def carry(from, to)
    loop { yield from.readpartial(16_384) }
  rescue IOError, SystemCallError
    shut(from)
    shut(to)
  end

  def shut(socket)
    socket.shutdown
  rescue IOError, SystemCallError
    nil
  end
end
