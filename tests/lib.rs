//! A home in network namespaces, and the tests that need one.
