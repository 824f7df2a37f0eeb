//! The methods of the `supervisor` namespace that `supervisorctl` calls.

use dxr::Value;
use supervisor_core::effect::Channel;

use super::records::Number;
use super::{Client, ClientError, ConfigInfo, GroupChanges, ProcessInfo, ProcessResult};

/// What all of them return.
type Answer<T> = Result<T, ClientError>;

/// Each calls the method of its name (parity 4) and waits for the answer; errors are those of
/// [`Client::call`].
#[allow(clippy::missing_errors_doc)]
impl Client {
    /// `getVersion`: version of the interface.
    pub fn api_version(&mut self) -> Answer<String> {
        self.call("supervisor.getVersion", ())
    }

    /// `getSupervisorVersion`
    pub fn supervisor_version(&mut self) -> Answer<String> {
        self.call("supervisor.getSupervisorVersion", ())
    }

    /// `getPID` of the daemon.
    pub fn daemon_pid(&mut self) -> Answer<i64> {
        self.call::<Number>("supervisor.getPID", ()).map(|number| number.0)
    }

    /// `getProcessInfo`
    pub fn process_info(&mut self, name: &str) -> Answer<ProcessInfo> {
        self.call("supervisor.getProcessInfo", name)
    }

    /// `getAllProcessInfo`
    pub fn all_process_info(&mut self) -> Answer<Vec<ProcessInfo>> {
        self.call("supervisor.getAllProcessInfo", ())
    }

    /// `getAllProcessInfo`, with every member that the server answers.
    pub fn all_process_info_values(&mut self) -> Answer<Vec<Value>> {
        self.call("supervisor.getAllProcessInfo", ())
    }

    /// `getAllConfigInfo`
    pub fn all_config_info(&mut self) -> Answer<Vec<ConfigInfo>> {
        self.call("supervisor.getAllConfigInfo", ())
    }

    /// `getAllConfigInfo`, with every member that the server answers.
    pub fn all_config_info_values(&mut self) -> Answer<Vec<Value>> {
        self.call("supervisor.getAllConfigInfo", ())
    }

    /// `startProcess`, returns when it is up.
    pub fn start_process(&mut self, name: &str) -> Answer<bool> {
        self.call("supervisor.startProcess", name)
    }

    /// `startProcessGroup`, returns when all are up or have failed.
    pub fn start_group(&mut self, name: &str) -> Answer<Vec<ProcessResult>> {
        self.call("supervisor.startProcessGroup", name)
    }

    /// `startAllProcesses`, returns when all are up or have failed.
    pub fn start_all(&mut self) -> Answer<Vec<ProcessResult>> {
        self.call("supervisor.startAllProcesses", ())
    }

    /// `stopProcess`, returns when it is gone.
    pub fn stop_process(&mut self, name: &str) -> Answer<bool> {
        self.call("supervisor.stopProcess", name)
    }

    /// `stopProcessGroup`, returns when all are gone.
    pub fn stop_group(&mut self, name: &str) -> Answer<Vec<ProcessResult>> {
        self.call("supervisor.stopProcessGroup", name)
    }

    /// `stopAllProcesses`, returns when all are gone.
    pub fn stop_all(&mut self) -> Answer<Vec<ProcessResult>> {
        self.call("supervisor.stopAllProcesses", ())
    }

    /// `signalProcess`
    pub fn signal_process(&mut self, name: &str, signal: &str) -> Answer<bool> {
        self.call("supervisor.signalProcess", (name, signal))
    }

    /// `signalProcessGroup`
    pub fn signal_group(&mut self, name: &str, signal: &str) -> Answer<Vec<ProcessResult>> {
        self.call("supervisor.signalProcessGroup", (name, signal))
    }

    /// `signalAllProcesses`
    pub fn signal_all(&mut self, signal: &str) -> Answer<Vec<ProcessResult>> {
        self.call("supervisor.signalAllProcesses", signal)
    }

    /// `readProcessStdoutLog` or `readProcessStderrLog` from `offset` to the end; a negative offset
    /// counts bytes from the end.
    pub fn read_process_log(&mut self, name: &str, channel: Channel, offset: i32) -> Answer<String> {
        let method = match channel {
            Channel::Stdout => "supervisor.readProcessStdoutLog",
            Channel::Stderr => "supervisor.readProcessStderrLog",
        };
        self.call(method, (name, offset, 0))
    }

    /// `readLog` from `offset` to the end; a negative offset counts bytes from the end.
    pub fn read_main_log(&mut self, offset: i32) -> Answer<String> {
        self.call("supervisor.readLog", (offset, 0))
    }

    /// `clearProcessLogs`
    pub fn clear_process_logs(&mut self, name: &str) -> Answer<bool> {
        self.call("supervisor.clearProcessLogs", name)
    }

    /// `clearAllProcessLogs`
    pub fn clear_all_process_logs(&mut self) -> Answer<Vec<ProcessResult>> {
        self.call("supervisor.clearAllProcessLogs", ())
    }

    /// `sendProcessStdin`
    pub fn send_process_stdin(&mut self, name: &str, text: &str) -> Answer<bool> {
        self.call("supervisor.sendProcessStdin", (name, text))
    }

    /// `reloadConfig`: reads the configuration again and says what differs, without applying it.
    pub fn reload_config(&mut self) -> Answer<GroupChanges> {
        self.call("supervisor.reloadConfig", ())
    }

    /// `addProcessGroup`
    pub fn add_group(&mut self, name: &str) -> Answer<bool> {
        self.call("supervisor.addProcessGroup", name)
    }

    /// `removeProcessGroup`
    pub fn remove_group(&mut self, name: &str) -> Answer<bool> {
        self.call("supervisor.removeProcessGroup", name)
    }

    /// `shutdown`
    pub fn shutdown(&mut self) -> Answer<bool> {
        self.call("supervisor.shutdown", ())
    }

    /// `restart`
    pub fn restart(&mut self) -> Answer<bool> {
        self.call("supervisor.restart", ())
    }
}
