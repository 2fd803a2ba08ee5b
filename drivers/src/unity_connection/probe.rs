use dialtone_model::Fault;

use super::client::{Cupi, CupiError, VERSION, Values};
use super::mailbox::USERS;
use crate::Probe;
use crate::http::Deadline;

/// A user whom no device has. To be refused its change as missing shows that the account may write.
const NOBODY: &str = "/vmrest/users/00000000-0000-0000-0000-000000000000";

/// Asks for the version, for the number of users, and for a change that can have no effect.
pub(super) async fn probe(cupi: &Cupi, deadline: Deadline) -> Result<Probe, Fault> {
    let (version, clock) = match cupi.get_with_clock(VERSION, deadline).await {
        Ok((mut version, clock)) => (version.remove("version"), clock),
        Err(CupiError::Forbidden(_)) => {
            return Ok(Probe { missing_rights: vec![missing("use CUPI at all")], ..Probe::default() });
        }
        Err(error) => return Err(error.into()),
    };
    let mut missing_rights = Vec::new();
    match cupi.list(&format!("{USERS}?rowsPerPage=0"), "User", deadline).await {
        Ok(_) => {}
        Err(CupiError::Forbidden(_)) => missing_rights.push(missing("read users")),
        Err(error) => return Err(error.into()),
    }
    match cupi.put(NOBODY, &Values::from([("Title", "")]), deadline).await {
        Ok(()) | Err(CupiError::Missing(_) | CupiError::Refused(_)) => {}
        Err(CupiError::Forbidden(_)) => missing_rights.push(missing("change users")),
        // A device that is too busy to write says nothing of rights.
        Err(CupiError::Fault(Fault::Busy { .. })) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(Probe { version, missing_rights, clock })
}

fn missing(what: &str) -> String {
    format!("may not {what}: it needs the role System Administrator")
}
