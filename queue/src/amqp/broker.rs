use std::time::Duration;

use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{Connection, ConnectionProperties, ErrorKind};
use tokio::time::{interval, timeout};

use super::backoff::Backoff;
use crate::QueueError;

/// How long a start waits for a broker that is starting too.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it tries.
const TRY_EVERY: Duration = Duration::from_millis(500);
/// How long one handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How often both ends show that they live, in seconds, unless the URL says otherwise. A peer is gone after two of them.
const HEARTBEAT: u16 = 10;

/// Where the broker is, and how to log in.
#[derive(Clone)]
pub(crate) struct Broker {
    uri: AMQPUri,
    seed: u64,
}

impl std::fmt::Debug for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Broker").field("name", &self.name()).finish_non_exhaustive()
    }
}

impl Broker {
    pub(crate) fn new(url: &str, seed: u64) -> Result<Self, QueueError> {
        let mut uri: AMQPUri = url.parse().map_err(|_| QueueError::Url)?;
        uri.query.heartbeat.get_or_insert(HEARTBEAT);
        Ok(Self { uri, seed })
    }

    /// Its address for people, without the login.
    pub(crate) fn name(&self) -> String {
        let scheme = match self.uri.scheme {
            AMQPScheme::AMQP => "amqp",
            AMQPScheme::AMQPS => "amqps",
        };
        format!("{scheme}://{}:{}/{}", self.uri.authority.host, self.uri.authority.port, self.uri.vhost)
    }

    /// The waits between tries; different for each purpose.
    pub(crate) fn backoff(&self, purpose: &str) -> Backoff {
        Backoff::new(self.seed.wrapping_add(purpose.len() as u64))
    }

    /// Connects, waiting for a broker that is still starting.
    pub(crate) async fn await_connection(&self, purpose: &'static str) -> Result<Connection, QueueError> {
        let mut last = Err(self.unreachable("no answer"));
        let connected = timeout(PATIENCE, async {
            let mut tries = interval(TRY_EVERY);
            loop {
                tries.tick().await;
                last = self.connect(purpose).await;
                if !matches!(last, Err(QueueError::Unreachable { .. })) {
                    return;
                }
            }
        });
        // Running out of time leaves the last failure, which says more than that time ran out.
        let _ = connected.await;
        last
    }

    /// Connects once.
    pub(crate) async fn connect(&self, purpose: &'static str) -> Result<Connection, QueueError> {
        let properties = ConnectionProperties::default().with_connection_name(format!("dialtone {purpose}").into());
        let connected = timeout(HANDSHAKE, Connection::connect_uri(self.uri.clone(), properties)).await;
        match connected {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) if is_refusal(&error) => {
                Err(QueueError::Refused { broker: self.name(), reason: error.to_string() })
            }
            Ok(Err(error)) => Err(self.unreachable(error)),
            Err(_) => Err(self.unreachable("it doesn't finish the handshake")),
        }
    }

    pub(crate) fn unreachable(&self, reason: impl ToString) -> QueueError {
        QueueError::Unreachable { broker: self.name(), reason: reason.to_string() }
    }
}

/// Whether the broker answered that it doesn't want this login or has no such virtual host: then waiting is in vain.
fn is_refusal(error: &lapin::Error) -> bool {
    const ACCESS_REFUSED: u16 = 403;
    const NOT_ALLOWED: u16 = 530;
    matches!(error.kind(), ErrorKind::ProtocolError(error) if [ACCESS_REFUSED, NOT_ALLOWED].contains(&error.get_id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_never_shown() {
        let broker = Broker::new("amqps://ana:secret@broker.example/telephony", 1).unwrap();
        assert_eq!(broker.name(), "amqps://broker.example:5671/telephony");
        assert!(!format!("{broker:?}").contains("secret"));
        let refused = Broker::new("amqp://ana:secret@[broker", 1).unwrap_err();
        assert!(!refused.to_string().contains("secret"), "{refused}");
    }
}
