//! A pretended system for tests of the configuration.

use std::collections::BTreeMap;

use supervisor_core::config::{System, User};
use supervisor_core::input::SpawnError;

/// A system of a few files, folders and users.
pub(crate) struct Pretended {
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) folders: Vec<String>,
    pub(crate) unreadable: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
}

/// The same as in `compat-tests/corpus/whole_files.py`.
const FOLDERS: [&str; 14] = [
    "/",
    "/tmp",
    "/etc",
    "/etc/app",
    "/etc/app/conf.d",
    "/var/log",
    "/home/user",
    "/dev",
    "/dev/fd",
    "/var/run",
    "/var/log/supervisor",
    "/usr/local/var/run",
    "/usr/local/var/log",
    "/usr/local/etc/supervisor.d/../../var/log",
];

impl Pretended {
    /// Some folders, users and groups `web` (1000) and `root` (0).
    pub(crate) fn new() -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            files: BTreeMap::new(),
            folders: owned(&FOLDERS),
            unreadable: Vec::new(),
            environment: vec![
                ("HOME".to_owned(), "/home/user".to_owned()),
                ("PATH".to_owned(), "/bin".to_owned()),
            ],
        }
    }

    pub(crate) fn file(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.to_owned(), text.as_bytes().to_vec());
        self
    }
}

/// The number of a user and of the group of the same name.
fn number_of(name: &str) -> Option<u32> {
    match name {
        "web" => Some(1000),
        "root" => Some(0),
        _ => None,
    }
}

impl System for Pretended {
    fn exists(&self, path: &str) -> bool {
        self.files.contains_key(path)
            || self.unreadable.iter().any(|file| file == path)
            || self.is_directory(path)
    }

    fn is_directory(&self, path: &str) -> bool {
        self.folders.iter().any(|folder| folder == path)
    }

    fn read_file(&self, path: &str) -> Option<Vec<u8>> {
        self.files.get(path).cloned()
    }

    /// Only `*` in the last part, which is all that the tests use.
    fn glob(&self, pattern: &str) -> Vec<String> {
        let Some((before, after)) = pattern.split_once('*') else {
            return self.files.keys().filter(|path| *path == pattern).cloned().collect();
        };
        let matches = |path: &&String| {
            path.strip_prefix(before)
                .and_then(|rest| rest.strip_suffix(after))
                .is_some_and(|middle| !middle.contains('/') && !middle.starts_with('.'))
        };
        self.files.keys().filter(matches).cloned().collect()
    }

    fn current_directory(&self) -> String {
        "/etc/app".to_owned()
    }

    fn temporary_directory(&self) -> String {
        "/tmp".to_owned()
    }

    fn environment(&self) -> Vec<(String, String)> {
        self.environment.clone()
    }

    fn host_name(&self) -> String {
        "box".to_owned()
    }

    fn uid(&self) -> u32 {
        1000
    }

    fn home_directory(&self, user: Option<&str>) -> Option<String> {
        matches!(user, None | Some("web")).then(|| "/home/user".to_owned())
    }

    fn user_by_name(&self, name: &str) -> Option<User> {
        number_of(name).map(|number| User { uid: number, gid: number })
    }

    fn user_by_id(&self, uid: u32) -> Option<User> {
        matches!(uid, 0 | 1000).then_some(User { uid, gid: uid })
    }

    fn group_by_name(&self, name: &str) -> Option<u32> {
        number_of(name)
    }

    /// Programs are files among the pretended ones; `/bin` is searched where no `PATH` is given.
    fn find_program(&self, program: &str, path: Option<&str>) -> Result<(), SpawnError> {
        let folders = path.unwrap_or("/bin").split(':');
        let found = match program.contains('/') {
            true => self.files.contains_key(program),
            false => {
                folders.into_iter().any(|folder| self.files.contains_key(&format!("{folder}/{program}")))
            }
        };
        if found { Ok(()) } else { Err(SpawnError::NotFound { filename: program.to_owned() }) }
    }

    fn group_exists(&self, gid: u32) -> bool {
        matches!(gid, 0 | 1000)
    }
}
