mod reading;
mod reply;
mod wire;

use std::time::Duration;

use dialtone_model::{Action, Complaint, Device, DeviceKind, Extension, Fault};
use futures_util::future::BoxFuture;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH, LOCATION};
use hyper::{Method, Request, StatusCode, Uri};

use crate::device::{no_undo, unsupported};
use crate::driver::boxed_driver;
use crate::extension::differences;
use crate::http::{Answer, Client, Deadline, Effect};
use crate::{Call, Done, DriverError, Look, Page, PageRequest, Probe, Ran};

/// The Phone System over REST. `docs/phone-system.openapi.yaml` describes what it speaks.
#[derive(Debug)]
pub(crate) struct PhoneSystem {
    client: Client,
}

/// What the device says of one extension.
enum Found {
    Nothing,
    Extension { device: Extension, tag: Option<HeaderValue>, done: Done },
}

const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const ANY: HeaderValue = HeaderValue::from_static("*");

impl PhoneSystem {
    pub(crate) fn new(device: &Device) -> Result<Self, DriverError> {
        Ok(Self { client: Client::new(device)? })
    }

    async fn run(&self, call: Call<'_>) -> Result<Ran, Fault> {
        let deadline = Deadline::after(call.timeout);
        match &call.step.action {
            Action::ProvisionExtension(new) => self.put(&call, &new.key, new, IF_NONE_MATCH, deadline).await,
            Action::ChangeExtension { from, to } => self.put(&call, from, to, IF_MATCH, deadline).await,
            Action::DeleteExtension { key } => {
                self.delete(&call, key, ANY, deadline).await.map(|()| Ran::Done(Done::default()))
            }
            _ => Err(unsupported(DeviceKind::PhoneSystem)),
        }
    }

    async fn look(&self, call: Call<'_>) -> Result<Look, Fault> {
        let deadline = Deadline::after(call.timeout);
        match &call.step.action {
            Action::ProvisionExtension(new) => Ok(match self.get(&call, &new.key, deadline).await? {
                Found::Nothing => Look::Absent,
                Found::Extension { device, done, .. } => match differences(&device, new) {
                    differences if differences.is_empty() => Look::Equal(done),
                    differences => Look::Different { differences },
                },
            }),
            Action::ChangeExtension { from, to } => self.look_for_change(&call, from, to, deadline).await,
            Action::DeleteExtension { key } => Ok(match self.get(&call, key, deadline).await? {
                Found::Nothing => Look::Equal(Done::default()),
                Found::Extension { .. } => Look::Absent,
            }),
            _ => Err(unsupported(DeviceKind::PhoneSystem)),
        }
    }

    /// A change has happened when the extension is as ordered, and has not when it can still be made.
    async fn look_for_change(
        &self,
        call: &Call<'_>,
        from: &str,
        to: &Extension,
        deadline: Deadline,
    ) -> Result<Look, Fault> {
        let present = self.get(call, &to.key, deadline).await?;
        let differences = match present {
            Found::Nothing => Vec::new(),
            Found::Extension { device, done, .. } => match differences(&device, to) {
                differences if differences.is_empty() => return Ok(Look::Equal(done)),
                _ if from == to.key => return Ok(Look::Absent),
                differences => differences,
            },
        };
        let source_is_there =
            from != to.key && matches!(self.get(call, from, deadline).await?, Found::Extension { .. });
        Ok(match (source_is_there, differences.is_empty()) {
            (true, true) => Look::Absent,
            (_, false) => Look::Different { differences },
            (false, true) => Look::Different { differences: vec![format!("extension {from}: the device has none")] },
        })
    }

    async fn undo(&self, call: Call<'_>) -> Result<(), Fault> {
        let deadline = Deadline::after(call.timeout);
        match &call.step.action {
            Action::ProvisionExtension(new) => match self.get(&call, &new.key, deadline).await? {
                Found::Nothing => Ok(()),
                Found::Extension { device, tag, .. } => {
                    let differences = differences(&device, new);
                    if !differences.is_empty() {
                        let message = format!("extension {} was changed since: {}", new.key, differences.join("; "));
                        return Err(Fault::Rejected(Complaint::new("phone-system-changed-since", message)));
                    }
                    self.delete(&call, &new.key, tag.unwrap_or(ANY), deadline).await
                }
            },
            Action::ChangeExtension { .. } | Action::DeleteExtension { .. } => Err(no_undo()),
            _ => Err(unsupported(DeviceKind::PhoneSystem)),
        }
    }

    async fn put(
        &self,
        call: &Call<'_>,
        key: &str,
        extension: &Extension,
        condition: HeaderName,
        deadline: Deadline,
    ) -> Result<Ran, Fault> {
        let mut request = self.request(call, Method::PUT, key, wire::body(extension)?)?;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request.headers_mut().insert(condition, ANY);
        let answer = self.client.send(request, Effect::Possible, deadline).await?;
        match answer.status {
            StatusCode::CREATED | StatusCode::NO_CONTENT => Ok(Ran::Done(done(&answer))),
            StatusCode::PRECONDITION_FAILED => Ok(Ran::AlreadyThere),
            _ => Err(reply::fault(&answer, Effect::Possible)),
        }
    }

    async fn delete(&self, call: &Call<'_>, key: &str, version: HeaderValue, deadline: Deadline) -> Result<(), Fault> {
        let mut request = self.request(call, Method::DELETE, key, Vec::new())?;
        request.headers_mut().insert(IF_MATCH, version);
        let answer = self.client.send(request, Effect::Possible, deadline).await?;
        match answer.status {
            StatusCode::NO_CONTENT | StatusCode::NOT_FOUND => Ok(()),
            _ => Err(reply::fault(&answer, Effect::Possible)),
        }
    }

    async fn get(&self, call: &Call<'_>, key: &str, deadline: Deadline) -> Result<Found, Fault> {
        let request = self.request(call, Method::GET, key, Vec::new())?;
        let answer = self.client.send(request, Effect::None, deadline).await?;
        match answer.status {
            StatusCode::OK => Ok(Found::Extension {
                device: wire::read(&answer.body)?,
                tag: answer.header(ETAG).cloned(),
                done: done(&answer),
            }),
            StatusCode::NOT_FOUND => Ok(Found::Nothing),
            _ => Err(reply::fault(&answer, Effect::None)),
        }
    }

    fn request(
        &self,
        call: &Call<'_>,
        method: Method,
        key: &str,
        body: Vec<u8>,
    ) -> Result<Request<Full<bytes::Bytes>>, Fault> {
        let uri = Uri::try_from(format!("/v1/extensions/{key}")).map_err(|_| wire::unfit(key))?;
        let mut request = self.client.request(method, uri, body.into());
        if let Ok(id) = HeaderValue::try_from(format!("{}/{}", call.order, call.index)) {
            request.headers_mut().insert(REQUEST_ID, id);
        }
        Ok(request)
    }

    async fn probe(&self, timeout: Duration) -> Result<Probe, Fault> {
        reading::probe(&self.client, Deadline::after(timeout)).await
    }

    async fn read(&self, request: &PageRequest, timeout: Duration) -> Result<Page, Fault> {
        reading::page(&self.client, request, Deadline::after(timeout)).await
    }
}

/// The path of an extension is the device's own name for it.
fn done(answer: &Answer) -> Done {
    let path = answer.header(LOCATION).and_then(|path| path.to_str().ok());
    Done { reference: path.map(str::to_owned) }
}

boxed_driver!(PhoneSystem);
