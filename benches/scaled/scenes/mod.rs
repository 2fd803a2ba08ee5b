pub(crate) mod dead;
pub(crate) mod growth;
pub(crate) mod pace;
pub(crate) mod single;
pub(crate) mod throughput;
