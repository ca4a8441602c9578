//! What greets as a Redis does and then answers without an end.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use drainboard::redis::Address;

/// What it sends for ever.
#[derive(Clone, Copy, Debug)]
pub(crate) enum EndlessReply {
    /// A text of gigabytes.
    OneText,
    /// A list of very many short texts.
    ManyTexts,
}

/// Starts one, and gives its address. It ends with the test.
pub(crate) fn endless(kind: EndlessReply) -> Address {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || answer(stream, kind));
        }
    });
    Address::parse(&format!("redis://127.0.0.1:{port}")).unwrap()
}

fn answer(mut stream: TcpStream, kind: EndlessReply) {
    let mut asked = [0; 8_192];
    loop {
        let Ok(read @ 1..) = stream.read(&mut asked) else {
            return;
        };
        let text = String::from_utf8_lossy(&asked[..read]).into_owned();
        let asks = |name: &str| text.contains(name);
        let sent = if asks("SMEMBERS") {
            let (begin, piece) = match kind {
                EndlessReply::OneText => ("$9000000000\r\n", "x".repeat(1 << 20)),
                EndlessReply::ManyTexts => ("*900000000\r\n", "$1\r\nx\r\n".repeat(1 << 17)),
            };
            let mut sent = stream.write_all(begin.as_bytes());
            while sent.is_ok() {
                sent = stream.write_all(piece.as_bytes());
            }
            sent
        } else if asks("SETINFO") {
            // What the client says of itself: its name and its version.
            stream.write_all(b"+OK\r\n+OK\r\n")
        } else {
            stream.write_all(b"+PONG\r\n")
        };
        if sent.is_err() {
            return;
        }
    }
}
