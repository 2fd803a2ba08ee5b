mod bed;
mod orders;
mod products;
mod properties;
