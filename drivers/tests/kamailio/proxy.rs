use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What stands between the driver and PostgreSQL and can lose the connection at any moment.
#[derive(Clone)]
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    cut: Arc<Mutex<Option<Cut>>>,
}

/// When the connection is lost, once.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cut {
    /// So many requests pass; the next one is lost.
    Before(usize),
    /// So many requests pass; the next one has its effect, and its answer is lost.
    After(usize),
}

impl Proxy {
    pub(crate) async fn start(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self { address: listener.local_addr().unwrap(), cut: Arc::default() };
        let cut = Arc::clone(&proxy.cut);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(pass(client, server, Arc::clone(&cut)));
            }
        });
        proxy
    }

    pub(crate) fn cut(&self, cut: Cut) {
        *self.cut.lock().unwrap() = Some(cut);
    }

    /// Takes back a cut that never came.
    pub(crate) fn spare(&self) {
        *self.cut.lock().unwrap() = None;
    }

    /// Whether the cut is still to come.
    pub(crate) fn will_cut(&self) -> bool {
        self.cut.lock().unwrap().is_some()
    }
}

/// Passes requests on until the connection ends or is to be lost.
async fn pass(mut client: TcpStream, mut server: TcpStream, cut: Arc<Mutex<Option<Cut>>>) {
    let (mut request, mut answer) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            length = client.read(&mut request) => {
                let Ok(length @ 1..) = length else { return };
                let lost = next(&cut);
                if let Some(Cut::Before(_)) = lost {
                    return;
                }
                if server.write_all(&request[..length]).await.is_err() {
                    return;
                }
                if let Some(Cut::After(_)) = lost {
                    // Once it answers it has acted.
                    drop(server.read(&mut answer).await);
                    return;
                }
            }
            length = server.read(&mut answer) => {
                let Ok(length @ 1..) = length else { return };
                if client.write_all(&answer[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Counts a request; the cut when it is that one's turn.
fn next(cut: &Mutex<Option<Cut>>) -> Option<Cut> {
    let mut cut = cut.lock().unwrap();
    match cut.as_mut() {
        Some(Cut::Before(0) | Cut::After(0)) => cut.take(),
        Some(Cut::Before(left) | Cut::After(left)) => {
            *left -= 1;
            None
        }
        None => None,
    }
}
