use dialtone_model::Fault;

use super::client::{Axl, AxlError};
use super::node::Node;
use crate::Probe;
use crate::http::{Deadline, Effect};

/// A phone that no device has. To be refused its change as missing shows that the account may write.
const NOBODYS_PHONE: &str = "{00000000-0000-0000-0000-000000000000}";

/// The code of an answer without any right; see `client`.
const FORBIDDEN: &str = "axl-http-403";

/// Asks for the version, and for a change that can have no effect.
pub(super) async fn probe(axl: &Axl, deadline: Deadline) -> Result<Probe, Fault> {
    let (reply, clock) = match axl.call_with_clock("getCCMVersion", &[], Effect::None, deadline).await {
        Ok(answer) => answer,
        Err(error) => {
            let fault = Fault::from(error);
            return match fault.complaint().code.as_str() {
                FORBIDDEN => Ok(Probe { missing_rights: vec![missing("use AXL at all")], ..Probe::default() }),
                _ => Err(fault),
            };
        }
    };
    let version = reply.child("componentVersion").map(|component| component.child_text("version").to_owned());
    let mut missing_rights = Vec::new();
    let change = [Node::text("uuid", NOBODYS_PHONE)];
    match axl.call("updatePhone", &change, Effect::None, deadline).await {
        Ok(_) => {}
        Err(AxlError::Refused(refusal)) if refusal.is_missing() => {}
        Err(AxlError::Refused(refusal)) => missing_rights.push(format!("may not change phones: {}", refusal.message)),
        Err(AxlError::Fault(fault)) if fault.complaint().code == FORBIDDEN => {
            missing_rights.push(missing("change anything"));
        }
        // A device that is too busy to write says nothing of rights.
        Err(AxlError::Fault(Fault::Busy { .. })) => {}
        Err(AxlError::Fault(fault)) => return Err(fault),
    }
    Ok(Probe { version, missing_rights, clock })
}

fn missing(what: &str) -> String {
    format!("may not {what}: it needs the role Standard AXL API Access")
}
