use dialtone_model::Fault;

use super::database::Database;
use super::rpc::{Reply, Rpc};
use super::site::Site;
use crate::Probe;

/// An address of record that nobody has: asking about it shows that the registrar can be asked.
const NOBODY: &str = "dialtone-probe";

/// Asks both ways in: the database, and JSON-RPC.
pub(super) async fn probe(site: &Site, database: &Database, rpc: &Rpc) -> Result<Probe, Fault> {
    database.check().await?;
    let mut missing_rights = database.missing_rights().await?;
    let version = match rpc.call("core.version", &[]).await? {
        Reply::Result(version) => version.as_str().map(|version| version.trim().to_owned()),
        Reply::NotFound => None,
    };
    match rpc.call("ul.lookup", &[&site.location, &site.address(NOBODY)]).await {
        Ok(_) => {}
        Err(fault) if fault.complaint().code == "kamailio-rpc-error" => {
            missing_rights.push(format!("may not ask for registrations: {}", fault.complaint()));
        }
        Err(fault) => return Err(fault),
    }
    Ok(Probe { version, missing_rights, clock: database.clock().await? })
}
