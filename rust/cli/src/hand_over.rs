//! From a native program to the Python program of the same environment (design 4).

use std::env;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

/// Names the interpreter, over what is found beside the program.
const VARIABLE: &str = "SUPERVISOR_PYTHON";

/// Names of interpreters beside the program, best first.
const INTERPRETERS: [&str; 2] = ["python3", "python"];

/// Becomes the Python program of a module of the package, with the same name and arguments. Only returns when
/// that is impossible: with a message that says why.
pub(crate) fn hand_over(module: &str, program: &str, arguments: &[String]) -> String {
    let Some(interpreter) = interpreter() else {
        return format!(
            "the configuration names Python code, and no interpreter was found beside this program; set \
             {VARIABLE} to one that has the package supervisor-rs"
        );
    };
    // Not `-m`: usage errors and the default places of the configuration go by the program's own name, and the
    // current directory is no place to import from.
    let code = format!(
        "import os, sys\n\
         del sys.argv[0]\n\
         if not sys.path[0]: sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))\n\
         from {module} import main\n\
         main()"
    );
    let error = Command::new(&interpreter).args(["-c", &code, program]).args(arguments).exec();
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
