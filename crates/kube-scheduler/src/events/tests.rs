//! The recorder against a server that writes down what it is told.
