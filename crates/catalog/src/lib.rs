//! The model: artifacts, steps, variants, inputs and plans. Pure.
