use super::archive::Container;
use crate::Reading;
pub(super) fn read(_container: Container, _bytes: Vec<u8>, _reading: &mut Reading) {}
