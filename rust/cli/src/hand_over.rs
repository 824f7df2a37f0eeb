//! From a native program to the Python program of the same environment (design 4).

use std::env;
use std::ffi::OsStr;
use std::fs::read_dir;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names the interpreter, over what is found.
const VARIABLE: &str = "SUPERVISOR_PYTHON";

/// Names of interpreters, best first.
const INTERPRETERS: [&str; 2] = ["python3", "python"];

/// Where packages are, below the folder of a version.
const PACKAGES: [&str; 2] = ["site-packages", "dist-packages"];

/// The extension module, which is what the program and the package share.
const MODULE: &str = "supervisor/_engine.abi3.so";

/// Becomes the Python program of a module of the package, with the same name and arguments. Only returns when
/// that is impossible: with a message that says why.
pub(crate) fn hand_over(module: &str, program: &str, arguments: &[String]) -> String {
    let Some(interpreter) = interpreter() else {
        return format!(
            "the configuration names Python code, and no interpreter was found beside this program or in PATH; \
             set {VARIABLE} to one that has the package supervisor-rs"
        );
    };
    // Not `-m`: usage errors and the default places of the configuration go by the program's own name, and the
    // current directory is no place to import from.
    let code = format!(
        "import os, sys\n\
         del sys.argv[0]\n\
         if not sys.path[0]: sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))\n\
         try: import supervisor._engine\n\
         except ImportError as why:\n    \
             sys.stderr.write('Error: the configuration names Python code, and the interpreter %s does not have \
             the package supervisor-rs (%s); set {VARIABLE} to one that has it\\n' % (sys.executable, why))\n    \
             sys.exit(2)\n\
         from {module} import main\n\
         main()"
    );
    let error = Command::new(&interpreter).args(["-c", &code, program]).args(arguments).exec();
    format!(
        "the configuration names Python code, and the interpreter {} could not be started: {error}",
        interpreter.display()
    )
}

/// The interpreter of the environment that this program was installed in.
fn interpreter() -> Option<PathBuf> {
    if let Some(named) = env::var_os(VARIABLE) {
        return Some(named.into());
    }
    let folder = env::current_exe().ok()?.parent()?.to_owned();
    let path = env::var_os("PATH").unwrap_or_default();
    find_interpreter(&folder, &path)
}

/// The interpreter for a program in this folder: in a virtual environment the one beside it; elsewhere, as after an
/// installation for one user or beside a system's Python, one in `path` of the version whose packages lie next
/// to the program.
fn find_interpreter(folder: &Path, path: &OsStr) -> Option<PathBuf> {
    let beside = INTERPRETERS.iter().map(|name| folder.join(name)).find(|path| path.exists());
    beside.or_else(|| {
        let version = folder.parent().and_then(version_with_package);
        let names = version.iter().map(String::as_str).chain(INTERPRETERS);
        let places = |name: &str| env::split_paths(path).map(|place| place.join(name)).collect::<Vec<_>>();
        names.flat_map(places).find(|path| path.is_file())
    })
}

/// The version, such as `python3.12`, below whose folder in `prefix` the package is installed.
fn version_with_package(prefix: &Path) -> Option<String> {
    let versions = read_dir(prefix.join("lib")).ok()?;
    let mut names = versions.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.find(|version| {
        let folder = prefix.join("lib").join(version);
        version.starts_with("python") && PACKAGES.iter().any(|kind| folder.join(kind).join(MODULE).exists())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use std::fs::{create_dir_all, write};

    /// Makes empty files below a folder.
    fn make(folder: &Path, files: &[&str]) {
        for file in files {
            let path = folder.join(file);
            create_dir_all(path.parent().unwrap()).unwrap();
            write(path, "").unwrap();
        }
    }

    #[test]
    fn a_virtual_environment_has_its_interpreter_beside_the_program() {
        let folder = tempfile::tempdir().unwrap();
        make(folder.path(), &["venv/bin/python3", "usr/bin/python3"]);
        let found =
            find_interpreter(&folder.path().join("venv/bin"), folder.path().join("usr/bin").as_os_str());
        assert_eq!(found, Some(folder.path().join("venv/bin/python3")));
    }

    #[test]
    fn elsewhere_it_is_that_of_the_version_which_has_the_package() {
        let folder = tempfile::tempdir().unwrap();
        let package = "local/lib/python3.12/site-packages/supervisor/_engine.abi3.so";
        make(folder.path(), &[package, "usr/bin/python3", "usr/bin/python3.12", "local/bin/supervisord"]);
        let path = folder.path().join("usr/bin");
        let found = find_interpreter(&folder.path().join("local/bin"), path.as_os_str());
        assert_eq!(found, Some(path.join("python3.12")));
    }

    #[test]
    fn without_any_package_it_is_the_first_in_path() {
        let folder = tempfile::tempdir().unwrap();
        make(folder.path(), &["usr/bin/python3", "local/bin/supervisord"]);
        let path = folder.path().join("usr/bin");
        let found = find_interpreter(&folder.path().join("local/bin"), path.as_os_str());
        assert_eq!(found, Some(path.join("python3")));
        assert_eq!(find_interpreter(&folder.path().join("local/bin"), OsStr::new("")), None);
    }
}
