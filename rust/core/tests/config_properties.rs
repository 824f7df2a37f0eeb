//! Whatever the text, the parsers answer; what they accept holds their invariants.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod config_support;

use config_support::Pretended;
use proptest::prelude::*;
use supervisor_core::config::{Overrides, read};
use supervisor_core::expand::{Expansions, Term, expand, integer, key_value_list, repr, split};
use supervisor_core::ini::IniFile;

/// Text made of what the parsers look at.
fn syntax() -> impl Strategy<Value = String> {
    "[\\[\\]a-c=:;#%()'\"\\\\, \t\r\n0-9.*sd\u{a0}é]{0,40}"
}

proptest! {
    #[test]
    fn no_text_upsets_a_parser(text in syntax()) {
        let names = Expansions::from([("a".to_owned(), Term::Number(-3)), ("b".to_owned(), Term::Text("é".to_owned()))]);
        let _ = expand(&text, &[&names], "x");
        let _ = split(&text);
        let _ = key_value_list(&text);
        let _ = integer(&text, 8);
        let _ = IniFile::default().read("f", &text);
        let system = Pretended::new().file("f", &format!("[supervisord]\n[program:x]\ncommand={text}\n"));
        let _ = read(&system, "f", &Overrides::default());
    }

    #[test]
    fn a_text_without_percent_expands_to_itself(text in "[^%]{0,40}") {
        prop_assert_eq!(expand(&text, &[], "x"), Ok(text));
    }

    #[test]
    fn doubled_percents_expand_to_the_text(text in syntax()) {
        prop_assert_eq!(expand(&text.replace('%', "%%"), &[], "x"), Ok(text));
    }

    #[test]
    fn a_word_in_single_quotes_is_that_word(word in "[^']{0,20}") {
        prop_assert_eq!(split(&format!("a '{word}' b")), Ok(vec!["a".to_owned(), word, "b".to_owned()]));
    }

    #[test]
    fn values_in_double_quotes_survive_a_list(value in "[a-z ,=#':;]{0,20}") {
        let pairs = key_value_list(&format!("A=\"{value}\",B=\"1\""));
        prop_assert_eq!(pairs, Ok(vec![("A".to_owned(), value), ("B".to_owned(), "1".to_owned())]));
    }

    #[test]
    fn written_options_are_read_back(options in prop::collection::vec(("[a-z]{1,8}", "[a-z0-9/=:.]{0,12}"), 0..8)) {
        let lines: String = options.iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
        let mut ini = IniFile::default();
        ini.read("f", &format!("[s]\n{lines}")).unwrap();
        for (name, _) in &options {
            let last = options.iter().rposition(|(other, _)| other == name).unwrap();
            prop_assert_eq!(ini.get("s", name), Some(options[last].1.as_str()));
            prop_assert_eq!(ini.origin("s", name).unwrap().line, last + 2);
        }
    }

    #[test]
    fn the_shown_form_of_a_text_has_no_line_end_and_is_quoted(text in any::<String>()) {
        let shown = repr(&text);
        prop_assert!(!shown.contains(['\n', '\r', '\0']));
        prop_assert!(shown.len() >= 2 && shown.starts_with(['\'', '"']));
        prop_assert_eq!(shown.chars().next(), shown.chars().next_back());
    }
}
