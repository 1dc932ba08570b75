//! Simulated people over real protocols.
