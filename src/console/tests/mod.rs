//! Tests of the console: keys in, requests out.
