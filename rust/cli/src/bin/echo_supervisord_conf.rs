//! The program `echo_supervisord_conf`.

fn main() {
    std::process::exit(supervisor_cli::echo::run());
}
