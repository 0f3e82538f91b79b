//! Rules and cases, by their numbers.
