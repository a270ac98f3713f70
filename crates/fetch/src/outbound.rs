//! What stands between this machine and the web, where an operator says so: a proxy that requests go through, and certificate authorities
//! that are trusted beside those of the system. Nothing of it is taken from the environment by itself (`HTTP_PROXY` and the like): a proxy
//! decides what is reached, so it is named or there is none.
use std::fmt;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use base64::Engine;
use percent_encoding::percent_decode_str;
use reqwest::header::HeaderValue;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

/// Most time to connect to a proxy, and to have it connect.
const CONNECT: Duration = Duration::from_secs(15);
/// Most bytes of the head of a proxy's answer.
const HEAD: usize = 16 * 1024;
/// Most bytes of a file of certificates: all authorities of the web together are some 300 kB.
const LARGEST: u64 = 4 * 1024 * 1024;

/// How requests leave this machine. By default straight, with the authorities that the system trusts.
#[derive(Debug, Clone, Default)]
pub struct Outbound {
    /// The proxy that requests go through.
    pub proxy: Option<Proxy>,
    /// Authorities that are trusted beside those of the system.
    pub authorities: Authorities,
}

/// Why something of [`Outbound`] cannot be used. None repeats a proxy's address, which may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The proxy's address.
    #[error(
        "the proxy's address cannot be used: {0}; write http://HOST:PORT, or http://NAME:PASSWORD@HOST:PORT with % escapes in both"
    )]
    Proxy(&'static str),
    /// A file of certificates.
    #[error("{path}: {reason}")]
    Authorities {
        /// The file.
        path: String,
        /// What is wrong, and what to do.
        reason: String,
    },
}

/// An HTTP proxy (RFC 9110, section 3.7): plain requests are handed to it, for others it is asked to connect.
#[derive(Clone)]
pub struct Proxy {
    /// Without name and password.
    address: Url,
    /// Of `Proxy-Authorization`.
    authorization: Option<HeaderValue>,
    resolves_names: bool,
}

impl Proxy {
    /// The proxy at `http://host:port`, with `name:password@` before the host where it asks for them. If it `resolves_names`, names are not
    /// resolved on this machine, and what lies behind them is not judged here (see [`crate::guard`]).
    pub fn new(address: &str, resolves_names: bool) -> Result<Proxy, OutboundError> {
        let wrong = |reason| OutboundError::Proxy(reason);
        let mut url = Url::parse(address.trim()).map_err(|_| wrong("it is no address"))?;
        if url.scheme() != "http" {
            return Err(wrong("it does not begin with http://, and no other proxies are spoken to"));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("something follows its port"));
        }
        let authorization = match (url.username(), url.password()) {
            ("", None) => None,
            (name, password) => {
                let decoded = |text| percent_decode_str(text).collect::<Vec<u8>>();
                let both = [decoded(name), decoded(password.unwrap_or(""))].join(&b':');
                let value = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(both));
                let mut value = HeaderValue::from_str(&value).map_err(|_| wrong("its password is none"))?;
                value.set_sensitive(true);
                Some(value)
            }
        };
        let cleared = url.set_username("").and_then(|()| url.set_password(None));
        cleared.map_err(|()| wrong("it has no host"))?;
        Ok(Proxy { address: url, authorization, resolves_names })
    }

    /// Whether names are resolved by the proxy alone.
    pub(crate) fn resolves_names(&self) -> bool {
        self.resolves_names
    }

    /// Its host, as a name or an IP literal.
    pub(crate) fn host(&self) -> &str {
        self.address.host_str().unwrap_or("")
    }

    /// As an HTTP client takes it.
    pub(crate) fn for_client(&self) -> reqwest::Result<reqwest::Proxy> {
        let proxy = reqwest::Proxy::all(self.address.clone())?;
        Ok(match &self.authorization {
            Some(authorization) => proxy.custom_http_auth(authorization.clone()),
            None => proxy,
        })
    }

    /// A connection to the proxy. Its address is the operator's word and is not judged.
    pub(crate) async fn connect(&self) -> Result<TcpStream, Fault> {
        let host = self.host().trim_start_matches('[').trim_end_matches(']');
        let connect = TcpStream::connect((host, self.address.port_or_known_default().unwrap_or(80)));
        let connected = tokio::time::timeout(CONNECT, connect).await.map_err(|_| Fault::Silent)?;
        connected.map_err(Fault::Unreachable)
    }

    /// A connection through the proxy to the host and port of an address, on which nothing was said yet.
    pub(crate) async fn tunnel(&self, to: &Url) -> Result<TcpStream, Fault> {
        let tunnel = async {
            let mut stream = self.connect().await?;
            let to = authority(to);
            let mut head = format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n").into_bytes();
            head.extend(self.authorization_field());
            head.extend_from_slice(b"\r\n");
            stream.write_all(&head).await.map_err(|_| Fault::Closed)?;
            match status(&mut stream).await? {
                200..300 => Ok(stream),
                status => Err(Fault::Answered(status)),
            }
        };
        tokio::time::timeout(CONNECT, tunnel).await.unwrap_or(Err(Fault::Silent))
    }

    /// The field of a request to it that proves who asks, with its line end; empty if it asks for nothing.
    pub(crate) fn authorization_field(&self) -> Vec<u8> {
        match &self.authorization {
            Some(value) => [b"Proxy-Authorization: ", value.as_bytes(), b"\r\n"].concat(),
            None => Vec::new(),
        }
    }
}

impl fmt::Display for Proxy {
    /// Its address, without name and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.address.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self})")
    }
}

/// The host and port of an address, as they stand in a request for a tunnel.
fn authority(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or(""), url.port_or_known_default().unwrap_or(443))
}

/// The status of an answer, read to the end of its head and no further: what follows belongs to the tunnel.
async fn status(stream: &mut (impl AsyncRead + Unpin)) -> Result<u16, Fault> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) if head.is_empty() => return Err(Fault::Closed),
            Err(_) => return Err(Fault::Garbage),
        }
        let begun = &head[..head.len().min(5)];
        if head.len() > HEAD || !b"HTTP/".starts_with(begun) {
            return Err(Fault::Garbage);
        }
    }
    let line = String::from_utf8_lossy(head.split(|&byte| byte == b'\r').next().unwrap_or_default());
    line.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or(Fault::Garbage)
}

/// What is wrong with a proxy, or with what it was asked for.
#[derive(Debug)]
pub(crate) enum Fault {
    /// There is no connection to it.
    Unreachable(std::io::Error),
    /// It does not answer.
    Silent,
    /// It closed the connection without a word.
    Closed,
    /// What it answers is not HTTP.
    Garbage,
    /// It did not do what it was asked for, and answered with this status.
    Answered(u16),
}

impl Fault {
    /// What happened when a proxy was asked for an address, and what to do.
    pub fn told(&self, proxy: &Proxy, url: &Url) -> String {
        let to = authority(url);
        match self {
            Fault::Unreachable(error) => {
                format!("the proxy {proxy} cannot be reached ({error}): look at its address and whether it runs")
            }
            Fault::Silent => {
                format!("the proxy {proxy} does not answer in time: see whether {to} opens through it in a browser")
            }
            Fault::Closed => {
                format!("the proxy {proxy} closed the connection to {to} without an answer: ask who runs it why")
            }
            Fault::Garbage => {
                format!("what the proxy {proxy} answers is not HTTP: look at its address, its port above all")
            }
            Fault::Answered(407) if proxy.authorization.is_some() => {
                format!("the proxy {proxy} does not take the name and password in its address (407): correct them")
            }
            Fault::Answered(407) => format!(
                "the proxy {proxy} asks for a name and a password (407): give its address as http://NAME:PASSWORD@HOST:PORT in \
                 CLAUSEWATCH_PROXY or in the file of --proxy-file"
            ),
            Fault::Answered(status @ (502..=504)) => format!(
                "the proxy {proxy} cannot reach {to} ({status}): see whether it opens through that proxy in a browser, and try later"
            ),
            Fault::Answered(status) => {
                format!("the proxy {proxy} refuses to connect to {to} ({status}): ask who runs it to allow that")
            }
        }
    }
}

/// Certificates of authorities that are trusted beside those of the system.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Authorities(Vec<CertificateDer<'static>>);

impl Authorities {
    /// Adds the certificates of a file in PEM: one or several.
    pub fn add_file(&mut self, path: &Path) -> Result<(), OutboundError> {
        let wrong = |reason: String| OutboundError::Authorities { path: path.display().to_string(), reason };
        let file = std::fs::File::open(path).map_err(|error| wrong(error.to_string()))?;
        let mut bytes = Vec::new();
        file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| wrong(error.to_string()))?;
        if bytes.len() as u64 > LARGEST {
            return Err(wrong(format!("larger than {LARGEST} bytes; give a file of certificates in PEM")));
        }
        let before = self.0.len();
        for (index, certificate) in CertificateDer::pem_slice_iter(&bytes).enumerate() {
            let bad = |reason: String| wrong(format!("certificate {} cannot be used: {reason}", index + 1));
            let certificate = certificate.map_err(|error| bad(error.to_string()))?;
            // Judged here, where the file is known.
            rustls::RootCertStore::empty().add(certificate.clone()).map_err(|error| bad(error.to_string()))?;
            self.0.push(certificate);
        }
        if self.0.len() == before {
            let hint = "it holds no certificate in PEM (“-----BEGIN CERTIFICATE-----”); one in DER is converted by: openssl x509 -inform der";
            return Err(wrong(hint.into()));
        }
        Ok(())
    }

    /// The certificates, in DER.
    pub fn der(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(|certificate| &**certificate)
    }

    /// As an HTTP client takes them.
    pub fn for_client(&self) -> reqwest::Result<Vec<reqwest::Certificate>> {
        self.der().map(reqwest::Certificate::from_der).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_shows_a_password() {
        let proxy = Proxy::new(" http://Ada%40plum:se%3Acret%2F@proxy.plum.example:3128\n", false).unwrap();
        assert_eq!(proxy.to_string(), "http://proxy.plum.example:3128");
        let authorization = proxy.authorization.as_ref().unwrap();
        assert_eq!(authorization.to_str().unwrap(), "Basic QWRhQHBsdW06c2U6Y3JldC8=");
        let shown =
            format!("{proxy:?} {:?} {authorization:?}", Outbound { proxy: Some(proxy.clone()), ..Outbound::default() });
        assert!(!shown.contains("cret") && !shown.contains("QWRh") && !shown.contains("Ada"), "{shown}");
        assert_eq!(Proxy::new("http://proxy.plum.example", false).unwrap().authorization, None);
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_repeating_it() {
        for address in [
            "",
            "proxy.plum.example:3128",
            "https://ada:secret@proxy.plum.example:3128",
            "socks5://ada:secret@proxy.plum.example",
            "http://ada:secret@",
            "http://ada:secret@proxy.plum.example:3128/path",
            "http://ada:sec ret@proxy plum:99999",
        ] {
            let error = Proxy::new(address, false).unwrap_err().to_string();
            assert!(
                error.contains("http://HOST:PORT") && !error.contains("secret") && !error.contains("plum"),
                "{error}"
            );
        }
    }

    #[tokio::test]
    async fn the_head_of_an_answer_ends_where_it_ends() {
        let read = async |bytes: &[u8]| {
            let mut rest = bytes;
            status(&mut rest).await.map(|status| (status, rest.len()))
        };
        assert_eq!(read(b"HTTP/1.1 200 Connection established\r\nX: y\r\n\r\nhello").await.unwrap(), (200, 5));
        assert_eq!(read(b"HTTP/1.0 407\r\n\r\n").await.unwrap(), (407, 0));
        assert!(matches!(read(b"").await, Err(Fault::Closed)));
        for garbage in [&b"SSH-2.0-x\r\n\r\n"[..], b"HTTP/1.1 200 OK", b"HTTP/1.1\r\n\r\n", b"HTTP/1.1 2x0 OK\r\n\r\n"]
        {
            assert!(matches!(read(garbage).await, Err(Fault::Garbage)));
        }
        let endless = [b"HTTP/1.1 200 OK\r\n".to_vec(), vec![b'x'; 2 * HEAD]].concat();
        assert!(matches!(read(&endless).await, Err(Fault::Garbage)));
    }

    #[test]
    fn a_file_without_certificates_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let said = |name: &str, text: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            Authorities::default().add_file(&path).unwrap_err().to_string()
        };
        assert!(said("empty.pem", b"").contains("empty.pem: it holds no certificate"));
        assert!(said("der.crt", b"\x30\x82\x01\x0a").contains("-inform der"));
        let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(said("broken.pem", broken).contains("broken.pem: certificate 1 cannot be used"));
        assert!(said("cut.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n").contains("cut.pem"));
        let missing = Authorities::default().add_file(&folder.path().join("none.pem")).unwrap_err().to_string();
        assert!(missing.contains("none.pem"), "{missing}");
        assert!(Authorities::default().add_file(folder.path()).is_err(), "a folder");
    }
}
