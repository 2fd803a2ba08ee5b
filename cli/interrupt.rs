use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::exit::Exit;

/// Hears Ctrl-C and SIGTERM. The first asks for an orderly end; the second ends the process at once, which loses
/// nothing either: whoever goes on looks at what was in hand.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt {
    asked: watch::Receiver<bool>,
}

impl Interrupt {
    /// Begins to listen.
    pub(crate) fn listen() -> io::Result<Self> {
        let mut interrupts = signal(SignalKind::interrupt())?;
        let mut terminations = signal(SignalKind::terminate())?;
        let (ask, asked) = watch::channel(false);
        tokio::spawn(async move {
            for already in [false, true] {
                tokio::select! {
                    _ = interrupts.recv() => {}
                    _ = terminations.recv() => {}
                }
                if already {
                    std::process::exit(i32::from(Exit::INTERRUPTED));
                }
                eprintln!("dialtone: finishing the steps in hand; interrupt again to stop at once");
                ask.send_replace(true);
            }
        });
        Ok(Self { asked })
    }

    /// Done once an end was asked for.
    pub(crate) async fn asked(&mut self) {
        if self.asked.wait_for(|asked| *asked).await.is_err() {
            // The listening task is gone with its runtime; nobody can ask any more.
            std::future::pending::<()>().await;
        }
    }
}
