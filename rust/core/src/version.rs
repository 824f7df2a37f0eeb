//! The versions this project answers with, and the only place they are put together.
//!
//! The project's own version comes from `[workspace.package]` in the workspace's `Cargo.toml`. The release of
//! Supervisor whose behaviour is promised is the literal below; the Python build backend reads it
//! from this file, so it stays the first quoted version in it.

macro_rules! compatible_with {
    () => {
        "4.3.0"
    };
}

/// The release of Supervisor whose behaviour is promised: the version of the `supervisor`
/// dist-info, by which packages that require Supervisor are satisfied.
pub const COMPATIBLE_WITH: &str = compatible_with!();

/// The project's own version, that of the distribution `supervisor-rs`.
pub const PROJECT_VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a client is told that asks which Supervisor it talks to: `supervisord -v`,
/// `getSupervisorVersion`, `supervisor.options.VERSION`, `supervisor/version.txt`.
pub const VERSION: &str = concat!(compatible_with!(), "+rs.", env!("CARGO_PKG_VERSION"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_names_the_promised_release_and_the_project() {
        assert_eq!(VERSION, format!("{COMPATIBLE_WITH}+rs.{PROJECT_VERSION}"));
    }
}
