//! An executor against a server that says what the test says.
