//! The graph: BuildKit LLB from Rust, byte-identical to BuildKit's Go client.
