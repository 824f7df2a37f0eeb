//! The program `supervisord`.

fn main() {}
