//! The program `pidproxy`.

fn main() {}
