//! What a form or a link says: `application/x-www-form-urlencoded`, read as the original reads it.

/// The fields of a request, from its path's query and from its body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    query: Vec<(String, String)>,
    body: Vec<(String, String)>,
}

impl Form {
    /// Takes both apart. Fields without a value do not count, and bytes that are not UTF-8 become U+FFFD.
    #[must_use]
    pub fn new(query: &str, body: &[u8]) -> Self {
        Self { query: fields(query.as_bytes()), body: fields(body) }
    }

    /// The value of a field: the last one of the body, else the first one of the query.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let is_meant = |field: &&(String, String)| field.0 == name;
        let found = self.body.iter().rfind(is_meant).or_else(|| self.query.iter().find(is_meant));
        found.map(|(_, value)| value.as_str())
    }

    /// All values of a field.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields().filter(move |field| field.0 == name).map(|field| field.1)
    }

    /// Every field with its value.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.query.iter().chain(&self.body).map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

fn fields(text: &[u8]) -> Vec<(String, String)> {
    let fields = form_urlencoded::parse(text).into_owned();
    fields.filter(|(_, value)| !value.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_counts_before_the_query_and_empty_fields_do_not_count() {
        let form = Form::new("a=1&a=2&b=x+%26&c=", b"b=3&b=4&d=%ff");
        assert_eq!(form.get("a"), Some("1"));
        assert_eq!(form.get("b"), Some("4"));
        assert_eq!(form.get("c"), None);
        assert_eq!(form.get("d"), Some("\u{fffd}"));
        assert_eq!(form.all("b").collect::<Vec<_>>(), ["x &", "3", "4"]);
    }
}
