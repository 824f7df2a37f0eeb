//! Names of processes and groups as they are typed and shown.

/// What a typed name means.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Namespec<'a> {
    /// The group; a name without a colon is its own group.
    pub(super) group: &'a str,
    /// The process; `None` for all of the group (`group:*` and `group:`).
    pub(super) process: Option<&'a str>,
}

impl<'a> Namespec<'a> {
    /// Takes a name apart at its first colon.
    pub(super) fn parse(text: &'a str) -> Self {
        match text.split_once(':') {
            Some((group, "" | "*")) => Self { group, process: None },
            Some((group, process)) => Self { group, process: Some(process) },
            None => Self { group: text, process: Some(text) },
        }
    }
}

/// How a process is shown: its name alone where the group has the same.
pub(super) fn display(group: &str, process: &str) -> String {
    if group == process { process.to_owned() } else { format!("{group}:{process}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_a_colon_is_group_and_process() {
        assert_eq!(Namespec::parse("web"), Namespec { group: "web", process: Some("web") });
    }

    #[test]
    fn a_star_or_nothing_behind_the_colon_means_the_whole_group() {
        assert_eq!(Namespec::parse("web:*"), Namespec { group: "web", process: None });
        assert_eq!(Namespec::parse("web:"), Namespec { group: "web", process: None });
    }

    #[test]
    fn only_the_first_colon_divides() {
        assert_eq!(Namespec::parse("a:b:c"), Namespec { group: "a", process: Some("b:c") });
    }

    #[test]
    fn a_process_named_like_its_group_is_shown_once() {
        assert_eq!(display("web", "web"), "web");
        assert_eq!(display("web", "web_0"), "web:web_0");
    }
}
