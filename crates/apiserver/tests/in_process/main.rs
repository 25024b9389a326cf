//! The server in this process, over a store in memory: requests in, answers out, without a socket.

mod client;
mod lists;
mod objects;
mod services;
mod watches;
