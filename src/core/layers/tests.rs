//! The labelled inputs of every reader, and the law that no text makes one panic.
