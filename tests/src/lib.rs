//! End-to-end tests against a real buildkitd and a real registry, and their harness.
