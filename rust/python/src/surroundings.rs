//! What a configuration that Python reads depends on: the real system, but for what Python says.

use supervisor_core::config::{System, User};
use supervisor_core::input::SpawnError;
use supervisor_engine::files::RealSystem;

/// The real system, with the text of one file and with another environment, where Python has those.
#[derive(Default)]
pub(crate) struct Surroundings<'a> {
    /// The file, by the name that messages show.
    pub(crate) path: &'a str,
    /// What is in it.
    pub(crate) text: Option<&'a [u8]>,
    /// What `%(ENV_x)s` stands for.
    pub(crate) environment: Option<Vec<(String, String)>>,
}

impl Surroundings<'_> {
    fn text_of(&self, path: &str) -> Option<&[u8]> {
        self.text.filter(|_| path == self.path)
    }
}

impl System for Surroundings<'_> {
    fn exists(&self, path: &str) -> bool {
        self.text_of(path).is_some() || RealSystem.exists(path)
    }

    fn is_directory(&self, path: &str) -> bool {
        self.text_of(path).is_none() && RealSystem.is_directory(path)
    }

    fn read_file(&self, path: &str) -> Option<Vec<u8>> {
        self.text_of(path).map_or_else(|| RealSystem.read_file(path), |text| Some(text.to_vec()))
    }

    fn glob(&self, pattern: &str) -> Vec<String> {
        RealSystem.glob(pattern)
    }

    fn current_directory(&self) -> String {
        RealSystem.current_directory()
    }

    fn temporary_directory(&self) -> String {
        RealSystem.temporary_directory()
    }

    fn environment(&self) -> Vec<(String, String)> {
        self.environment.clone().unwrap_or_else(|| RealSystem.environment())
    }

    fn host_name(&self) -> String {
        RealSystem.host_name()
    }

    fn uid(&self) -> u32 {
        RealSystem.uid()
    }

    fn home_directory(&self, user: Option<&str>) -> Option<String> {
        RealSystem.home_directory(user)
    }

    fn user_by_name(&self, name: &str) -> Option<User> {
        RealSystem.user_by_name(name)
    }

    fn user_by_id(&self, uid: u32) -> Option<User> {
        RealSystem.user_by_id(uid)
    }

    fn group_by_name(&self, name: &str) -> Option<u32> {
        RealSystem.group_by_name(name)
    }

    fn find_program(&self, program: &str, path: Option<&str>) -> Result<(), SpawnError> {
        RealSystem.find_program(program, path)
    }

    fn group_exists(&self, gid: u32) -> bool {
        RealSystem.group_exists(gid)
    }
}
