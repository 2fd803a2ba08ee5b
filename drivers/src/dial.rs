use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use dialtone_model::Complaint;
use tokio::net::{TcpStream, lookup_host};

/// Whether a device may be called at an address that its host has, by the host as the device's row gives it; or why not.
pub type AddressRule = Arc<dyn Fn(&str, IpAddr) -> Result<(), String> + Send + Sync>;

/// Opens connections to a device, to such addresses alone as devices may have. A name is looked up once for each
/// connection, and what was checked is what is connected to: a name that changes meanwhile leads nowhere else.
#[derive(Clone, Default)]
pub(crate) struct Dialler {
    rule: Option<AddressRule>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DialError {
    /// The host has an address that no device may have.
    #[error("{0}")]
    NotAllowed(Complaint),
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Dialler {
    /// Under a rule; `None`: every address will do.
    pub(crate) fn new(rule: Option<AddressRule>) -> Self {
        Self { rule }
    }

    pub(crate) async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, DialError> {
        let addresses = self.allowed(host, port).await?;
        Ok(TcpStream::connect(addresses.as_slice()).await?)
    }

    /// The addresses of a host, all of which are allowed.
    pub(crate) async fn allowed(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, DialError> {
        let addresses: Vec<SocketAddr> = lookup_host((host, port)).await?.collect();
        if let Some(rule) = &self.rule {
            for address in &addresses {
                rule(host, address.ip()).map_err(|reason| not_allowed(host, &reason))?;
            }
        }
        Ok(addresses)
    }
}

fn not_allowed(host: &str, reason: &str) -> DialError {
    let message = format!("{host} may not be called: {reason}");
    let repair = "Give the device another address, or allow this one by the setting devices.allow.";
    DialError::NotAllowed(Complaint::new("address-not-allowed", message).repair(repair))
}

impl fmt::Debug for Dialler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialler").field("ruled", &self.rule.is_some()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn only_addresses_that_are_allowed_are_called_and_by_a_name_as_well() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let remembered = Arc::clone(&asked);
        let nobody = Dialler::new(Some(Arc::new(move |host, address: IpAddr| {
            remembered.lock().unwrap().push(format!("{host} {}", address.is_loopback()));
            Err(format!("{address} is this machine's own"))
        })));
        for host in ["127.0.0.1", "localhost"] {
            let refused = nobody.connect(host, port).await.unwrap_err();
            let DialError::NotAllowed(complaint) = refused else { panic!("{refused:?}") };
            assert_eq!(complaint.code, "address-not-allowed");
            assert!(complaint.message.contains("is this machine's own"), "{complaint}");
        }
        assert_eq!(*asked.lock().unwrap(), ["127.0.0.1 true", "localhost true"]);
        let everybody = Dialler::new(Some(Arc::new(|_, _| Ok(()))));
        everybody.connect("127.0.0.1", port).await.unwrap();
        Dialler::default().connect("127.0.0.1", port).await.unwrap();
        drop(listener);
        assert!(matches!(Dialler::default().connect("127.0.0.1", port).await, Err(DialError::Io(_))));
    }
}
