//! The program `supervisorctl`.

fn main() {}
