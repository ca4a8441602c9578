//! The rules, fired and not fired.
