//! Whatever the text, the parsers answer; what they accept holds their invariants.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod config_support;

use config_support::Pretended;
use proptest::prelude::*;
use supervisor_core::config::check::check_configuration;
use supervisor_core::config::{Overrides, read};
use supervisor_core::expand::{Expansions, Term, expand, integer, key_value_list, repr, split};
use supervisor_core::ini::IniFile;

/// Text made of what the parsers look at.
fn syntax() -> impl Strategy<Value = String> {
    "[\\[\\]a-c=:;#%()'\"\\\\, \t\r\n0-9.*sd\u{a0}é]{0,40}"
}

/// A line of a configuration, or of something like it.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("[program:a]\ncommand = x\n".to_owned()),
        Just("[group:g]\n".to_owned()),
        Just("[eventlistener:l]\n".to_owned()),
        ("(programs|numprocs|autostart|command|stdout_logfile|process_name|environment|stopasgroup|minfds)", "[ =:]")
            .prop_flat_map(|(name, sign)| {
                "[a%()0-9,;\"' =/s]{0,8}".prop_map(move |value| format!("{name}{sign}{value}\n"))
            }),
        "[\\[a =:#;]{0,6}\n",
        "  [a-z%;]{0,6}\n",
    ]
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

    #[test]
    fn a_check_agrees_with_the_reader_and_points_into_the_text(lines in prop::collection::vec(line(), 0..12)) {
        let text = format!("[supervisord]\n{}", lines.concat());
        let mut system = Pretended::new().file("f", &text);
        system.folders.push("/nope".to_owned());
        let report = check_configuration(&system, "f", &Overrides::default());
        // No socket is in these texts, so that nothing but the text can be refused.
        prop_assert_eq!(report.starts, read(&system, "f", &Overrides::default()).is_ok(), "{}", text);
        for problem in &report.problems {
            prop_assert!(!problem.message.contains('\n'));
            if let (Some(line), Some(source)) = (problem.line, &problem.source) {
                prop_assert_eq!(text.split('\n').nth(line - 1), Some(source.as_str()));
                let end = problem.column.unwrap() + problem.length.unwrap();
                prop_assert!(end <= source.chars().count() + 2, "{:?}", problem);
            }
        }
    }

    #[test]
    fn quoted_words_are_split_into_the_words(words in prop::collection::vec("[^\0]{0,12}", 0..6)) {
        let quoted: Vec<String> =
            words.iter().map(|word| format!("'{}'", word.replace('\'', "'\"'\"'"))).collect();
        prop_assert_eq!(split(&quoted.join(" ")), Ok(words));
    }

    #[test]
    fn a_name_stands_for_its_value(name in "[^()]{0,8}", value in any::<String>(), before in "[^%]{0,8}") {
        let names = Expansions::from([(name.clone(), Term::Text(value.clone()))]);
        prop_assert_eq!(expand(&format!("{before}%({name})s"), &[&names], "x"), Ok(format!("{before}{value}")));
    }

    #[test]
    fn pairs_in_quotes_are_read_back(pairs in prop::collection::btree_map("[A-Z_]{1,6}", any::<String>(), 0..5)) {
        let quoted = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"");
        let text: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}=\"{}\"", quoted(value))).collect();
        prop_assert_eq!(key_value_list(&text.join(",")), Ok(Vec::from_iter(pairs)));
    }
}
