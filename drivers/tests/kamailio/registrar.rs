use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What answers JSON-RPC in Kamailio's place, in its words, and knows who is registered.
#[derive(Clone)]
pub(crate) struct Registrar {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    registered: BTreeSet<String>,
    failing: Option<Failing>,
    closed: bool,
}

/// How the next call fails.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Failing {
    /// No answer, and no effect.
    Before,
    /// No answer, and the effect is there.
    After,
}

impl Registrar {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let registrar = Self { address: listener.local_addr().unwrap(), state: Arc::default() };
        let answering = registrar.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let registrar = answering.clone();
                tokio::spawn(async move {
                    let service = service_fn(move |request| {
                        let registrar = registrar.clone();
                        async move { registrar.answer(request).await }
                    });
                    // A call that shall have no answer ends with its connection.
                    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
                });
            }
        });
        registrar
    }

    pub(crate) fn register(&self, address: &str) {
        self.state.lock().unwrap().registered.insert(address.to_owned());
    }

    pub(crate) fn registered(&self) -> Vec<String> {
        self.state.lock().unwrap().registered.iter().cloned().collect()
    }

    pub(crate) fn fail_once(&self, failing: Failing) {
        self.state.lock().unwrap().failing = Some(failing);
    }

    /// Whether the failure that was asked for is still to come.
    pub(crate) fn will_fail(&self) -> bool {
        self.state.lock().unwrap().failing.is_some()
    }

    /// Takes back a failure that never came.
    pub(crate) fn spare(&self) {
        self.state.lock().unwrap().failing = None;
    }

    /// From now on every method is unknown.
    pub(crate) fn close(&self) {
        self.state.lock().unwrap().closed = true;
    }

    /// From now on the methods are known again.
    pub(crate) fn open(&self) {
        self.state.lock().unwrap().closed = false;
    }

    async fn answer(&self, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
        assert_eq!(request.uri().path(), "/RPC");
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let call: Value = serde_json::from_slice(&body).unwrap();
        let mut state = self.state.lock().unwrap();
        let failing = state.failing.take();
        if let Some(Failing::Before) = failing {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        let answer = state.call(call["method"].as_str().unwrap(), call["params"][1].as_str());
        if let Some(Failing::After) = failing {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        let (status, outcome) = match answer {
            Ok(result) => (StatusCode::OK, ("result", result)),
            Err(message) => (StatusCode::INTERNAL_SERVER_ERROR, ("error", json!({ "code": 500, "message": message }))),
        };
        let body = json!({ "jsonrpc": "2.0", outcome.0: outcome.1, "id": call["id"] }).to_string();
        let mut response = Response::new(Full::new(body.into()));
        *response.status_mut() = status;
        Ok(response)
    }
}

impl State {
    fn call(&mut self, method: &str, address: Option<&str>) -> Result<Value, &'static str> {
        if self.closed {
            return Err("Method Not Found");
        }
        match (method, address) {
            ("core.version", _) => Ok(json!("kamailio 5.6.3 (x86_64/linux)")),
            ("ul.rm", Some(address)) if self.registered.remove(address) => Ok(json!({})),
            ("ul.lookup", Some(address)) if self.registered.contains(address) => Ok(json!({ "AoR": address })),
            ("ul.rm" | "ul.lookup", Some(_)) => Err("AOR not found"),
            _ => Err("Method Not Found"),
        }
    }
}
