/// What a file that isn't text is packed in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Container {
    Zip,
}
pub(super) fn container(bytes: &[u8]) -> Option<Container> {
    bytes.starts_with(b"PK").then_some(Container::Zip)
}
