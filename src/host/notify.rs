//! The socket by which a service talks to its systemd (`sd_notify(3)`). Messages go one way, and
//! nothing ever waits for them.

use std::env;
use std::ffi::OsString;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// Names the socket; `@` first: in the abstract namespace (`sd_notify(3)`).
const SOCKET: &str = "NOTIFY_SOCKET";
/// Given to the commands of `ExecStop=` and `ExecStopPost=` alone (`systemd.exec(5)`).
const OF_A_STOP: &str = "SERVICE_RESULT";

/// A way to systemd.
#[derive(Debug)]
pub struct NotifySocket {
    socket: UnixDatagram,
    address: SocketAddr,
}

impl NotifySocket {
    /// Whether this program runs in the stop of a unit whose systemd gave it a socket.
    pub fn is_there() -> bool {
        set(SOCKET).is_some() && set(OF_A_STOP).is_some()
    }

    /// Opens the one that the environment names.
    ///
    /// # Errors
    /// If it names none, or one that is not a Unix socket.
    pub fn open() -> io::Result<Self> {
        let name = set(SOCKET).ok_or(io::ErrorKind::NotFound)?;
        Self::to(name.as_bytes())
    }

    fn to(name: &[u8]) -> io::Result<Self> {
        let address = match name {
            [b'@', rest @ ..] => SocketAddr::from_abstract_name(rest)?,
            [b'/', ..] => SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(name))?,
            _ => return Err(io::ErrorKind::Unsupported.into()),
        };
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, address })
    }

    /// Asks for `extend` from now on, and shows `status` in `systemctl status`.
    ///
    /// # Errors
    /// If systemd does not take it at once.
    pub fn send(&self, extend: Option<Duration>, status: &str) -> io::Result<()> {
        let message = message(extend, status);
        self.socket
            .send_to_addr(message.as_bytes(), &self.address)?;
        Ok(())
    }
}

fn set(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

fn message(extend: Option<Duration>, status: &str) -> String {
    // One assignment on each line.
    let mut message = format!("STATUS={}", status.replace(['\n', '\r'], " "));
    if let Some(extend) = extend {
        message = format!("EXTEND_TIMEOUT_USEC={}\n{message}", extend.as_micros());
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_arrives_by_either_kind_of_name() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("notify");
        let by_path = UnixDatagram::bind(&path).unwrap();
        let name = format!("drainboard-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let abstractly = UnixDatagram::bind_addr(&address).unwrap();
        let names = [path.to_str().unwrap().to_owned(), format!("@{name}")];
        for (listener, name) in [by_path, abstractly].into_iter().zip(names) {
            let socket = NotifySocket::to(name.as_bytes()).unwrap();
            socket.send(Some(Duration::from_secs(15)), "a\nb").unwrap();
            let mut buffer = [0; 200];
            let length = listener.recv(&mut buffer).unwrap();
            assert_eq!(
                &buffer[..length],
                b"EXTEND_TIMEOUT_USEC=15000000\nSTATUS=a b"
            );
        }
        assert!(NotifySocket::to(b"vsock:2:1").is_err());
        assert_eq!(message(None, "x"), "STATUS=x");
    }
}
