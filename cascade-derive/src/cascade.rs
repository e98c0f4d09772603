//! The cascade string of an attribute.

use syn::LitStr;

/// Every token, in the order in which messages list them.
pub(crate) const TOKENS: &[&str] = &[
    "save-update",
    "merge",
    "refresh-expire",
    "expunge",
    "delete",
    "delete-orphan",
    "all",
    "none",
];

/// The tokens that change rows.
const WRITING: &[&str] = &["save-update", "merge", "delete", "delete-orphan"];

/// A cascade string, token by token.
pub(crate) struct Cascade(Vec<String>);

impl Cascade {
    /// Takes a string apart; its tokens may be wrong.
    pub(crate) fn of(literal: &LitStr) -> Self {
        let text = literal.value();
        Self(
            text.split(',')
                .map(|token| token.trim().to_owned())
                .collect(),
        )
    }

    /// The tokens as they stand.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether the string asks for `token`, by its name or by `all`.
    pub(crate) fn has(&self, token: &str) -> bool {
        self.tokens()
            .any(|given| given == token || (given == "all" && token != "delete-orphan"))
    }

    /// The first token that changes rows, as it stands.
    pub(crate) fn writes(&self) -> Option<&str> {
        self.tokens()
            .find(|given| *given == "all" || WRITING.contains(given))
    }
}
