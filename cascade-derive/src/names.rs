//! Names of columns and constants, and guesses at what a misspelt word was meant to be.

use proc_macro2::{Delimiter, Group, Ident, Spacing, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::{LitStr, Type};

/// The name of a field as the table and the user's messages have it: without `r#`.
pub(crate) fn plain(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// The constant of a relation: the field's name in upper case, at the field's place.
pub(crate) fn constant(field: &Ident) -> Ident {
    let upper = plain(field).to_uppercase();
    let span = field.span();
    syn::parse_str::<Ident>(&upper).map_or_else(|_| field.clone(), |_| Ident::new(&upper, span))
}

/// The names in a string, with a comma between two.
pub(crate) fn columns(names: &LitStr) -> Vec<String> {
    let text = names.value();
    text.split(',').map(|name| name.trim().to_owned()).collect()
}

/// The column by which a table refers to a struct, unless an attribute says another: `blog_post_id` for `BlogPost`.
pub(crate) fn key_column(ident: &Ident) -> String {
    format!("{}_id", words(&plain(ident)).join("_"))
}

/// The last word of a type that is a path.
pub(crate) fn last_word(ty: &Type) -> Option<&Ident> {
    match ty {
        Type::Group(group) => last_word(&group.elem),
        Type::Paren(paren) => last_word(&paren.elem),
        Type::Path(path) => path.path.segments.last().map(|segment| &segment.ident),
        _ => None,
    }
}

/// A type or a path as a user would write it.
pub(crate) fn text(tokens: &TokenStream) -> String {
    let mut text = String::new();
    let mut after_word = false;
    for token in tokens.clone() {
        let is_word = matches!(token, TokenTree::Ident(_) | TokenTree::Literal(_));
        if is_word && after_word {
            text.push(' ');
        }
        after_word = is_word;
        match token {
            TokenTree::Group(group) => text.push_str(&enclosed(&group)),
            TokenTree::Punct(punct) => {
                text.push(punct.as_char());
                let is_separator = matches!(punct.as_char(), ',' | ';' | '+' | '>')
                    && punct.spacing() == Spacing::Alone;
                after_word = is_separator && punct.as_char() != '>';
            }
            other => text.push_str(&other.to_string()),
        }
    }
    text
}

fn enclosed(group: &Group) -> String {
    let inner = text(&group.stream());
    match group.delimiter() {
        Delimiter::Parenthesis => format!("({inner})"),
        Delimiter::Bracket => format!("[{inner}]"),
        Delimiter::Brace => format!("{{{inner}}}"),
        Delimiter::None => inner,
    }
}

/// The tokens with `Self` spelt out, for places where it means nothing.
pub(crate) fn without_self(tokens: TokenStream, ident: &Ident) -> TokenStream {
    let spelt = |token| match token {
        TokenTree::Ident(word) if word == "Self" => {
            let mut name = ident.clone();
            name.set_span(word.span());
            TokenTree::Ident(name)
        }
        TokenTree::Group(group) => {
            let mut inner = Group::new(group.delimiter(), without_self(group.stream(), ident));
            inner.set_span(group.span());
            TokenTree::Group(inner)
        }
        other => other,
    };
    tokens.into_iter().map(spelt).collect()
}

/// Applies a style of `#[sqlx(rename_all = "..")]` to a field's name; `None` for a style that sqlx doesn't have.
pub(crate) fn in_style(style: &str, name: &str) -> Option<String> {
    let words = words(name);
    Some(match style {
        "lowercase" => name.to_lowercase(),
        "UPPERCASE" => name.to_uppercase(),
        "snake_case" => words.join("_"),
        "SCREAMING_SNAKE_CASE" => words.join("_").to_uppercase(),
        "kebab-case" => words.join("-"),
        "PascalCase" => words.iter().map(|word| capitalised(word)).collect(),
        "camelCase" => {
            let mut words = words.iter();
            let first = words.next().cloned().unwrap_or_default();
            words.fold(first, |name, word| name + &capitalised(word))
        }
        _ => return None,
    })
}

/// The words of a name in lower case: apart at `_`, before a capital that follows a small letter, and before the last of several
/// capitals that a small letter follows, so that `HTTPServer` is two.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut letters = name.chars().peekable();
    let mut before: Option<char> = None;
    while let Some(letter) = letters.next() {
        let is_last = letters.peek().is_some_and(|next| next.is_lowercase());
        let begins = before.is_some_and(|before| before.is_lowercase() || is_last);
        if letter == '_' || (letter.is_uppercase() && begins) {
            words.push(String::new());
        }
        if let (true, Some(word)) = (letter != '_', words.last_mut()) {
            word.extend(letter.to_lowercase());
        }
        if letter == '_' {
            before = None;
        } else if letter.is_lowercase() || letter.is_uppercase() {
            before = Some(letter);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// `; did you mean ..?` for the nearest of the valid words, or nothing where none is near.
pub(crate) fn did_you_mean<'w>(word: &str, valid: impl IntoIterator<Item = &'w str>) -> String {
    valid
        .into_iter()
        .map(|valid| (distance(word, valid), valid))
        .filter(|(distance, valid)| distance * 3 <= valid.chars().count().max(3))
        .min()
        .map_or_else(String::new, |(_, valid)| {
            format!("; did you mean `{valid}`?")
        })
}

/// How many letters have to be inserted, removed or replaced to make one word of the other.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (done, letter) in a.chars().enumerate() {
        let mut diagonal = done;
        let mut left = done + 1;
        for (above, other) in row.iter_mut().skip(1).zip(b.chars()) {
            let cost = (diagonal + usize::from(letter != other))
                .min(left + 1)
                .min(*above + 1);
            diagonal = std::mem::replace(above, cost);
            left = cost;
        }
        if let Some(first) = row.first_mut() {
            *first = done + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// A list of words as a message shows it.
pub(crate) fn listed<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    words
        .into_iter()
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::{did_you_mean, in_style, words};

    #[test]
    fn styles_are_those_of_sqlx() {
        let all = [
            "lowercase",
            "UPPERCASE",
            "snake_case",
            "SCREAMING_SNAKE_CASE",
            "kebab-case",
            "camelCase",
            "PascalCase",
        ];
        let names: Vec<_> = all
            .iter()
            .filter_map(|style| in_style(style, "user_id"))
            .collect();
        assert_eq!(
            names,
            [
                "user_id", "USER_ID", "user_id", "USER_ID", "user-id", "userId", "UserId"
            ]
        );
        assert_eq!(in_style("snake_case", "userId"), Some("user_id".to_owned()));
        assert_eq!(in_style("Snake", "user_id"), None);
    }

    #[test]
    fn words_are_those_of_sqlx() {
        let of = |name| words(name).join(" ");
        assert_eq!(of("BlogPost"), "blog post");
        assert_eq!(of("HTTPServer"), "http server");
        assert_eq!(of("User2Role"), "user2 role");
        assert_eq!(of("__OddOne_"), "odd one");
        assert_eq!(of("Émile"), "émile");
    }

    #[test]
    fn near_words_are_guessed() {
        assert_eq!(
            did_you_mean("delet", ["delete", "merge"]),
            "; did you mean `delete`?"
        );
        assert_eq!(
            did_you_mean("colum", ["column"]),
            "; did you mean `column`?"
        );
        assert_eq!(did_you_mean("quux", ["delete", "merge"]), "");
    }
}
