//! The values that keys take.

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Error, LitBool, LitStr, Path, Result, Token};

use crate::names;

/// What may follow a key.
pub(crate) trait Value: Sized {
    /// Reads what follows `word`.
    fn read(word: &Ident, input: ParseStream<'_>) -> Result<Self>;
}

/// Nothing: the key alone says it.
pub(crate) struct Flag;

impl Value for Flag {
    fn read(word: &Ident, input: ParseStream<'_>) -> Result<Self> {
        if input.is_empty() || input.peek(Token![,]) {
            return Ok(Self);
        }
        Err(Error::new_spanned(word, format!("`{word}` takes no value")))
    }
}

impl Value for LitStr {
    fn read(word: &Ident, input: ParseStream<'_>) -> Result<Self> {
        equals(word, input, "\"..\"")?;
        if input.peek(LitStr) {
            return input.parse();
        }
        Err(input.error(format!(
            "the value of `{word}` is a string: `{word} = \"..\"`"
        )))
    }
}

impl Value for Ident {
    fn read(word: &Ident, input: ParseStream<'_>) -> Result<Self> {
        equals(word, input, "field")?;
        if input.peek(LitStr) {
            return Err(input.error(format!("a field is named without quotes: `{word} = field`")));
        }
        input.call(Ident::parse_any)
    }
}

impl Value for Path {
    fn read(word: &Ident, input: ParseStream<'_>) -> Result<Self> {
        let text = LitStr::read(word, input)?;
        let path = text.parse_with(Self::parse_mod_style);
        path.map_err(|_| {
            Error::new_spanned(
                &text,
                format!("the value of `{word}` is a path in quotes: `{word} = \"my_crate\"`"),
            )
        })
    }
}

impl Value for bool {
    fn read(word: &Ident, input: ParseStream<'_>) -> Result<Self> {
        equals(word, input, "false")?;
        Ok(input.parse::<LitBool>()?.value)
    }
}

/// `generated`, `generated = "gen_random_uuid()"`.
pub(crate) enum Generated {
    /// By the database's own means.
    Database,
    /// By this SQL expression.
    Expression(LitStr),
}

impl Value for Generated {
    fn read(word: &Ident, input: ParseStream<'_>) -> Result<Self> {
        if input.peek(Token![=]) {
            LitStr::read(word, input).map(Self::Expression)
        } else {
            Flag::read(word, input).map(|_| Self::Database)
        }
    }
}

/// `passive_deletes`, `passive_deletes = "all"`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum PassiveDeletes {
    /// The constraint deletes or releases.
    Yes,
    /// The library never touches the children.
    All,
}

impl Value for PassiveDeletes {
    fn read(word: &Ident, input: ParseStream<'_>) -> Result<Self> {
        if !input.peek(Token![=]) {
            return Flag::read(word, input).map(|_| Self::Yes);
        }
        choice(word, input, &[("all", Self::All)])
    }
}

/// `on_remove = "deny"`.
#[derive(Clone, Copy)]
pub(crate) enum OnRemove {
    /// A removal is an error before any SQL.
    Deny,
}

impl Value for OnRemove {
    fn read(word: &Ident, input: ParseStream<'_>) -> Result<Self> {
        choice(word, input, &[("deny", Self::Deny)])
    }
}

/// `order_by = "column"`, `order_by = "column desc"`.
pub(crate) struct OrderBy {
    /// The string.
    pub(crate) literal: LitStr,
    /// The column.
    pub(crate) column: String,
    /// From the highest to the lowest.
    pub(crate) descending: bool,
}

impl Value for OrderBy {
    fn read(word: &Ident, input: ParseStream<'_>) -> Result<Self> {
        let literal = LitStr::read(word, input)?;
        let text = literal.value();
        let words: Vec<&str> = text.split_whitespace().collect();
        let found = match words.as_slice() {
            [column] | [column, "asc"] => Some((*column, false)),
            [column, "desc"] => Some((*column, true)),
            _ => None,
        };
        let Some((column, descending)) = found.filter(|_| !text.contains(',')) else {
            return Err(Error::new_spanned(
                &literal,
                format!(
                    "`{word}` takes one column, and after it `desc` if the highest comes first: `{word} = \"position\"`, `{word} = \"position desc\"`"
                ),
            ));
        };
        let column = column.to_owned();
        Ok(Self {
            literal,
            column,
            descending,
        })
    }
}

/// `on_delete = ".."`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnDelete {
    /// The row goes too.
    Cascade,
    /// The column becomes NULL.
    SetNull,
    /// The delete is refused at once.
    Restrict,
    /// The delete is refused at the end of the statement or the transaction.
    NoAction,
}

impl Value for OnDelete {
    fn read(word: &Ident, input: ParseStream<'_>) -> Result<Self> {
        let all = [
            ("cascade", Self::Cascade),
            ("set null", Self::SetNull),
            ("restrict", Self::Restrict),
            ("no action", Self::NoAction),
        ];
        choice(word, input, &all)
    }
}

/// `json`, without the `(nullable)` that sqlx has.
pub(crate) struct Json;

impl Value for Json {
    fn read(word: &Ident, input: ParseStream<'_>) -> Result<Self> {
        if input.peek(syn::token::Paren) {
            return Err(Error::new_spanned(
                word,
                "`json(nullable)` is not supported: say it by the type, `Option<sqlx::types::Json<..>>`",
            ));
        }
        Flag::read(word, input).map(|_| Self)
    }
}

/// What sqlx has and a mapped struct can't have.
pub(crate) enum Never {}

impl Value for Never {
    fn read(word: &Ident, _: ParseStream<'_>) -> Result<Self> {
        let instead = if word == "flatten" {
            "write its columns as fields of this struct"
        } else {
            "implement sqlx's `Type`, `Encode` and `Decode` for the field's type"
        };
        Err(Error::new_spanned(
            word,
            format!("`#[sqlx({word})]` can't be read back when the struct is saved: {instead}"),
        ))
    }
}

/// Reads the `=` between a key and its value.
fn equals(word: &Ident, input: ParseStream<'_>, example: &str) -> Result<()> {
    if input.peek(Token![=]) {
        return input.parse::<Token![=]>().map(drop);
    }
    Err(Error::new_spanned(
        word,
        format!("`{word}` needs a value: `{word} = {example}`"),
    ))
}

/// Reads one of a few strings.
fn choice<T: Copy>(
    word: &Ident,
    input: ParseStream<'_>,
    choices: &[(&'static str, T)],
) -> Result<T> {
    let given = LitStr::read(word, input)?;
    let text = given.value();
    if let Some((_, value)) = choices.iter().find(|(name, _)| *name == text.trim()) {
        return Ok(*value);
    }
    let names = || choices.iter().map(|(name, _)| *name);
    let guess = names::did_you_mean(&text, names());
    let valid = names()
        .map(|name| format!("`{word} = \"{name}\"`"))
        .collect::<Vec<_>>()
        .join(", ");
    Err(Error::new_spanned(
        &given,
        format!("`{word}` has no value \"{text}\"{guess}\nwrite {valid}"),
    ))
}
