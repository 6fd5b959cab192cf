//! Sign-in through Госуслуги (ЕСИА): the client of the protocol. Who the person is here is judged elsewhere.

mod identity;

pub use identity::Identity;
