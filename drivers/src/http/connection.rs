use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use dialtone_model::Complaint;
use http_body_util::Full;
use hyper::Request;
use hyper::Response;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::target::Target;
use crate::dial::DialError;

/// One keep-alive connection. No task drives it: whoever waits for an answer does, so an answer wakes one task and not
/// two, and a caller that stops waiting closes the connection with it.
pub(super) struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    driver: http1::Connection<TokioIo<Watched>, Full<Bytes>>,
    sent: Sent,
}

/// Whether anything of the present request can have left this machine.
#[derive(Clone, Debug, Default)]
pub(super) struct Sent(Arc<AtomicBool>);

impl Connection {
    pub(super) async fn open(target: &Target) -> Result<Self, Complaint> {
        let stream = target.dialler.connect(&target.host, target.port).await.map_err(|error| match error {
            DialError::Io(error) => refused(target, &error),
            DialError::NotAllowed(complaint) => complaint,
        })?;
        stream.set_nodelay(true).map_err(|error| refused(target, &error))?;
        let stream = target.tls.connect(target.server_name.clone(), stream).await.map_err(|e| refused(target, &e))?;
        let sent = Sent::default();
        let watched = Watched { stream, sent: sent.clone() };
        let (sender, driver) = http1::handshake(TokioIo::new(watched))
            .await
            .map_err(|error| Complaint::new("connection-refused", error.to_string()))?;
        // The handshake of HTTP/1 sends nothing; what TLS sent has passed below the watch.
        Ok(Self { sender, driver, sent })
    }

    /// What tells whether the request in hand has left, also once this connection is gone.
    pub(super) fn sent(&self) -> Sent {
        self.sent.clone()
    }

    /// Whether a request can be sent on it; false when the device has closed it.
    pub(super) async fn ready(&mut self) -> bool {
        poll_fn(|context| {
            // The connection is asked first: only it notices that the device has closed its end.
            match Pin::new(&mut self.driver).poll(context) {
                Poll::Ready(_) => Poll::Ready(false),
                Poll::Pending => self.sender.poll_ready(context).map(|ready| ready.is_ok()),
            }
        })
        .await
    }

    /// Sends a request; the answer is read with `read`.
    pub(super) async fn exchange<T, F>(
        &mut self,
        request: Request<Full<Bytes>>,
        read: impl FnOnce(Response<Incoming>) -> F,
    ) -> hyper::Result<T>
    where
        F: Future<Output = hyper::Result<T>>,
    {
        self.sent.0.store(false, Ordering::Relaxed);
        let sender = &mut self.sender;
        drive(&mut self.driver, async move { read(sender.send_request(request).await?).await }).await
    }
}

impl Sent {
    pub(super) fn anything(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Waits for `work`, driving the connection meanwhile.
async fn drive<T>(driver: &mut (impl Future<Output = hyper::Result<()>> + Unpin), work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let mut ended = false;
    poll_fn(|context| {
        if let Poll::Ready(done) = work.as_mut().poll(context) {
            return Poll::Ready(done);
        }
        if ended {
            return Poll::Pending;
        }
        // When the connection ends, `work` hears of it by itself, with the reason.
        ended = Pin::new(&mut *driver).poll(context).is_ready();
        work.as_mut().poll(context)
    })
    .await
}

/// Why there is no connection. Nothing of a request has left.
fn refused(target: &Target, error: &io::Error) -> Complaint {
    let Target { host, port, .. } = target;
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match (tls, error.kind()) {
        (Some(rustls::Error::InvalidCertificate(reason)), _) => Complaint::new(
            "certificate-refused",
            format!("{host}:{port} shows a certificate that is not trusted: {reason}"),
        )
        .repair("Give the device the certificate, in PEM, of the authority that signed its own."),
        (Some(reason), _) => Complaint::new("tls-failed", format!("TLS with {host}:{port} failed: {reason}")),
        (None, io::ErrorKind::ConnectionRefused) => {
            Complaint::new("connection-refused", format!("{host}:{port} refuses connections"))
        }
        (None, _) => Complaint::new("unreachable", format!("{host}:{port} can't be reached: {error}")),
    }
}

/// A TLS stream that notes whether anything was written to it.
///
/// A write that fails may have sent a part, so it counts as well; only a write that was never taken does not.
struct Watched {
    stream: TlsStream<TcpStream>,
    sent: Sent,
}

impl Watched {
    fn note(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.sent.0.store(true, Ordering::Relaxed);
        }
        written
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
