use dialtone_model::{Activation, Complaint, Fault, UnifiedCmObject};

use super::client::Axl;
use super::node::Node;
use super::object::Class;
use super::version::Version;
use crate::http::{Deadline, Effect};
use crate::{Done, Ran};

/// The first version that activates single objects; before, a device can only be restarted or reset.
const SINGLE_OBJECTS: Version = Version::new(10, 0);

/// Lets a phone, or all phones with a number, take over what was changed. Nothing shows whether that was done; asked
/// twice, they end with the same settings.
pub(super) async fn activate(
    axl: &Axl,
    object: &UnifiedCmObject,
    how: Activation,
    deadline: Deadline,
) -> Result<Ran, Fault> {
    let (class, key) = Class::of_object(object);
    let (operation, content) = match object {
        UnifiedCmObject::Phone(_) | UnifiedCmObject::DirectoryNumber { .. } if axl.version >= SINGLE_OBJECTS => {
            let verb = match how {
                Activation::Apply => "apply",
                Activation::Restart => "restart",
                Activation::Reset => "reset",
            };
            (class.operation(verb), key)
        }
        UnifiedCmObject::Phone(name) => {
            let hard = (how == Activation::Reset).to_string();
            let content = vec![Node::text("deviceName", name), Node::text("isHardReset", hard)];
            ("doDeviceReset".to_owned(), content)
        }
        _ => {
            let message = format!("Unified CM {} can't {how} {object} over AXL", axl.version);
            return Err(Fault::Rejected(Complaint::new("axl-not-in-version", message)));
        }
    };
    axl.call(&operation, &content, Effect::Possible, deadline).await?;
    Ok(Ran::Done(Done::default()))
}
