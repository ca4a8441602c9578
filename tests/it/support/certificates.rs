//! Certificates made by `openssl` for one test: an authority, servers, clients.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A directory of certificates and keys, each by a name.
pub(crate) struct Certificates {
    directory: tempfile::TempDir,
}

impl Certificates {
    pub(crate) fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    /// The file of a certificate.
    pub(crate) fn cert(&self, name: &str) -> PathBuf {
        self.directory.path().join(format!("{name}.pem"))
    }

    /// The file of its key.
    pub(crate) fn key(&self, name: &str) -> PathBuf {
        self.directory.path().join(format!("{name}.key"))
    }

    /// One that signed itself, for `host`. OpenSSL makes it an authority.
    pub(crate) fn sign_itself(&self, name: &str, host: &str) {
        let subject = format!("subjectAltName=DNS:{host}");
        self.openssl(
            &["-days", "30", "-addext", &subject],
            name,
            "req",
            &["-x509"],
        );
    }

    /// One that the authority called `by` signed, for `host`; `days` may be negative.
    pub(crate) fn sign(&self, name: &str, host: &str, by: &str, days: i32) {
        self.openssl(&[], name, "req", &["-new"]);
        let extensions = self.directory.path().join(format!("{name}.ext"));
        std::fs::write(&extensions, format!("subjectAltName=DNS:{host}\n")).unwrap();
        let request = self.cert(name).with_extension("csr");
        std::fs::rename(self.cert(name), &request).unwrap();
        let mut command = Command::new("openssl");
        command
            .args(["x509", "-req", "-CAcreateserial", "-in"])
            .arg(&request)
            .arg("-CA")
            .arg(self.cert(by))
            .arg("-CAkey")
            .arg(self.key(by))
            .arg("-extfile")
            .arg(&extensions)
            .args(["-days", &days.to_string(), "-out"])
            .arg(self.cert(name));
        run(command);
    }

    fn openssl(&self, more: &[&str], name: &str, tool: &str, first: &[&str]) {
        let mut command = Command::new("openssl");
        command
            .arg(tool)
            .args(first)
            .args(["-newkey", "rsa:2048", "-nodes", "-subj"])
            .arg(format!("/CN={name}"))
            .arg("-keyout")
            .arg(self.key(name))
            .arg("-out")
            .arg(self.cert(name))
            .args(more);
        run(command);
    }
}

fn run(mut command: Command) {
    let ended = command
        .stdin(Stdio::null())
        .output()
        .expect("openssl does not start: run tests/setup");
    assert!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
}
