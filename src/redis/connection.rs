//! Opening a connection, bounded in time, and a connection whose answers are bounded in size. It
//! never reconnects by itself: its owner drops it on the first failure and says so.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{
    AsyncConnectionConfig, Cmd, Pipeline, RedisConnectionInfo, RedisError, RedisFuture, Value,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

#[cfg(not(feature = "tls"))]
use super::address::AddressError;
use super::address::{Address, Endpoint, HostPort};
use super::link::{Wire, fault};
use super::login::{Login, NotOpened, greet};
use super::sentinel;
use super::tls::{self, Certificates};
use crate::core::fleet::LinkFault;

/// Bytes of all answers to one pipeline at most. 10,000 jobs are some 5 MB; a server that sends
/// more than this is not to be kept in memory.
const MOST_BYTES: usize = 64 << 20;
/// Where more MiB than this came of an answer that was not whole in time, its length is the reason.
const MUCH: usize = 8;

/// A connection to Redis.
#[derive(Debug)]
pub struct Connection {
    inner: MultiplexedConnection,
    /// Reads and writes for it; it ends with the connection, answers or not.
    driver: JoinHandle<()>,
    meter: Arc<Meter>,
}

/// How much the answers to one pipeline still may be, and whether they were more.
#[derive(Debug)]
struct Meter {
    left: AtomicUsize,
    exceeded: AtomicBool,
}

impl Meter {
    fn new() -> Self {
        Self {
            left: AtomicUsize::new(MOST_BYTES),
            exceeded: AtomicBool::new(false),
        }
    }

    fn begin(&self) {
        self.left.store(MOST_BYTES, Ordering::Relaxed);
    }

    /// Takes so many bytes off it.
    fn take(&self, bytes: usize) -> io::Result<()> {
        let left = self.left.load(Ordering::Relaxed);
        if bytes > left {
            self.exceeded.store(true, Ordering::Relaxed);
            return Err(too_long());
        }
        self.left.store(left - bytes, Ordering::Relaxed);
        Ok(())
    }

    /// Whoever waits for an answer is told of a broken connection alone, or waits in vain: this is
    /// why.
    fn reason(&self, error: RedisError) -> RedisError {
        if self.exceeded.load(Ordering::Relaxed) {
            return too_long().into();
        }
        let come = (MOST_BYTES - self.left.load(Ordering::Relaxed)) >> 20;
        if error.is_timeout() && come >= MUCH {
            let why = format!("{come} MiB of its answer came in time, and that was not all of it");
            return io::Error::other(why).into();
        }
        error
    }
}

fn too_long() -> io::Error {
    let megabytes = MOST_BYTES >> 20;
    io::Error::other(format!(
        "its answer is longer than {megabytes} MiB, and was not read on"
    ))
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        self.meter.begin();
        let meter = Arc::clone(&self.meter);
        let asked = self.inner.req_packed_command(command);
        Box::pin(async move { asked.await.map_err(|error| meter.reason(error)) })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        self.meter.begin();
        let meter = Arc::clone(&self.meter);
        let asked = self.inner.req_packed_commands(pipeline, offset, count);
        Box::pin(async move { asked.await.map_err(|error| meter.reason(error)) })
    }

    fn get_db(&self) -> i64 {
        self.inner.get_db()
    }
}

/// Connects, logs in and selects the database. Each answer is awaited no longer than `limit`, on the
/// way and on the connection later: on a link with half a second either way, one alone takes a second.
///
/// # Errors
/// The fault, in words that name neither user nor password.
pub async fn open(address: &Address, limit: Duration) -> Result<Connection, LinkFault> {
    let place = match &address.endpoint {
        Endpoint::Tcp(place) => Reached::Network(place.clone(), false),
        Endpoint::Tls(place) => Reached::Network(place.clone(), true),
        Endpoint::Unix { path } => Reached::Socket(path.clone()),
        Endpoint::Sentinel(watched) => {
            let primary = sentinel::primary(watched, &address.certificates, limit).await?;
            Reached::Network(primary, watched.tls)
        }
    };
    let server = Server {
        place,
        certificates: &address.certificates,
        database: address.database,
    };
    server.open(&address.logins, limit).await
}

/// Where one server is.
#[derive(Clone, Debug)]
pub(super) enum Reached {
    /// By the network; whether with TLS.
    Network(HostPort, bool),
    /// By a socket of this machine.
    Socket(String),
}

/// A server, as it is connected to.
pub(super) struct Server<'a> {
    pub(super) place: Reached,
    pub(super) certificates: &'a Certificates,
    pub(super) database: u32,
}

impl Server<'_> {
    fn wire(&self) -> Wire {
        match self.place {
            Reached::Network(_, true) => Wire::Tls,
            Reached::Network(_, false) | Reached::Socket(_) => Wire::Plain,
        }
    }

    /// Connects with the first of these logins that it takes, or without one where there is none. Each
    /// answer is awaited no longer than `limit`.
    pub(super) async fn open(
        &self,
        logins: &[Login],
        limit: Duration,
    ) -> Result<Connection, LinkFault> {
        let wire = self.wire();
        let broken = |error: io::Error| {
            let words = tls::words(&error).map(LinkFault::Unreachable);
            words.unwrap_or_else(|| fault(&RedisError::from(error), wire))
        };
        let mut tries: Vec<Option<&Login>> = logins.iter().map(Some).collect();
        if tries.is_empty() {
            tries.push(None);
        }
        let mut first = None;
        for login in tries {
            let connecting = timeout(limit, self.connect()).await;
            let mut stream = connecting.map_err(|_| wire.no_answer())?.map_err(broken)?;
            let greeting = greet(&mut stream, login, self.database, wire);
            let greeted = timeout(limit, greeting).await;
            match greeted.map_err(|_| wire.no_answer())? {
                Ok(()) => {
                    let joining = timeout(limit, joined(stream, limit)).await;
                    return joining.map_err(|_| Wire::Established.no_answer())?;
                }
                // The first one is what was meant.
                Err(NotOpened::WrongLogin(why)) => first = first.or(Some(why)),
                Err(NotOpened::Fault(why)) => return Err(why),
                Err(NotOpened::Broken(error)) => return Err(broken(error)),
            }
        }
        Err(first.unwrap_or(LinkFault::Silent))
    }

    async fn connect(&self) -> io::Result<Stream> {
        match &self.place {
            Reached::Socket(path) => Ok(Box::new(UnixStream::connect(path).await?)),
            Reached::Network(place, with_tls) => {
                let stream = TcpStream::connect((place.host.as_str(), place.port)).await?;
                stream.set_nodelay(true)?;
                if *with_tls {
                    secured(stream, place, self.certificates).await
                } else {
                    Ok(Box::new(stream))
                }
            }
        }
    }
}

#[cfg(feature = "tls")]
async fn secured(
    stream: TcpStream,
    place: &HostPort,
    certificates: &Certificates,
) -> io::Result<Stream> {
    let secured = tls::secure(stream, &place.host, certificates.clone()).await?;
    Ok(Box::new(secured))
}

#[cfg(not(feature = "tls"))]
async fn secured(_: TcpStream, _: &HostPort, _: &Certificates) -> io::Result<Stream> {
    Err(io::Error::other(AddressError::NoTls))
}

/// Hands the stream to the client.
async fn joined(stream: Stream, limit: Duration) -> Result<Connection, LinkFault> {
    let meter = Arc::new(Meter::new());
    let stream = Metered {
        stream,
        meter: Arc::clone(&meter),
    };
    let info = RedisConnectionInfo::default()
        .set_lib_name(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    let settings = AsyncConnectionConfig::new().set_response_timeout(Some(limit));
    let opening = MultiplexedConnection::new_with_config(&info, stream, settings);
    let (inner, driver) = opening
        .await
        .map_err(|error| fault(&error, Wire::Established))?;
    Ok(Connection {
        inner,
        driver: tokio::spawn(driver),
        meter,
    })
}

/// A stream of bytes, of whatever kind.
trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

type Stream = Box<dyn Duplex>;

/// A stream that ends with an error where more bytes come than are allowed.
struct Metered {
    stream: Stream,
    meter: Arc<Meter>,
}

impl AsyncRead for Metered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let bytes = buffer.filled().len() - before;
        if let Err(why) = self.meter.take(bytes) {
            return Poll::Ready(Err(why));
        }
        read
    }
}

impl AsyncWrite for Metered {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
