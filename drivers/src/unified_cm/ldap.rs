use dialtone_model::Fault;

use super::client::Axl;
use super::node::Node;
use crate::http::{Deadline, Effect};
use crate::{Done, Ran};

/// Starts the synchronisation of an LDAP directory; one that is under way already will do.
pub(super) async fn synchronise(axl: &Axl, directory: &str, deadline: Deadline) -> Result<Ran, Fault> {
    let name = Node::text("name", directory);
    let status = axl.call("getLdapSyncStatus", std::slice::from_ref(&name), Effect::None, deadline).await?;
    let status = status.text.to_lowercase();
    if !["in progress", "under process"].iter().any(|words| status.contains(words)) {
        axl.call("doLdapSync", &[name, Node::text("sync", "true")], Effect::Possible, deadline).await?;
    }
    Ok(Ran::Done(Done::default()))
}
