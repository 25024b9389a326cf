//! Tests of the API server with a client of other making: kube-rs.
//!
//! A crate of its own, so that kube and k8s-openapi are built for these tests and for nothing else. There is no code here;
//! see `tests/`.
