//! How TLS is checked: by the authorities of this machine or by a file of one's own, and with a
//! certificate of one's own where the server wants one.

use std::path::PathBuf;

/// The files of TLS, and whether the server's certificate is checked at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificates {
    /// PEM file of the authorities that may sign the server's certificate, or of that certificate
    /// itself. Without it: `SSL_CERT_FILE`, else the authorities of this machine.
    pub ca: Option<PathBuf>,
    /// PEM file of our own certificate, with its chain.
    pub cert: Option<PathBuf>,
    /// PEM file of its private key; without it, the key stands in `cert` too.
    pub key: Option<PathBuf>,
    /// Any certificate is taken for the server's: that it is the right server is not known.
    pub insecure: bool,
}

#[cfg(feature = "tls")]
pub(super) use checked::{secure, words};

/// The fault of TLS and its remedy, where that is the reason of `error`.
#[cfg(not(feature = "tls"))]
pub(super) fn words(_: &std::io::Error) -> Option<String> {
    None
}

/// TLS over a connection.
#[cfg(feature = "tls")]
mod checked {
    use std::fs::File;
    use std::io::{self, Read};
    use std::path::Path;
    use std::sync::Arc;

    use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
    use rustls::client::{WebPkiServerVerifier, verify_server_name};
    use rustls::crypto::{CryptoProvider, ring};
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
    use rustls::server::ParsedCertificate;
    use rustls::{
        AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError,
        RootCertStore, SignatureScheme,
    };
    use tokio::net::TcpStream;
    use tokio_rustls::TlsConnector;
    use tokio_rustls::client::TlsStream;

    use super::Certificates;
    use crate::core::clean::clean;

    /// The most bytes of a PEM file that are read: all authorities of a machine have a quarter of a million.
    const LONGEST: u64 = 4 << 20;

    /// Speaks TLS on `stream` with a server that must be `host`.
    pub(in crate::redis) async fn secure(
        stream: TcpStream,
        host: &str,
        certificates: Certificates,
    ) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| io::Error::other("its host name is none that a certificate can be for"))?;
        // Reading the authorities of a machine takes some 10 ms.
        let config = tokio::task::spawn_blocking(move || config(&certificates)).await;
        let config = config.map_err(io::Error::other)??;
        let connector = TlsConnector::from(Arc::new(config));
        connector.connect(name, stream).await
    }

    /// The fault of TLS and its remedy, where that is the reason of `error`.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "these are the ones that there is advice for"
    )]
    pub(in crate::redis) fn words(error: &io::Error) -> Option<String> {
        let error: &Error = error.get_ref()?.downcast_ref()?;
        let shown = clean(&error.to_string(), 200);
        let advice = match error {
            Error::InvalidCertificate(why) => of_certificate(why),
            Error::AlertReceived(
                AlertDescription::CertificateRequired
                | AlertDescription::HandshakeFailure
                | AlertDescription::BadCertificate
                | AlertDescription::UnknownCA,
            ) => {
                "it wants a certificate from us that it trusts: name it by --redis-cert FILE and --redis-key FILE"
            }
            Error::InvalidMessage(_) => {
                "what answers there speaks no TLS: write redis:// instead of rediss://"
            }
            _ => "TLS fails",
        };
        Some(format!("{advice} ({shown})"))
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "these are the ones that there is advice for"
    )]
    fn of_certificate(why: &CertificateError) -> &'static str {
        match why {
            CertificateError::UnknownIssuer => {
                "its authority is not known here: name that authority's certificate by --redis-ca FILE"
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "its certificate has expired: renew it"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "its certificate is for other names: use one of these in the address"
            }
            CertificateError::Other(OtherError(why))
                if why.to_string().contains("CaUsedAsEndEntity") =>
            {
                "its certificate signed itself: name it by --redis-ca FILE"
            }
            _ => "its certificate cannot be checked",
        }
    }

    fn config(certificates: &Certificates) -> io::Result<ClientConfig> {
        let provider = Arc::new(ring::default_provider());
        let verifier = Verifier::new(certificates, Arc::clone(&provider))?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let Some(cert) = &certificates.cert else {
            return Ok(config.with_no_client_auth());
        };
        let chain = read(cert, "--redis-cert")?;
        let file = certificates.key.as_ref().unwrap_or(cert);
        let key = PrivateKeyDer::from_pem_slice(&content(file, "--redis-key")?)
            .map_err(|error| unreadable("--redis-key", file, &error.to_string()))?;
        config
            .with_client_auth_cert(chain, key)
            .map_err(|error| unreadable("--redis-cert", cert, &error.to_string()))
    }

    /// The certificates in a PEM file.
    fn read(path: &Path, option: &str) -> io::Result<Vec<CertificateDer<'static>>> {
        let content = content(path, option)?;
        let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&content).collect();
        let all = all.map_err(|error| unreadable(option, path, &error.to_string()))?;
        if all.is_empty() {
            return Err(unreadable(option, path, "it holds no certificate"));
        }
        Ok(all)
    }

    /// The content of a PEM file. It is read at each connection, and nothing waits for a writer or an end that do not
    /// come.
    fn content(path: &Path, option: &str) -> io::Result<Vec<u8>> {
        let failed = |error: io::Error| unreadable(option, path, &error.to_string());
        if !std::fs::metadata(path).map_err(failed)?.is_file() {
            return Err(unreadable(option, path, "it is no regular file"));
        }
        let mut content = Vec::new();
        let file = File::open(path).map_err(failed)?;
        let read = file.take(LONGEST + 1).read_to_end(&mut content);
        if read.map_err(failed)? as u64 > LONGEST {
            return Err(unreadable(
                option,
                path,
                "it is too large to be a certificate",
            ));
        }
        Ok(content)
    }

    fn unreadable(option: &str, path: &Path, why: &str) -> io::Error {
        let path = path.display();
        io::Error::other(format!("{option} {path} cannot be used: {why}"))
    }

    /// Checks a server's certificate: against the authorities, or against itself.
    #[derive(Debug)]
    struct Verifier {
        /// `None`: nothing is checked.
        authorities: Option<Arc<WebPkiServerVerifier>>,
        /// Certificates that are trusted as they stand.
        pinned: Vec<CertificateDer<'static>>,
        provider: Arc<CryptoProvider>,
    }

    impl Verifier {
        fn new(certificates: &Certificates, provider: Arc<CryptoProvider>) -> io::Result<Self> {
            if certificates.insecure {
                return Ok(Self {
                    authorities: None,
                    pinned: Vec::new(),
                    provider,
                });
            }
            let pinned = match &certificates.ca {
                Some(path) => read(path, "--redis-ca")?,
                None => rustls_native_certs::load_native_certs().certs,
            };
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(pinned.iter().cloned());
            if roots.is_empty() {
                return Err(io::Error::other(
                    "this machine has no certificate authorities: name the server's by --redis-ca FILE",
                ));
            }
            let authorities =
                WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                    .build()
                    .map_err(io::Error::other)?;
            Ok(Self {
                authorities: Some(authorities),
                pinned,
                provider,
            })
        }
    }

    impl ServerCertVerifier for Verifier {
        /// A certificate that stands in the file itself is taken, as OpenSSL takes it: one that
        /// signed itself is its own authority, which webpki refuses for a server (it says so only
        /// once it has found that the certificate has not expired).
        fn verify_server_cert(
            &self,
            end_entity: &CertificateDer<'_>,
            intermediates: &[CertificateDer<'_>],
            server_name: &ServerName<'_>,
            ocsp_response: &[u8],
            now: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            let Some(authorities) = &self.authorities else {
                return Ok(ServerCertVerified::assertion());
            };
            let checked = authorities.verify_server_cert(
                end_entity,
                intermediates,
                server_name,
                ocsp_response,
                now,
            );
            match checked {
                Err(Error::InvalidCertificate(CertificateError::Other(OtherError(why))))
                    if self.pinned.iter().any(|pinned| pinned == end_entity)
                        && why.to_string().contains("CaUsedAsEndEntity") =>
                {
                    verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                    Ok(ServerCertVerified::assertion())
                }
                checked => checked,
            }
        }

        fn verify_tls12_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            signed: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            let known = &self.provider.signature_verification_algorithms;
            rustls::crypto::verify_tls12_signature(message, cert, signed, known)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            signed: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            let known = &self.provider.signature_verification_algorithms;
            rustls::crypto::verify_tls13_signature(message, cert, signed, known)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            let known = &self.provider.signature_verification_algorithms;
            known.supported_schemes()
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn what_is_no_file_or_has_no_end_is_refused_and_nothing_waits_for_it() {
            let place = tempfile::tempdir().unwrap();
            let (pipe, vast) = (place.path().join("pipe"), place.path().join("vast"));
            rustix::fs::mknodat(
                rustix::fs::CWD,
                &pipe,
                rustix::fs::FileType::Fifo,
                rustix::fs::Mode::from(0o600),
                0,
            )
            .unwrap();
            File::create(&vast).unwrap().set_len(LONGEST + 1).unwrap();
            let said = |path: &Path| read(path, "--redis-ca").unwrap_err().to_string();
            for path in [&pipe, Path::new("/dev/zero"), place.path()] {
                assert!(said(path).contains("no regular file"), "{}", said(path));
            }
            assert!(said(&vast).contains("too large"), "{}", said(&vast));
            let missing = said(&place.path().join("missing"));
            assert!(missing.contains("No such file"), "{missing}");
        }
    }
}
