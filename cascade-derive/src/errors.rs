//! Collects every mistake of a struct, so that a user fixes a file once.

use std::fmt::Display;

use quote::ToTokens;

/// The mistakes found so far.
#[derive(Default)]
pub(crate) struct Errors {
    place: String,
    found: Option<syn::Error>,
}

impl Errors {
    /// Says which struct or field the following messages are about: `User`, `User.profile`.
    pub(crate) fn enter(&mut self, place: impl Display) {
        self.place = format!("`{place}`");
    }

    /// Records a mistake, underlined at `tokens`.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(
            tokens,
            format!("{}: {message}", self.place),
        ));
    }

    /// Records a mistake that a parser found.
    pub(crate) fn add(&mut self, error: &syn::Error) {
        for one in error.clone() {
            self.push(syn::Error::new(
                one.span(),
                format!("{}: {one}", self.place),
            ));
        }
    }

    /// How many there are so far.
    pub(crate) fn count(&self) -> usize {
        self.found
            .as_ref()
            .map_or(0, |found| found.into_iter().count())
    }

    /// What was found, as one error of several messages.
    pub(crate) fn finish(self) -> Option<syn::Error> {
        self.found
    }

    fn push(&mut self, error: syn::Error) {
        match &mut self.found {
            Some(found) => found.combine(error),
            None => self.found = Some(error),
        }
    }
}
