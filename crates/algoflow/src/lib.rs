//! algoflow
