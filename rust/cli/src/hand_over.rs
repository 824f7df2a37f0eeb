//! From a native program to the Python program of the same environment (design 4).

use std::env;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

/// Names the interpreter, over what is found beside the program.
const VARIABLE: &str = "SUPERVISOR_PYTHON";

/// Names of interpreters beside the program, best first.
const INTERPRETERS: [&str; 2] = ["python3", "python"];

/// Becomes `python -m <module>` with the same arguments. Only returns when that is impossible: with a message
/// that says why.
pub(crate) fn hand_over(module: &str, arguments: &[String]) -> String {
    let Some(interpreter) = interpreter() else {
        return format!(
            "the configuration names Python code, and no interpreter was found beside this program; set \
             {VARIABLE} to one that has the package supervisor-rs"
        );
    };
    let error = Command::new(&interpreter).args(["-m", module]).args(arguments).exec();
    format!(
        "the configuration names Python code, and the interpreter {} could not be started: {error}",
        interpreter.display()
    )
}

fn interpreter() -> Option<PathBuf> {
    if let Some(named) = env::var_os(VARIABLE) {
        return Some(named.into());
    }
    let folder = env::current_exe().ok()?.parent()?.to_owned();
    INTERPRETERS.iter().map(|name| folder.join(name)).find(|path| path.exists())
}
